//! Rows as the nested JSON objects that a Prisma user expects (feature `serde`).

use crate::model::{Counted, Loaded, OmittedColumn, Relation, Rows, Shown};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// A tuple of loaded relations as entries of the row's own object.
pub trait Entries {
    /// Adds an entry a relation.
    ///
    /// # Errors
    /// Those of the serializer.
    fn entries<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

/// Serializes loaded relations; what a generated row's `#[serde(flatten, serialize_with)]` names.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_relations<L: Entries, S: Serializer>(loaded: &L, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    loaded.entries(&mut map)?;
    map.end()
}

/// The numbers of rows of relations as the entry `_count`, where there are some.
pub(crate) fn serialize_counts<M: SerializeMap>(
    parts: &[(&'static str, Option<i64>)],
    map: &mut M,
) -> Result<(), M::Error> {
    let counts = parts.iter().filter_map(|(name, count)| Some((*name, (*count)?)));
    match counts.clone().next() {
        None => Ok(()),
        Some(_) => map.serialize_entry("_count", &counts.collect::<std::collections::BTreeMap<_, _>>()),
    }
}

impl<R> Serialize for Counted<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.number())
    }
}

impl<R: Relation, L> Serialize for Loaded<R, L>
where
    Rows<R, L>: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows().serialize(serializer)
    }
}

impl<F: OmittedColumn> Serialize for Shown<F>
where
    F::Value: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}
