//! Where the passes leave what they find.

use crate::diagnostic::{Diagnostic, Severity};

/// The findings so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    diagnostics: Vec<Diagnostic>,
    errors: usize,
}

impl Report {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        self.diagnostics.push(diagnostic);
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many errors there are: a later comparison tells whether a pass found some.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// The findings in the order of the schema.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|it| (it.span.file, it.span.start, it.span.end));
        self.diagnostics.dedup();
        self.diagnostics
    }
}
