//! Real histories of migrations lead to the schemas beside them, but for what `conformance.md` lists with its reason.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use codegen_tests::conformance_migrations::{Outcome, Place, histories, play, table};
use codegen_tests::postgresql_server::Server;
use lenslet_core::catalog::Provider;
use lenslet_migrate::history::Migration;
use std::{collections::BTreeSet, env, fs, path::Path};

/// `ID=…` plays only histories whose name holds the text.
#[test]
fn histories_lead_to_their_schemas() {
    let server = Server::start().unwrap();
    let with_vector = Server::with_vector().unwrap();
    let wanted = env::var("ID").unwrap_or_default();
    let mut outcomes: Vec<Outcome> = Vec::new();
    for (name, provider, migrations) in histories().into_iter().filter(|(name, ..)| name.contains(&wanted)) {
        let place = match provider {
            Provider::Postgresql if wants_vector(&migrations) => with_vector.as_ref().map(Place::Server),
            Provider::Postgresql => server.as_ref().map(Place::Server),
            _ => Some(Place::Folder(tempfile::tempdir().unwrap())),
        };
        match place {
            Some(place) => {
                let outcome = play(&name, provider, &migrations, &place);
                outcomes.push(outcome.unwrap_or_else(|error| panic!("{name}: {error}")));
            }
            None => eprintln!("{name}: no server has what it needs, skipped"),
        }
    }
    if outcomes.is_empty() {
        eprintln!("the real histories are not present, skipped");
    }
    eprintln!("{}", table(&outcomes));
    for it in &outcomes {
        it.refused.iter().for_each(|(migration, why)| eprintln!("{}: {migration}: {why}", it.name));
        it.differences.iter().for_each(|difference| eprintln!("{}: {difference}", it.name));
    }
    let unexpected: Vec<_> = outcomes.iter().filter(|it| row(it) != listed(&it.name)).map(row).collect();
    assert!(unexpected.is_empty(), "not as conformance.md lists it: {unexpected:?}");
    for it in &outcomes {
        let found: BTreeSet<String> = it.differences.iter().map(|it| it.replace('\n', ";")).collect();
        let listed = explained(&it.name);
        let new: Vec<_> = found.difference(&listed).collect();
        let gone: Vec<_> = listed.difference(&found).collect();
        assert!(new.is_empty() && gone.is_empty(), "{}: not explained: {new:#?}, not there: {gone:#?}", it.name);
    }
    assert!(outcomes.iter().all(|it| it.is_clean));
}

fn wants_vector(migrations: &[Migration]) -> bool {
    migrations.iter().any(|it| it.script.contains("EXTENSION IF NOT EXISTS vector"))
}

/// Name, migrations, those that the database refuses, differences.
fn row(it: &Outcome) -> Vec<String> {
    let numbers = [it.migrations, it.refused.len(), it.differences.len()];
    [it.name.clone()].into_iter().chain(numbers.map(|it| it.to_string())).collect()
}

/// The differences of a history that `conformance-migrations.txt` explains.
fn explained(name: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance-migrations.txt");
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let of_history = lines.filter_map(|line| line.split_once(" | ").filter(|(history, _)| *history == name));
    let difference = |(_, rest): (&str, &str)| {
        let (difference, why) = rest.split_once(" | ").unwrap_or((rest, ""));
        assert!(!why.trim().is_empty(), "without a reason: {rest}");
        difference.to_owned()
    };
    of_history.map(difference).collect()
}

/// The same, as the document says.
fn listed(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance.md");
    let text = fs::read_to_string(path).unwrap();
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).skip(1).take(4).collect::<Vec<_>>();
    text.lines().map(cells).find(|cells| cells.first().is_some_and(|it| it == name)).unwrap_or_default()
}
