//! The numbers that a recorder of `metrics` is handed.

use crate::blog::{blog, create, raw};
use lenslet_native::{Engine, Execute, TransactionOptions};
use metrics_exporter_prometheus::PrometheusBuilder;
use std::{
    pin::Pin,
    task::{Context, Waker},
};

#[tokio::test]
async fn numbers_have_prismas_names() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let blog = blog();
    let url = format!("file:{}", blog.folder.path().join("blog.db").display());
    let catalog = blog.catalog();
    let engine = metrics::with_local_recorder(&recorder, || Engine::with_catalog(&url, catalog).unwrap());
    let number = |name: &str| {
        let text = handle.render();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse::<f64>().ok());
        line.unwrap_or_else(|| panic!("{name} in {text}"))
    };
    for _ in 0..3 {
        engine.execute(raw("SELECT 1")).await.unwrap();
    }
    assert_eq!(number("prisma_client_queries_total"), 3.0);
    assert_eq!(number("prisma_client_queries_active"), 0.0);
    assert_eq!(number("prisma_client_queries_duration_histogram_ms_count"), 3.0);
    assert_eq!(number("prisma_datasource_queries_total"), 3.0);
    assert_eq!((number("prisma_pool_connections_open"), number("prisma_pool_connections_idle")), (1.0, 1.0));
    let transaction = engine.begin(TransactionOptions::default()).await.unwrap();
    assert_eq!((number("prisma_pool_connections_busy"), number("prisma_pool_connections_idle")), (1.0, 1.0));
    let mut waiting = engine.execute(create("x"));
    let polled = Pin::new(&mut waiting).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    assert_eq!((number("prisma_client_queries_wait"), number("prisma_client_queries_active")), (1.0, 1.0));
    transaction.commit().await.unwrap();
    waiting.await.unwrap();
    assert_eq!((number("prisma_client_queries_wait"), number("prisma_client_queries_active")), (0.0, 0.0));
    assert!(number("prisma_client_queries_wait_histogram_ms_count") >= 4.0);
    drop((engine, transaction));
    assert_eq!((number("prisma_pool_connections_open"), number("prisma_pool_connections_idle")), (0.0, 0.0));
    assert_eq!(number("prisma_pool_connections_closed_total"), number("prisma_pool_connections_opened_total"));
}
