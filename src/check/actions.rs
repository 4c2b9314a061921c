//! Referential actions, with their defaults.

use lenslet_core::catalog::ReferentialAction;

use super::resolved::{Relation, Resolved};

/// What deleting and changing a referred row does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Actions {
    pub(super) on_delete: ReferentialAction,
    pub(super) on_update: ReferentialAction,
}

/// The actions of a relation: given, or the defaults of the database.
pub(super) fn of(schema: &Resolved<'_>, relation: &Relation<'_>) -> Actions {
    let attribute = relation.forward.map(|at| &schema.field(at).relation);
    let given = |action: Option<(ReferentialAction, _)>| action.map(|(action, _)| action);
    Actions {
        on_delete: given(attribute.and_then(|it| it.on_delete)).unwrap_or_else(|| default_on_delete(schema, relation)),
        on_update: given(attribute.and_then(|it| it.on_update)).unwrap_or(ReferentialAction::Cascade),
    }
}

fn default_on_delete(schema: &Resolved<'_>, relation: &Relation<'_>) -> ReferentialAction {
    if !is_required(schema, relation) {
        ReferentialAction::SetNull
    } else if schema.settings.actions().contains(&ReferentialAction::Restrict) {
        ReferentialAction::Restrict
    } else {
        ReferentialAction::NoAction
    }
}

/// Whether a referring row must refer: its field is required, or one of its columns is.
pub(super) fn is_required(schema: &Resolved<'_>, relation: &Relation<'_>) -> bool {
    let Some(at) = relation.forward else { return false };
    let field = schema.field(at);
    let columns = field.relation.fields.iter().flatten();
    field.is_required() || columns.into_iter().any(|column| schema.models[at.model].fields[*column].is_required())
}
