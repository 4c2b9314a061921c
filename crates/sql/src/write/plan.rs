//! What a plan of a write consists of.

use super::failure::Failure;
use crate::{
    read::Level,
    statement::{Bind, Statement, Type},
};

/// How a write is executed.
#[derive(Clone, Debug, PartialEq)]
pub struct WritePlan {
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// How many registers the steps use.
    pub registers: u32,
    /// Where the answer comes from.
    pub answer: Answer,
    /// Whether the answer is one row: where there is none, what was done is undone.
    pub required: bool,
    /// The same as one statement, which is faster. The database may refuse it where it does the steps: what a policy, a check
    /// or a trigger looks up does not see the other rows that the statement writes.
    pub at_once: Option<Box<WritePlan>>,
}

/// A part of a plan. What a statement gives back goes into a register, which
/// [`Source::Register`](crate::Source::Register) reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Runs a statement.
    Run(Run),
    /// Inserts the rows of a list of the query.
    Insert(InsertRows),
    /// Goes one of two ways.
    Branch {
        /// What decides.
        test: Test,
        /// If so.
        then: Vec<Step>,
        /// If not.
        otherwise: Vec<Step>,
    },
    /// Gives up: what was asked for is never possible.
    Fail(Failure),
}

/// Where the rows go that a statement gives back, or where it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nowhere.
    Nothing,
    /// Into a register.
    Register(u32),
    /// Into the answer: the rows, or where the statement gives none back, the number of those that it wrote.
    Answer,
}

/// Runs a statement: once, or once for each row of a register.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The statement.
    pub statement: Statement,
    /// For each row of this register: its binds mean that row.
    pub each: Option<u32>,
    /// Where its rows go.
    pub into: Target,
    /// What must be so afterwards.
    pub check: Option<(Check, Failure)>,
}

/// Inserts the rows of a list of the query.
#[derive(Clone, Debug, PartialEq)]
pub struct InsertRows {
    /// Which list: a parameter of the query.
    pub list: u32,
    /// Columns that the database fills where a row does not give them.
    pub optional: Vec<u16>,
    /// A statement for each combination of them that rows lack.
    pub variants: Vec<Variant>,
    /// What the columns hold that the statements give back.
    pub columns: Vec<Type>,
    /// Where their rows go.
    pub into: Target,
}

/// How rows are inserted that lack certain columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// The columns that they lack, of [`InsertRows::optional`], in its order.
    pub lacks: Vec<u16>,
    /// The SQL before the rows.
    pub head: String,
    /// The SQL after the rows.
    pub tail: String,
    /// The SQL for one row.
    pub one: String,
    /// The SQL for [`BATCH`] rows; where nothing is bound, for one.
    pub batch: String,
    /// The statement for any number of rows, where the database takes a list for each column.
    pub lists: Option<Statement>,
    /// What is bound for each row.
    pub cells: Vec<Cell>,
}

/// How many rows a database in the same process takes in one statement at most: measured on SQLite, 10 to 50 rows at once take
/// three quarters of the time of one by one, more take longer again.
pub const BATCH: usize = 50;

/// A value of a row of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The column whose value the row may give itself.
    pub given: Option<u16>,
    /// What is bound where it does not.
    pub bind: Bind,
}

/// What decides a branch.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// The register holds a row.
    Found(u32),
    /// These parameters of the query are equal, pair by pair.
    Equal(Vec<(u32, u32)>),
}

/// What must be so after a statement; its rows are those that it gave back, or else those that it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// There was a row.
    Some,
    /// There was none.
    None,
    /// There was one for each different selector; a selector is the columns that it compares and the parameters it
    /// compares them with.
    Selected(Vec<Vec<(u16, u32)>>),
}

/// An identifier that the engine makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generator {
    /// A UUID of that version, as text.
    Uuid(u8),
    /// A UUID of that version, in a column that holds UUIDs.
    NativeUuid(u8),
    /// A CUID of that version.
    Cuid(u8),
    /// A ULID.
    Ulid,
    /// A Nano ID of that length.
    Nanoid(u8),
}

/// Where the answer comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The number of rows that the statement wrote whose [`Target`] is the answer.
    Count,
    /// The rows that the statement gave back whose [`Target`] is the answer, with those of their relations. The statement
    /// of the level is empty: its columns come from that one.
    Returned(Level),
    /// The rows in a register, which holds all that is asked for. The statement of the level is empty.
    Held(u32, Level),
    /// A read after the steps, of the rows in a register.
    After(Level),
    /// A read before the steps.
    Before(Level),
}
