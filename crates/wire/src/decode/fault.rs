//! What is wrong with a query, and where: messages for people, and the `meta` that Prisma's client prints its own from.

use crate::json::{Json, Writer};
use lenslet_core::{
    error::{Error, ErrorKind},
    value::Value,
};

/// A key on the way to a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'p> {
    before: Option<&'p Step<'p>>,
    key: &'p str,
}

/// A place in a query: the selection that it is in, and the way through its arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'p> {
    selection: &'p Step<'p>,
    argument: Option<&'p Step<'p>>,
}

impl<'p> Step<'p> {
    pub(crate) fn first(key: &'p str) -> Self {
        Step { before: None, key }
    }

    fn keys(&self) -> Vec<&'p str> {
        let mut keys = self.before.map(Step::keys).unwrap_or_default();
        keys.push(self.key);
        keys
    }
}

impl<'p> At<'p> {
    pub(crate) fn new(selection: &'p Step<'p>) -> Self {
        At { selection, argument: None }
    }

    /// A key of the arguments here; see [`inside`](At::inside).
    pub(crate) fn argument<'s>(&self, key: &'s str) -> Step<'s>
    where
        'p: 's,
    {
        Step { before: self.argument, key }
    }

    pub(crate) fn inside<'s>(&self, step: &'s Step<'s>) -> At<'s>
    where
        'p: 's,
    {
        At { selection: self.selection, argument: Some(step) }
    }

    /// A key of the selection here.
    pub(crate) fn selected<'s>(&self, key: &'s str) -> Step<'s>
    where
        'p: 's,
    {
        Step { before: Some(self.selection), key }
    }

    fn selection_path(&self) -> Vec<&'p str> {
        self.selection.keys()
    }

    fn argument_path(&self) -> Vec<&'p str> {
        self.argument.map(Step::keys).unwrap_or_default()
    }

    /// What was given at the top: `data`, `where`, …
    fn root(&self) -> &'p str {
        self.argument_path().first().copied().unwrap_or_default()
    }

    /// The way here, as a person reads it.
    pub(crate) fn path(&self) -> String {
        let mut path = self.selection_path();
        path.extend(self.argument_path());
        path.join(".")
    }

    fn error(&self, code: ErrorKind, kind: &'static str, what: &str) -> Error {
        let texts = |path: Vec<&str>| Value::List(path.into_iter().map(|key| Value::Text(key.into())).collect());
        let error = Error::new(code, format!("`{}`: {what}", self.path()))
            .with("kind", Value::Text(kind.into()))
            .with("selectionPath", texts(self.selection_path()));
        match self.argument {
            Some(step) => error.with("argumentPath", texts(step.keys())),
            None => error,
        }
    }

    fn invalid(&self, kind: &'static str, what: &str) -> Error {
        self.error(ErrorKind::QueryInvalid, kind, what)
    }

    /// An argument that this operation or relation does not take.
    pub(crate) fn unknown_argument(&self, known: &[&str]) -> Error {
        let what = format!("no such argument here; there is {}", list(known));
        self.invalid("UnknownArgument", &what).with("arguments", Value::Json(fields(known.iter().copied())))
    }

    /// A key that an input object does not have.
    pub(crate) fn unknown_field(&self, input: &str, known: &[&str]) -> Error {
        let what = format!("`{input}` has no such field; it has {}", list(known));
        self.invalid("UnknownInputField", &what).with("inputType", Value::Json(input_type(input, known)))
    }

    /// A key that cannot be selected; the place is the selection that has it.
    pub(crate) fn unknown_selection(&self, key: &str, output: &str, known: &[&str]) -> Error {
        let step = self.selected(key);
        let at = At::new(&step);
        let what = format!("`{output}` has no such field; it has {}", list(known));
        at.invalid("UnknownSelectionField", &what).with("outputType", Value::Json(output_type(output, known)))
    }

    /// A selection inside a column.
    pub(crate) fn scalar_selection(&self, output: &str) -> Error {
        let what = "a column has nothing to select in it; give `true`";
        self.invalid("SelectionSetOnScalar", what).with("outputType", Value::Json(output_type(output, &[])))
    }

    /// A selection of nothing.
    pub(crate) fn empty_selection(&self, output: &str, known: &[&str]) -> Error {
        let what = format!("nothing is selected; choose from {}", list(known));
        self.invalid("EmptySelection", &what).with("outputType", Value::Json(output_type(output, known)))
    }

    /// Something required that is not there. Inside of what is to be written and of orders, Prisma's code is another one,
    /// since there one of two forms would have done.
    pub(crate) fn missing(&self, ty: &str) -> Error {
        let code = match self.root() {
            "data" | "create" | "update" | "orderBy" if self.argument_path().len() > 1 => ErrorKind::QueryInvalid,
            _ => ErrorKind::ValueMissing,
        };
        let mut out = Writer::default();
        out.open('[');
        out.open('{');
        out.key("kind");
        out.text("scalar");
        out.key("name");
        out.text(ty);
        out.close('}');
        out.close(']');
        self.error(code, "RequiredArgumentMissing", &format!("a {ty} is required here and not given"))
            .with("inputTypes", Value::Json(out.finish()))
    }

    /// A value of another kind than the one expected.
    pub(crate) fn wrong_type(&self, expected: &str, given: &Json<'_>) -> Error {
        let found = inferred(given);
        self.invalid("InvalidArgumentType", &format!("expected {expected}, found {found}"))
            .with("argument", Value::Json(argument(self.last(), expected)))
            .with("inferredType", Value::Text(found.into()))
    }

    /// A value that its type does not have.
    pub(crate) fn wrong_value(&self, ty: &str, why: &str) -> Error {
        self.invalid("InvalidArgumentValue", &format!("not a valid {ty}: {why}"))
            .with("argument", Value::Json(argument(self.last(), ty)))
            .with("underlyingError", Value::Text(why.into()))
    }

    /// A number that does not fit.
    pub(crate) fn too_large(&self, number: &str) -> Error {
        let what = format!("`{number}` does not fit into a 64 bit integer; a `Decimal` or `Float` field can hold it");
        self.invalid("ValueTooLarge", &what).with("argument", Value::Json(argument(self.last(), "Int")))
    }

    /// An object that lacks one of several keys.
    pub(crate) fn some_missing(&self, input: &str, one_of: &[&str], known: &[&str]) -> Error {
        let what = format!("at least one of {} is needed, none was given", list(one_of));
        self.invalid("SomeFieldsMissing", &what)
            .with("inputType", Value::Json(input_type(input, known)))
            .with("constraints", Value::Json(constraints("1", "null", one_of)))
    }

    /// An object with more keys than one.
    pub(crate) fn too_many(&self, input: &str, known: &[&str]) -> Error {
        self.invalid("TooManyFieldsGiven", "exactly one key is possible here; use a list for more")
            .with("inputType", Value::Json(input_type(input, known)))
            .with("constraints", Value::Json(constraints("1", "1", &[])))
    }

    /// What no type can express.
    pub(crate) fn input(&self, details: String) -> Error {
        input(details)
    }

    fn last(&self) -> &'p str {
        self.argument.map_or(self.selection.key, |step| step.key)
    }
}

/// P2019.
pub(crate) fn input(details: String) -> Error {
    Error::new(ErrorKind::Input, format!("Input error. {details}")).with("details", Value::Text(details))
}

fn inferred(json: &Json<'_>) -> &'static str {
    match json {
        Json::Null => "Null",
        Json::Bool(_) => "Boolean",
        Json::Number(text) if text.contains(['.', 'e', 'E']) => "Float",
        Json::Number(_) => "Int",
        Json::Text(_) => "String",
        Json::List(_) => "List",
        Json::Object(_) => "Object",
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn argument(name: &str, ty: &str) -> String {
    let mut out = Writer::default();
    out.open('{');
    out.key("name");
    out.text(name);
    out.key("typeNames");
    out.open('[');
    out.text(ty);
    out.close(']');
    out.close('}');
    out.finish()
}

fn fields<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut out = Writer::default();
    out.open('[');
    for name in names {
        out.open('{');
        out.key("name");
        out.text(name);
        out.key("typeNames");
        out.open('[');
        out.close(']');
        out.key("required");
        out.boolean(false);
        out.close('}');
    }
    out.close(']');
    out.finish()
}

fn input_type(name: &str, known: &[&str]) -> String {
    let mut out = Writer::default();
    out.open('{');
    out.key("kind");
    out.text("object");
    out.key("name");
    out.text(name);
    out.key("fields");
    out.raw(&fields(known.iter().copied()));
    out.close('}');
    out.finish()
}

fn output_type(name: &str, known: &[&str]) -> String {
    let mut out = Writer::default();
    out.open('{');
    out.key("name");
    out.text(name);
    out.key("fields");
    out.open('[');
    for field in known {
        out.open('{');
        out.key("name");
        out.text(field);
        out.key("typeName");
        out.text("");
        out.key("isRelation");
        out.boolean(false);
        out.close('}');
    }
    out.close(']');
    out.close('}');
    out.finish()
}

fn constraints(least: &str, most: &str, required: &[&str]) -> String {
    let mut out = Writer::default();
    out.open('{');
    out.key("minFieldCount");
    out.raw(least);
    out.key("maxFieldCount");
    out.raw(most);
    out.key("requiredFields");
    out.open('[');
    required.iter().for_each(|name| out.text(name));
    out.close(']');
    out.close('}');
    out.finish()
}
