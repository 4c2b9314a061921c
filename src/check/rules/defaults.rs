//! Defaults.

use std::collections::HashSet;

use lenslet_core::catalog::{Default, ScalarType};

use crate::check::connector::Autoincrement;
use crate::check::defaults::Target;
use crate::check::report::Report;
use crate::check::resolved::{Enum, Field, FieldType, Meaning, Model, Resolved};
use crate::diagnostic::Rule;
use crate::syntax::tree::{Arguments, Name, Span, Value};

pub(super) static RULES: &[&Rule] = &[
    &NOT_HERE,
    &LIST_DEFAULT,
    &NO_VARIANT,
    &WRONG_TYPE,
    &UNREADABLE,
    &UNKNOWN_FUNCTION,
    &FUNCTION_TYPE,
    &FUNCTION_ARGUMENT,
    &ONLY_DBGENERATED,
    &NAMED_DEFAULT,
    &FUNCTION_UNSUPPORTED,
    &AUTOINCREMENT,
];

static NOT_HERE: Rule = Rule::error(
    "default-not-here",
    "Columns have defaults; relations and composite types have none.",
    "model A {\n  id Int @id\n  b B @default(\"\")\n}\nmodel B {\n  id Int @id\n}\n",
);
static LIST_DEFAULT: Rule = Rule::error(
    "list-default",
    "The default of a list is a list, and of anything else it is none.",
    "model A {\n  id Int @id\n  tags String[] @default(\"a\")\n}\n",
);
static NO_VARIANT: Rule = Rule::error(
    "unknown-enum-value",
    "The default of an enum is one of its values.",
    "model A {\n  id Int @id\n  e E @default(B)\n}\nenum E {\n  A\n}\n",
);
static WRONG_TYPE: Rule = Rule::error(
    "default-type",
    "A default is of the type of its field.",
    "model A {\n  id Int @id\n  name String @default(3)\n}\n",
);
static UNREADABLE: Rule = Rule::error(
    "unreadable-default",
    "A default is a value of its type: a time, a JSON document, base64, a number that fits.",
    "model A {\n  id Int @id\n  at DateTime @default(\"tomorrow\")\n}\n",
);
static UNKNOWN_FUNCTION: Rule = Rule::error(
    "unknown-function",
    "The functions are autoincrement, now, uuid, cuid, ulid, nanoid, dbgenerated and sequence.",
    "model A {\n  id Int @id @default(random())\n}\n",
);
static FUNCTION_TYPE: Rule = Rule::error(
    "function-type",
    "A function makes values of certain types.",
    "model A {\n  id Int @id\n  name String @default(now())\n}\n",
);
static FUNCTION_ARGUMENT: Rule = Rule::error(
    "function-argument",
    "A function has the arguments that it has.",
    "model A {\n  id String @id @default(uuid(5))\n}\n",
);
static ONLY_DBGENERATED: Rule = Rule::error(
    "only-dbgenerated",
    "Only the database can make a value of a type that the language has no name for.",
    "model A {\n  id Int @id\n  a Unsupported(\"x\") @default(12)\n}\n",
);
static NAMED_DEFAULT: Rule = Rule::error(
    "named-default",
    "SQL Server gives defaults names, except to counting columns; the other databases do not.",
    "datasource d {\n  provider = \"sqlite\"\n}\nmodel A {\n  id Int @id\n  a Int @default(1, map: \"x\")\n}\n",
);
static FUNCTION_UNSUPPORTED: Rule = Rule::error(
    "function-unsupported",
    "`sequence()` is CockroachDB's, and `auto()` MongoDB's.",
    "datasource d {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id @default(sequence())\n}\n",
);
static AUTOINCREMENT: Rule = Rule::error(
    "autoincrement",
    "Databases count up where they can: in the primary key (SQLite), in one indexed column (MySQL), in one column (SQL Server).",
    "datasource d {\n  provider = \"sqlite\"\n}\nmodel A {\n  id Int @id\n  a Int @default(autoincrement())\n}\n",
);

const FUNCTIONS: [&str; 8] = ["autoincrement", "now", "uuid", "cuid", "ulid", "nanoid", "dbgenerated", "sequence"];

pub(crate) fn not_here(target: &Target<'_>, at: Span, report: &mut Report) {
    let what = if matches!(target.ty, FieldType::Model(_)) { "a relation" } else { "of a composite type" };
    let title = format!("`{}` is {what}, which has no default", target.name);
    report.push(NOT_HERE.at(at, title).help("remove `@default`"));
}

pub(crate) fn list_or_not(target: &Target<'_>, at: Span, report: &mut Report) {
    report.push(if target.is_list {
        LIST_DEFAULT.at(at, format!("the default of the list `{}` is a list", target.name)).help("write it in brackets")
    } else {
        LIST_DEFAULT.at(at, format!("`{}` is no list, so its default is none", target.name)).help("remove the brackets")
    });
}

pub(crate) fn no_variant(it: &Enum<'_>, value: &Value<'_>, at: Span, report: &mut Report) {
    let title = format!("this is no value of the enum `{}`", it.name);
    let names = it.variants.iter().map(|variant| variant.name.text);
    let diagnostic = NO_VARIANT.at(at, title);
    report.push(match &value.kind {
        crate::syntax::tree::ValueKind::Constant(name) => diagnostic.suggest(name, names),
        _ => diagnostic.help("write the name of a value, without quotes"),
    });
}

pub(crate) fn wrong_type<T>(scalar: &str, at: Span, report: &mut Report) -> Option<T> {
    report.push(WRONG_TYPE.at(at, format!("this default is no {scalar}")));
    None
}

/// The constants of a default are of its type.
pub(super) fn readable(field: &Field<'_>, report: &mut Report) {
    let (Some(default), Some(scalar)) = (&field.default, field.scalar()) else {
        return;
    };
    for value in crate::check::arguments::list(default.value) {
        if let Some(expected) = crate::check::defaults::unreadable(scalar, value) {
            report.push(UNREADABLE.at(value.span, format!("expected {expected}")));
        }
    }
}

pub(crate) fn unknown_function(name: Name<'_>, span: Span, report: &mut Report) {
    let title = format!("there is no function `{}()`", name.text);
    report.push(UNKNOWN_FUNCTION.at(span, title).suggest(name.text, FUNCTIONS));
}

pub(crate) fn function_of_other_type(
    name: Name<'_>,
    fits: &[ScalarType],
    target: &Target<'_>,
    at: Span,
    report: &mut Report,
) {
    let fits: Vec<&str> = fits.iter().map(|scalar| scalar.name()).collect();
    let title = format!("`{}()` is for {}, which `{}` is not", name.text, fits.join(" and "), target.name);
    report.push(FUNCTION_TYPE.at(at, title));
}

pub(crate) fn bad_function_argument<T>(name: &str, expected: &str, at: Span, report: &mut Report) -> Option<T> {
    report.push(FUNCTION_ARGUMENT.at(at, format!("`{name}()` takes {expected}, or nothing")));
    None
}

pub(crate) fn empty_dbgenerated(at: Span, report: &mut Report) {
    let title = "`dbgenerated(\"\")` has an empty expression";
    report.push(FUNCTION_ARGUMENT.at(at, title).help("write `dbgenerated()`, or the expression"));
}

pub(crate) fn without_arguments(name: Name<'_>, arguments: &Arguments<'_>, at: Span, report: &mut Report) {
    if !arguments.list.is_empty() {
        report.push(FUNCTION_ARGUMENT.at(at, format!("`{}()` takes no arguments", name.text)));
    }
}

pub(crate) fn only_dbgenerated(at: Span, report: &mut Report) {
    let title = "only `dbgenerated()` can be the default of an unsupported type";
    report.push(ONLY_DBGENERATED.at(at, title).help("write `@default(dbgenerated(\"…\"))`"));
}

/// The default of a field is one that its database can keep.
pub(super) fn supported(schema: &Resolved<'_>, field: &Field<'_>, report: &mut Report) {
    let Some(default) = &field.default else { return };
    let connector = schema.settings.connector;
    let unsupported = match &default.meaning {
        Meaning::Auto => connector.provider.is_some(),
        Meaning::Default(Default::Sequence(_)) => !connector.can.sequences,
        _ => false,
    };
    if unsupported {
        let title = format!("{} has no such function", connector.name);
        report.push(FUNCTION_UNSUPPORTED.at(default.value.span, title));
    }
    if default.map.is_none() {
        return;
    }
    if !connector.can.named_defaults {
        let title = format!("{} does not name defaults", connector.name);
        report.push(NAMED_DEFAULT.at(default.attribute.span, title).help("remove `map`"));
    } else if default.meaning == Meaning::Default(Default::Autoincrement) {
        let title = "a counting column has no default constraint to name";
        report.push(NAMED_DEFAULT.at(default.attribute.span, title).help("remove `map`"));
    }
}

fn counts(field: &Field<'_>) -> bool {
    field.default.as_ref().is_some_and(|default| default.meaning == Meaning::Default(Default::Autoincrement))
}

/// The database counts up where it can.
pub(super) fn autoincrement(schema: &Resolved<'_>, model: &Model<'_>, report: &mut Report) {
    let Autoincrement { multiple, outside_of_id, without_index } = &schema.settings.connector.can.autoincrement;
    let connector = schema.settings.connector.name;
    let counting: Vec<usize> = (0..model.fields.len()).filter(|at| counts(&model.fields[*at])).collect();
    if counting.len() > 1 && !multiple {
        let title = format!("{connector} counts up in one column of a table; `{}` has several", model.name);
        report.push(AUTOINCREMENT.at(model.span(), title).note(format!("these are {}", model.names(&counting))));
    }
    if *outside_of_id && *without_index {
        return;
    }
    let key: HashSet<usize> = model.primary_key.iter().flat_map(|key| &key.fields).map(|it| it.field).collect();
    let leading: HashSet<usize> =
        model.all_indexes().filter_map(|index| index.fields.first()).map(|it| it.field).collect();
    for at in counting {
        let field = &model.fields[at];
        if !outside_of_id && !key.contains(&at) {
            let title = format!("{connector} counts up in the primary key only, and `{}` is not in it", field.name);
            report.push(AUTOINCREMENT.at(field.span(), title));
        } else if !without_index && !leading.contains(&at) {
            let title = format!("{connector} counts up in indexed columns only, and `{}` is not one", field.name);
            report.push(AUTOINCREMENT.at(field.span(), title).help("add `@unique`, or an index that starts with it"));
        }
    }
}

/// CockroachDB counts up in `BigInt` columns, and by sequences in the others.
pub(super) fn cockroach_autoincrement(schema: &Resolved<'_>, field: &Field<'_>, report: &mut Report) {
    if schema.settings.connector.can.sequences
        && schema.settings.connector.provider.is_some()
        && counts(field)
        && field.scalar() == Some(ScalarType::Int)
        && let Some(default) = &field.default
    {
        let title = "CockroachDB counts up in `BigInt` columns only";
        report.push(AUTOINCREMENT.at(default.attribute.span, title).help("write `sequence()`, or make it a `BigInt`"));
    }
}
