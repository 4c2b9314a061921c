//! Transactions: what is kept, what is undone, what takes too long.

use crate::blog::{
    Blog, ID, NAME, POST, POST_VIEWS, USER, USER_POSTS, ask, blog, blog_watched, columns, count, create, execute,
    filtered, find, is, raw, related,
};
use lenslet_core::query::{Action, Arguments, Assignment, Query, Write};
use lenslet_native::{Engine, ErrorKind, Execute, Options, TransactionOptions, Value};
use std::time::{Duration, Instant};

async fn begin(engine: &Engine) -> Engine {
    engine.begin(TransactionOptions::default()).await.unwrap()
}

#[tokio::test]
async fn committed_rows_stay() {
    let Blog { engine, .. } = &blog();
    let inside = begin(engine).await;
    inside.execute(create("new")).await.unwrap();
    assert_eq!((count(engine).await, count(&inside).await), (3, 4));
    inside.commit().await.unwrap();
    assert_eq!(count(engine).await, 4);
    let error = inside.execute(create("late")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transaction);
}

#[tokio::test]
async fn dropped_transactions_are_undone() {
    let Blog { engine, .. } = &blog();
    for rolls_back in [true, false] {
        let inside = begin(engine).await;
        inside.execute(create("new")).await.unwrap();
        if rolls_back {
            inside.rollback().await.unwrap();
        }
        drop(inside);
        assert_eq!(count(engine).await, 3);
    }
}

#[tokio::test]
async fn transactions_nest() {
    let Blog { engine, .. } = &blog();
    let outer = begin(engine).await;
    outer.execute(create("outer")).await.unwrap();
    let kept = begin(&outer).await;
    kept.execute(create("kept")).await.unwrap();
    kept.commit().await.unwrap();
    let undone = begin(&outer).await;
    undone.execute(create("undone")).await.unwrap();
    undone.rollback().await.unwrap();
    let dropped = begin(&outer).await;
    dropped.execute(create("dropped")).await.unwrap();
    drop(dropped);
    outer.commit().await.unwrap();
    assert_eq!(count(engine).await, 5);
}

#[tokio::test]
async fn a_failed_operation_leaves_the_transaction_alive() {
    let Blog { engine, .. } = &blog();
    let inside = begin(engine).await;
    inside.execute(create("ada")).await.unwrap_err();
    inside.execute(create("new")).await.unwrap();
    inside.commit().await.unwrap();
    assert_eq!(count(engine).await, 4);
}

#[tokio::test]
async fn a_transaction_that_takes_too_long_is_undone() {
    let Blog { engine, .. } = &blog();
    let options = TransactionOptions { timeout: Duration::from_millis(50), ..TransactionOptions::default() };
    let inside = engine.begin(options).await.unwrap();
    inside.execute(create("new")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let error = inside.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transaction);
    assert!(error.message().contains("50 ms"), "{error}");
    assert_eq!(count(engine).await, 3);
    engine.execute(create("other")).await.unwrap();
}

#[tokio::test]
async fn a_transaction_waits_for_the_one_before_it() {
    let Blog { engine, .. } = &blog();
    let first = begin(engine).await;
    let options = TransactionOptions { max_wait: Duration::from_millis(50), ..TransactionOptions::default() };
    let start = Instant::now();
    let error = engine.begin(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transaction);
    assert!(start.elapsed() >= Duration::from_millis(50));
    let (second, ()) = tokio::join!(begin(engine), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        first.commit().await.unwrap();
    });
    second.execute(create("second")).await.unwrap();
    second.commit().await.unwrap();
}

#[tokio::test]
async fn operations_of_one_transaction_take_turns() {
    let Blog { engine, .. } = &blog();
    let inside = begin(engine).await;
    let slow = "UPDATE users SET mail = mail WHERE (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                WHERE i < 200000) SELECT COUNT(*) FROM n) > 0";
    let (one, two) = tokio::join!(inside.execute(execute(slow)), inside.execute(create("new")));
    one.unwrap();
    two.unwrap();
    inside.commit().await.unwrap();
    assert_eq!(count(engine).await, 4);
}

#[tokio::test]
async fn a_batch_is_kept_or_undone_as_one() {
    let Blog { engine, .. } = &blog();
    let error = engine.batch(vec![create("new"), create("ada"), create("other")], None).await.unwrap_err();
    assert_eq!((error.kind(), error.batch_index()), (ErrorKind::UniqueConstraint, Some(1)));
    assert_eq!(count(engine).await, 3);
    assert_eq!(engine.batch(vec![create("new"), create("other")], None).await.unwrap().len(), 2);
    assert_eq!(count(engine).await, 5);

    let inside = begin(engine).await;
    inside.batch(vec![create("x"), create("ada")], None).await.unwrap_err();
    inside.batch(vec![create("y")], None).await.unwrap();
    inside.commit().await.unwrap();
    assert_eq!(count(engine).await, 6);
}

#[tokio::test]
async fn raw_sql_cannot_leave_a_transaction_open() {
    let Blog { engine, .. } = &blog();
    engine.execute(execute("BEGIN")).await.unwrap();
    engine.execute(create("new")).await.unwrap();
    assert_eq!(ask(engine, crate::blog::raw("SELECT COUNT(*) FROM users"), "i").await.unwrap(), "[4]");
}

#[tokio::test]
async fn nothing_is_done_in_a_transaction_that_sqlite_undid() {
    let Blog { engine, .. } = &blog();
    let trigger =
        "CREATE TRIGGER refused BEFORE INSERT ON users WHEN new.mail = 'no' BEGIN SELECT RAISE(ROLLBACK, 'no'); END";
    engine.execute(execute(trigger)).await.unwrap();
    for ended_by in [create("no"), execute("ROLLBACK"), execute("COMMIT")] {
        let before = count(engine).await;
        let inside = begin(engine).await;
        let nested = begin(&inside).await;
        let _ = nested.execute(ended_by).await;
        for late in [&nested, &inside] {
            let error = late.execute(create("late")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Transaction, "{error}");
            let error = late.batch(vec![create("late")], None).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Transaction, "{error}");
        }
        assert_eq!(inside.commit().await.unwrap_err().kind(), ErrorKind::Transaction);
        drop((nested, inside));
        assert_eq!(count(engine).await, before);
        begin(engine).await.rollback().await.unwrap();
    }
}

fn renaming() -> Write {
    Write { assignments: vec![Assignment::Set(NAME, Value::Text("new".into()))] }
}

/// Renames Ada and answers her posts with their views, or deletes her.
fn with_posts(action: fn(Write) -> Action) -> Query {
    let write = renaming();
    let posts = related(USER_POSTS, Arguments::default(), vec![columns(&[POST_VIEWS])]);
    let selection = vec![columns(&[ID]), posts];
    Query { arguments: filtered(is(ID, Value::Int(1))), selection, ..Query::new(USER, action(write)) }
}

#[tokio::test]
async fn a_write_is_undone_whose_relations_cannot_be_read() {
    let Blog { engine, .. } = &blog();
    engine.execute(execute("UPDATE Post SET views = 'many' WHERE id = 3")).await.unwrap();
    let ada = async |engine: &Engine| ask(engine, raw("SELECT mail FROM users WHERE id = 1"), "t").await.unwrap();
    for action in [Action::UpdateOne, Action::UpdateManyAndReturn, |_| Action::DeleteOne] {
        let error = engine.execute(with_posts(action)).await.unwrap_err();
        assert_eq!((error.kind(), ada(engine).await), (ErrorKind::ColumnDataInvalid, "[ada]".into()));
        let error = engine.batch(vec![create("other"), with_posts(action)], None).await.unwrap_err();
        assert_eq!((error.kind(), ada(engine).await), (ErrorKind::ColumnDataInvalid, "[ada]".into()));
        let inside = begin(engine).await;
        inside.execute(with_posts(action)).await.unwrap_err();
        inside.batch(vec![create("other"), with_posts(action)], None).await.unwrap_err();
        inside.commit().await.unwrap();
        assert_eq!((ada(engine).await, count(engine).await), ("[ada]".into(), 3));
    }
}

#[tokio::test]
async fn the_room_of_an_answer_is_that_of_all_its_statements() {
    let Blog { engine, .. } = &blog_watched("", true, Options::new().answer_limit(|| 4 << 10));
    engine.execute(execute("UPDATE users SET mail = printf('%.1000c', 'x') WHERE id = 1")).await.unwrap();
    engine.execute(execute("UPDATE Post SET title = printf('%.1700c', 'x') WHERE id IN (1, 2)")).await.unwrap();
    let users = || find(USER, filtered(is(ID, Value::Int(1))), vec![columns(&[NAME])]);
    let posts = || find(POST, Arguments::default(), vec![columns(&[NAME])]);
    let both = || {
        let posts = related(USER_POSTS, Arguments::default(), vec![columns(&[NAME])]);
        find(USER, Arguments::default(), vec![columns(&[NAME]), posts])
    };
    for nested in [false, true] {
        let engine = &if nested { begin(engine).await } else { engine.clone() };
        engine.batch(vec![users(), users()], None).await.unwrap();
        engine.batch(vec![posts()], None).await.unwrap();
        let refused = engine.batch(vec![create("new"), users(), posts()], None).await.unwrap_err();
        assert_eq!((refused.kind(), refused.batch_index()), (ErrorKind::AnswerTooLarge, Some(2)));
        assert_eq!(engine.execute(both()).await.unwrap_err().kind(), ErrorKind::AnswerTooLarge);
        let ada = filtered(is(ID, Value::Int(1)));
        let renamed = || Query { arguments: ada.clone(), action: Action::UpdateOne(renaming()), ..both() };
        let refused = engine.batch(vec![renamed(), posts()], None).await.unwrap_err();
        assert_eq!((refused.kind(), refused.batch_index()), (ErrorKind::AnswerTooLarge, Some(1)));
        assert_eq!(engine.batch(vec![users()], None).await.unwrap().len(), 1);
        assert_eq!(ask(engine, raw("SELECT LENGTH(mail) FROM users WHERE id = 1"), "i").await.unwrap(), "[1000]");
        assert_eq!(count(engine).await, 3);
    }
}

#[tokio::test]
async fn a_statement_is_undone_whose_rows_cannot_be_read() {
    let Blog { engine, .. } = &blog();
    engine.execute(execute("UPDATE Post SET views = 'many' WHERE id = 4")).await.unwrap();
    let query =
        |action, arguments| Query { arguments, selection: vec![columns(&[POST_VIEWS])], ..Query::new(POST, action) };
    let last = || filtered(is(ID, Value::Int(4)));
    for refused in [
        query(Action::UpdateOne(renaming()), last()),
        // Those before it can be read.
        query(Action::UpdateManyAndReturn(renaming()), Arguments::default()),
        query(Action::DeleteOne, last()),
    ] {
        let error = engine.execute(refused).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ColumnDataInvalid, "{error}");
        let titles = ask(engine, raw("SELECT group_concat(title) FROM Post"), "t").await.unwrap();
        assert_eq!(titles, "[a1,a2,a3,b1]");
    }
    // The connection that writes is as good as before.
    engine.execute(create("new")).await.unwrap();
    assert_eq!(count(engine).await, 4);
    let inside = begin(engine).await;
    inside.execute(create("other")).await.unwrap();
    inside.execute(query(Action::UpdateOne(renaming()), last())).await.unwrap_err();
    inside.commit().await.unwrap();
    assert_eq!(count(engine).await, 5, "the transaction goes on");
}
