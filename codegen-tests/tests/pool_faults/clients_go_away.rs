//! Clients break off, whenever they like.

use crate::{
    CONNECTIONS,
    asking::{Client, request, sql},
    ledger::{Ledger, batch},
    no_sessions, pool, run, sessions,
};
use std::time::{Duration, Instant};

#[test]
fn a_client_that_goes_away_cancels_its_statement() {
    run(|server| async move {
        let pool = pool(&server).await;
        // As many as there are connections: if one stayed with a statement, the next round would show it.
        for _ in 0..3 {
            let mut asking = Vec::new();
            for _ in 0..CONNECTIONS {
                let mut client = Client::connect(pool.address).await.unwrap();
                client.send(request("POST", "/1/1/graphql", &sql("SELECT pg_sleep(15)")).as_bytes()).await.unwrap();
                asking.push(client);
            }
            while sessions(&server, "active").await < CONNECTIONS as i64 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let began = Instant::now();
            drop(asking);
            no_sessions(&server, "active").await;
            eprintln!("statements cancelled within {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
        }
        let mut client = Client::connect(pool.address).await.unwrap();
        assert!(client.query(&sql("SELECT 1")).await.unwrap().is_ok());
        pool.stop().await;
    });
}

#[test]
fn a_write_that_is_broken_off_is_done_whole_or_not_at_all() {
    run(|server| async move {
        let pool = pool(&server).await;
        let ledger = Ledger::default();
        // How long a write takes among many: about half of what follows shall be answered in time.
        let mut client = Client::connect(pool.address).await.unwrap();
        let began = Instant::now();
        for round in 0..20 {
            ledger.note(900, round);
            assert!(client.query(&batch(900, round)).await.unwrap().is_ok());
            ledger.acknowledge(900, round);
        }
        let typical = u64::try_from(began.elapsed().as_micros()).unwrap() / 20 * (20 / CONNECTIONS as u64);
        let mut writing = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (ledger, address) = (ledger.clone(), pool.address);
            writing.spawn(async move {
                for round in 0..40_usize {
                    let mut client = Client::connect(address).await.unwrap();
                    ledger.note(number, round);
                    client.send(request("POST", "/1/1/graphql", &batch(number, round)).as_bytes()).await.unwrap();
                    let patience = Duration::from_micros((number as u64 * 40 + round as u64) * 37 % (typical * 2));
                    match tokio::time::timeout(patience, client.answer()).await {
                        Ok(answer) if answer.as_ref().is_ok_and(|it| it.is_ok()) => ledger.acknowledge(number, round),
                        _ => drop(client),
                    }
                }
            });
        }
        while let Some(done) = writing.join_next().await {
            done.unwrap();
        }
        no_sessions(&server, "active").await;
        no_sessions(&server, "idle in transaction%").await;
        let acknowledged = ledger.check(&server).await;
        eprintln!("{acknowledged} of 820 writes acknowledged, the others broken off");
        assert!(acknowledged > 20, "none was answered in time");
        let mut client = Client::connect(pool.address).await.unwrap();
        assert!(client.query(&batch(100, 1)).await.unwrap().is_ok());
        pool.stop().await;
    });
}

#[test]
fn a_transaction_whose_client_is_gone_ends() {
    run(|server| async move {
        let pool = pool(&server).await;
        let ledger = Ledger::default();
        for number in 0..CONNECTIONS * 3 {
            let mut client = Client::connect(pool.address).await.unwrap();
            let transaction = client.begin(400).await.unwrap();
            ledger.note(1, number);
            client.post(&format!("{transaction}/graphql"), &batch(1, number)).await.unwrap();
            if number % 2 == 0 {
                // While a statement of it runs.
                let sleep = request("POST", &format!("{transaction}/graphql"), &sql("SELECT pg_sleep(15)"));
                client.send(sleep.as_bytes()).await.unwrap();
            }
        }
        no_sessions(&server, "idle in transaction%").await;
        no_sessions(&server, "active").await;
        assert_eq!(ledger.check(&server).await, 0);
        let mut client = Client::connect(pool.address).await.unwrap();
        assert!(client.query(&batch(2, 1)).await.unwrap().is_ok());
        pool.stop().await;
    });
}
