//! Native types: `@db.VarChar(255)`.

use lenslet_core::catalog::IndexKind;

use crate::check::native_type::{Arguments, Key, NativeType as Known, Range};
use crate::check::report::Report;
use crate::check::resolved::{Field, Index, Model, NativeType, Resolved};
use crate::diagnostic::Rule;

pub(super) static RULES: &[&Rule] = &[&PREFIX, &UNKNOWN, &ARGUMENTS, &SCALAR, &KEY];

static PREFIX: Rule = Rule::error(
    "native-type-prefix",
    "A native type starts with the name of the datasource.",
    "datasource db {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id @pg.Integer\n}\n",
);
static UNKNOWN: Rule = Rule::error(
    "unknown-native-type",
    "A native type is one of the database's.",
    "datasource db {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id @db.Intger\n}\n",
);
static ARGUMENTS: Rule = Rule::error(
    "native-type-arguments",
    "A native type has as many arguments as the database takes, within its ranges.",
    "datasource db {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id\n  at DateTime @db.Timestamp(7)\n}\n",
);
static SCALAR: Rule = Rule::error(
    "native-type-scalar",
    "A native type holds values of certain types.",
    "datasource db {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id @db.Text\n}\n",
);
static KEY: Rule = Rule::error(
    "native-type-key",
    "Some types cannot be in a key or index.",
    "datasource db {\n  provider = \"mysql\"\n}\nmodel A {\n  id Int @id\n  a String @db.Text @unique\n}\n",
);

fn known<'t>(schema: &Resolved<'_>, native: &NativeType<'t>) -> Option<&'static Known> {
    schema.settings.connector.native_types.iter().find(|it| it.name == native.name)
}

/// The native type of a field is one, and fits it.
pub(super) fn of_field(schema: &Resolved<'_>, field: &Field<'_>, report: &mut Report) {
    let Some(native) = &field.native else { return };
    let connector = schema.settings.connector;
    let Some(datasource) = schema.settings.datasource else {
        let title = format!("without a datasource there is no native type `{}`", native.name);
        report.push(UNKNOWN.at(native.attribute.span, title).help("add a `datasource` block"));
        return;
    };
    if connector.provider.is_none() {
        return;
    }
    let at = native.attribute.span;
    if native.prefix != datasource {
        let title = format!("there is no datasource `{}`", native.prefix);
        report.push(PREFIX.at(at, title).help(format!("did you mean `@{datasource}.{}`?", native.name)));
        return;
    }
    let Some(known) = known(schema, native) else {
        let title = format!("{} has no native type `{}`", connector.name, native.name);
        report.push(UNKNOWN.at(at, title).suggest(native.name, connector.native_types.iter().map(|it| it.name)));
        return;
    };
    match field.scalar() {
        Some(scalar) if !known.scalars.contains(&scalar) => {
            let holds: Vec<&str> = known.scalars.iter().map(|scalar| scalar.name()).collect();
            let title =
                format!("`{}` holds {}, and `{}` is {}", known.name, holds.join(" and "), field.name, scalar.name());
            report.push(SCALAR.at(at, title));
        }
        None => {
            let title = format!("`{}` has a type of the schema, so it has no native type", field.name);
            report.push(SCALAR.at(at, title));
        }
        Some(scalar) => {
            if let Err(problem) = arguments(known, &native.arguments) {
                report.push(ARGUMENTS.at(at, problem));
            } else if connector.name == "mysql"
                && native.name == "Bit"
                && scalar.name() == "Boolean"
                && native.arguments != ["1"]
            {
                report.push(ARGUMENTS.at(at, "only `Bit(1)` holds a Boolean"));
            }
        }
    }
}

fn arguments(known: &Known, given: &[String]) -> Result<(), String> {
    let name = known.name;
    match (known.arguments, given) {
        (Arguments::None, []) => Ok(()),
        (Arguments::None, _) => Err(format!("`{name}` has no arguments")),
        (Arguments::Optional(_) | Arguments::OptionalOrMax(_) | Arguments::Precision { .. }, []) => Ok(()),
        (Arguments::OptionalOrMax(_), [max]) if max == "Max" => Ok(()),
        (Arguments::OptionalOrMax(range), [number]) => {
            in_range(name, "its argument", number, range).map(|_| ()).map_err(|problem| format!("{problem}, or `Max`"))
        }
        (Arguments::Optional(range) | Arguments::Required(range), [number]) => {
            in_range(name, "its argument", number, range).map(|_| ())
        }
        (Arguments::Precision { precision, scale }, [first, second]) => {
            let first = in_range(name, "its precision", first, precision)?;
            let second = in_range(name, "its scale", second, scale)?;
            if second > first {
                return Err(format!("the scale of `{name}` is not larger than its precision"));
            }
            Ok(())
        }
        (Arguments::Precision { .. }, _) => Err(format!("`{name}` has two arguments, precision and scale, or none")),
        (Arguments::Required(_), _) => Err(format!("`{name}` has one argument")),
        (Arguments::Optional(_) | Arguments::OptionalOrMax(_), _) => Err(format!("`{name}` has one argument, or none")),
    }
}

fn in_range(name: &str, what: &str, text: &str, (first, last): Range) -> Result<u32, String> {
    match text.parse() {
        Ok(number) if (first..=last).contains(&number) => Ok(number),
        _ if last == u32::MAX => Err(format!("`{name}`: {what} is a number, {first} at least")),
        _ => Err(format!("`{name}`: {what} is a number from {first} to {last}")),
    }
}

/// Every type in a key or index can be in one.
pub(super) fn in_index(schema: &Resolved<'_>, model: &Model<'_>, index: &Index<'_>, report: &mut Report) {
    if index.kind == IndexKind::Fulltext {
        return;
    }
    for it in &index.fields {
        let field = &model.fields[it.field];
        let Some(native) = &field.native else { continue };
        let Some(known) = known(schema, native) else { continue };
        let has_max = native.arguments.first().is_some_and(|argument| argument == "Max");
        let (at, help) = match known.key {
            Key::Yes => continue,
            Key::WithLength if it.length.is_some() => continue,
            Key::UnlessMax if !has_max => continue,
            Key::WithLength => (index.span(), Some(format!("give a length: `{}(length: 100)`", field.name))),
            Key::NoField => (field.span(), None),
            Key::No | Key::UnlessMax => (index.span(), None),
        };
        let title =
            format!("`{}` is of the native type `{}`, which cannot be in a key or index", field.name, known.name);
        let diagnostic = KEY.at(at, title);
        report.push(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
        return;
    }
}
