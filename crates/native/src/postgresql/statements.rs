//! The prepared statements of a connection.

use super::{connection::Sent, message, row::Columns};
use bytes::BytesMut;
use lenslet_core::error::Error;
use std::{collections::HashMap, sync::Arc};
use tokio_postgres::types::Type as SqlType;

/// A prepared statement.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(super) name: String,
    pub(super) parameters: Vec<SqlType>,
    pub(super) columns: Columns,
}

/// Prepared statements by their text and the types that were given with it. Two generations: when the young one is full it
/// becomes the old one, and what is not used again until the next change is closed.
pub(super) struct Statements {
    young: HashMap<Box<str>, Known>,
    old: HashMap<Box<str>, Known>,
    /// How many are kept; none where none are prepared.
    capacity: usize,
    /// Those that are to be closed.
    closing: Vec<String>,
    /// What their names begin with. Where somebody else has the same connection in turn, nobody's statement is taken for
    /// another's.
    prefix: u32,
    count: u32,
}

struct Known {
    types: Vec<SqlType>,
    statement: Arc<Prepared>,
}

impl Statements {
    pub(super) fn new(capacity: usize) -> Self {
        Statements {
            young: HashMap::new(),
            old: HashMap::new(),
            capacity,
            closing: Vec::new(),
            prefix: rand::random(),
            count: 0,
        }
    }

    /// Nothing is prepared any more.
    pub(super) fn keep_none(&mut self) {
        self.capacity = 0;
    }

    pub(super) fn keeps_none(&self) -> bool {
        self.capacity == 0
    }

    /// A new name.
    pub(super) fn name(&mut self) -> String {
        self.count = self.count.wrapping_add(1);
        format!("{:x}_{}", self.prefix, self.count)
    }

    pub(super) fn find(&mut self, sent: &Sent<'_>) -> Option<Arc<Prepared>> {
        let is_same = |known: &Known| known.types == sent.call.types;
        if let Some(known) = self.young.get(&*sent.sql) {
            return is_same(known).then(|| Arc::clone(&known.statement));
        }
        let (sql, known) = self.old.remove_entry(&*sent.sql)?;
        let found = is_same(&known).then(|| Arc::clone(&known.statement));
        self.put(sql, known);
        found
    }

    pub(super) fn knows(&self, sent: &Sent<'_>) -> bool {
        self.young.contains_key(&*sent.sql) || self.old.contains_key(&*sent.sql)
    }

    pub(super) fn insert(&mut self, sent: &Sent<'_>, statement: Arc<Prepared>) {
        self.put((*sent.sql).into(), Known { types: sent.call.types.clone(), statement });
    }

    fn put(&mut self, sql: Box<str>, known: Known) {
        if self.young.len() >= (self.capacity / 2).max(1) {
            let mut left = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            self.closing.extend(left.drain().map(|(_, known)| known.statement.name.clone()));
            if self.capacity == 1 {
                self.closing.extend(self.old.drain().map(|(_, known)| known.statement.name.clone()));
            }
        }
        if let Some(other) = self.young.insert(sql, known) {
            self.closing.push(other.statement.name.clone());
        }
    }

    pub(super) fn forget(&mut self, sent: &Sent<'_>) {
        let known = [self.young.remove(&*sent.sql), self.old.remove(&*sent.sql)];
        self.close(known.into_iter().flatten().map(|known| known.statement.name.clone()));
    }

    /// Statements that nobody will use again.
    pub(super) fn close(&mut self, names: impl Iterator<Item = String>) {
        self.closing.extend(names);
    }

    /// Says which statements are to be closed, behind those that may use them for the last time.
    pub(super) fn write_closing(&self, out: &mut BytesMut) -> Result<(), Error> {
        self.closing.iter().try_for_each(|name| message::close(out, name))
    }

    /// They were closed.
    pub(super) fn closed(&mut self) {
        self.closing.clear();
    }
}
