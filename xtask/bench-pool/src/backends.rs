//! How many connections somebody has to the database, asked again and again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;
use tokio_postgres::NoTls;

use crate::Result;

/// Watches until it is dropped.
pub(crate) struct Backends {
    most: Arc<AtomicU64>,
    watching: JoinHandle<()>,
}

impl Backends {
    /// Watches those who call themselves so.
    pub(crate) async fn watch(url: &str, name: &'static str) -> Result<Backends> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let most = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&most);
        let watching = tokio::spawn(async move {
            let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
            while let Ok(row) = client.query_one(sql, &[&name]).await {
                let count: i64 = row.get(0);
                seen.fetch_max(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Ok(Backends { most, watching })
    }

    /// The most that there were at once.
    pub(crate) fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }
}

impl Drop for Backends {
    fn drop(&mut self) {
        self.watching.abort();
    }
}
