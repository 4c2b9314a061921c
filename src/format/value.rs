//! Attributes and values on one line.

use crate::syntax::tree::{Argument, Arguments, Attribute, Value, ValueKind};

/// `@name(arguments)`.
pub(super) fn attribute(attribute: &Attribute<'_>, text: &str, out: &mut String) {
    out.push('@');
    out.push_str(attribute.name.text);
    if let Some(list) = &attribute.arguments {
        arguments(list, None, text, out);
    }
}

/// `@name(arguments, extra)`.
pub(super) fn attribute_with(attribute: &Attribute<'_>, extra: &str, text: &str, out: &mut String) {
    out.push('@');
    out.push_str(attribute.name.text);
    match &attribute.arguments {
        Some(list) => arguments(list, Some(extra), text, out),
        None => {
            out.push('(');
            out.push_str(extra);
            out.push(')');
        }
    }
}

fn arguments(arguments: &Arguments<'_>, extra: Option<&str>, text: &str, out: &mut String) {
    out.push('(');
    separated(&arguments.list, out, |item, out| argument(item, text, out));
    if let Some(extra) = extra {
        if !arguments.list.is_empty() {
            out.push_str(", ");
        }
        out.push_str(extra);
    }
    out.push(')');
}

fn argument(argument: &Argument<'_>, text: &str, out: &mut String) {
    if let Some(name) = argument.name {
        out.push_str(name.text);
        out.push_str(": ");
    }
    if let Some(it) = &argument.value {
        value(it, text, out);
    }
}

/// A value. Strings keep their escapes.
pub(super) fn value(value: &Value<'_>, text: &str, out: &mut String) {
    match &value.kind {
        ValueKind::String(_) => {
            out.push_str(text.get(value.span.start as usize..value.span.end as usize).unwrap_or_default());
        }
        ValueKind::Number(it) | ValueKind::Constant(it) => out.push_str(it),
        ValueKind::Call(name, list) => {
            out.push_str(name.text);
            arguments(list, None, text, out);
        }
        ValueKind::Array(list) => {
            out.push('[');
            separated(list, out, |item, out| self::value(item, text, out));
            out.push(']');
        }
        ValueKind::Object(entries) if entries.is_empty() => out.push_str("{  }"),
        ValueKind::Object(entries) => {
            out.push_str("{ ");
            separated(entries, out, |(name, item), out| {
                out.push_str(name.text);
                out.push_str(": ");
                self::value(item, text, out);
            });
            out.push_str(" }");
        }
    }
}

fn separated<T>(list: &[T], out: &mut String, print: impl Fn(&T, &mut String)) {
    for (at, item) in list.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        print(item, out);
    }
}
