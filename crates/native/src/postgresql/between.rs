//! Whether something lies between a client and its server that hands connections on, as a PgBouncer does.
//!
//! A server greets with the number of the process that serves the connection; what stands in for it greets with a number of
//! its own. The driver keeps that number to itself, but for the request that cancels a statement, which it writes to any
//! stream: here, to memory.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::{
    CancelToken,
    tls::{ChannelBinding, TlsConnect, TlsStream},
};

/// The number that a connection was greeted with.
pub(super) async fn greeting(token: &CancelToken) -> Option<i32> {
    let mut written = Vec::new();
    token.cancel_query_raw(Memory(&mut written), Plain).await.ok()?;
    // The request ends with the number and a secret.
    let number = written.get(written.len().checked_sub(8)?..)?.first_chunk::<4>()?;
    Some(i32::from_be_bytes(*number))
}

/// What is written to it stays; it agrees to TLS, which it does not do.
struct Memory<'a>(&'a mut Vec<u8>);

impl AsyncRead for Memory<'_> {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        into.put_slice(b"S");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl TlsStream for Memory<'_> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

struct Plain;

impl<'a> TlsConnect<Memory<'a>> for Plain {
    type Stream = Memory<'a>;
    type Error = Infallible;
    type Future = Ready<Result<Memory<'a>, Infallible>>;
    fn connect(self, stream: Memory<'a>) -> Self::Future {
        ready(Ok(stream))
    }
}
