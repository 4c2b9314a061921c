//! Cases on PostgreSQL: one after the other in a database of one server.

use super::{Case, Player};
use crate::postgresql_server::Server;
use lenslet_native::Engine;
use std::{collections::BTreeMap, time::Duration};

/// Empties a database: quicker than a new one.
const EMPTY: &str = "DO $$ DECLARE name text; BEGIN \
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' \
    LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP; \
    CREATE SCHEMA public; END $$";

/// Plays a case on a database that may hold what another left; says what of it does not agree, if anything.
pub fn play(server: &Server, database: &str, case: &Case) -> Option<String> {
    let emptied = server.execute(database, EMPTY);
    match emptied.and_then(|()| prepared(server, database, case)) {
        Ok(difference) => difference,
        Err(message) => Some(message),
    }
}

fn prepared(server: &Server, database: &str, case: &Case) -> Result<Option<String>, String> {
    let catalog = case.catalog().ok_or("the schema is refused")?;
    server.execute(database, case.tables())?;
    let engine = Engine::with_catalog(&server.url(database, "connection_limit=10"), catalog.clone());
    let player = Player {
        catalog: &catalog,
        engine: engine.map_err(|error| error.to_string())?,
        sql: |sql: &str| server.execute(database, sql),
        transactions: BTreeMap::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let played = async { tokio::time::timeout(Duration::from_secs(30), player.play(case)).await };
    let played = runtime.map_err(|error| error.to_string())?.block_on(played);
    Ok(played.unwrap_or_else(|_| Some(String::from("it takes longer than half a minute"))))
}
