//! Our reader and writer of JSON against `serde_json`.
#![allow(clippy::unwrap_used)]

use lenslet_core::cursor::Cursor;
use lenslet_wire::{
    json::{Bounds, Json, Malformed, Scanner, Writer},
    rows::Rows,
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;

const BOUNDS: Bounds = Bounds { depth: 100, values: 10_000 };

/// Pieces that make texts which are JSON, or nearly.
fn pieces() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"b\":",
        "null",
        "true",
        "fals",
        "0",
        "-",
        "12",
        ".",
        "5",
        "e",
        "E+",
        "1e-3",
        " ",
        "\n",
        "\\",
        "\\n",
        "\\u",
        "00e9",
        "\\ud83d\\ude00",
        "\\ud800",
        "é",
        "\u{1}",
        "\"\\/\"",
        "[1,2]",
        "{}",
    ]);
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn tree(json: &Json<'_>) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(text) => serde_json::from_str(text).unwrap(),
        Json::Text(text) => Value::String(text.to_string()),
        Json::List(items) => items.iter().map(tree).collect(),
        Json::Object(entries) => entries.iter().map(|(key, value)| (key.to_string(), tree(value))).collect(),
    }
}

#[track_caller]
fn check(text: &str) {
    let ours = Json::parse(text, BOUNDS);
    let theirs: Result<Value, _> = serde_json::from_str(text);
    assert_eq!(ours.as_ref().map(tree).ok(), theirs.ok(), "{text}");
    let mut scanner = Scanner::new(text);
    if ours.is_ok() {
        assert_eq!(scanner.skip(), Some(text.trim_matches([' ', '\n', '\r', '\t'])));
    }
}

fn documents() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(|it| serde_json::Number::from_f64(it).map_or(Value::Null, Value::Number)),
        any::<String>().prop_map(Value::String),
    ];
    scalar.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            vec((any::<String>(), inner), 0..6).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

#[test]
fn the_same_texts_are_json() {
    for text in [
        "",
        "01",
        "-",
        "-0",
        "1.",
        ".5",
        "1e",
        "[1,]",
        "{,}",
        "{\"a\"}",
        "[1 2]",
        "nul",
        "nullx",
        "\"\u{7f}\"",
        "\"\t\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ud83dx\"",
        "\"\\u00\"",
        "\"\\x\"",
        "\"",
        "[[]",
        "[]]",
        "{\"a\":1,\"a\":2}",
        "\u{feff}1",
        " \r\n\t1 ",
        "1e999",
        "123456789012345678901234567890",
    ] {
        check(text);
    }
}

#[test]
fn bounds_hold() {
    let deep = "[".repeat(101) + &"]".repeat(101);
    assert_eq!(Json::parse(&deep, BOUNDS), Err(Malformed::Depth));
    let hostile = "[".repeat(1_000_000);
    assert_eq!(Json::parse(&hostile, BOUNDS), Err(Malformed::Depth));
    let long = format!("[{}1]", "1,".repeat(10_000));
    assert_eq!(Json::parse(&long, BOUNDS), Err(Malformed::Values));
}

proptest! {
    #[test]
    fn texts_made_of_pieces(text in pieces()) {
        check(&text);
    }

    #[test]
    fn any_text(text: String) {
        check(&text);
    }

    #[test]
    fn any_document(document in documents()) {
        check(&document.to_string());
        check(&serde_json::to_string_pretty(&document).unwrap());
        let text = document.to_string();
        let mut out = Writer::default();
        Json::parse(&text, BOUNDS).unwrap().write(&mut out);
        prop_assert_eq!(serde_json::from_str::<Value>(&out.finish()).unwrap(), document);
    }

    #[test]
    fn any_string_is_written(text: String) {
        let mut out = Writer::default();
        out.text(&text);
        prop_assert_eq!(serde_json::from_str::<String>(&out.finish()).unwrap(), text);
    }

    #[test]
    fn any_float_is_written(number: f64) {
        let mut out = Writer::default();
        out.float(number);
        let text = out.finish();
        let mut rows = Rows::new(text);
        let read = rows.float().unwrap();
        prop_assert!(read == number || (read.is_nan() && number.is_nan()));
    }

    /// Whatever is asked of whatever text, the answer is a value or an error, and reading comes to an end.
    #[test]
    fn rows_of_any_text(text in pieces(), calls in vec(0_u8..12, 0..30)) {
        let mut rows = Rows::new(text);
        for call in calls {
            let _ = match call {
                0 => rows.enter().map(drop),
                1 => rows.next_row().map(drop),
                2 => rows.enter_list().map(drop),
                3 => rows.next_item().map(drop),
                4 => rows.null().map(drop),
                5 => rows.boolean().map(drop),
                6 => rows.integer().map(drop),
                7 => rows.float().map(drop),
                8 => rows.text().map(drop),
                9 => rows.bytes().map(drop),
                10 => rows.date_time().map(drop),
                _ => rows.uuid().map(drop),
            };
        }
    }

    #[test]
    fn lists_of_any_text_end(text in pieces()) {
        let _ = Rows::batch(&text);
        let _ = lenslet_wire::error::read(&text);
        let mut rows = Rows::new(text);
        if rows.enter().is_ok() {
            while rows.next_row() == Ok(true) {}
        }
        if rows.enter_list().is_ok() {
            while rows.next_item() == Ok(true) && rows.null() == Ok(true) {}
        }
    }
}
