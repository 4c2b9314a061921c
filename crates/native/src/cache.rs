//! Plans by shape, as many as fit.

use crate::{mixed::Mixed, plans::Planned};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How many plans each generation holds.
const CAPACITY: usize = 512;

/// Plans that were used lately. Two generations: when the young one is full it becomes the old one, and what is not asked
/// for again until the next change is forgotten.
#[derive(Debug, Default)]
pub(crate) struct PlanCache(Mutex<Generations>);

type Plans = HashMap<Box<[u8]>, Arc<Planned>, Mixed>;

#[derive(Debug, Default)]
struct Generations {
    young: Plans,
    old: Plans,
}

impl PlanCache {
    /// The plan of a shape, made when it is not there. It is made outside the lock: two tasks may both make it.
    pub(crate) fn get_or_make<E>(
        &self,
        key: &[u8],
        make: impl FnOnce() -> Result<Planned, E>,
    ) -> Result<Arc<Planned>, E> {
        if let Some(plan) = self.lock().find(key) {
            return Ok(plan);
        }
        let plan = Arc::new(make()?);
        self.lock().insert(key.into(), Arc::clone(&plan));
        Ok(plan)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        // Nothing in here can be left half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn find(&mut self, key: &[u8]) -> Option<Arc<Planned>> {
        if let Some(plan) = self.young.get(key) {
            return Some(Arc::clone(plan));
        }
        let (key, plan) = self.old.remove_entry(key)?;
        self.insert(key, Arc::clone(&plan));
        Some(plan)
    }

    fn insert(&mut self, key: Box<[u8]>, plan: Arc<Planned>) {
        if self.young.len() >= CAPACITY {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, plan);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenslet_sql::{Plan, RawPlan, Statement};
    use std::sync::OnceLock;

    fn made(cache: &PlanCache, key: u32) -> bool {
        let mut made = false;
        let plan = cache.get_or_make(&key.to_le_bytes(), || {
            made = true;
            Ok::<_, ()>(Planned {
                plan: Plan::Raw(RawPlan { statement: Statement::default(), rows: true }),
                only_reads: OnceLock::new(),
            })
        });
        assert!(plan.is_ok());
        made
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let cache = PlanCache::default();
        for key in 0..10 * CAPACITY as u32 {
            assert!(made(&cache, key + 1));
            assert_eq!(made(&cache, 0), key == 0);
        }
        assert!(made(&cache, 1));
        let generations = cache.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * CAPACITY);
    }
}
