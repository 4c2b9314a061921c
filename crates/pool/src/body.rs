//! Reading the body of a request: never more of it than allowed, nor for longer.

use crate::{
    limits::{Limits, Memory},
    units::Size,
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use lenslet_core::{
    error::{Error, ErrorKind},
    value::Value,
};
/// The fact of an error that says how many bytes a request may have.
pub(crate) const MOST_BYTES: &str = "mostBytes";

/// The whole body. One that comes in one piece, as nearly all do, is not copied. Clients that take longer than they may hold a
/// connection and say nothing.
pub(crate) async fn read(body: Incoming, limits: &Limits, memory: &Memory) -> Result<Bytes, Error> {
    let patience = limits.request_time;
    let read = tokio::time::timeout(patience.0, pieces(body, limits, memory)).await;
    read.unwrap_or_else(|_| Err(bad(format!("the request did not arrive within {patience}"))))
}

async fn pieces(mut body: Incoming, limits: &Limits, memory: &Memory) -> Result<Bytes, Error> {
    let most = limits.request_size.0;
    if body.size_hint().lower() > u64::try_from(most).unwrap_or(u64::MAX) {
        return Err(too_large(most));
    }
    let mut first = Bytes::new();
    let (mut all, mut share) = (BytesMut::new(), memory.share());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| bad("the request broke off".into()))?;
        let Ok(piece) = frame.into_data() else { continue };
        if first.len() + all.len() + piece.len() > most {
            return Err(too_large(most));
        }
        if first.is_empty() && all.is_empty() {
            first = piece;
            continue;
        }
        memory.check(limits.memory)?;
        let first = std::mem::take(&mut first);
        share.grow(first.len() + piece.len());
        all.extend_from_slice(&first);
        all.extend_from_slice(&piece);
    }
    Ok(if all.is_empty() { first } else { share.hold(all) })
}

#[cold]
fn too_large(most: usize) -> Error {
    let most = Size(most);
    bad(format!("the request is larger than {most}, the pool's `request-size`; send less at once, or raise the limit"))
        .with(MOST_BYTES, Value::Int(i64::try_from(most.0).unwrap_or(i64::MAX)))
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadRequest, message)
}
