//! The names of constraints and indexes in the database, where the schema gives none.

use std::borrow::Cow;

use lenslet_core::catalog::IndexKind;

use super::connector::Connector;
use super::resolved::{FieldId, Index, Model, Relation, Resolved};

/// The name of a key or index; primary keys of some databases have none.
pub(super) fn of_index<'t>(connector: &Connector, model: &Model<'t>, index: &Index<'t>) -> Option<Cow<'t, str>> {
    let columns: Vec<FieldId> = index.fields.iter().map(|it| it.field).collect();
    let suffix = match index.kind {
        IndexKind::PrimaryKey if !connector.can.named_primary_keys => return None,
        IndexKind::PrimaryKey => "_pkey",
        IndexKind::Unique => "_key",
        IndexKind::Plain | IndexKind::Fulltext => "_idx",
    };
    Some(match index.map {
        Some(map) => Cow::Borrowed(map.text),
        None if index.kind == IndexKind::PrimaryKey => shortened(model.db_name().to_owned(), suffix, connector),
        None => of_columns(connector, model, &columns, suffix),
    })
}

/// The name of a foreign key.
pub(super) fn of_foreign_key<'t>(schema: &Resolved<'t>, relation: &Relation<'t>) -> Cow<'t, str> {
    let attribute = relation.forward.map(|at| &schema.field(at).relation);
    let fields = attribute.and_then(|it| it.fields.as_deref()).unwrap_or_default();
    match attribute.and_then(|it| it.map) {
        Some(map) => Cow::Borrowed(map.text),
        None => of_columns(schema.settings.connector, &schema.models[relation.from], fields, "_fkey"),
    }
}

/// The name of a default (SQL Server).
pub(super) fn of_default<'t>(connector: &Connector, model: &Model<'t>, field: FieldId) -> Cow<'t, str> {
    of_columns(connector, model, &[field], "_df")
}

/// The name of a constraint of a table, by the database's names.
#[cfg(feature = "cli")]
pub(crate) fn of_names(connector: &Connector, table: &str, columns: &[String], suffix: &str) -> String {
    let name = columns.iter().fold(table.to_owned(), |name, column| name + "_" + column);
    shortened(name, suffix, connector).into_owned()
}

fn of_columns<'t>(connector: &Connector, model: &Model<'t>, fields: &[FieldId], suffix: &str) -> Cow<'t, str> {
    let mut name = model.db_name().to_owned();
    for field in fields {
        name.push('_');
        name.push_str(model.fields[*field].db_name());
    }
    shortened(name, suffix, connector)
}

/// The name with its suffix, cut so that both fit.
fn shortened<'t>(mut name: String, suffix: &str, connector: &Connector) -> Cow<'t, str> {
    let limit = connector.max_identifier.saturating_sub(suffix.len());
    if name.len() > limit {
        name.truncate(name.floor_char_boundary(limit));
    }
    name.push_str(suffix);
    Cow::Owned(name)
}
