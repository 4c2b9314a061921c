//! The engine-less client of Lenslet: a query posted over HTTP.
//!
//! This is the runtime `rt` of a client generated with `--no-engine`. A query becomes JSON, a [`Transport`] posts it to a
//! `lenslet pool`, the answer's rows are read from its text. Nothing here needs an async runtime, a TLS stack or a catalog.
//!
//! ```
//! use lenslet_edge::{Catalog, Engine, Request, Response, Sent, Transport, catalog::Provider};
//!
//! /// What a generated client carries of its schema.
//! static CATALOG: Catalog = Catalog { hash: "0123456789abcdef", provider: Provider::Postgresql };
//!
//! struct Canned;
//! impl Transport for Canned {
//!     fn send(&self, request: Request) -> Sent {
//!         assert!(request.url.starts_with("https://pool.example/"));
//!         Box::pin(async { Ok(Response::new(200, "[[1]]".into())) })
//!     }
//! }
//!
//! # fn main() -> Result<(), lenslet_edge::Error> {
//! let engine = Engine::with_transport("https://pool.example/?api_key=secret", &CATALOG, Canned)?;
//! // let db = Client::from_engine(engine);
//! # drop(engine);
//! # Ok(())
//! # }
//! ```

#[cfg_attr(
    target_family = "wasm",
    allow(clippy::arc_with_non_send_sync, reason = "shared between threads where there are threads")
)]
mod engine;
mod environment;
#[cfg(all(any(feature = "fetch", feature = "worker"), target_family = "wasm"))]
mod fetch;
#[cfg(all(feature = "http", not(target_family = "wasm")))]
mod http;
mod transport;
mod url;

pub use engine::{Answer, Answers, Engine};
pub use environment::{Env, Environment};
#[cfg(all(any(feature = "fetch", feature = "worker"), target_family = "wasm"))]
pub use fetch::Fetch;
#[cfg(all(feature = "fetch", target_family = "wasm"))]
pub use fetch::promise;
#[cfg(all(feature = "http", not(target_family = "wasm")))]
pub use http::Http;
pub use lenslet_core::generated::*;
pub use lenslet_wire::rows::Rows as Answered;
pub use transport::{Request, Response, Sent, Threads, Transport};

/// What a generated client says about its schema.
pub mod catalog {
    pub use lenslet_core::catalog::Provider;
}

/// What of its schema an engine-less client carries: enough for a pool to see whether the two agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// Changes with everything of the schema that matters to a query.
    pub hash: &'static str,
    /// The database behind the pool.
    pub provider: catalog::Provider,
}

/// What the generated client's `connect` calls. Nothing is sent: an engine-less client connects with each request.
///
/// # Errors
/// P6001 when the URL is not one of a pool.
pub async fn connect<C>(url: &str, catalog: &'static Catalog, client: fn(Engine) -> C) -> Result<C, Error> {
    Engine::new(url, catalog).map(client)
}
