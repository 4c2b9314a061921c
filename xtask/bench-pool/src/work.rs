//! What is asked, in the words of each side, and what comes out.

use std::time::Duration;

/// How many users there are.
pub(crate) const USERS: u32 = 10_000;
/// How many of them a page has.
const PAGE: u32 = 20;

/// The same question for all sides. `ID` stands for a number from 1 to [`USERS`].
pub(crate) struct Query {
    pub(crate) name: &'static str,
    /// As the clients of a pool write it.
    pub(crate) body: &'static str,
    /// As Prisma 7's client sends it: the plan that it has made.
    pub(crate) plan: &'static str,
    /// As pgbench reads it: the statements that the engine makes of it.
    pub(crate) script: &'static str,
}

pub(crate) const QUERIES: [Query; 2] = [
    Query {
        name: "find_unique",
        body: r#"{"modelName":"User","action":"findUnique","query":{"arguments":{"where":{"id":ID}},"selection":{"id":true,"email":true,"name":true}}}"#,
        plan: include_str!("../executor/find_unique.json"),
        script: "\\set id random(1, 10000)\nSELECT id, email, name FROM \"User\" WHERE id = :id;\n",
    },
    Query {
        name: "find_many with include",
        body: r#"{"modelName":"User","action":"findMany","query":{"arguments":{"where":{"id":{"gte":ID}},"orderBy":[{"id":"asc"}],"take":20},"selection":{"id":true,"email":true,"name":true,"posts":{"arguments":{},"selection":{"id":true,"title":true,"authorId":true}}}}}"#,
        plan: include_str!("../executor/find_many.json"),
        script: "\\set id random(1, 10000)\n\
            SELECT id, email, name FROM \"User\" WHERE id >= :id ORDER BY id LIMIT 20;\n\
            SELECT id, title, \"authorId\" FROM \"Post\" WHERE \"authorId\" = ANY (ARRAY(SELECT id FROM \"User\" WHERE id >= :id ORDER BY id LIMIT 20));\n",
    },
];

impl Query {
    /// The body of a request for some user.
    pub(crate) fn body(&self) -> String {
        about_somebody(self.body)
    }

    /// The plan of a request for some user.
    pub(crate) fn plan(&self) -> String {
        about_somebody(self.plan)
    }
}

fn about_somebody(text: &str) -> String {
    // The last pages are not full, which is the same for all sides.
    let id = rand::random_range(1..=USERS - PAGE);
    text.replace("ID", &id.to_string())
}

/// What a round gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Half of them took no longer, in milliseconds.
    pub(crate) p50: f64,
    /// All but one of a hundred took no longer.
    pub(crate) p99: f64,
}

impl Measured {
    /// From how long each request of a round took.
    pub(crate) fn of(mut times: Vec<Duration>, round: Duration) -> Measured {
        times.sort_unstable();
        let at = |part: usize| times.get(times.len() * part / 100).map_or(f64::NAN, |it| it.as_secs_f64() * 1e3);
        Measured { rate: times.len() as f64 / round.as_secs_f64(), p50: at(50), p99: at(99) }
    }
}
