//! The statements of a PostgreSQL script.

/// The statements of a script, one after the other, each with where it begins. Comments before a statement belong to it.
pub(crate) fn statements(script: &str) -> Vec<(usize, &str)> {
    let (mut found, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(rest) = script.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(';') {
            found.push((start, script.get(start..at).unwrap_or_default()));
            start = at + 1;
        }
        at += token_length(script, at);
    }
    found.push((start, script.get(start..).unwrap_or_default()));
    found.retain(|(_, statement)| !without_comments(statement).is_empty());
    found
}

/// The text from its first word on.
pub(crate) fn without_comments(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        if !(text.starts_with("--") || text.starts_with("/*")) {
            return text;
        }
        text = text.get(token_length(text, 0)..).unwrap_or_default();
    }
}

/// How long the word, text, comment or sign is that begins there.
fn token_length(script: &str, at: usize) -> usize {
    let rest = script.get(at..).unwrap_or_default();
    let Some(first) = rest.chars().next() else { return 1 };
    match first {
        '\'' => quoted_length(rest, '\'', false),
        '"' => quoted_length(rest, '"', false),
        'e' | 'E' if rest.get(1..2) == Some("'") => 1 + quoted_length(rest.get(1..).unwrap_or_default(), '\'', true),
        '-' if rest.starts_with("--") => rest.find('\n').map_or(rest.len(), |end| end + 1),
        '/' if rest.starts_with("/*") => comment_length(rest),
        '$' => dollar_length(rest).unwrap_or(1),
        it if is_of_word(it) => rest.find(|it| !is_of_word(it) && it != '$').unwrap_or(rest.len()),
        it => it.len_utf8(),
    }
}

fn is_of_word(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

/// A doubled quote is read as the end of one text and the beginning of the next, which comes to the same.
fn quoted_length(text: &str, quote: char, escapes: bool) -> usize {
    let mut is_escaped = false;
    for (at, it) in text.char_indices().skip(1) {
        match it {
            _ if is_escaped => is_escaped = false,
            '\\' if escapes => is_escaped = true,
            it if it == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// PostgreSQL's comments nest.
fn comment_length(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (step, change) = match rest {
            _ if rest.starts_with("/*") => (2, 1),
            _ if rest.starts_with("*/") => (2, -1),
            _ => (rest.chars().next().map_or(1, char::len_utf8), 0),
        };
        at += step;
        depth = depth.saturating_add_signed(change);
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// `$$ … $$`, `$body$ … $body$`. None for a parameter, `$1`.
fn dollar_length(text: &str) -> Option<usize> {
    let inside = text.get(1..)?;
    let end = inside.find('$')?;
    let tag = inside.get(..end)?;
    if !tag.chars().all(is_of_word) || tag.starts_with(|it: char| it.is_ascii_digit()) {
        return None;
    }
    let mark = text.get(..end + 2)?;
    let body = text.get(mark.len()..)?;
    Some(body.find(mark).map_or(text.len(), |at| mark.len() * 2 + at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(script: &str) -> Vec<&str> {
        statements(script).into_iter().map(|(_, statement)| without_comments(statement).trim()).collect()
    }

    #[test]
    fn statements_end_at_semicolons() {
        let script =
            "-- a; b\nCREATE TABLE \"a;b\" (c text DEFAULT ';');; /* ; /* ; */ ; */ SELECT 'it''s;'; SELECT 1 -- ;";
        assert_eq!(split(script), ["CREATE TABLE \"a;b\" (c text DEFAULT ';')", "SELECT 'it''s;'", "SELECT 1 -- ;"]);
    }

    #[test]
    fn bodies_are_one_text() {
        let script = "DO $$ BEGIN PERFORM 1; END $$; SELECT $a$ ; $$ ; $a$; SELECT E'\\';'; SELECT a$b; SELECT $1;";
        assert_eq!(
            split(script),
            ["DO $$ BEGIN PERFORM 1; END $$", "SELECT $a$ ; $$ ; $a$", "SELECT E'\\';'", "SELECT a$b", "SELECT $1"]
        );
        assert_eq!(split("DO $$ never closed ;"), ["DO $$ never closed ;"]);
        assert_eq!(split(" ; -- nothing"), Vec::<&str>::new());
    }
}
