//! Print a schema the way everyone prints it, with the ends of relations that are missing.
//!
//! The formatter works on the syntax tree, so that it keeps comments and lines that it cannot read. What it prints, it
//! prints again the same.

mod missing;
mod table;
mod value;

use std::borrow::Cow;

use crate::sources::{SourceFile, Sources};
use crate::syntax::tree::{
    Attribute, Block, BlockAttribute, BlockKind, Comment, Config, ConfigLine, Field, FieldType, Item, Line, Modifier,
    ProblemKind, Property, Tree, TypeAlias,
};
use crate::syntax::{self};
use missing::Missing;
use table::Table;

/// What stands before everything within a block.
const INDENT: &str = "  ";

/// Formats the files of a schema. Ends of relations that are missing are added when the rest can be understood.
pub fn format(sources: &Sources) -> Sources {
    let trees: Vec<Tree<'_>> = sources.iter().map(|(id, file)| syntax::parse(id, &file.text)).collect();
    let missing = missing::find(&trees);
    let files = sources.files().iter().zip(&trees).map(|(file, tree)| SourceFile {
        name: file.name.clone(),
        text: if is_unreadable(tree) { file.text.clone() } else { print(tree, &file.text, &missing) },
    });
    Sources::new(files.collect())
}

/// Whether there is no tree to print.
fn is_unreadable(tree: &Tree<'_>) -> bool {
    tree.items.is_empty() && tree.problems.iter().any(|problem| problem.kind == ProblemKind::TooDeep)
}

fn print(tree: &Tree<'_>, text: &str, missing: &Missing) -> String {
    let mut printer = Printer { text, missing, out: String::with_capacity(text.len() + text.len() / 4) };
    printer.items(&tree.items);
    if !printer.out.ends_with('\n') {
        printer.out.push('\n');
    }
    printer.out
}

struct Printer<'p> {
    text: &'p str,
    missing: &'p Missing,
    out: String,
}

/// What separates an item from the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing: it is the first.
    Start,
    /// A line that ended: an empty line separates when there is one.
    Line,
    /// A block: an empty line always separates.
    Block,
    /// A type alias, which takes the empty line behind it.
    Alias,
}

impl Printer<'_> {
    fn items(&mut self, items: &[Item<'_>]) {
        let mut before = Before::Start;
        let mut blank = false;
        for item in items {
            if let Item::Blank = item {
                blank = true;
                continue;
            }
            match before {
                Before::Line if blank => self.out.push('\n'),
                Before::Block => self.out.push('\n'),
                Before::Start | Before::Line | Before::Alias => {}
            }
            blank = false;
            before = self.item(item);
        }
    }

    fn item(&mut self, item: &Item<'_>) -> Before {
        match item {
            Item::Block(block) if self.is_closed(block.span.end) => self.block(block),
            Item::Config(config) if self.is_closed(config.span.end) => self.config(config),
            Item::Block(Block { span, .. }) | Item::Config(Config { span, .. }) => {
                self.unreadable(self.text.get(span.start as usize..span.end as usize).unwrap_or_default());
                return Before::Line;
            }
            Item::Unknown(block) => {
                match block.name {
                    Some(_) => self.unreadable(block.text),
                    None => self.line("", block.text),
                }
                return Before::Line;
            }
            Item::TypeAlias(alias) => {
                self.alias(alias);
                return Before::Alias;
            }
            Item::Comment(comment) => {
                lines_of(comment.text).for_each(|line| self.line("", &line));
                return Before::Line;
            }
            Item::Junk(junk) => {
                self.line("", junk.text);
                return Before::Line;
            }
            Item::Blank => return Before::Line,
        }
        Before::Block
    }

    /// Whether a block ends with its brace. One that does not is left as it is.
    fn is_closed(&self, end: u32) -> bool {
        self.text.get(..end as usize).is_some_and(|text| text.ends_with('}'))
    }

    /// A block without its end, or of another kind: a row of lines that cannot be read.
    fn unreadable(&mut self, text: &str) {
        let mut blank = false;
        for line in text.trim_end().lines().map(str::trim_start) {
            if line.is_empty() {
                blank = true;
                continue;
            }
            if std::mem::take(&mut blank) {
                self.out.push('\n');
            }
            self.line("", line);
        }
    }

    fn line(&mut self, indent: &str, text: &str) {
        self.out.push_str(indent);
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn opening(&mut self, keyword: &str, name: &str, comment: Option<&Comment<'_>>) {
        self.out.push_str(keyword);
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str(" {");
        if let Some(comment) = comment {
            self.out.push(' ');
            self.out.push_str(comment.text);
        }
        self.out.push('\n');
    }

    fn block(&mut self, block: &Block<'_>) {
        self.opening(block.kind.keyword(), block.name.text, block.opening_comment.as_ref());
        let mut body = Body::new(&mut self.out);
        let mut attributes: Vec<(Vec<&Comment<'_>>, &BlockAttribute<'_>)> = Vec::new();
        let mut comments: Vec<&Comment<'_>> = Vec::new();
        for (at, line) in block.lines.iter().enumerate() {
            match line {
                Line::Comment(comment) if leads_to_attribute(&block.lines[at..]) => comments.push(comment),
                Line::Comment(comment) => lines_of(comment.text).for_each(|line| body.text(&line)),
                Line::Junk(junk) => body.text(junk.text),
                Line::Blank => body.blank(),
                Line::Attribute(attribute) => {
                    attributes.push((std::mem::take(&mut comments), attribute));
                    body.forget_blank();
                }
                Line::Field(field) => {
                    let text = self.text;
                    let extra = self.missing.arguments(field.span);
                    body.row(|table| field_row(field, block.kind, text, extra, table));
                }
            }
        }
        for row in self.missing.fields(block.span) {
            body.row(|table| table.row(&[&row.name, &row.ty, &row.attributes], None));
        }
        let is_empty = body.finish();
        self.attributes(attributes, is_empty);
        self.out.push_str("}\n");
    }

    /// The block attributes, in their usual order.
    fn attributes(&mut self, mut attributes: Vec<(Vec<&Comment<'_>>, &BlockAttribute<'_>)>, is_first: bool) {
        if !attributes.is_empty() && !is_first {
            self.out.push('\n');
        }
        attributes.sort_by_key(|(_, attribute)| rank(&BLOCK_ORDER, attribute.attribute.name.text));
        for (comments, BlockAttribute { attribute, comment }) in attributes {
            for comment in comments {
                self.line(INDENT, comment.text);
            }
            self.out.push_str(INDENT);
            self.out.push('@');
            value::attribute(attribute, self.text, &mut self.out);
            if let Some(comment) = comment {
                self.out.push(' ');
                self.out.push_str(comment.text);
            }
            self.out.push('\n');
        }
    }

    fn config(&mut self, config: &Config<'_>) {
        let keyword = if config.is_datasource { "datasource" } else { "generator" };
        self.opening(keyword, config.name.text, config.opening_comment.as_ref());
        let mut body = Body::new(&mut self.out);
        for line in &config.lines {
            match line {
                ConfigLine::Property(property) => {
                    let text = self.text;
                    body.row(|table| property_row(property, text, table));
                }
                ConfigLine::Comment(comment) => lines_of(comment.text).for_each(|line| body.text(&line)),
                ConfigLine::Junk(junk) => body.text(junk.text),
                ConfigLine::Blank => body.blank(),
            }
        }
        body.finish();
        self.out.push_str("}\n");
    }

    fn alias(&mut self, alias: &TypeAlias<'_>) {
        self.out.push_str("type ");
        self.out.push_str(alias.name.text);
        self.out.push_str(" = ");
        field_type(&alias.ty, self.text, &mut self.out);
        for attribute in &alias.attributes {
            self.out.push(' ');
            value::attribute(attribute, self.text, &mut self.out);
        }
        if let Some(comment) = &alias.comment {
            self.out.push(' ');
            self.out.push_str(comment.text);
        }
        self.out.push('\n');
    }
}

/// Whether only `//` comments stand between here and a block attribute, so that they belong to it.
fn leads_to_attribute(lines: &[Line<'_>]) -> bool {
    let is_plain = |line: &Line<'_>| matches!(line, Line::Comment(comment) if comment.text.starts_with("//"));
    matches!(lines.iter().find(|line| !is_plain(line)), Some(Line::Attribute(_)))
}

/// The lines of a comment that has lines of its own: `/* … */` becomes a block with a star before each line.
fn lines_of(comment: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let inner = comment.strip_prefix("/*").map(|text| text.strip_suffix("*/").unwrap_or(text));
    let plain = inner.is_none().then_some(Cow::Borrowed(comment));
    let starred = inner.into_iter().flat_map(|text| {
        let lines = text.lines().map(|line| line.trim().trim_start_matches('*').trim()).filter(|line| !line.is_empty());
        let lines = lines.map(|line| Cow::Owned(format!(" * {line}")));
        [Cow::Borrowed("/**")].into_iter().chain(lines).chain([Cow::Borrowed(" */")])
    });
    plain.into_iter().chain(starred)
}

/// The lines of a block while they are printed. An empty line starts a new table.
struct Body<'o> {
    out: &'o mut String,
    table: Table,
    start: usize,
    blank: bool,
}

impl<'o> Body<'o> {
    fn new(out: &'o mut String) -> Self {
        let start = out.len();
        Self { out, table: Table::default(), start, blank: false }
    }

    fn blank(&mut self) {
        self.blank = true;
    }

    fn forget_blank(&mut self) {
        self.blank = false;
    }

    fn text(&mut self, text: &str) {
        self.separate();
        self.table.text(text);
    }

    fn row(&mut self, print: impl FnOnce(&mut Table)) {
        self.separate();
        print(&mut self.table);
    }

    fn separate(&mut self) {
        if std::mem::take(&mut self.blank) && !self.is_empty() {
            self.table.print(INDENT, self.out);
            self.out.push('\n');
        }
    }

    fn is_empty(&self) -> bool {
        self.table.is_empty() && self.out.len() == self.start
    }

    /// Prints the last table; whether nothing was printed at all.
    fn finish(mut self) -> bool {
        let is_empty = self.is_empty();
        self.table.print(INDENT, self.out);
        is_empty
    }
}

fn field_row(field: &Field<'_>, kind: BlockKind, text: &str, extra: Option<&str>, table: &mut Table) {
    let mut attributes: Vec<&Attribute<'_>> = field.attributes.iter().collect();
    attributes.sort_by_key(|attribute| rank(&FIELD_ORDER, attribute.name.text));
    let has_relation = attributes.iter().any(|attribute| attribute.name.text == "relation");
    table.row_with(field.comment.map(|comment| comment.text), |row| {
        row.cell(|out| out.push_str(field.name.text));
        if kind != BlockKind::Enum
            && let Some(ty) = &field.ty
        {
            row.cell(|out| field_type(ty, text, out));
        }
        row.cell(|out| {
            for (at, attribute) in attributes.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                match extra {
                    Some(extra) if attribute.name.text == "relation" => {
                        value::attribute_with(attribute, extra, text, out);
                    }
                    _ => value::attribute(attribute, text, out),
                }
            }
            if let (Some(extra), false) = (extra, has_relation) {
                if !attributes.is_empty() {
                    out.push(' ');
                }
                out.push_str("@relation(");
                out.push_str(extra);
                out.push(')');
            }
        });
    });
}

/// A type, without what is not of the language any more.
fn field_type(ty: &FieldType<'_>, text: &str, out: &mut String) {
    let written = text.get(ty.span.start as usize..ty.span.end as usize).unwrap_or_default();
    match ty.modifier {
        Modifier::List if written.starts_with('[') => {
            out.push_str(ty.name.text);
            out.push_str("[]");
        }
        _ => out.push_str(written.trim_end_matches('!')),
    }
}

fn property_row(property: &Property<'_>, text: &str, table: &mut Table) {
    table.row_with(property.comment.map(|comment| comment.text), |row| {
        row.cell(|out| out.push_str(property.name.text));
        row.cell(|out| {
            out.push('=');
            if let Some(value) = &property.value {
                out.push(' ');
                value::value(value, text, out);
            }
        });
    });
}

const FIELD_ORDER: [&str; 7] = ["id", "unique", "default", "updatedAt", "map", "relation", "ignore"];
const BLOCK_ORDER: [&str; 6] = ["id", "unique", "index", "fulltext", "map", "ignore"];

/// Where an attribute stands among the others; native types and what is not known come last.
fn rank(order: &[&str], name: &str) -> usize {
    order.iter().position(|known| name.starts_with(known)).unwrap_or(order.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    /// The tour that new users start from.
    const TOUR: &str = include_str!("../../schema.example");

    fn formatted(text: &str) -> String {
        let formatted = format(&Sources::single("schema.prisma", text));
        formatted.files().iter().map(|file| file.text.as_str()).collect()
    }

    #[track_caller]
    fn check_format(before: &str, after: &str) {
        assert_eq!(formatted(before), after);
        assert_eq!(formatted(after), after);
    }

    #[test]
    fn the_tour_is_accepted_and_formatted() {
        let checked = check(&Sources::single("schema.example", TOUR));
        assert_eq!(checked.diagnostics, []);
        assert!(checked.schema.is_some());
        assert_eq!(formatted(TOUR), TOUR);
    }

    #[test]
    fn columns_start_again_behind_an_empty_line() {
        check_format(
            "model A {\n\n id Int @id\n name   String?\n\n\n a Int\n}\n\n\n",
            "model A {\n  id   Int     @id\n  name String?\n\n  a Int\n}\n",
        );
    }

    #[test]
    fn comments_stay_with_what_they_are_about() {
        check_format(
            "model A { // head\nid Int @id // id\n// of the index\n@@index([id]) // why\n// of the field\na Int\n}\n",
            "model A { // head\n  id Int @id // id\n  // of the field\n  a  Int\n\n  // of the index\n  @@index([id]) // why\n}\n",
        );
    }

    #[test]
    fn lines_that_cannot_be_read_stay() {
        check_format(
            "model A {\n id Int @id\n ??? \n}\nnonsense\nmodel B {\n id Int\n",
            "model A {\n  id Int @id\n  ???\n}\n\nnonsense\nmodel B {\nid Int\n",
        );
    }

    #[test]
    fn comments_over_lines_get_stars() {
        check_format(
            "/* one */\nmodel A {\n  id Int @id /* stays */\n/* two\n   three */\n}  // behind\n",
            "/**\n * one\n */\nmodel A {\n  id Int @id /* stays */\n  /**\n   * two\n   * three\n   */\n}\n\n// behind\n",
        );
    }

    #[test]
    fn what_is_not_of_the_language_any_more_is_put_right() {
        check_format(
            "model A {\n id: Int! @id\n a [String]\n @@map(\"x\",)\n}\n",
            "model A {\n  id Int      @id\n  a  String[]\n\n  @@map(\"x\")\n}\n",
        );
    }

    #[test]
    fn ends_of_relations_are_added() {
        check_format(
            "model A {\n  id Int @id\n  bs B[]\n}\nmodel B {\n  id String @id\n}\n",
            "model A {\n  id Int @id\n  bs B[]\n}\n\nmodel B {\n  id  String @id\n  a   A?     @relation(fields: [aId], references: [id])\n  aId Int?\n}\n",
        );
    }

    #[test]
    fn files_are_one_schema() {
        let file = |name: &str, text: &str| SourceFile { name: name.to_owned(), text: text.to_owned() };
        let sources = Sources::new(vec![
            file(
                "a.prisma",
                "model A {\n  id Int @id\n  b B @relation(fields: [bId], references: [id])\n  bId Int\n}\n",
            ),
            file("b.prisma", "model B {\n  id Int @id\n}\n"),
        ]);
        let texts: Vec<String> = format(&sources).files().iter().map(|file| file.text.clone()).collect();
        assert_eq!(texts[1], "model B {\n  id Int @id\n  as A[]\n}\n");
    }
}
