//! A diagnostic as people read it, and as machines do.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::Sources;

impl Diagnostic {
    /// The message with file, line and a marked excerpt.
    pub fn render(&self, sources: &Sources, colour: bool) -> String {
        let (name, text) = sources.get(self.span.file).map_or(("", ""), |file| (&file.name, &file.text));
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let excerpt = Excerpt::of(text, self.span.start as usize, self.span.end as usize);
        let mark = AnnotationKind::Primary.span(excerpt.mark).label(self.label.as_deref());
        let snippet = Snippet::source(excerpt.text).line_start(excerpt.line).path(name).annotation(mark);
        let mut group = Group::with_title(level.primary_title(self.title.as_str()).id(self.code)).element(snippet);
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// One JSON object: code, severity, title, file, first line and column (from 1), byte span, label, notes, help.
    pub fn to_json(&self, sources: &Sources) -> String {
        let (name, text) = sources.get(self.span.file).map_or(("", ""), |file| (&file.name, &file.text));
        let (line, column) = line_and_column(text, self.span.start as usize);
        let mut out = String::from("{");
        let _ = write!(out, r#""code":{},"severity":"{}","title":"#, quoted(self.code), self.severity.name());
        out.push_str(&quoted(&self.title));
        let _ = write!(out, r#","file":{},"line":{line},"column":{column}"#, quoted(name));
        let _ = write!(out, r#","span":{{"start":{},"end":{}}}"#, self.span.start, self.span.end);
        let notes: Vec<String> = self.notes.iter().map(|note| quoted(note)).collect();
        let _ = write!(out, r#","label":{},"notes":[{}]"#, quoted_or_null(self.label.as_deref()), notes.join(","));
        let _ = write!(out, r#","help":{}}}"#, quoted_or_null(self.help.as_deref()));
        out
    }

    /// The line and column (in characters) where it starts, both counted from 1.
    pub fn position(&self, sources: &Sources) -> (usize, usize) {
        let text = sources.get(self.span.file).map_or("", |file| &file.text);
        line_and_column(text, self.span.start as usize)
    }
}

/// The lines that a message shows.
struct Excerpt<'t> {
    text: &'t str,
    /// The number of its first line, from 1.
    line: usize,
    /// The piece to mark: of a block only its first line, which names it.
    mark: Range<usize>,
}

impl<'t> Excerpt<'t> {
    fn of(text: &'t str, start: usize, end: usize) -> Self {
        let start = text.floor_char_boundary(start);
        let end = text.floor_char_boundary(end).max(start);
        let piece = text.get(start..end).unwrap_or_default();
        let first_line = piece.lines().next().unwrap_or_default().trim_end();
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let mark_end = start + first_line.len();
        let line_end = text[mark_end..].find('\n').map_or(text.len(), |newline| mark_end + newline);
        Self {
            text: &text[line_start..line_end],
            line: 1 + text[..line_start].bytes().filter(|byte| *byte == b'\n').count(),
            mark: start - line_start..mark_end - line_start,
        }
    }
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..text.floor_char_boundary(at)).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    (line, 1 + before[line_start..].chars().count())
}

fn quoted_or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if u32::from(control) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
