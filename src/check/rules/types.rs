//! The types of fields.

use std::collections::HashSet;

use lenslet_core::catalog::ScalarType;

use crate::check::report::Report;
use crate::check::resolved::{Composite, Field, FieldType, Resolved};
use crate::diagnostic::Rule;
use crate::syntax::tree::{self, Block};

pub(super) static RULES: &[&Rule] = &[
    &UNKNOWN_TYPE,
    &RELATION_IN_COMPOSITE,
    &COMPOSITES_UNSUPPORTED,
    &COMPOSITE_CYCLE,
    &EMPTY_COMPOSITE,
    &LISTS_UNSUPPORTED,
    &JSON_UNSUPPORTED,
    &DECIMAL_UNSUPPORTED,
    &ENUMS_UNSUPPORTED,
    &SUPPORTED_AFTER_ALL,
];

static UNKNOWN_TYPE: Rule = Rule::error(
    "unknown-type",
    "A field's type is a scalar, or a model, enum, view or type of the schema.",
    "model A {\n  id Int @id\n  name Strng\n}\n",
);
static RELATION_IN_COMPOSITE: Rule = Rule::error(
    "relation-in-composite-type",
    "Composite types hold values, not relations.",
    "type T {\n  a A\n}\nmodel A {\n  id Int @id\n}\n",
);
static COMPOSITES_UNSUPPORTED: Rule = Rule::error(
    "composite-types",
    "SQL databases hold no composite types.",
    "datasource d {\n  provider = \"mysql\"\n}\ntype T {\n  a Int\n}\n",
);
static COMPOSITE_CYCLE: Rule =
    Rule::error("composite-cycle", "A composite type that must hold itself would never end.", "type T {\n  t T\n}\n");
static EMPTY_COMPOSITE: Rule = Rule::error("empty-composite-type", "A composite type has a field.", "type T {\n}\n");
static LISTS_UNSUPPORTED: Rule = Rule::error(
    "scalar-lists",
    "PostgreSQL and CockroachDB hold lists of values, the other databases do not.",
    "datasource d {\n  provider = \"mysql\"\n}\nmodel A {\n  id Int @id\n  tags String[]\n}\n",
);
static JSON_UNSUPPORTED: Rule = Rule::error(
    "json",
    "SQL Server has no JSON type.",
    "datasource d {\n  provider = \"sqlserver\"\n}\nmodel A {\n  id Int @id\n  data Json\n}\n",
);
static DECIMAL_UNSUPPORTED: Rule = Rule::error(
    "decimal",
    "Which exact decimals there are, the database says: without a datasource there are none.",
    "model A {\n  id Int @id\n  price Decimal\n}\n",
);
static ENUMS_UNSUPPORTED: Rule = Rule::error(
    "enums",
    "SQL Server has no enums.",
    "datasource d {\n  provider = \"sqlserver\"\n}\nenum E {\n  A\n}\n",
);
static SUPPORTED_AFTER_ALL: Rule = Rule::error(
    "supported-after-all",
    "`Unsupported(\"…\")` is for types that the language has no name for.",
    "datasource d {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id\n  a Unsupported(\"Text\")\n}\n",
);

/// A type that nothing defines.
pub(crate) fn unknown<'n>(ty: &tree::FieldType<'_>, names: impl Iterator<Item = &'n str>, report: &mut Report) {
    let title = format!("there is no type `{}`", ty.name.text);
    report.push(UNKNOWN_TYPE.at(ty.name.span, title).suggest(ty.name.text, names));
}

/// A relation field in a composite type.
pub(crate) fn relation_in_composite(block: &Block<'_>, field: &Field<'_>, model: &Block<'_>, report: &mut Report) {
    let title = format!("`{}` of the type `{}` is a relation", field.name, block.name.text);
    let note = format!("`{}` is a model; a type holds scalars, enums and other types", model.name.text);
    let span = field.tree.ty.as_ref().map_or(field.span(), |ty| ty.span);
    report.push(RELATION_IN_COMPOSITE.at(span, title).note(note));
}

/// Composite types are supported, have fields, and end.
pub(super) fn composites(schema: &Resolved<'_>, report: &mut Report) {
    for (id, composite) in schema.composites.iter().enumerate() {
        let name = composite.block.name.text;
        if !schema.settings.connector.can.composite_types {
            let title = format!("{} holds no composite types", schema.settings.connector.name);
            report.push(COMPOSITES_UNSUPPORTED.at(composite.block.span, title).help("use a model, or `Json`"));
        } else if composite.fields.is_empty() {
            report.push(EMPTY_COMPOSITE.at(composite.block.span, format!("the type `{name}` has no fields")));
        }
        for field in &composite.fields {
            if reaches(schema, field, id, &mut HashSet::new()) {
                let title = format!("`{name}` holds itself");
                let help = "make one of the fields on the way optional, or a list";
                report.push(COMPOSITE_CYCLE.at(field.span(), title).help(help));
            }
        }
    }
}

fn reaches(schema: &Resolved<'_>, field: &Field<'_>, goal: usize, seen: &mut HashSet<usize>) -> bool {
    let FieldType::Composite(id) = field.ty else {
        return false;
    };
    if !field.is_required() {
        return false;
    }
    let inner = |composite: &Composite<'_>, seen: &mut HashSet<usize>| {
        composite.fields.iter().any(|field| reaches(schema, field, goal, seen))
    };
    id == goal || (seen.insert(id) && inner(&schema.composites[id], seen))
}

/// The database can hold what the field is.
pub(super) fn column(schema: &Resolved<'_>, field: &Field<'_>, report: &mut Report) {
    let connector = schema.settings.connector;
    if field.is_list() && !connector.can.lists && field.is_scalar() {
        let title = format!("{} holds no lists: `{}` cannot be one", connector.name, field.name);
        report.push(LISTS_UNSUPPORTED.at(field.span(), title).help("use a model of its own, or `Json`"));
    } else if field.scalar() == Some(ScalarType::Json) && !connector.can.json {
        let title = format!("{} has no JSON type", connector.name);
        report.push(JSON_UNSUPPORTED.at(field.span(), title).help("use `String`"));
    }
}

/// The database can hold exact decimals.
pub(super) fn decimal(schema: &Resolved<'_>, field: &Field<'_>, report: &mut Report) {
    if field.scalar() == Some(ScalarType::Decimal) && !schema.settings.connector.can.decimal {
        let title = format!("without a datasource, `{}` cannot be a Decimal", field.name);
        report.push(DECIMAL_UNSUPPORTED.at(field.span(), title).help("add a `datasource` block"));
    }
}

/// `Unsupported("…")` is not a type that the language has.
pub(super) fn unsupported(schema: &Resolved<'_>, field: &Field<'_>, report: &mut Report) {
    let FieldType::Unsupported(text) = field.ty else { return };
    let connector = schema.settings.connector;
    let name = text.split('(').next().unwrap_or(text).trim();
    let Some(native) = connector.native_types.iter().find(|native| native.name == name) else {
        return;
    };
    let (Some(scalar), Some(prefix)) = (native.scalars.first(), schema.settings.datasource) else {
        return;
    };
    let title = format!("`{text}` is supported");
    let help = format!("write `{} @{prefix}.{text}`", scalar.name());
    report.push(SUPPORTED_AFTER_ALL.at(field.span(), title).help(help));
}

/// The database has enums.
pub(super) fn enums(schema: &Resolved<'_>, report: &mut Report) {
    if schema.settings.connector.can.enums {
        return;
    }
    for it in &schema.enums {
        let title = format!("{} has no enums: `{}`", schema.settings.connector.name, it.name);
        report.push(ENUMS_UNSUPPORTED.at(it.block.span, title).help("use `String` for its fields"));
    }
}
