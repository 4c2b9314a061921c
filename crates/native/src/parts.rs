//! Parts of an answer that are read while the rest of it is on its way: what the rows are made into is made while the database
//! still sends, and no more of them are written down at a time than fit into the processor's caches.

use crate::forest::Rows;
use lenslet_core::query::{Action, Query, Selected};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many bytes of rows make a part. The first is larger: where an answer is short, it is better read into a list of its own size.
pub(crate) const FIRST: usize = 64 * 1024;
pub(crate) const PART: usize = 16 * 1024;

/// Where rows that have come wait for whoever reads them: the one who polls for them, and takes them away before polling again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts(Arc<Mutex<Vec<Rows>>>);

impl Parts {
    /// For an answer that can be many rows which belong to nothing else.
    pub(crate) fn of(query: &Query) -> Option<Parts> {
        let plain = |selected: &Selected| !matches!(selected, Selected::Relation(_));
        (query.action == Action::FindMany && query.selection.iter().all(plain)).then(Parts::default)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rows>> {
        // A list is whole whatever happened to who held it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn put(&self, rows: Rows) {
        self.lock().push(rows);
    }

    pub(crate) fn take(&self) -> Vec<Rows> {
        std::mem::take(&mut *self.lock())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}
