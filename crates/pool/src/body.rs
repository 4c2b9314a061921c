//! Reading the body of a request: never more of it than allowed, nor for longer.

use crate::units::{Size, Time};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use lenslet_core::{
    error::{Error, ErrorKind},
    value::Value,
};
use std::time::Duration;

/// The fact of an error that says how many bytes a request may have.
pub(crate) const MOST_BYTES: &str = "mostBytes";

/// The whole body. One that comes in one piece, as nearly all do, is not copied. Clients that take longer than `patience`
/// hold a connection and say nothing.
pub(crate) async fn read(body: Incoming, most: usize, patience: Duration) -> Result<Bytes, Error> {
    let read = tokio::time::timeout(patience, pieces(body, most)).await;
    read.unwrap_or_else(|_| Err(bad(format!("the request did not arrive within {}", Time(patience)))))
}

async fn pieces(mut body: Incoming, most: usize) -> Result<Bytes, Error> {
    if body.size_hint().lower() > u64::try_from(most).unwrap_or(u64::MAX) {
        return Err(too_large(most));
    }
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
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
        if !first.is_empty() {
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&piece);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
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
