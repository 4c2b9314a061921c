//! Whatever stands in a schema: nothing panics, nothing hangs, and formatting changes no meaning.

use std::time::{Duration, Instant};

use codegen_tests::schema_conformance::{all_texts, folder};
use lenslet::{Sources, check, format};
use proptest::prelude::*;

/// Everything that is done with a schema.
fn exercise(text: &str) {
    let sources = Sources::single("schema.prisma", text);
    let checked = check(&sources);
    for diagnostic in checked.diagnostics.iter().take(20) {
        assert!(!diagnostic.render(&sources, true).is_empty());
        assert!(diagnostic.to_json(&sources).ends_with('}'));
    }
    let formatted = format(&sources);
    if let Some(schema) = checked.schema {
        let again = check(&formatted).schema.map(|schema| schema.catalog);
        assert_eq!(again, Some(schema.catalog), "formatting changed what this means:\n{text}");
        assert_eq!(format(&formatted), formatted, "formatting again changed:\n{text}");
    }
}

#[test]
fn every_text_of_the_cases_is_read_whole_and_cut_off() {
    for text in all_texts(&folder()) {
        exercise(&text);
        for part in [3, 5, 7] {
            let end = text.floor_char_boundary(text.len() * (part - 1) / part);
            exercise(&text[..end]);
        }
    }
}

#[test]
fn repetition_takes_no_more_than_linear_time() {
    let cases = [
        "model A {\n".repeat(20_000),
        "/* ".repeat(50_000),
        "model A {\n  id Int @id\n".to_owned() + &"  x Int @default(1\n".repeat(20_000),
        "((((((((((".repeat(10_000),
        "[[[[[[[[[[\n".repeat(5_000),
        "a {\n".repeat(20_000),
        "model A {\n".to_owned() + &"  a B\n".repeat(10_000) + "}\n",
        "enum E {\n".to_owned() + &"  A\n".repeat(20_000) + "}\n",
        "model A {\n  id Int @id @map(".to_owned() + &"x: 1, ".repeat(20_000) + "x: 1)\n}\n",
        (0..3_000).map(|at| format!("model M{at} {{\n  id Int @id\n  x Unknown{at}\n}}\n")).collect(),
        "datasource d {\n  provider = \"sqlserver\"\n}\n".to_owned() + &many_relations(600),
    ];
    for text in &cases {
        let start = Instant::now();
        exercise(text);
        let (seconds, head) = (start.elapsed(), &text[..text.len().min(40)]);
        assert!(seconds < Duration::from_secs(20), "{head:?} took {seconds:?}");
    }
}

/// A model that refers to another one many times.
fn many_relations(count: usize) -> String {
    let ends = |line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let from = ends(&|at| format!("  b{at} B @relation(\"r{at}\", fields: [k{at}], references: [id])\n  k{at} Int\n"));
    let to = ends(&|at| format!("  a{at} A[] @relation(\"r{at}\")\n"));
    format!("model A {{\n  id Int @id\n{from}}}\nmodel B {{\n  id Int @id\n{to}}}\n")
}

/// A line of a model, in any spacing.
fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "bb", "ccc", "d_1", "été"]);
    let ty = prop::sample::select(vec!["Int", "String?", "Json", "DateTime", "E", "Float ", "Bytes?", "Boolean"]);
    let attribute = prop::sample::select(vec![
        "",
        "@unique",
        "@map( \"x y\" )",
        "@default(1)",
        "@default(now( ) )",
        "@updatedAt",
        "@ignore",
        "@default(A)",
        "@default(\"a\\\"b\")",
    ]);
    let comment = prop::sample::select(vec!["", "// comment ", "/// doc", "/* c */"]);
    let blank = prop::sample::select(vec![" ", "  ", "\t", "   "]);
    (name, ty, attribute, comment, blank).prop_map(|(name, ty, attribute, comment, blank)| {
        format!("{blank}{name}{blank}{ty}{blank}{attribute}{blank}{comment}\n")
    })
}

/// A line that stands in a model, but is no field.
fn other_line() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "\n",
        "\n\n",
        "// a comment\n",
        "/// documentation\n",
        "@@index([id])\n",
        "@@map(\"t\")\n",
        "  @@ignore // why\n",
        "!junk\n",
    ])
    .prop_map(str::to_owned)
}

fn schema() -> impl Strategy<Value = String> {
    let lines = prop::collection::vec(prop_oneof![3 => line(), 1 => other_line()], 0..12);
    (lines, prop::sample::select(vec!["sqlite", "postgresql", "mysql"])).prop_map(|(lines, provider)| {
        let head = format!("datasource db {{\n provider=\"{provider}\"\n}}\nenum E {{\nA\nB  @map(\"b\")\n}}\n");
        format!("{head}model M {{\n  id Int @id\n{}}}", lines.concat())
    })
}

proptest! {
    #[test]
    fn formatting_changes_no_meaning(text in schema()) {
        exercise(&text);
    }

    #[test]
    fn any_text_is_read(text in "[a-z@\\[\\]{}()\"\\\\ \n:.,=?/*_é-]{0,200}") {
        exercise(&text);
    }
}
