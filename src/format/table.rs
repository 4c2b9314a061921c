//! Lines with columns of the same width.

use std::ops::Range;

/// Rows of cells, and lines of text between them, that are printed together.
#[derive(Default)]
pub(super) struct Table {
    /// The text of all cells and lines.
    text: String,
    lines: Vec<Line>,
    /// The width of each column, in characters, where a cell of another column follows.
    widths: Vec<usize>,
}

enum Line {
    Row { cells: Vec<(Range<usize>, usize)>, suffix: Option<Range<usize>> },
    Text(Range<usize>),
}

/// A row while its cells are written.
pub(super) struct Row<'t> {
    text: &'t mut String,
    cells: Vec<(Range<usize>, usize)>,
}

impl Row<'_> {
    /// Writes a cell. An empty one is left out.
    pub(super) fn cell(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(self.text);
        let written = &self.text[start..];
        if !written.is_empty() {
            self.cells.push((start..self.text.len(), width(written)));
        }
    }
}

impl Table {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// A line that takes no part in the columns.
    pub(super) fn text(&mut self, text: &str) {
        let range = self.push(text);
        self.lines.push(Line::Text(range));
    }

    /// A row of cells, and what follows it.
    pub(super) fn row(&mut self, cells: &[&str], suffix: Option<&str>) {
        self.row_with(suffix, |row| cells.iter().for_each(|cell| row.cell(|out| out.push_str(cell))));
    }

    /// A row whose cells are written in place, and what follows it.
    pub(super) fn row_with(&mut self, suffix: Option<&str>, write: impl FnOnce(&mut Row<'_>)) {
        let mut row = Row { text: &mut self.text, cells: Vec::with_capacity(3) };
        write(&mut row);
        let cells = row.cells;
        let suffix = suffix.map(|suffix| self.push(suffix));
        for (column, (_, width)) in cells.iter().enumerate() {
            match self.widths.get_mut(column) {
                Some(widest) => *widest = (*widest).max(*width),
                None => self.widths.push(*width),
            }
        }
        self.lines.push(Line::Row { cells, suffix });
    }

    fn push(&mut self, text: &str) -> Range<usize> {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    /// Prints the lines, and starts again.
    pub(super) fn print(&mut self, indent: &str, out: &mut String) {
        for line in &self.lines {
            out.push_str(indent);
            match line {
                Line::Text(range) => out.push_str(&self.text[range.clone()]),
                Line::Row { cells, suffix } => {
                    for (column, (range, width)) in cells.iter().enumerate() {
                        out.push_str(&self.text[range.clone()]);
                        if column + 1 < cells.len() {
                            let padding = self.widths[column] - width + 1;
                            out.extend(std::iter::repeat_n(' ', padding));
                        }
                    }
                    if let Some(range) = suffix {
                        out.push(' ');
                        out.push_str(&self.text[range.clone()]);
                    }
                }
            }
            out.push('\n');
        }
        *self = Self::default();
    }
}

fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}
