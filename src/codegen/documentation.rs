//! Put the documentation of a schema into rustdoc: whatever it holds, it neither breaks the build nor runs as a test.

/// The lines of a doc comment. Lists, headings, code and plain text keep their look; links and HTML become plain text,
/// because rustdoc would warn of those it cannot resolve.
pub(crate) fn lines(documentation: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut fence = None;
    for line in documentation.unwrap_or_default().lines() {
        let text = visible(line);
        match fence {
            Some(mark) if closes(&text, mark) => {
                fence = None;
                lines.push(text);
            }
            Some(_) => lines.push(text),
            None => {
                fence = opens(&text);
                // Rustdoc runs a block of Rust, and takes one without a language for Rust.
                lines.push(fence.map_or_else(|| prose(&text), |mark| format!("{}text", String::from(mark).repeat(3))));
            }
        }
    }
    if let Some(mark) = fence {
        lines.push(String::from(mark).repeat(3));
    }
    lines
}

/// The line without control characters (rustc refuses some in comments) and with single spaces: an indentation would be
/// code, which rustdoc runs.
fn visible(line: &str) -> String {
    let shown = |it: char| match it {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
        it if it.is_control() => ' ',
        it => it,
    };
    let line: String = line.chars().map(shown).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn opens(line: &str) -> Option<char> {
    let mark = ['`', '~'].into_iter().find(|mark| line.starts_with(&String::from(*mark).repeat(3)))?;
    (!line.trim_start_matches(mark).contains('`')).then_some(mark)
}

fn closes(line: &str, mark: char) -> bool {
    line.starts_with(&String::from(mark).repeat(3)) && line.trim_matches(mark).is_empty()
}

fn prose(line: &str) -> String {
    let balanced = line.matches('`').count().is_multiple_of(2) && !line.contains("``");
    let mut escaped = String::new();
    let mut in_code = false;
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let url = if in_code { 0 } else { url_length(rest) };
        if url > 0 {
            let (address, after) = rest.split_at(url);
            escaped.extend(["<", address, ">"]);
            rest = after;
            continue;
        }
        match letter {
            '`' if balanced => in_code = !in_code,
            '`' | '[' | ']' | '<' | '>' | '~' if !in_code => escaped.push('\\'),
            _ => {}
        }
        escaped.push(letter);
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    escaped
}

/// How long the address is that the text starts with, if it does.
fn url_length(text: &str) -> usize {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return 0;
    }
    let end = text.find(|it: char| it.is_whitespace() || "<>()[]\"'`\\".contains(it)).unwrap_or(text.len());
    let address = text.get(..end).unwrap_or_default().trim_end_matches(['.', ',', ';', ':', '!', '?']);
    if address.ends_with("//") { 0 } else { address.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(documentation: &str, expected: &[&str]) {
        assert_eq!(lines(Some(documentation)), expected);
    }

    #[test]
    fn prose_is_kept() {
        assert!(lines(None).is_empty());
        check("A *person* who writes.\n\n- one\n- two", &["A *person* who writes.", "", "- one", "- two"]);
        check("an `Option<User>` here", &["an `Option<User>` here"]);
    }

    #[test]
    fn links_and_html_become_text() {
        check("@relation([User]) <b>bold</b>", &[r"@relation(\[User\]) \<b\>bold\</b\>"]);
        check("see https://example.com/a?b=c.", &["see <https://example.com/a?b=c>."]);
        check("one ` tick [x]", &[r"one \` tick \[x\]"]);
    }

    #[test]
    fn code_never_runs() {
        check("```\nlet x: = 1;\n```", &["```text", "let x: = 1;", "```"]);
        check("```rust,should_panic\npanic!()", &["```text", "panic!()", "```"]);
        check("~~~js\n```\n~~~", &["~~~text", "```", "~~~"]);
        check("    indented()", &["indented()"]);
        check("-     indented()", &["- indented()"]);
        check("- ```rust", &[r"- \`\`\`rust"]);
        check(">     quoted()", &[r"\> quoted()"]);
    }

    #[test]
    fn what_rustc_refuses_is_left_out() {
        check("a\rb\u{202e}c\0d", &["a b c d"]);
    }
}
