//! No text makes the parser, the checks, the messages or the formatter panic, and what is formatted stays as it is.
//!
//! `cargo +nightly fuzz run schema`
#![no_main]

use lenslet::{Sources, check, format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let sources = Sources::single("schema.prisma", text);
    let checked = check(&sources);
    for diagnostic in &checked.diagnostics {
        diagnostic.render(&sources, false);
        diagnostic.to_json(&sources);
    }
    let formatted = format(&sources);
    if let Some(schema) = checked.schema {
        let again = check(&formatted).schema;
        assert_eq!(again.map(|it| it.catalog), Some(schema.catalog));
        assert_eq!(format(&formatted), formatted);
    }
});
