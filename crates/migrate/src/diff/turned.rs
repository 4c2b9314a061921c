//! Join tables whose ends change places.
//!
//! Which model is `A` and which is `B` follows from the order of their names. A model that gets another name may turn that
//! round; its rows would then refer to the wrong tables unless the columns change places, too.

use super::Rename;
use lenslet_sql::ddl::{DatabaseSchema, ObjectName, Table};

/// Tables of which `A` refers to what `B` refers to afterwards, and `B` to what `A` does.
pub(super) fn tables(from: &DatabaseSchema, to: &DatabaseSchema) -> Vec<ObjectName> {
    let is_turned = |new: &&Table| {
        let old = from.table(&new.name).and_then(ends);
        old.zip(ends(new)).is_some_and(|((a, b), (new_a, new_b))| a != b && a == new_b && b == new_a)
    };
    to.tables.iter().filter(is_turned).map(|table| table.name.clone()).collect()
}

/// What the two columns of a join table refer to.
fn ends(table: &Table) -> Option<(&ObjectName, &ObjectName)> {
    let end = |name: &str| table.foreign_keys.iter().find(|key| key.columns == [name]).map(|key| &key.references);
    match table.columns.as_slice() {
        [a, b] if a.name == "A" && b.name == "B" => end("A").zip(end("B")),
        _ => None,
    }
}

/// The columns change places by way of a third name.
pub(super) fn renames(table: &ObjectName) -> [Rename; 3] {
    [("A", "AB"), ("B", "A"), ("AB", "B")].map(|(from, to)| Rename::Column {
        table: table.clone(),
        from: from.to_owned(),
        to: to.to_owned(),
    })
}
