//! The arguments of attributes and functions.

use std::collections::HashSet;

use crate::check::report::Report;
use crate::diagnostic::Rule;
use crate::syntax::tree::{Argument, Span, Value, ValueKind};

pub(super) static RULES: &[&Rule] = &[&ARGUMENT_TWICE, &SEVERAL_UNNAMED, &MISSING, &UNKNOWN, &EXPECTED, &EMPTY_STRING];

static ARGUMENT_TWICE: Rule = Rule::error(
    "argument-twice",
    "An argument is given once.",
    "model A {\n  id Int @id\n  @@map(name: \"a\", name: \"b\")\n}\n",
);
static SEVERAL_UNNAMED: Rule = Rule::error(
    "several-unnamed-arguments",
    "One argument at most stands without its name.",
    "model A {\n  id Int @id\n  @@map(\"a\", \"b\")\n}\n",
);
static MISSING: Rule =
    Rule::error("missing-argument", "Some arguments cannot be left out.", "model A {\n  id Int @id\n  @@map\n}\n");
static UNKNOWN: Rule = Rule::error(
    "unknown-argument",
    "An attribute has certain arguments and no others.",
    "model A {\n  id Int @id(colour: \"red\")\n}\n",
);
static EXPECTED: Rule = Rule::error(
    "unexpected-value",
    "An argument is of one kind: a string, a number, a name, a list.",
    "model A {\n  id Int @id\n  @@map(5)\n}\n",
);
static EMPTY_STRING: Rule =
    Rule::error("empty-name", "A name in the database is not empty.", "model A {\n  id Int @id(map: \"\")\n}\n");

/// No argument is given twice, and one at most has no name.
pub(crate) fn named_once(what: &str, list: &[Argument<'_>], span: Span, report: &mut Report) {
    let mut seen = HashSet::new();
    for argument in list {
        if let Some(name) = argument.name
            && !seen.insert(name.text)
        {
            report.push(ARGUMENT_TWICE.at(argument.span, format!("`{what}` has two arguments `{}`", name.text)));
        }
    }
    if list.iter().filter(|argument| argument.name.is_none()).count() > 1 {
        let title = format!("`{what}` has several arguments without a name");
        report.push(SEVERAL_UNNAMED.at(span, title).help("name all but the first, as in `map: \"…\"`"));
    }
}

/// An argument with and without its name.
pub(crate) fn given_twice(what: &str, name: &str, span: Span, report: &mut Report) {
    let title = format!("`{name}` of `{what}` is given with and without its name");
    report.push(ARGUMENT_TWICE.at(span, title));
}

/// An argument that is not there.
pub(crate) fn missing(what: &str, name: &str, span: Span, report: &mut Report) {
    report.push(MISSING.at(span, format!("`{what}` lacks its argument `{name}`")));
}

/// An argument that nothing reads.
pub(crate) fn unknown(what: &str, argument: &Argument<'_>, known: &[&str], report: &mut Report) {
    let diagnostic = match argument.name {
        Some(name) => UNKNOWN
            .at(argument.span, format!("`{what}` has no argument `{}`", name.text))
            .suggest(name.text, known.iter().copied()),
        None => UNKNOWN.at(argument.span, format!("`{what}` has no such argument")),
    };
    report.push(diagnostic);
}

/// A value of another kind.
pub(crate) fn expected<T>(kind: &str, value: &Value<'_>, report: &mut Report) -> Option<T> {
    let found = match &value.kind {
        ValueKind::String(_) => "a string",
        ValueKind::Number(_) => "a number",
        ValueKind::Constant(_) => "a name",
        ValueKind::Call(..) => "a function",
        ValueKind::Array(_) => "a list",
        ValueKind::Object(_) => "an object",
    };
    report.push(EXPECTED.at(value.span, format!("expected {kind}")).label(format!("this is {found}")));
    None
}

/// A name that is empty.
pub(crate) fn empty(what: &str, name: &str, span: Span, report: &mut Report) {
    report.push(EMPTY_STRING.at(span, format!("`{name}` of `{what}` is empty")));
}
