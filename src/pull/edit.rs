//! Changes of text, by where they belong.

use crate::sources::{SourceFile, Sources};
use crate::syntax::tree::{FileId, Span};

/// Changes of the files of a schema.
pub(super) struct Edits<'s> {
    sources: &'s Sources,
    list: Vec<Edit>,
    appended: String,
}

struct Edit {
    span: Span,
    text: String,
}

impl<'s> Edits<'s> {
    pub(super) fn new(sources: &'s Sources) -> Self {
        Edits { sources, list: Vec::new(), appended: String::new() }
    }

    /// The text of a span.
    pub(super) fn text(&self, span: Span) -> &'s str {
        self.file(span.file).get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn file(&self, file: FileId) -> &'s str {
        self.sources.get(file).map(|it| it.text.as_str()).unwrap_or_default()
    }

    pub(super) fn replace(&mut self, span: Span, text: impl Into<String>) {
        self.list.push(Edit { span, text: text.into() });
    }

    pub(super) fn insert_after(&mut self, span: Span, text: impl Into<String>) {
        self.replace(span.after(), text);
    }

    /// Adds lines below the one in which the span ends.
    pub(super) fn insert_below(&mut self, span: Span, lines: &str) {
        let end = self.line_end(span);
        self.replace(Span { start: end, end, ..span }, format!("\n{lines}"));
    }

    /// Takes away the lines that the span is on, with the documentation above them.
    pub(super) fn delete_lines(&mut self, span: Span) {
        let text = self.file(span.file);
        let mut start = self.line_start(span);
        while let Some(above) = text.get(..start.saturating_sub(1) as usize).filter(|_| start > 0) {
            let line = above.rfind('\n').map_or(0, |at| at + 1);
            if !above.get(line..).is_some_and(|it| it.trim_start().starts_with("///")) {
                break;
            }
            start = offset(line);
        }
        let end = self.line_end(span);
        let end = if text.len() > end as usize { end + 1 } else { end };
        self.replace(Span { start, end, ..span }, "");
    }

    /// Adds blocks behind everything else.
    pub(super) fn append(&mut self, block: &str) {
        self.appended.push('\n');
        self.appended.push_str(block);
    }

    fn line_start(&self, span: Span) -> u32 {
        let before = self.file(span.file).get(..span.start as usize).unwrap_or_default();
        before.rfind('\n').map_or(0, |at| offset(at + 1))
    }

    fn line_end(&self, span: Span) -> u32 {
        let text = self.file(span.file);
        let behind = text.get(span.end as usize..).unwrap_or_default();
        behind.find('\n').map_or(offset(text.len()), |at| span.end + offset(at))
    }

    /// The files with all changes. New blocks go to the only file, or else to one of their own.
    pub(super) fn apply(mut self) -> Sources {
        // Insertions at one place stay in the order in which they were made.
        self.list.sort_by_key(|edit| (edit.span.file, edit.span.start, edit.span.end));
        let mut files: Vec<SourceFile> = self.sources.iter().map(|(id, file)| self.applied(id, file)).collect();
        if !self.appended.is_empty() {
            let at = self.file_of_new_blocks(&files);
            match at.and_then(|at| files.get_mut(at)) {
                Some(file) => file.text.push_str(&self.appended),
                None => files.push(SourceFile { name: self.new_name(), text: self.appended }),
            }
        }
        Sources::new(files)
    }

    fn applied(&self, id: FileId, file: &SourceFile) -> SourceFile {
        let mut text = String::with_capacity(file.text.len());
        let mut done = 0;
        for edit in self.list.iter().filter(|edit| edit.span.file == id) {
            text.push_str(file.text.get(done..edit.span.start as usize).unwrap_or_default());
            text.push_str(&edit.text);
            done = done.max(edit.span.end as usize);
        }
        text.push_str(file.text.get(done..).unwrap_or_default());
        SourceFile { name: file.name.clone(), text }
    }

    fn file_of_new_blocks(&self, files: &[SourceFile]) -> Option<usize> {
        let name = self.new_name();
        match files {
            [_] => Some(0),
            files => files.iter().position(|file| file.name == name),
        }
    }

    /// The file of new blocks: beside the first.
    fn new_name(&self) -> String {
        let first = self.sources.files().first().map(|file| file.name.as_str()).unwrap_or_default();
        let folder = first.rfind(['/', '\\']).and_then(|at| first.get(..=at)).unwrap_or_default();
        format!("{folder}{NEW_FILE}")
    }
}

/// As Prisma calls it.
const NEW_FILE: &str = "introspected.prisma";

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
