//! Partial indexes: `where: …`.

use lenslet_core::catalog::ScalarType;

use crate::check::report::Report;
use crate::check::resolved::{Field, FieldType, Index, Model, Resolved};
use crate::diagnostic::{Diagnostic, Rule};
use crate::syntax::tree::{Value, ValueKind};

pub(super) static RULES: &[&Rule] = &[&UNSUPPORTED, &SHAPE];

static UNSUPPORTED: Rule = Rule::error(
    "partial-index",
    "Partial indexes are a preview feature, and MySQL has none.",
    "datasource d {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id\n  @@index([id], where: raw(\"id > 1\"))\n}\n",
);
static SHAPE: Rule = Rule::error(
    "partial-index-condition",
    "The condition is `raw(\"sql\")`, or an object of columns and values of their types.",
    "datasource d {\n  provider = \"postgresql\"\n}\ngenerator g {\n  provider = \"x\"\n  previewFeatures = [\"partialIndexes\"]\n}\nmodel A {\n  id Int @id\n  @@index([id], where: { nope: true })\n}\n",
);

/// The condition of an index can be kept by the database.
pub(super) fn predicate(schema: &Resolved<'_>, model: &Model<'_>, index: &Index<'_>, report: &mut Report) {
    let Some(value) = index.predicate else { return };
    let connector = schema.settings.connector;
    if !schema.settings.has_feature("partialIndexes") {
        let title = "partial indexes are a preview feature";
        let help = "add `previewFeatures = [\"partialIndexes\"]` to a generator";
        report.push(UNSUPPORTED.at(index.span(), title).help(help));
    } else if !connector.can.partial_indexes {
        report.push(UNSUPPORTED.at(index.span(), format!("{} has no partial indexes", connector.name)));
    } else {
        condition(model, index, value, report);
    }
}

fn condition(model: &Model<'_>, index: &Index<'_>, value: &Value<'_>, report: &mut Report) {
    let bad = |title: String| SHAPE.at(value.span, title).help("write `{ field: true }`, or `raw(\"sql\")`");
    match &value.kind {
        ValueKind::Call(name, _) if name.text == "raw" => match crate::check::indexes::raw(value) {
            None => report.push(bad("`raw()` takes one string".to_owned())),
            Some((text, _)) if text.trim().is_empty() => report.push(bad("the condition is empty".to_owned())),
            Some(_) => {}
        },
        ValueKind::Object(entries) if entries.is_empty() => report.push(bad("the condition is empty".to_owned())),
        ValueKind::Object(entries) => {
            for (name, value) in entries {
                match model.field_names.get(name.text) {
                    None => {
                        let title = format!("`{}` has no field `{}`", model.name, name.text);
                        let names = model.fields.iter().map(|field| field.name);
                        report.push(SHAPE.at(index.span(), title).suggest(name.text, names));
                    }
                    Some(field) => report_term(&model.fields[*field], value, report),
                }
            }
        }
        _ => report.push(bad("this is no condition".to_owned())),
    }
}

fn report_term(field: &Field<'_>, value: &Value<'_>, report: &mut Report) {
    if !field.is_scalar() {
        let title = format!("`{}` has no column, so it cannot be part of a condition", field.name);
        report.push(SHAPE.at(value.span, title));
        return;
    }
    let value = match &value.kind {
        ValueKind::Object(entries) => match entries.as_slice() {
            [(name, value)] if name.text == "not" => value,
            _ => {
                report.push(SHAPE.at(value.span, "a condition on a field is a value, or `{ not: value }`"));
                return;
            }
        },
        _ => value,
    };
    if let Some(diagnostic) = constant(field, value) {
        report.push(diagnostic);
    }
}

fn constant(field: &Field<'_>, value: &Value<'_>) -> Option<Diagnostic> {
    let fits = match (&value.kind, field.ty) {
        (ValueKind::Constant("null"), _) => true,
        (ValueKind::Constant("true" | "false"), ty) => ty == FieldType::Scalar(ScalarType::Boolean),
        (ValueKind::String(_), FieldType::Scalar(scalar)) => {
            matches!(scalar, ScalarType::String | ScalarType::DateTime)
        }
        (ValueKind::String(_), FieldType::Enum(_)) => true,
        (ValueKind::Number(_), FieldType::Scalar(scalar)) => {
            matches!(scalar, ScalarType::Int | ScalarType::BigInt | ScalarType::Float | ScalarType::Decimal)
        }
        _ => false,
    };
    let title = || format!("this is no value of `{}`", field.name);
    (!fits).then(|| SHAPE.at(value.span, title()).help("use `raw(\"sql\")` for anything else"))
}
