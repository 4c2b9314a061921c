//! The JSON protocol on recorded and on made requests: every request that a real client sent decodes, and what was decoded
//! comes back the same from its encoding.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::disallowed_methods, unreachable_pub)]

mod answers;
mod corpus;
mod mutated;
mod named;

use corpus::{Cases, Recordings};
use lenslet_core::{catalog::Catalog, error::Error, query::Query};
use lenslet_wire::{
    decode::{Client, Limits, Request, request},
    encode,
};
use std::collections::BTreeMap;

/// Decodes, encodes and decodes again.
fn check(body: &str, catalog: &Catalog) -> Result<(), Error> {
    let limits = Limits::default();
    let decoded = request(body, catalog, &limits)?;
    let encoded = match &decoded {
        Request::One(query) => encode::query(&named::query(query, catalog)),
        Request::Transaction(queries, isolation) => {
            let queries: Vec<Query> = queries.iter().map(|query| named::query(query, catalog)).collect();
            encode::batch(&queries, *isolation)
        }
        Request::Several(queries) => {
            return queries.iter().try_for_each(|query| {
                let query = query.clone()?;
                same(&Request::One(query.clone()), &encode::query(&named::query(&query, catalog)), catalog);
                Ok(())
            });
        }
    };
    same(&decoded, &encoded, catalog);
    Ok(())
}

#[track_caller]
fn same(decoded: &Request, encoded: &str, catalog: &Catalog) {
    let ours = Limits { client: Client::Lenslet, ..Limits::default() };
    let again = request(encoded, catalog, &ours);
    assert_eq!(again.as_ref(), Ok(decoded), "{encoded}");
}

#[test]
fn recorded_requests() {
    let Some(recordings) = Recordings::open() else {
        return corpus::skipped("the recorded protocol");
    };
    let mut count = 0;
    for (name, body) in recordings.requests() {
        let decoded = check(&body, &recordings.catalog);
        assert_eq!(decoded, Ok(()), "{name}: {body}");
        count += 1;
    }
    assert!(count > 100, "only {count} requests were found");
}

#[test]
fn requests_of_the_query_cases() {
    cases("cases.jsonl");
}

#[test]
fn requests_of_the_client_cases() {
    cases("client_cases.jsonl");
}

#[track_caller]
fn cases(file: &str) {
    let Some(cases) = Cases::open(file) else {
        return corpus::skipped("the query cases");
    };
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    let mut count = 0;
    for case in cases {
        let Some(catalog) = &case.catalog else {
            wrong.insert(case.id, "the schema is refused".into());
            continue;
        };
        for (index, (body, expected)) in case.requests.iter().enumerate() {
            count += 1;
            let decoded = check(body, catalog).err();
            if !expected.fits(decoded.as_ref().map(Error::code)) {
                let place = format!("{} on {}, step {index}", case.id, catalog.provider.name());
                wrong.insert(place, format!("expected {expected:?}, got {decoded:?} for {body}"));
            }
        }
    }
    let listed: Vec<String> = wrong.iter().map(|(place, why)| format!("{place}: {why}")).collect();
    assert!(listed.is_empty(), "{} of {count} in {file}:\n{}", listed.len(), listed.join("\n"));
}
