//! Equal requests at once are one query. The engine's own count of queries says so, hence a program of its own.
#![allow(clippy::unwrap_used)]

#[path = "operation/rig.rs"]
mod rig;

use lenslet_pool::metrics::Exporter;
use rig::{Rig, find};
use std::sync::Arc;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_equal_misses_make_one_query() {
    let exporter = Exporter::install().unwrap();
    let rig = Arc::new(Rig::start(|pool, _| pool.metrics(exporter)).await);
    let queries = async || {
        let text = rig.send("GET", "/metrics", &[], "").await.body;
        let line = text.lines().find_map(|line| line.strip_prefix("prisma_client_queries_total ")).map(str::to_owned);
        line.and_then(|count| count.parse::<u64>().ok()).unwrap()
    };
    let before = queries().await;
    let slow = find("Slow", "findMany", "{}", r#"{"count":true}"#);
    let mut asking = JoinSet::new();
    for _ in 0..1000 {
        let (rig, slow) = (Arc::clone(&rig), slow.clone());
        asking.spawn(async move { rig.query("", &[("cache-control", "max-age=60")], &slow).await });
    }
    let mut missed = 0;
    while let Some(answer) = asking.join_next().await {
        let answer = answer.unwrap();
        assert_eq!(answer.body, "[[300000]]");
        missed += usize::from(answer.header("accelerate-cache-status") == "miss");
    }
    assert_eq!(queries().await - before, 1);
    assert!(missed > 1, "nobody waited for somebody else's query");
}
