//! Comments in SQL that say who asked, in the form of sqlcommenter.

use super::Observer;
use lenslet_core::{catalog::Catalog, query::Query};
use std::borrow::Cow;

/// The operation that a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked<'a> {
    /// The model; none for SQL of one's own.
    pub model: Option<&'a str>,
    /// The action, by its name in Prisma's JSON protocol: `findMany`.
    pub action: &'static str,
}

impl<'a> Asked<'a> {
    pub(super) fn of(query: &'a Query, catalog: &'a Catalog) -> Asked<'a> {
        let model = catalog.models.get(usize::from(query.model.index)).map(|it| it.name.as_ref());
        Asked { model, action: query.action.name() }
    }
}

/// The tags of a comment.
#[derive(Debug, Default)]
pub struct Tags {
    tags: Vec<(String, String)>,
    once: bool,
}

impl Tags {
    /// A tag whose values are few: a statement is prepared for each of them.
    pub fn tag(&mut self, key: &str, value: &str) {
        self.tags.push((encoded(key), encoded(value)));
    }

    /// A tag whose value is another one each time, such as `traceparent`: the statement is not kept prepared, which costs
    /// the database the work of planning it again.
    pub fn tag_once(&mut self, key: &str, value: &str) {
        self.tag(key, value);
        self.once = true;
    }

    fn into_comment(mut self) -> Option<Comment> {
        if self.tags.is_empty() {
            return None;
        }
        self.tags.sort();
        let tags: Vec<String> = self.tags.into_iter().map(|(key, value)| format!("{key}='{value}'")).collect();
        Some(Comment { text: format!("/*{}*/", tags.join(",")), once: self.once })
    }
}

/// What is left of a key or value cannot end a comment, nor a text, nor mean anything to a driver.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// What the statements of an operation end with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    text: String,
    /// Whether no other operation will have the same.
    pub(crate) once: bool,
}

impl Observer {
    /// The comment of an operation's statements.
    pub(crate) fn comment(&self, query: &Query, catalog: &Catalog) -> Option<Box<Comment>> {
        let commenter = self.options.commenter.as_ref()?;
        let mut tags = Tags::default();
        commenter(&Asked::of(query, catalog), &mut tags);
        tags.into_comment().map(Box::new)
    }
}

impl Comment {
    /// SQL with the comment at its end. SQL of the user's own that has a comment already stays as it is, as the
    /// specification demands.
    pub(crate) fn end<'a>(&self, sql: &'a str) -> Cow<'a, str> {
        if sql.contains("/*") || sql.contains("--") {
            return Cow::Borrowed(sql);
        }
        let statement = sql.trim_end().trim_end_matches(';');
        Cow::Owned(format!("{statement} {}", self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(tags: &[(&str, &str)]) -> String {
        let mut made = Tags::default();
        tags.iter().for_each(|(key, value)| made.tag(key, value));
        made.into_comment().map_or_else(String::new, |it| it.text)
    }

    #[test]
    fn tags_are_sorted_and_encoded() {
        assert_eq!(comment(&[]), "");
        assert_eq!(
            comment(&[("route", "/polls 1000"), ("action", "findMany"), ("a b", "1 = 1")]),
            "/*a%20b='1%20%3D%201',action='findMany',route='%2Fpolls%201000'*/"
        );
    }

    #[test]
    fn nothing_gets_out_of_a_comment() {
        for evil in ["*/; DROP TABLE x; /*", "'", "\\'", "\0", "ü", "{}$1?", "-- x\n"] {
            let text = comment(&[(evil, evil)]);
            assert!(text.starts_with("/*") && text.find("*/") == Some(text.len() - 2), "{text}");
            assert_eq!(text.matches('\'').count(), 2, "{text}");
            assert!(text.is_ascii() && !text.contains(['\0', '\\', '{', '$', '?', '\n']), "{text}");
        }
    }

    #[test]
    fn a_comment_ends_the_statement() {
        let comment = Comment { text: "/*a='b'*/".into(), once: false };
        assert_eq!(comment.end("SELECT 1"), "SELECT 1 /*a='b'*/");
        assert_eq!(comment.end("SELECT 1;\n"), "SELECT 1 /*a='b'*/");
        assert_eq!(comment.end("SELECT 1 /* mine */"), "SELECT 1 /* mine */");
        assert_eq!(comment.end("SELECT 1 -- mine"), "SELECT 1 -- mine");
    }
}
