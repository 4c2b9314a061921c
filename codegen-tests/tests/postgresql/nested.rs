//! Nested writes: how many round trips they take, and that nothing of one stays that fails.

use super::{Database, kind, options, options::number, wire::Wire};
use lenslet_core::{engine::Engine as _, error::ErrorKind};
use lenslet_native::Engine;
use serde_json::{Value, json};

/// A user with posts and a tag; two tags of one key cannot be.
fn user(email: &str, tags: usize) -> Value {
    let tags = vec![json!({"a": 1, "b": email}); tags];
    let posts = json!({"create": [{"title": "one"}, {"title": "two"}]});
    let data = json!({"email": email, "posts": posts, "tags": {"create": tags}});
    json!({"arguments": {"data": data}, "selection": {"id": true}})
}

/// The same, in several steps: the posts do not give the same columns.
fn user_by_steps(email: &str, tags: usize) -> Value {
    let id = email.bytes().fold(1_000, |id, byte| (id * 31 + u32::from(byte)) % 1_000_000);
    let mut user = user(email, tags);
    user["arguments"]["data"]["posts"] = json!({"create": [{"title": "one"}, {"title": "two", "id": id}]});
    user
}

#[tokio::test]
async fn a_row_and_what_is_nested_in_it_are_one_round_trip() {
    let Some(database) = Database::users() else { return };
    let wire = Wire::to(database.server.port());
    for options in ["", "statement_cache_size=0", "pgbouncer=true"] {
        let engine = Engine::with_catalog(&wire.url(options), database.catalog.clone()).unwrap();
        let create = async |engine: &Engine, name: &str, tags| {
            wire.trips();
            let created = database.ask(engine, "User", "createOne", user(&format!("{name}{options}"), tags)).await;
            created.map(|_| wire.trips())
        };
        create(&engine, "first", 1).await.unwrap();
        assert_eq!(create(&engine, "second", 1).await, Ok(1), "{options}");
        assert_eq!(kind(create(&engine, "second", 1).await), ErrorKind::UniqueConstraint, "{options}");
        let transaction = engine.begin(super::options(None, 2_000, 5_000)).await.unwrap();
        create(&transaction, "third", 1).await.unwrap();
        assert_eq!(create(&transaction, "fourth", 1).await, Ok(1), "{options}");
        assert_eq!(kind(create(&transaction, "fifth", 2).await), ErrorKind::UniqueConstraint, "{options}");
        assert_eq!(create(&transaction, "sixth", 1).await, Ok(1), "the transaction goes on");
        transaction.commit().await.unwrap();
        let batch = ["seventh", "eighth"].map(|name| {
            let query = user(&format!("{name}{options}"), 1);
            database.query(&json!({"modelName": "User", "action": "createOne", "query": query}))
        });
        engine.batch(batch.to_vec(), None).await.unwrap();
    }
    let engine = database.engine("");
    let emails = database.emails(&engine).await;
    assert_eq!(emails.len(), 3 * 7, "{emails:?}");
    for model in ["Post", "Tag"] {
        let orphans = format!("SELECT count(*) FROM \"{model}\" WHERE \"userId\" IS NULL");
        assert_eq!(number(&engine, &orphans).await, 0);
        let rows = number(&engine, &format!("SELECT count(*) FROM \"{model}\"")).await;
        assert_eq!(rows, if model == "Post" { 42 } else { 21 });
    }
}

#[tokio::test]
async fn what_is_nested_fails_as_it_does_by_steps() {
    let Some(database) = Database::users() else { return };
    let engine = database.engine("");
    for (broken, constraint) in [("2 tags", "Tag"), ("1 email", "User")] {
        let tags = if broken == "2 tags" { 2 } else { 1 };
        database.create(&engine, &broken[2..]).await.unwrap();
        let email = if tags == 2 { "new" } else { &broken[2..] };
        let at_once = database.ask(&engine, "User", "createOne", user(email, tags)).await.unwrap_err();
        let by_steps = database.ask(&engine, "User", "createOne", user_by_steps(email, tags)).await.unwrap_err();
        assert_eq!(format!("{at_once:?}"), format!("{by_steps:?}"));
        assert!(format!("{at_once:?}").contains(constraint), "{at_once:?}");
    }
    assert_eq!(database.emails(&engine).await, ["tags", "email"]);
}

/// What looks rows up from within a statement does not find those that the same statement writes.
#[tokio::test]
async fn policies_checks_triggers_and_rules_see_what_they_saw() {
    const LOOKS: [&str; 4] = [
        "ALTER TABLE \"Post\" ENABLE ROW LEVEL SECURITY; ALTER TABLE \"Post\" FORCE ROW LEVEL SECURITY;
         CREATE POLICY own ON \"Post\" USING (true)
            WITH CHECK (EXISTS (SELECT FROM \"User\" WHERE \"User\".id = \"userId\"));
         CREATE ROLE writer LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO writer;
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO writer;",
        "CREATE FUNCTION known(INT) RETURNS BOOLEAN STABLE LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM \"User\" WHERE id = $1)';
         ALTER TABLE \"Post\" ADD CHECK (known(\"userId\"));",
        "CREATE FUNCTION known() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
            IF NOT EXISTS (SELECT FROM \"User\" WHERE id = NEW.\"userId\") THEN RAISE 'no such user'; END IF;
            RETURN NEW; END $$;
         CREATE TRIGGER known BEFORE INSERT ON \"Post\" FOR EACH ROW EXECUTE FUNCTION known();",
        "CREATE TABLE log (title TEXT);
         CREATE RULE log AS ON INSERT TO \"Post\" DO ALSO INSERT INTO log VALUES (NEW.title);",
    ];
    for looks in LOOKS {
        let Some(database) = Database::start(super::SCHEMA, &format!("{} {looks}", super::TABLES)) else { return };
        let role = if looks.contains("writer") { "writer@" } else { "postgres@" };
        let url = database.server.url("postgres", "").replace("postgres@", role);
        let engine = Engine::with_catalog(&url, database.catalog.clone()).unwrap();
        let create = async |engine: &Engine, name: &str| database.ask(engine, "User", "createOne", user(name, 1)).await;
        create(&engine, "alone").await.unwrap();
        let transaction = engine.begin(options(None, 2_000, 5_000)).await.unwrap();
        create(&transaction, "within").await.unwrap();
        transaction.commit().await.unwrap();
        let query = |name| database.query(&json!({"modelName": "User", "action": "createOne", "query": user(name, 1)}));
        engine.batch(vec![query("one"), query("another")], None).await.unwrap();
        assert_eq!(number(&engine, "SELECT count(*) FROM \"Post\"").await, 8, "{looks}");
    }
}

/// Triggers that do something else where they do not find what they look for, and say nothing.
#[tokio::test]
async fn triggers_find_what_they_found() {
    const TRIGGERS: &str = "
        CREATE TABLE log (posts INT);
        CREATE FUNCTION sign() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
            NEW.title := NEW.title || coalesce((SELECT ' by ' || email FROM \"User\" WHERE id = NEW.\"userId\"), '');
            RETURN NEW; END $$;
        CREATE FUNCTION log() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO log SELECT count(*) FROM \"Post\" WHERE \"userId\" = NEW.id;
            RETURN NULL; END $$;";
    let signs = "CREATE TRIGGER sign BEFORE INSERT ON \"Post\" FOR EACH ROW EXECUTE FUNCTION sign()";
    let logs = "CREATE TRIGGER log AFTER INSERT ON \"User\" FOR EACH ROW EXECUTE FUNCTION log()";
    let Some(database) = Database::start(super::SCHEMA, &format!("{} {TRIGGERS}", super::TABLES)) else { return };
    let wire = Wire::to(database.server.port());
    let engine = Engine::with_catalog(&wire.url("connection_limit=1"), database.catalog.clone()).unwrap();
    let create = async |name: &str| {
        wire.trips();
        database.ask(&engine, "User", "createOne", user(name, 1)).await.unwrap();
        wire.trips()
    };
    create("before").await;
    assert_eq!(create("still").await, 1);
    // A connection that knows the statement notices as well.
    for (trigger, signed, logged) in [(signs, 2, 0), (logs, 4, 2)] {
        database.server.execute("postgres", trigger).unwrap();
        create(&format!("{signed} first")).await;
        assert_eq!(create(&format!("{signed} second")).await, 2, "it is not tried again and again");
        let found = "SELECT count(*) FROM \"Post\" WHERE title LIKE 'one by %'";
        assert_eq!(number(&engine, found).await, signed);
        assert_eq!(number(&engine, "SELECT count(*) FROM log WHERE posts = 0").await, logged);
    }
    assert_eq!(number(&engine, "SELECT count(*) FROM log").await, 2);
}

#[tokio::test]
async fn what_nobody_waits_for_takes_no_round_trip() {
    let Some(database) = Database::users() else { return };
    let wire = Wire::to(database.server.port());
    for options in ["", "statement_cache_size=0", "pgbouncer=true"] {
        let engine = Engine::with_catalog(&wire.url(options), database.catalog.clone()).unwrap();
        let create = async |name: &str| {
            let created =
                database.ask(&engine, "User", "createOne", user_by_steps(&format!("{name}{options}"), 1)).await;
            created.map(|_| wire.trips())
        };
        create("first").await.unwrap();
        let trips = create("second").await.unwrap();
        match options {
            // What is not prepared is sent one by one.
            "statement_cache_size=0" | "pgbouncer=true" => assert!(trips <= 5, "{options}: {trips}"),
            _ => assert_eq!(trips, 2, "the beginning and the user; posts, tags and the end"),
        }
        assert_eq!(kind(create("second").await), ErrorKind::UniqueConstraint, "{options}");
        create("third").await.unwrap();
    }
}

#[tokio::test]
async fn what_fails_on_the_way_fails_the_write() {
    for user in [user, user_by_steps] {
        let Some(database) = Database::users() else { return };
        let engine = database.engine("connection_limit=1");
        for _ in 0..3 {
            let failed = database.ask(&engine, "User", "createOne", user("ada", 2)).await;
            assert_eq!(kind(failed), ErrorKind::UniqueConstraint);
            assert!(database.emails(&engine).await.is_empty());
        }
        let transaction = engine.begin(options(None, 2_000, 5_000)).await.unwrap();
        database.ask(&transaction, "User", "createOne", user("bob", 1)).await.unwrap();
        for _ in 0..3 {
            let failed = database.ask(&transaction, "User", "createOne", user("eve", 2)).await;
            assert_eq!(kind(failed), ErrorKind::UniqueConstraint, "and the transaction goes on");
        }
        database.ask(&transaction, "User", "createOne", user("dan", 1)).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(database.emails(&engine).await, ["bob", "dan"]);
    }
}
