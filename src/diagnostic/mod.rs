//! What is wrong with a schema, said so that it can be fixed.

mod nearest;
mod render;

pub(crate) use nearest::nearest;

use crate::syntax::tree::Span;

/// A finding in a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable name of the rule: `unknown-type`.
    pub code: &'static str,
    /// Whether the schema can be used.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub title: String,
    /// Where it is wrong.
    pub span: Span,
    /// What is said at the marked piece.
    pub label: Option<String>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// How to fix it, where that is known.
    pub help: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The schema is accepted.
    Warning,
    /// The schema is refused.
    Error,
}

impl Severity {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A rule of the language: what a diagnostic's code stands for.
#[derive(Debug)]
pub struct Rule {
    /// Its stable name.
    pub code: &'static str,
    /// Whether breaking it refuses the schema.
    pub severity: Severity,
    /// What it demands, and why.
    pub about: &'static str,
    /// A schema that breaks it. The tests check that it does.
    pub example: &'static str,
}

impl Rule {
    /// A rule that refuses the schema.
    pub(crate) const fn error(code: &'static str, about: &'static str, example: &'static str) -> Self {
        Self { code, severity: Severity::Error, about, example }
    }

    /// A rule that does not refuse the schema.
    pub(crate) const fn warning(code: &'static str, about: &'static str, example: &'static str) -> Self {
        Self { code, severity: Severity::Warning, about, example }
    }

    /// A finding of this rule.
    pub(crate) fn at(&self, span: Span, title: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code: self.code,
            severity: self.severity,
            title: title.into(),
            span,
            label: None,
            notes: Vec::new(),
            help: None,
        }
    }
}

impl Diagnostic {
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Help that names the nearest of some names, when one is near.
    pub(crate) fn suggest<'n>(self, wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        match nearest(wrong, names) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}
