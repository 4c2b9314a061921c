//! The vocabulary of Lenslet: catalog, values, queries, typed handles and the engine seam.
//!
//! No I/O and next to no dependencies. A type enters only if generated code or two engines name it. Users do not name
//! this crate: a generated client re-exports what they need, through the runtime it was generated for.

#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod aggregate;
pub mod batch;
pub mod cache;
pub mod catalog;
pub mod column;
pub mod cursor;
#[cfg(feature = "json")]
pub mod document;
pub mod draft;
pub mod engine;
pub mod error;
#[cfg(feature = "serde")]
pub mod json;
pub mod model;
pub mod operation;
pub mod query;
pub mod raw;
pub mod relation;
pub mod scalar;
pub mod select;
pub mod text;
pub mod transaction;
pub mod value;
pub mod write;
pub mod written;

/// Takes in the client that a `build.rs` generated: `lenslet_native::include_client!(mod db);`.
///
/// The module is spelled like any other, with a visibility and attributes. The allowances are those that a generated crate
/// makes for itself.
#[macro_export]
macro_rules! include_client {
    ($(#[$attribute:meta])* $visible:vis mod $name:ident) => {
        $(#[$attribute])*
        #[allow(
            clippy::all,
            dead_code,
            missing_docs,
            non_upper_case_globals,
            unreachable_pub,
            unused_imports,
            confusable_idents,
            mixed_script_confusables,
            non_camel_case_types,
            non_snake_case,
            uncommon_codepoints
        )]
        $visible mod $name {
            include!(concat!(env!("OUT_DIR"), "/lenslet/lib.rs"));
        }
    };
}

/// What generated code names, as `rt::…`. A runtime re-exports it whole and adds what differs:
/// `Engine`, `Catalog` (what of the schema the client carries), `Environment` (where `from_env` looks) and `connect`.
pub mod generated {
    pub use crate::{
        aggregate::{Having, count},
        batch::{Batch, Operations},
        cache::{CacheInfo, CacheStatus, Stale, invalidate, swr, ttl},
        column::{Column, Compound, Filter, Order, Plain, Unique},
        cursor::Cursor,
        engine::{Isolation, TransactionOptions},
        error::{Error, ErrorKind},
        include_client,
        model::{
            CountOf, Counted, Get, Loaded, Many, Maybe, Model, OmittedColumn, One, Relation, Relations, Shown, Shows,
        },
        operation::{Table, View},
        query::{Cache, FieldId, ModelId},
        raw::{FromRow, RawOperation, Sql, execute_raw, query_raw},
        relation::Related,
        scalar::{Enumeration, Given, Scalar, decrement, divide, increment, multiply, push, push_all, read_variant},
        sql,
        transaction::{Conflict, Transaction},
        value::Value,
        write::{Alone, Change, Data, ForeignKey, Inherit, IntoData, Through},
    };

    /// The seam between the client and what executes it.
    pub use crate::engine::Engine as Execute;
    #[cfg(feature = "serde")]
    pub use crate::json::{Entries, serialize_relations};
    /// How raw SQL answers.
    pub use crate::raw::{Affected, Rows};

    #[cfg(feature = "decimal")]
    pub use bigdecimal::BigDecimal;
    #[cfg(feature = "chrono")]
    pub use chrono::{DateTime, Utc};
    #[cfg(feature = "serde")]
    pub use serde;
    /// A JSON document.
    #[cfg(feature = "json")]
    pub use serde_json::Value as Json;
    #[cfg(feature = "uuid")]
    pub use uuid::Uuid;
}
