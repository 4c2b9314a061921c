//! PostgreSQL is killed and comes back, while clients write.

use crate::{CONNECTIONS, asking::Client, ledger::Ledger, no_sessions, pool, run, sessions};
use std::{
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::{Duration, Instant},
};

#[test]
fn what_was_acknowledged_survives_and_the_pool_recovers() {
    run(|mut server| async move {
        let pool = pool(&server).await;
        let (ledger, stop) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
        let mut writing = ledger.write(pool.address, 20, &stop);
        for round in 0..2 {
            tokio::time::sleep(Duration::from_millis(700)).await;
            let before = ledger.acknowledged.load(Ordering::Relaxed);
            assert!(before > 0, "nothing was written before the server died");
            if round == 0 {
                server.kill()
            } else {
                server.stop()
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            let down = ledger.acknowledged.load(Ordering::Relaxed);
            let url = server.url("postgres", "");
            let answering = tokio::spawn(async move {
                while tokio_postgres::connect(&url, tokio_postgres::NoTls).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Instant::now()
            });
            server = tokio::task::spawn_blocking(move || server.resume().map(|()| server)).await.unwrap().unwrap();
            let resumed = answering.await.unwrap();
            while ledger.acknowledged.load(Ordering::Relaxed) == down {
                assert!(resumed.elapsed() < Duration::from_secs(10), "the pool has not recovered");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let how = if round == 0 { "killed" } else { "restarted" };
            eprintln!(
                "PostgreSQL {how}: writes go on {:.0} ms after it answers again",
                resumed.elapsed().as_secs_f64() * 1e3
            );
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        stop.store(true, Ordering::Relaxed);
        while writing.join_next().await.is_some() {}
        let failed = ledger.failed.load(Ordering::Relaxed);
        let acknowledged = ledger.check(&server).await;
        eprintln!("{acknowledged} writes acknowledged and there, {failed} failed");
        no_sessions(&server, "idle in transaction%").await;
        assert!(sessions(&server, "%").await <= CONNECTIONS as i64);
        let mut client = Client::connect(pool.address).await.unwrap();
        assert!(client.query(&crate::ledger::batch(1000, 1)).await.unwrap().is_ok());
        pool.stop().await;
    });
}
