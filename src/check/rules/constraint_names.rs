//! The names of constraints in the database: that they fit, and that each is its own.

use std::borrow::Cow;
use std::collections::HashMap;

use lenslet_core::catalog::IndexKind;

use crate::check::connector::Scope;
use crate::check::constraint_name;
use crate::check::report::Report;
use crate::check::resolved::{Field, Index, Located, ModelId, RelationKind, Resolved};
use crate::diagnostic::Rule;
use crate::syntax::tree::Span;

pub(super) static RULES: &[&Rule] = &[&TOO_LONG, &TWICE];

static TOO_LONG: Rule = Rule::error(
    "constraint-name-length",
    "Names of constraints are as long as the database allows.",
    "datasource d {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id(map: \"a_name_that_is_longer_than_the_sixty_three_bytes_that_postgresql_keeps\")\n}\n",
);
static TWICE: Rule = Rule::error(
    "constraint-name-twice",
    "Constraints that live in one place of the database have different names.",
    "datasource d {\n  provider = \"sqlite\"\n}\nmodel A {\n  id Int @id\n  a Int\n  @@index([id], map: \"x\")\n  @@index([a], map: \"x\")\n}\n",
);

/// The name of an index is as long as the database allows.
pub(super) fn of_index(schema: &Resolved<'_>, index: &Index<'_>, report: &mut Report) {
    length(schema, index.map, report);
}

/// The name of a default is as long as the database allows.
pub(super) fn of_default(schema: &Resolved<'_>, field: &Field<'_>, report: &mut Report) {
    length(schema, field.default.as_ref().and_then(|default| default.map), report);
}

fn length(schema: &Resolved<'_>, map: Option<Located<'_>>, report: &mut Report) {
    let connector = schema.settings.connector;
    let Some(map) = map else { return };
    if map.text.len() > connector.max_identifier {
        let title = format!("this name is {} bytes long", map.text.len());
        let note = format!("names of {} have {} bytes at most", connector.name, connector.max_identifier);
        report.push(TOO_LONG.at(map.attribute, title).note(note));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    PrimaryKey,
    Key,
    Index,
    ForeignKey,
    Default,
}

impl Scope {
    fn holds(self, kind: Kind) -> bool {
        match self {
            Scope::GlobalKeyIndex | Scope::ModelKeyIndex => matches!(kind, Kind::Key | Kind::Index),
            Scope::GlobalForeignKey => kind == Kind::ForeignKey,
            Scope::GlobalPrimaryKeyKeyIndex | Scope::ModelPrimaryKeyKeyIndex => {
                matches!(kind, Kind::PrimaryKey | Kind::Key | Kind::Index)
            }
            Scope::GlobalPrimaryKeyForeignKeyDefault => {
                matches!(kind, Kind::PrimaryKey | Kind::ForeignKey | Kind::Default)
            }
            Scope::ModelPrimaryKeyKeyIndexForeignKey => kind != Kind::Default,
        }
    }

    fn is_of_model(self) -> bool {
        matches!(self, Scope::ModelKeyIndex | Scope::ModelPrimaryKeyKeyIndex | Scope::ModelPrimaryKeyKeyIndexForeignKey)
    }
}

/// A name, where it is given or what it is formed for.
struct Constraint<'t> {
    name: Cow<'t, str>,
    kind: Kind,
    span: Span,
}

/// The names of all constraints, and how often each is used where.
pub(super) struct Names<'t> {
    by_model: Vec<Vec<Constraint<'t>>>,
    /// By scope, schema, model (when the scope is one of a model) and name.
    used: HashMap<(usize, String, Option<ModelId>, String), u32>,
}

impl<'t> Names<'t> {
    /// Collects the names of a schema.
    pub(super) fn collect(schema: &Resolved<'t>) -> Self {
        let mut by_model: Vec<Vec<Constraint<'t>>> = schema.models.iter().map(|_| Vec::new()).collect();
        for (id, _) in schema.models.iter().enumerate().filter(|(_, model)| !model.is_view) {
            collect_model(schema, id, &mut by_model[id]);
        }
        if schema.settings.uses_foreign_keys() {
            collect_foreign_keys(schema, &mut by_model);
        }
        let mut names = Self { by_model, used: HashMap::new() };
        names.count(schema);
        names
    }

    fn count(&mut self, schema: &Resolved<'t>) {
        for (id, constraints) in self.by_model.iter().enumerate() {
            for constraint in constraints {
                for (at, scope) in schema.settings.connector.scopes.iter().enumerate() {
                    if scope.holds(constraint.kind) {
                        *self.used.entry(key(schema, at, *scope, id, &constraint.name)).or_default() += 1;
                    }
                }
            }
        }
    }

    /// The names of a model's constraints are their own.
    pub(super) fn of_model(&self, schema: &Resolved<'t>, id: ModelId, report: &mut Report) {
        for constraint in &self.by_model[id] {
            let clashes = schema.settings.connector.scopes.iter().enumerate().any(|(at, scope)| {
                let count = || self.used.get(&key(schema, at, *scope, id, &constraint.name));
                scope.holds(constraint.kind) && count().is_some_and(|count| *count > 1)
            });
            if clashes {
                let title = format!("another constraint is called `{}` in the database", constraint.name);
                report.push(TWICE.at(constraint.span, title).help("give it another name with `map`"));
            }
        }
    }
}

fn key(
    schema: &Resolved<'_>,
    at: usize,
    scope: Scope,
    id: ModelId,
    name: &str,
) -> (usize, String, Option<ModelId>, String) {
    let namespace = schema.models[id].schema_name().to_owned();
    (at, namespace, scope.is_of_model().then_some(id), name.to_owned())
}

fn collect_model<'t>(schema: &Resolved<'t>, id: ModelId, out: &mut Vec<Constraint<'t>>) {
    let connector = schema.settings.connector;
    let model = &schema.models[id];
    for index in model.all_indexes() {
        let Some(name) = constraint_name::of_index(connector, model, index) else {
            continue;
        };
        let kind = match index.kind {
            IndexKind::PrimaryKey => Kind::PrimaryKey,
            IndexKind::Unique => Kind::Key,
            IndexKind::Plain | IndexKind::Fulltext => Kind::Index,
        };
        out.push(Constraint { name, kind, span: index.map.map_or(index.span(), |map| map.span) });
    }
    if connector.can.named_defaults {
        for (at, field) in model.fields.iter().enumerate() {
            let Some(default) = &field.default else { continue };
            let (name, span) = match default.map {
                Some(map) => (Cow::Borrowed(map.text), map.span),
                None => (constraint_name::of_default(connector, model, at), default.attribute.span),
            };
            out.push(Constraint { name, kind: Kind::Default, span });
        }
    }
}

fn collect_foreign_keys<'t>(schema: &Resolved<'t>, by_model: &mut [Vec<Constraint<'t>>]) {
    for relation in &schema.relations {
        let is_inline = matches!(relation.kind, RelationKind::OneToOne | RelationKind::OneToMany);
        let (Some(forward), Some(_), true) = (relation.forward, relation.back, is_inline) else {
            continue;
        };
        let field = schema.field(forward);
        if field.relation.fields.is_none() {
            continue;
        }
        let span = field.relation.map.map_or(field.span(), |map| map.span);
        let name = constraint_name::of_foreign_key(schema, relation);
        by_model[forward.model].push(Constraint { name, kind: Kind::ForeignKey, span });
    }
}
