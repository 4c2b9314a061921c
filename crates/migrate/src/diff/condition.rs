//! SQL without what databases add to it when they give it back, so that two ways of writing it can be compared.

/// The SQL, piece by piece, without quotes around plain names, casts (`'x'::text`), and parentheses that group nothing but
/// terms that all have to hold. Letters' case counts within quotes only.
pub(super) fn normal(sql: &str) -> String {
    let pieces = without_casts(pieces(sql));
    let pieces = if groups_matter(&pieces) { without_outer(pieces) } else { without_groups(pieces) };
    pieces.join(" ")
}

/// Whether parentheses may change what is meant: of alternatives, negations and sums.
fn groups_matter(pieces: &[String]) -> bool {
    let is_operator = |it: &String| matches!(it.as_str(), "or" | "+" | "-" | "*" | "/" | "%" | "||" | "^");
    pieces.iter().any(is_operator) || pieces.windows(2).any(|it| it == ["not", "("])
}

fn pieces(sql: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = length(rest, first);
        let (piece, behind) = rest.split_at(length);
        pieces.push(match first {
            '\'' => piece.to_owned(),
            '"' => plain_name(piece),
            _ if piece == "!=" => "<>".to_owned(),
            _ => piece.to_lowercase(),
        });
        rest = behind.trim_start();
    }
    pieces
}

/// How long the first piece is: a quoted text, a word, a parenthesis, or an operator.
fn length(text: &str, first: char) -> usize {
    let while_is = |is: fn(char) -> bool| text.find(|it| !is(it)).unwrap_or(text.len());
    let is_word = |it: char| it.is_alphanumeric() || matches!(it, '_' | '.' | '$');
    match first {
        '\'' | '"' => quoted_length(text, first),
        '(' | ')' | ',' => 1,
        it if is_word(it) => while_is(is_word),
        _ => while_is(|it| {
            !it.is_whitespace() && !it.is_alphanumeric() && !matches!(it, '_' | '\'' | '"' | '(' | ')' | ',')
        })
        .max(first.len_utf8()),
    }
}

/// A doubled quote within is taken for two texts side by side, here as there.
fn quoted_length(text: &str, quote: char) -> usize {
    text.get(1..).and_then(|inside| inside.find(quote)).map_or(text.len(), |at| at + 2)
}

/// A name that would mean the same without quotes, without them.
fn plain_name(quoted: &str) -> String {
    let name = quoted.trim_matches('"');
    let is_plain = !name.is_empty()
        && !name.starts_with(|it: char| it.is_ascii_digit())
        && name.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_');
    if is_plain { name.to_owned() } else { quoted.to_owned() }
}

/// Without `::type`, `::type(n)`, `::"type"[]` and `::character varying`.
fn without_casts(pieces: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut pieces = pieces.into_iter().peekable();
    while let Some(piece) = pieces.next() {
        if piece != "::" {
            out.push(piece);
            continue;
        }
        pieces.next();
        while pieces.next_if(|it| matches!(it.as_str(), "varying" | "precision" | "[]")).is_some() {}
        if pieces.next_if(|it| it == "(").is_some() {
            while pieces.next().is_some_and(|it| it != ")") {}
        }
        while pieces.next_if(|it| it == "[]").is_some() {}
    }
    out
}

/// Without parentheses, but for those of functions and lists.
fn without_groups(pieces: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut kept = Vec::new();
    for piece in pieces {
        match piece.as_str() {
            "(" => {
                let is_call = out.last().is_some_and(|before| is_call(before));
                kept.push(is_call);
                if !is_call {
                    continue;
                }
            }
            ")" if kept.pop() == Some(false) => continue,
            _ => {}
        }
        out.push(piece);
    }
    out
}

fn is_call(before: &str) -> bool {
    let is_word = before.starts_with(|it: char| it.is_alphabetic() || it == '_' || it == '"');
    is_word && !matches!(before, "and" | "not" | "is" | "like" | "between" | "then" | "else" | "when" | "case")
}

/// Without the parentheses around all of it.
fn without_outer(mut pieces: Vec<String>) -> Vec<String> {
    while pieces.first().is_some_and(|it| it == "(") && closes_at_end(&pieces) {
        pieces.pop();
        pieces.remove(0);
    }
    pieces
}

fn closes_at_end(pieces: &[String]) -> bool {
    let mut depth = 0_usize;
    for (at, piece) in pieces.iter().enumerate() {
        match piece.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1 == pieces.len();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn what_databases_add_does_not_count() {
        let same = [
            ("(\"a\" IS NOT NULL)", "\"a\" is  not null"),
            ("\"is on\" = true AND \"name\" IS NOT NULL", "((\"is on\" = true) AND (name IS NOT NULL))"),
            ("status = 'Open'", "((status)::text = 'Open'::text)"),
            ("kind = 'A'", "(kind = 'A'::\"Kind\")"),
            ("a != 'x' and b > 3", "((a)::character varying(20) <> 'x'::bpchar) AND (b > 3)"),
            ("lower(a) = 'b'", "(lower(a) = 'b'::text)"),
            ("(a = 1 OR b = 2)", "a = 1 or b = 2"),
        ];
        for (one, other) in same {
            assert_eq!(normal(one), normal(other));
        }
    }

    #[test]
    fn what_means_something_else_is_something_else() {
        let different = [
            ("a = 'X'", "a = 'x'"),
            ("a = 1 AND (b = 2 OR c = 3)", "(a = 1 AND b = 2) OR c = 3"),
            ("\"A\" = 1", "a = 1"),
            ("a = 1", "a = 2"),
            ("not (a and b)", "not a and b"),
            ("(a + b) * c", "a + b * c"),
            ("'unclosed", "'"),
        ];
        for (one, other) in different {
            assert_ne!(normal(one), normal(other));
        }
    }
}
