//! The statements of a query, for the clients that ask for them: what a Prisma client hands to `$on("query")`.

use lenslet_native::{Ran, Told};
use lenslet_wire::json::Writer;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The header in which Prisma's clients say what they want to be told.
const HEADER: &str = "x-capture-telemetry";

/// Whether a request wants to be told the statements of its queries.
pub(crate) fn is_wanted(headers: &hyper::HeaderMap) -> bool {
    let wanted = headers.get(HEADER).and_then(|it| it.to_str().ok()).unwrap_or_default();
    wanted.split(',').any(|it| it.trim() == "query")
}

/// The statements of a request, as far as they are told.
#[derive(Debug, Default)]
pub(crate) struct QueryLog {
    statements: Vec<Statement>,
    bytes: usize,
}

#[derive(Debug)]
struct Statement {
    sql: String,
    parameters: String,
    began: SystemTime,
    elapsed: Duration,
}

/// A batch has a thousand statements, and each may be long: what goes beyond that is left out.
const MOST: usize = 1 << 20;

tokio::task_local! {
    static LOG: Arc<Mutex<QueryLog>>;
}

/// Who is told of a statement that begins: the request that is being answered, if it wants to be.
pub(crate) fn listener() -> Option<Told> {
    let log = LOG.try_with(Arc::clone).ok()?;
    Some(Box::new(move |ran| log.lock().unwrap_or_else(PoisonError::into_inner).take_down(ran)))
}

/// What the future yields, and the statements that it ran.
pub(crate) async fn recorded<T>(future: impl Future<Output = T>) -> (T, QueryLog) {
    let log = Arc::<Mutex<QueryLog>>::default();
    let output = LOG.scope(Arc::clone(&log), future).await;
    let log = std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
    (output, log)
}

impl QueryLog {
    fn take_down(&mut self, ran: Ran<'_>) {
        self.bytes += ran.sql.len() + ran.parameters.len();
        if self.bytes > MOST {
            return;
        }
        let (sql, parameters, elapsed) = (ran.sql.to_owned(), ran.parameters.to_owned(), ran.elapsed);
        let began = SystemTime::now().checked_sub(elapsed).unwrap_or(UNIX_EPOCH);
        self.statements.push(Statement { sql, parameters, began, elapsed });
    }

    /// An answer with the statements at its end, where Prisma's clients look for them.
    pub(crate) fn within(&self, answer: &[u8]) -> Option<String> {
        let answer = str::from_utf8(answer).ok()?.strip_suffix('}')?;
        let mut out = Writer::default();
        out.open('{');
        out.key("logs");
        out.open('[');
        self.statements.iter().enumerate().for_each(|(at, statement)| statement.write(at, &mut out));
        out.close(']');
        out.key("traces");
        out.open('[');
        out.close(']');
        out.close('}');
        Some(format!("{answer},\"extensions\":{}}}", out.finish()))
    }
}

impl Statement {
    fn write(&self, at: usize, out: &mut Writer) {
        const TARGET: &str = "lenslet::statement";
        out.open('{');
        out.key("span_id");
        out.text(&at.to_string());
        out.key("name");
        out.text("query");
        out.key("level");
        out.text("query");
        out.key("timestamp");
        let since = self.began.duration_since(UNIX_EPOCH).unwrap_or_default();
        out.open('[');
        out.integer(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
        out.integer(since.subsec_nanos().into());
        out.close(']');
        out.key("target");
        out.text(TARGET);
        out.key("attributes");
        out.open('{');
        out.key("query");
        out.text(&self.sql);
        out.key("params");
        out.text(&self.parameters);
        out.key("duration_ms");
        out.raw(&format!("{:.3}", self.elapsed.as_secs_f64() * 1e3));
        out.key("target");
        out.text(TARGET);
        out.close('}');
        out.close('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_ran_is_at_the_end_of_the_answer() {
        assert!(listener().is_none(), "nobody asked");
        let ran = |sql: &str| {
            if let Some(told) = listener() {
                told(Ran { sql, parameters: "[1]", elapsed: Duration::from_micros(1500) });
            }
        };
        let ((), log) = recorded(async {
            ran("SELECT \"a\"");
            ran(&"a".repeat(MOST));
        })
        .await;
        let answer = log.within(br#"{"data":{"a":1}}"#).expect("an object");
        let json: serde_json::Value = serde_json::from_str(&answer).expect("it is JSON");
        let statements = json["extensions"]["logs"].as_array().expect("a list");
        assert_eq!(statements.len(), 1, "the other one is too long");
        assert_eq!(statements[0]["attributes"]["query"], "SELECT \"a\"");
        assert_eq!(statements[0]["attributes"]["duration_ms"], 1.5);
        assert!(statements[0]["timestamp"][0].as_u64() > Some(1_700_000_000));
        assert_eq!((&json["data"]["a"], &json["extensions"]["traces"]), (&1.into(), &serde_json::json!([])));
        assert_eq!(log.within(b"[]"), None);
    }
}
