//! Join tables whose ends change places.
//!
//! Which model is `A` and which is `B` follows from the order of their names. A model that gets another name may turn that
//! round; its rows would then refer to the wrong tables unless the columns change places, too.

use super::Rename;
use super::rename::{all_renamed, before};
use crate::describe::table_name;
use lenslet_core::catalog::{Catalog, Model, RelationKind, RelationMode};
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

/// What turns join tables round that have no foreign keys (`relationMode = "prisma"`): there nothing but the new names of
/// models tells that their ends change places. A model that `@@map` gives a name is taken to have its own name still.
pub fn turns(from: &DatabaseSchema, catalog: &Catalog, said: &[Rename]) -> Vec<Rename> {
    if catalog.relation_mode == RelationMode::ForeignKeys {
        return Vec::new();
    }
    let after = all_renamed(from, said);
    let turned = catalog.relations.iter().filter_map(|relation| {
        let RelationKind::ManyToMany(join) = &relation.kind else { return None };
        let model = |at: u16| catalog.models.get(usize::from(at));
        let (a, b) = (model(relation.from.model)?, model(relation.to.model)?);
        let name = ObjectName { schema: join.schema.as_ref().map(ToString::to_string), name: join.db_name.to_string() };
        let is_there = after.table(&name).is_some_and(|table| table.foreign_keys.is_empty());
        (is_there && name_before(a, said) > name_before(b, said)).then_some(name)
    });
    turned.flat_map(|table| self::renames(&table)).collect()
}

fn name_before(model: &Model, said: &[Rename]) -> String {
    match model.db_name == model.name {
        true => before(said, &table_name(model)).name,
        false => model.name.to_string(),
    }
}

/// Whether a join table is turned round by renames.
pub(super) fn is_turned(table: &ObjectName, by: &[Rename]) -> bool {
    by.iter().any(|it| matches!(it, Rename::Column { table: of, to, .. } if of == table && to == BETWEEN))
}

/// What a column is called while the other one gets its name.
const BETWEEN: &str = "AB";

/// The columns change places by way of a third name.
pub(super) fn renames(table: &ObjectName) -> [Rename; 3] {
    [("A", BETWEEN), ("B", "A"), (BETWEEN, "B")].map(|(from, to)| Rename::Column {
        table: table.clone(),
        from: from.to_owned(),
        to: to.to_owned(),
    })
}
