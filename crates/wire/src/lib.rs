//! The JSON protocol of Lenslet, both directions.
//!
//! | | request | answer | error |
//! | --- | --- | --- | --- |
//! | client | [`encode`] | [`rows`] | [`error::read`] |
//! | pool | [`decode`] | [`answer`] | [`error::write`] |
//!
//! The request is that of Prisma's clients of 5.22 to 6.19. Answers come in two forms: that of those clients, and
//! [rows by position](answer::ROWS), which is all that Lenslet's own client needs. What Lenslet's client says beyond
//! Prisma's protocol is little:
//!
//! - every column is named in the selection, so that a pool whose schema has grown still serves an old client;
//! - a key may repeat where something is said twice (two relations of one name with different arguments, two operations
//!   through one relation); the order counts;
//! - `{"$type":"Json","value":"…"}` carries a document as text, a bare `null` is the column's null;
//! - raw SQL with `{}` for parameters has `"braces":true`, and parameters may be tagged `float`, `uuid`, `enum`, `json`, too;
//! - a reference to a column may leave out its `_container`, which is the model at that place.
//!
//! The client's half is compiled into Workers: no `serde`, no `format!`, nothing that panics in words.

pub mod answer;
pub mod decode;
pub mod encode;
pub mod error;
pub mod headers;
pub mod json;
mod names;
pub mod rows;
mod scalar;
pub mod words;
