//! Plans Lenslet queries into SQL statements for a dialect.
//!
//! [`plan`] is pure: catalog, query and dialect in, a printable [`Plan`] out. A plan does not depend on the values of the
//! query it was made for. What it does depend on is the query's [`Shape`]: one walk that yields a key, compared for
//! equality, and the query's parameters in document order. A statement's [`Bind`]s name parameters by that order, and the
//! planner finds the place of a parameter it meets through the very same walk, so planner and engine cannot disagree.
//!
//! No string of a query reaches SQL text: [`Writer::push`] takes text that is written into this crate, [`Writer::name`]
//! takes names of the catalog, and everything else is bound.

#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod aggregate;
pub mod ddl;
pub mod dialect;
pub mod filter;
pub mod joined;
mod json;
pub mod link;
pub mod order;
pub mod plan;
pub mod read;
pub mod shape;
pub mod statement;
pub mod write;
pub mod writer;

pub use dialect::Dialect;
pub use joined::{Joined, JoinedRelation};
pub use plan::{Plan, PlanError, Planner, RawPlan, plan, plan_shaped};
pub use read::{Cell, Child, Level, Read};
pub use shape::{Parameter, Shape, Slots};
pub use statement::{Bind, Encoding, Kind, Source, Statement, Type};
pub use writer::{Alias, Table, Writer};
