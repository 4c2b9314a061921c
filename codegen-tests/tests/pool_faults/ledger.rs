//! Clients that write numbers, and the proof that what was acknowledged is there, once, and everything else at most once.

use crate::asking::Client;
use codegen_tests::postgresql_server::Server;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

/// What clients know of what they wrote: by client and number, whether it was acknowledged.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    written: Arc<Mutex<BTreeMap<(usize, usize), bool>>>,
    pub(crate) acknowledged: Arc<AtomicUsize>,
    pub(crate) failed: Arc<AtomicUsize>,
}

/// The ways in which a number is written, two rows each: neither is ever there without the other.
fn entry(client: usize, number: usize, half: u8) -> String {
    format!(
        r#"{{"modelName":"Entry","action":"createOne","query":{{"arguments":{{"data":{{"client":{client},"number":{number},"half":{half}}}}},"selection":{{"id":true}}}}}}"#
    )
}

impl Ledger {
    /// Begins to write a number.
    pub(crate) fn note(&self, client: usize, number: usize) {
        self.written.lock().unwrap().insert((client, number), false);
    }

    pub(crate) fn acknowledge(&self, client: usize, number: usize) {
        self.written.lock().unwrap().insert((client, number), true);
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// Clients that write until they are told to stop. One whose connection fails makes a new one.
    pub(crate) fn write(&self, address: SocketAddr, clients: usize, stop: &Arc<AtomicBool>) -> JoinSet<()> {
        let mut writing = JoinSet::new();
        for client in 0..clients {
            let (ledger, stop) = (self.clone(), Arc::clone(stop));
            writing.spawn(async move {
                let mut connection = None;
                let mut number = 0;
                while !stop.load(Ordering::Relaxed) {
                    if connection.is_none() {
                        connection = Client::connect(address).await.ok();
                    }
                    let Some(open) = &mut connection else {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        continue;
                    };
                    number += 1;
                    ledger.note(client, number);
                    match write(open, client, number).await {
                        Ok(true) => ledger.acknowledge(client, number),
                        Ok(false) => {
                            ledger.failed.fetch_add(1, Ordering::Relaxed);
                            tokio::time::sleep(Duration::from_millis(2)).await;
                        }
                        Err(_) => {
                            ledger.failed.fetch_add(1, Ordering::Relaxed);
                            connection = None;
                        }
                    }
                }
            });
        }
        writing
    }

    /// Compares what is there with what clients know, and says how many were acknowledged.
    pub(crate) async fn check(&self, server: &Server) -> usize {
        let url = server.url("postgres", "");
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let rows = client.query("SELECT client, number, half FROM \"Entry\"", &[]).await.unwrap();
        let mut there: BTreeMap<(usize, usize), Vec<i32>> = BTreeMap::new();
        for row in rows {
            let key = (row.get::<_, i32>(0) as usize, row.get::<_, i32>(1) as usize);
            there.entry(key).or_default().push(row.get(2));
        }
        let written = self.written.lock().unwrap();
        let unknown: BTreeSet<_> = there.keys().filter(|key| !written.contains_key(key)).collect();
        assert!(unknown.is_empty(), "written by nobody: {unknown:?}");
        for (key, acknowledged) in written.iter() {
            let mut halves = there.get(key).cloned().unwrap_or_default();
            halves.sort_unstable();
            let whole = halves == [1, 2];
            assert!(
                whole || (halves.is_empty() && !acknowledged),
                "{key:?}, acknowledged: {acknowledged}, there: {halves:?}"
            );
        }
        written.values().filter(|it| **it).count()
    }
}

/// Writes both halves of a number: as a batch, or in an interactive transaction. Says whether that was acknowledged.
async fn write(connection: &mut Client, client: usize, number: usize) -> std::io::Result<bool> {
    let (first, second) = (entry(client, number, 1), entry(client, number, 2));
    if !number.is_multiple_of(3) {
        let batch = format!(r#"{{"batch":[{first},{second}],"transaction":{{}}}}"#);
        return Ok(connection.query(&batch).await?.is_ok());
    }
    let Ok(transaction) = connection.begin(5000).await else {
        return Ok(false);
    };
    for half in [first, second] {
        if !connection.post(&format!("{transaction}/graphql"), &half).await?.is_ok() {
            return Ok(false);
        }
    }
    Ok(connection.post(&format!("{transaction}/commit"), "").await?.is_ok())
}

/// Both halves of a number in one request.
pub(crate) fn batch(client: usize, number: usize) -> String {
    format!(r#"{{"batch":[{},{}],"transaction":{{}}}}"#, entry(client, number, 1), entry(client, number, 2))
}
