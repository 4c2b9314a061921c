//! Where operations run: on the caller's thread, unless they take long or have to wait.

use crate::blog::{Blog, ask, blog, blog_with, count, create, raw};
use lenslet_native::{Engine, ErrorKind, Execute};
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

/// Millions of steps of SQLite's machine: far more than fit on the caller's thread.
const LONG: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT MAX(i) FROM n";
const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n";

/// The simplest of runtimes.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Thread(thread::Thread);
    impl Wake for Thread {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Thread(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

fn first_poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn short_operations_answer_at_once() {
    let Blog { engine, .. } = &blog();
    assert!(first_poll(&mut engine.execute(raw("SELECT 1"))).is_ready());
    assert!(first_poll(&mut engine.execute(create("new"))).is_ready());
}

#[test]
fn long_reads_leave_the_callers_thread_and_need_no_runtime() {
    let Blog { engine, .. } = &blog();
    let mut answer = engine.execute(raw(LONG));
    let start = Instant::now();
    assert!(first_poll(&mut answer).is_pending());
    assert!(start.elapsed() < Duration::from_secs(1));
    assert!(block_on(answer).is_ok());
    assert_eq!(block_on(ask(engine, raw(LONG), "i")).unwrap(), "[1000000]");
}

#[test]
fn a_dropped_operation_stops() {
    let Blog { engine, .. } = &blog_with("?connection_limit=1", true);
    let mut answer = engine.execute(raw(ENDLESS));
    assert!(first_poll(&mut answer).is_pending());
    drop(answer);
    // There is one connection that reads: this answer shows that it came back.
    assert_eq!(block_on(ask(engine, raw("SELECT 7"), "i")).unwrap(), "[7]");
}

#[test]
fn a_database_that_others_lock_is_waited_for_elsewhere() {
    let Blog { engine, folder } = &blog_with("?socket_timeout=1", true);
    let other = rusqlite::Connection::open(folder.path().join("blog.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut write = engine.execute(create("new"));
    let start = Instant::now();
    assert!(first_poll(&mut write).is_pending());
    assert!(start.elapsed() < Duration::from_millis(500));
    assert_eq!(block_on(write).unwrap_err().kind(), ErrorKind::OperationTimeout);

    let mut write = engine.execute(create("new"));
    assert!(first_poll(&mut write).is_pending());
    other.execute_batch("COMMIT").unwrap();
    block_on(write).unwrap();
    assert_eq!(block_on(count(engine)), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tasks_share_few_connections() {
    let Blog { engine, .. } = &blog_with("?connection_limit=2&pool_timeout=600", true);
    let tasks: Vec<_> = (0..40)
        .map(|at| {
            let engine: Engine = engine.clone();
            tokio::spawn(async move {
                if at % 2 == 0 {
                    engine.execute(create(&format!("task{at}"))).await.map(|_| ())
                } else {
                    engine.execute(raw(LONG)).await.map(|_| ())
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(count(engine).await, 23);
}

#[tokio::test]
async fn memory_is_one_connection() {
    let engine = Engine::with_catalog(":memory:", Arc::new(crate::blog::catalog(true))).unwrap();
    engine
        .execute(crate::blog::execute("CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT NOT NULL)"))
        .await
        .unwrap();
    let (one, two) = tokio::join!(engine.execute(create("a")), engine.execute(create("b")));
    one.unwrap();
    two.unwrap();
    assert_eq!(count(&engine).await, 2);
}
