//! Cases on SQLite: a fresh file each.

use super::{Case, Player};
use lenslet_native::Engine;
use rusqlite::Connection;
use std::{collections::BTreeMap, time::Duration};

/// Plays a case on a database of its own; says what of it does not agree, if anything.
pub fn play(case: &Case) -> Option<String> {
    match prepared(case) {
        Ok(difference) => difference,
        Err(message) => Some(message),
    }
}

fn prepared(case: &Case) -> Result<Option<String>, String> {
    let catalog = case.catalog().ok_or("the schema is refused")?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("case.db");
    let connection = Connection::open(&path).map_err(|error| error.to_string())?;
    // Nothing of a case has to outlive a crash.
    let faster = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;";
    let prepared = connection.execute_batch(faster).and_then(|()| connection.execute_batch(case.tables()));
    prepared.map_err(|error| error.to_string())?;
    let engine = Engine::with_catalog(&format!("file:{}", path.display()), catalog.clone());
    let player = Player {
        catalog: &catalog,
        engine: engine.map_err(|error| error.to_string())?,
        sql: |sql: &str| connection.execute_batch(sql).map_err(|error| error.to_string()),
        transactions: BTreeMap::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let played = async { tokio::time::timeout(Duration::from_secs(30), player.play(case)).await };
    let played = runtime.map_err(|error| error.to_string())?.block_on(played);
    Ok(played.unwrap_or_else(|_| Some(String::from("it takes longer than half a minute"))))
}
