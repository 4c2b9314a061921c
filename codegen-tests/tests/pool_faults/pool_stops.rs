//! A pool is told to stop, while clients write and a transaction is open.

use crate::{
    asking::Client,
    ledger::{Ledger, batch},
    no_sessions, pool, run, sessions,
};
use std::{
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::{Duration, Instant},
};

#[test]
fn what_is_under_way_finishes() {
    run(|server| async move {
        let pool = pool(&server).await;
        let address = pool.address;
        let (ledger, stop) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
        let mut writing = ledger.write(address, 20, &stop);
        let mut client = Client::connect(address).await.unwrap();
        let transaction = client.begin(8000).await.unwrap();
        tokio::time::sleep(Duration::from_millis(700)).await;
        let began = Instant::now();
        let stopping = tokio::spawn(pool.stop());
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!stopping.is_finished(), "it did not wait for the transaction");
        // Nothing new begins: the client is told to ask elsewhere.
        let mut other = Client::connect(address).await.unwrap();
        let refused = other.query(&batch(999, 1)).await.unwrap();
        assert_eq!(refused.status, 503, "{refused:?}");
        // The transaction goes on, over a new connection.
        let mut client = Client::connect(address).await.unwrap();
        ledger.note(500, 1);
        let written = client.post(&format!("{transaction}/graphql"), &batch(500, 1)).await.unwrap();
        assert!(written.is_ok(), "{written:?}");
        let mut client = Client::connect(address).await.unwrap();
        let committed = client.post(&format!("{transaction}/commit"), "").await.unwrap();
        assert!(committed.is_ok(), "{committed:?}");
        ledger.acknowledge(500, 1);
        stopping.await.unwrap();
        eprintln!("drained in {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
        assert!(Client::connect(address).await.is_err(), "it still listens");
        stop.store(true, Ordering::Relaxed);
        while writing.join_next().await.is_some() {}
        let acknowledged = ledger.check(&server).await;
        eprintln!("{acknowledged} writes acknowledged and there");
        assert!(acknowledged > 1);
        no_sessions(&server, "%").await;
    });
}

#[test]
fn what_takes_too_long_is_cut_off() {
    run(|server| async move {
        let builder = crate::builder().drain(Duration::from_millis(500));
        let pool = codegen_tests::pool_server::RunningPool::start(builder, &crate::url(&server)).await.unwrap();
        let mut sleeping = Client::connect(pool.address).await.unwrap();
        sleeping
            .send(crate::asking::request("POST", "/1/1/graphql", &crate::asking::sql("SELECT pg_sleep(15)")).as_bytes())
            .await
            .unwrap();
        let mut client = Client::connect(pool.address).await.unwrap();
        client.begin(9000).await.unwrap();
        while sessions(&server, "active").await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let began = Instant::now();
        pool.stop().await;
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert!(sleeping.answer().await.is_err());
        no_sessions(&server, "%").await;
    });
}
