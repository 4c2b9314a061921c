//! Read schema text into a tree that keeps every span and comment.
//!
//! [`parse`] never fails: what cannot be read is in [`Tree::problems`](tree::Tree::problems), and everything else is in
//! the tree.

mod build;
mod escape;
pub mod tree;

use pest::Parser as _;
use tree::{FileId, Problem, ProblemKind, Span, Tree};

/// How deep brackets may nest. The parser recurses once a bracket.
const MAX_DEPTH: usize = 100;

mod grammar {
    #![allow(missing_docs)]

    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/schema.pest"]
    pub(super) struct Grammar;
}

use grammar::{Grammar, Rule};

/// Reads a file.
pub fn parse(file: FileId, text: &str) -> Tree<'_> {
    if let Some(at) = too_deep(text) {
        return refused(ProblemKind::TooDeep, Span { file, start: at, end: at });
    }
    match Grammar::parse(Rule::schema, text) {
        Ok(mut pairs) => pairs.next().map(|schema| build::tree(file, text, schema)).unwrap_or_default(),
        // The grammar has a catch-all for lines, so that it accepts every text; a hole in it is still no panic.
        Err(error) => {
            let (start, end) = match error.location {
                pest::error::InputLocation::Pos(at) => (at, at),
                pest::error::InputLocation::Span(span) => span,
            };
            refused(ProblemKind::UnknownLine, Span { file, start: build::offset(start), end: build::offset(end) })
        }
    }
}

fn refused(kind: ProblemKind, span: Span) -> Tree<'static> {
    Tree { items: Vec::new(), problems: vec![Problem { kind, span }] }
}

/// Where brackets nest too deep, counted from above: brackets in strings and comments count, and only lists of a
/// configuration go on over lines.
fn too_deep(text: &str) -> Option<u32> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(build::offset(at));
        }
    }
    None
}
