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

/// Plans that ran on one connection. Its user looks at them alone, so it needs no lock to find one.
#[cfg(feature = "sqlite")]
#[derive(Debug, Default)]
pub(crate) struct Kept(Plans);

#[cfg(feature = "sqlite")]
impl Kept {
    pub(crate) fn find(&self, key: &[u8]) -> Option<&Planned> {
        self.0.get(key).map(AsRef::as_ref)
    }

    /// Keeps a plan. Where there are too many, all others are forgotten: the engine still has those that are in use.
    pub(crate) fn keep(&mut self, key: &[u8], plan: &Arc<Planned>) {
        if self.0.len() >= CAPACITY {
            self.0.clear();
        }
        self.0.insert(key.into(), Arc::clone(plan));
    }
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

    fn planned() -> Planned {
        let plan = Plan::Raw(RawPlan { statement: Statement::default(), rows: true });
        Planned { plan, only_reads: OnceLock::new() }
    }

    fn made(cache: &PlanCache, key: u32) -> bool {
        let mut made = false;
        let plan = cache.get_or_make(&key.to_le_bytes(), || {
            made = true;
            Ok::<_, ()>(planned())
        });
        assert!(plan.is_ok());
        made
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_connection_keeps_no_more_plans_than_it_may() {
        let (cache, mut kept) = (PlanCache::default(), Kept::default());
        let plan = |key: u32| cache.get_or_make(&key.to_le_bytes(), || Ok::<_, ()>(planned())).expect("it is made");
        for key in 0..2 * CAPACITY as u32 {
            kept.keep(&key.to_le_bytes(), &plan(key));
            assert!(kept.find(&key.to_le_bytes()).is_some() && kept.0.len() <= CAPACITY);
        }
        assert!(kept.find(&0_u32.to_le_bytes()).is_none());
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
