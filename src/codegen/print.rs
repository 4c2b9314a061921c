//! Tokens to text, item by item: the printer's work grows with the longest item, not with the file.
//!
//! Generated code is a table, so what fits into a line stands in one: the printer knows 89 columns and breaks lists an
//! element a line, [`widen`] puts them together again.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// An item of a file, and how it is printed.
#[derive(Debug)]
pub(crate) enum Item {
    /// A declaration of one line, as constants, type aliases and modules are: most of a client. They stand together.
    Line(Kind, TokenStream),
    /// An `impl` of such declarations: what stands before the brace, and the lines.
    Table(TokenStream, Vec<TokenStream>),
    /// Anything else. It stands apart.
    Block(TokenStream),
}

/// Which lines stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Constants,
    Modules,
    Types,
}

/// The text of a file's items.
pub(crate) fn items(items: Vec<Item>) -> Result<String, syn::Error> {
    let mut text = String::new();
    let mut before = None;
    for item in items {
        let kind = match &item {
            Item::Line(kind, _) => Some(*kind),
            Item::Table(..) | Item::Block(_) => None,
        };
        if !text.is_empty() && (kind.is_none() || kind != before) {
            text.push('\n');
        }
        before = kind;
        match item {
            Item::Line(_, tokens) => line(tokens, 0, &mut text),
            Item::Table(head, lines) => {
                flat(head, &mut text);
                text.push_str(" {\n");
                lines.into_iter().for_each(|tokens| line(tokens, 4, &mut text));
                text.push_str("}\n");
            }
            Item::Block(tokens) => {
                let file = syn::File {
                    shebang: None,
                    frontmatter: None,
                    attrs: Vec::new(),
                    items: vec![syn::parse2(tokens)?],
                };
                text.push_str(&widen(&prettyplease::unparse(&file)));
            }
        }
    }
    Ok(text)
}

/// Prints a declaration of one line. Its tokens are few and of few kinds: parsing them and measuring how they fit would take
/// longer than all the rest of the generator.
fn line(tokens: TokenStream, depth: usize, text: &mut String) {
    let start = text.len();
    text.extend(std::iter::repeat_n(' ', depth));
    flat(tokens, text);
    if text.len() - start > WIDTH
        && let Some(equals) = text.get(start..).and_then(|it| it.find(" = "))
    {
        text.replace_range(start + equals..start + equals + 3, " =\n    ");
    }
    text.push('\n');
}

/// Tokens in one line.
fn flat(tokens: TokenStream, text: &mut String) {
    let mut joined = true;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace if text.ends_with("::") => ("{", "}"),
                    Delimiter::Brace => (" {", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                flat(group.stream(), text);
                text.push_str(close);
                joined = false;
            }
            TokenTree::Punct(punct) => {
                match punct.as_char() {
                    '=' => text.push_str(" = "),
                    ',' => text.push_str(", "),
                    ':' if punct.spacing() == Spacing::Alone && !text.ends_with(':') => text.push_str(": "),
                    other => text.push(other),
                }
                joined = !matches!(punct.as_char(), '>' | ';');
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => {
                if !joined {
                    text.push(' ');
                }
                text.push_str(&token.to_string());
                joined = false;
            }
        }
    }
}

/// How long a line may be.
const WIDTH: usize = 120;

/// Joins lines that were broken for a narrower page: lists, signatures, functions of one line.
fn widen(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    // From the end: what is inside has been joined when its outside is looked at.
    for at in (0..lines.len()).rev() {
        while join(&mut lines, at).is_some() {}
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Joins the line with those that belong to it, when there are any and they fit.
fn join(lines: &mut Vec<String>, at: usize) -> Option<()> {
    let line = lines.get(at).filter(|it| !is_comment(it))?;
    let closing = match line.chars().last()? {
        '(' => ')',
        '[' => ']',
        '<' => '>',
        '{' if starts_function(line) => '}',
        _ => return join_clause(lines, at),
    };
    let same = |it: &String| indentation(it) == indentation(line) && it.trim_start().starts_with(closing);
    let end = at + 1 + lines.get(at + 1..)?.iter().position(same)?;
    let (inner, last) = (lines.get(at + 1..end)?, lines.get(end)?.trim_start());
    if inner.iter().any(|it| is_comment(it)) {
        return None;
    }
    let space = match closing {
        '}' if inner.len() == 1 => " ",
        '}' => return None,
        _ => "",
    };
    let list = inner.iter().map(|it| it.trim()).collect::<Vec<_>>().join(" ");
    let joined = format!("{line}{space}{}{space}{last}", list.trim_end_matches(','));
    if joined.len() <= WIDTH {
        lines.splice(at..=end, [joined]);
        return Some(());
    }
    if closing == ']' {
        let filled = fill(inner, " ");
        lines.splice(at + 1..end, filled);
    }
    None
}

/// Joins a line with the next one of the same depth, where that goes on with it.
fn join_clause(lines: &mut Vec<String>, at: usize) -> Option<()> {
    let (line, next) = (lines.get(at)?, lines.get(at + 1)?);
    if next.trim_start().starts_with('.') && !line.trim_start().starts_with('.') {
        return join_chain(lines, at);
    }
    let (end, joined) = if line.trim() == "where" {
        let end = at + 1 + lines.get(at + 1..)?.iter().position(|it| it.trim() == "{")?;
        let bounds = lines.get(at + 1..end)?.iter().map(|it| it.trim()).collect::<Vec<_>>().join(" ");
        (end, format!("{line} {} {{", bounds.trim_end_matches(',')))
    } else if indentation(line) == indentation(next) && continues(next, line) {
        (at + 1, format!("{line} {}", next.trim_start()))
    } else {
        return None;
    };
    if joined.len() > WIDTH {
        return None;
    }
    lines.splice(at..=end, [joined]);
    Some(())
}

/// Whether the line goes on with what the one before began: the bounds of a signature, the type of an `impl`.
fn continues(line: &str, before: &str) -> bool {
    let (line, before) = (line.trim_start(), before.trim_start());
    match line.split(' ').next() {
        // A list of parameters is joined first.
        Some("where" | "for") => line.contains(' ') && !before.starts_with(')'),
        _ => false,
    }
}

/// Joins the calls of a chain, as many in each line as fit.
fn join_chain(lines: &mut Vec<String>, at: usize) -> Option<()> {
    let calls = lines.get(at + 1..)?.iter().take_while(|it| it.trim_start().starts_with('.')).count();
    let chain = lines.get(at..=at + calls)?;
    let joined: String =
        [chain.first()?.as_str()].into_iter().chain(chain.iter().skip(1).map(|it| it.trim())).collect();
    if joined.len() <= WIDTH {
        lines.splice(at..=at + calls, [joined]);
        return Some(());
    }
    let filled = fill(chain.get(1..)?, "");
    lines.splice(at + 1..=at + calls, filled);
    None
}

/// The lines of a list, as many of its elements in each as fit.
fn fill(elements: &[String], between: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for element in elements {
        match lines.last_mut() {
            Some(line) if line.len() + between.len() + element.trim().len() <= WIDTH => {
                line.push_str(between);
                line.push_str(element.trim());
            }
            _ => lines.push(element.clone()),
        }
    }
    lines
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

fn starts_function(line: &str) -> bool {
    let line = line.trim_start();
    line.trim_start_matches("pub ").starts_with("fn ")
}
