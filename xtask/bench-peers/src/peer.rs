//! What every library does, and how it is timed.

use std::{
    error::Error,
    future::Future,
    hint::black_box,
    pin::Pin,
    time::{Duration, Instant},
};

use crate::work::{Operation, Work};

/// What a step gives.
pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// A library with a connection to a database of its own. Each operation reads rows into structs, and says how many rows that
/// were, so that what should be the same work can be seen to be.
pub(crate) trait Peer {
    /// Runs SQL that prepares a measurement.
    async fn execute(&mut self, sql: &str) -> Result;
    /// All users.
    async fn trivial_query(&mut self) -> Result<usize>;
    /// Users with black hair, each with its posts.
    async fn medium_complex_query(&mut self) -> Result<usize>;
    /// Inserts users in one statement.
    async fn insert(&mut self, users: usize) -> Result<usize>;
    /// All users with their posts, and those with their comments.
    async fn loading_associations_sequentially(&mut self) -> Result<usize>;
    /// The user of an id.
    async fn find_by_id(&mut self, id: i32) -> Result<usize>;
    /// Users by three conditions, in an order, at most 20.
    async fn filter_page(&mut self) -> Result<usize>;
    /// Inserts a user with ten posts, and reads the user back.
    async fn nested_create(&mut self) -> Result<usize>;
    /// The first ten users with their posts, and those with their comments.
    async fn include_two_levels(&mut self) -> Result<usize>;
}

/// A [`Peer`] of any kind.
pub(crate) trait Racer {
    /// Runs SQL that prepares a measurement.
    fn execute<'a>(&'a mut self, sql: &'a str) -> Pin<Box<dyn Future<Output = Result> + 'a>>;
    /// Does some work so many times, and says how long that took and how many rows it was about.
    fn run(&mut self, work: Work, calls: u32) -> Pin<Box<dyn Future<Output = Result<(Duration, usize)>> + '_>>;
}

impl<P: Peer> Racer for P {
    fn execute<'a>(&'a mut self, sql: &'a str) -> Pin<Box<dyn Future<Output = Result> + 'a>> {
        Box::pin(Peer::execute(self, sql))
    }

    fn run(&mut self, work: Work, calls: u32) -> Pin<Box<dyn Future<Output = Result<(Duration, usize)>> + '_>> {
        Box::pin(async move {
            macro_rules! timed {
                ($call:expr) => {{
                    let mut rows = 0;
                    let started = Instant::now();
                    for _ in 0..calls {
                        rows += black_box($call.await?);
                    }
                    Ok((started.elapsed(), rows))
                }};
            }
            match work.operation {
                Operation::TrivialQuery => timed!(self.trivial_query()),
                Operation::MediumComplexQuery => timed!(self.medium_complex_query()),
                Operation::Insert => timed!(self.insert(work.size)),
                Operation::LoadingAssociations => timed!(self.loading_associations_sequentially()),
                Operation::FindById => timed!(self.find_by_id(black_box(4711))),
                Operation::FilterPage => timed!(self.filter_page()),
                Operation::NestedCreate => timed!(self.nested_create()),
                Operation::IncludeTwoLevels => timed!(self.include_two_levels()),
            }
        })
    }
}

/// The name of a new user.
pub(crate) fn user_name(number: usize) -> String {
    format!("User {number}")
}

/// The colour of a new user's hair.
pub(crate) fn hair_color(number: usize) -> String {
    format!("hair color {number}")
}

/// The title of a new post.
pub(crate) fn title(number: usize) -> String {
    format!("Post {number}")
}

/// How many posts a new user has.
pub(crate) const NEW_POSTS: usize = 10;
