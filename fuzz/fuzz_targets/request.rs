//! No text makes the decoder of requests panic, and what it decodes can be answered and refused in text that parses.
//!
//! `cargo +nightly fuzz run request`
#![no_main]

use lenslet::{Sources, check};
use lenslet_core::catalog::Catalog;
use lenslet_wire::{
    answer::{self, Form},
    decode::{Limits, Request, request, start},
    error,
    rows::Rows,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let text = include_str!("../../codegen-tests/golden/everything/schema.prisma");
    let schema = check(&Sources::single("schema.prisma", text)).schema;
    schema.expect("the schema is accepted").catalog
});

fuzz_target!(|text: &str| {
    // The rest of a request stands in for the answer: neither may make anything panic.
    let (body, rows) = text.split_once('\u{0}').unwrap_or((text, "[]"));
    let _ = start(body, &Limits::default());
    let _ = error::read(body);
    match request(body, &CATALOG, &Limits::default()) {
        Ok(Request::One(query)) => {
            for form in [Form::Objects, Form::Rows] {
                let answer = answer::one(form, &query, &CATALOG, Ok(Rows::new(rows.into())));
                serde_json::from_str::<serde_json::Value>(&answer).expect("an answer is JSON");
            }
        }
        Ok(_) => {}
        Err(refused) => assert_eq!(error::read(&error::write(&refused)).map(|it| it.kind()), Some(refused.kind())),
    }
});
