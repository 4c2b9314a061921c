//! A query while it is put together: one vocabulary for the typed handles, written down in one of two ways.
//!
//! An engine in the same memory wants a [tree](crate::query), which is planned, compared and bound. In WebAssembly there is no
//! such engine: whatever is asked goes to a pool, and all that a tree is good for is to be walked and dropped. There the
//! text of the request is written at once, piece by piece. That leaves out of a Worker the encoder, the code that frees the
//! tree, and what a piece costs that the Worker never writes: half of what the client added to it.

#[cfg(target_family = "wasm")]
mod text;
#[cfg(not(target_family = "wasm"))]
mod tree;

#[cfg(target_family = "wasm")]
pub use text::*;
#[cfg(not(target_family = "wasm"))]
pub use tree::*;

/// What is asked for: an [`Action`](crate::query::Action) without what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the actions")]
pub enum Kind {
    FindUnique,
    FindUniqueOrThrow,
    FindFirst,
    FindFirstOrThrow,
    FindMany,
    CreateOne,
    CreateMany,
    CreateManyAndReturn,
    UpdateOne,
    UpdateMany,
    UpdateManyAndReturn,
    UpsertOne,
    DeleteOne,
    DeleteMany,
    Aggregate,
    GroupBy,
}
