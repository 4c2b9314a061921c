//! Read the arguments of an attribute or function by name, and find the ones that it does not have.

use super::report::Report;
use super::rules::arguments as rules;
use crate::syntax::tree::{Argument, Arguments, Attribute, Name, Span, Value, ValueKind};

/// The arguments of an attribute or function, while they are read.
pub(super) struct Reader<'t> {
    /// `@`, `@@`, or nothing before a function.
    marks: &'static str,
    name: &'t str,
    list: &'t [Argument<'t>],
    used: Vec<bool>,
    span: Span,
}

impl<'t> Reader<'t> {
    pub(super) fn of_attribute(attribute: &'t Attribute<'t>, marks: &'static str, report: &mut Report) -> Self {
        Self::new(marks, attribute.name.text, attribute.arguments.as_ref(), attribute.span, report)
    }

    pub(super) fn of_function(name: Name<'t>, arguments: &'t Arguments<'t>, report: &mut Report) -> Self {
        Self::new("", name.text, Some(arguments), name.span.to(arguments.span), report)
    }

    fn new(
        marks: &'static str,
        name: &'t str,
        arguments: Option<&'t Arguments<'t>>,
        span: Span,
        report: &mut Report,
    ) -> Self {
        let list = arguments.map_or(&[] as &[_], |arguments| arguments.list.as_slice());
        let reader = Self { marks, name, list, used: vec![false; list.len()], span };
        if list.len() > 1 {
            rules::named_once(&reader.what(), list, span, report);
        }
        reader
    }

    /// What the arguments are of, for messages.
    fn what(&self) -> String {
        format!("{}{}", self.marks, self.name)
    }

    /// The argument of that name.
    pub(super) fn named(&mut self, name: &str) -> Option<&'t Value<'t>> {
        let at = self.list.iter().position(|argument| argument.name.is_some_and(|it| it.text == name))?;
        self.used[at] = true;
        self.list[at].value.as_ref()
    }

    /// The argument without a name, or of that name.
    pub(super) fn default(&mut self, name: &str, report: &mut Report) -> Option<&'t Value<'t>> {
        let unnamed = self.list.iter().position(|argument| argument.name.is_none());
        let named = self.named(name);
        let Some(at) = unnamed else { return named };
        self.used[at] = true;
        if named.is_some() {
            rules::given_twice(&self.what(), name, self.span, report);
        }
        self.list[at].value.as_ref()
    }

    /// The argument without a name, or of that name, which must be there.
    pub(super) fn required(&mut self, name: &str, report: &mut Report) -> Option<&'t Value<'t>> {
        let is_there = self.list.iter().any(|argument| argument.name.is_none_or(|it| it.text == name));
        if !is_there {
            rules::missing(&self.what(), name, self.span, report);
        }
        self.default(name, report)
    }

    /// Finds the arguments that were not read, given the names of those that could have been.
    pub(super) fn finish(self, known: &[&str], report: &mut Report) {
        for (argument, used) in self.list.iter().zip(&self.used) {
            if !used {
                rules::unknown(&self.what(), argument, known, report);
            }
        }
    }
}

/// The text of a string.
pub(super) fn string<'t>(value: &'t Value<'t>, report: &mut Report) -> Option<&'t str> {
    match &value.kind {
        ValueKind::String(text) => Some(text),
        _ => rules::expected("a string", value, report),
    }
}

/// A word.
pub(super) fn constant<'t>(value: &'t Value<'t>, report: &mut Report) -> Option<&'t str> {
    match &value.kind {
        ValueKind::Constant(text) => Some(text),
        _ => rules::expected("a name without quotes", value, report),
    }
}

/// `true` or `false`.
pub(super) fn boolean(value: &Value<'_>, report: &mut Report) -> Option<bool> {
    match &value.kind {
        ValueKind::Constant("true") => Some(true),
        ValueKind::Constant("false") => Some(false),
        _ => rules::expected("`true` or `false`", value, report),
    }
}

/// A whole number.
pub(super) fn integer(value: &Value<'_>, report: &mut Report) -> Option<i64> {
    match &value.kind {
        ValueKind::Number(text) => match text.parse() {
            Ok(number) => Some(number),
            Err(_) => rules::expected("a whole number of 64 bits", value, report),
        },
        _ => rules::expected("a number", value, report),
    }
}

/// The elements of a list; one value stands for a list of one.
pub(super) fn list<'t>(value: &'t Value<'t>) -> &'t [Value<'t>] {
    match &value.kind {
        ValueKind::Array(list) => list,
        _ => std::slice::from_ref(value),
    }
}
