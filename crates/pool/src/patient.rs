//! A stream whose other end may not keep it waiting for ever: neither for its first bytes, nor by not reading what is
//! written.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep, sleep_until},
};

/// How many bytes it takes to know a version of HTTP from another, which is when the limits of that version begin to hold.
const FIRST: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// Such a stream.
pub(crate) struct Patient<S> {
    stream: S,
    patience: Duration,
    /// Until the first bytes are there.
    first: Option<Pin<Box<Sleep>>>,
    wanted: usize,
    /// While what was written is not taken.
    taking: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(crate) fn new(stream: S, patience: Duration) -> Self {
        Patient { stream, patience, first: Some(Box::pin(sleep(patience))), wanted: FIRST, taking: None }
    }

    /// What a write gives, or that it takes too long.
    fn taken<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.taking = None;
            return written;
        }
        let until = Instant::now() + self.patience;
        let taking = self.taking.get_or_insert_with(|| Box::pin(sleep_until(until)));
        ready!(taking.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.wanted = self.wanted.saturating_sub(buffer.filled().len() - before);
            if self.wanted == 0 {
                self.first = None;
            }
            return read;
        }
        if let Some(first) = &mut self.first {
            ready!(first.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.taken(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.taken(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.taken(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.taken(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn the_first_bytes_are_waited_for_and_no_longer() {
        for there in [0, 1, FIRST - 1] {
            let (mut near, far) = duplex(64);
            let mut patient = Patient::new(far, SECOND);
            near.write_all(&vec![b'P'; there]).await.expect("they are written");
            patient.read_exact(&mut vec![0; there]).await.expect("they are there");
            let late = patient.read_u8().await.map_err(|error| error.kind());
            assert_eq!(late, Err(io::ErrorKind::TimedOut), "{there}");
        }
        let (mut near, far) = duplex(64);
        let mut patient = Patient::new(far, SECOND);
        near.write_all(&[b'P'; FIRST]).await.expect("they are written");
        patient.read_exact(&mut [0; FIRST]).await.expect("they are there");
        // From then on it is not this one's concern.
        assert!(tokio::time::timeout(10 * SECOND, patient.read_u8()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_is_given_up() {
        let (_near, far) = duplex(8);
        let mut patient = Patient::new(far, SECOND);
        let late = patient.write_all(&[0; 9]).await.map_err(|error| error.kind());
        assert_eq!(late, Err(io::ErrorKind::TimedOut));
        // Whoever reads slowly, but reads, is not.
        let (mut near, far) = duplex(8);
        let mut patient = Patient::new(far, SECOND);
        let reading = tokio::spawn(async move {
            let mut piece = [0; 4];
            for _ in 0..20 {
                tokio::time::sleep(SECOND / 2).await;
                let _ = near.read(&mut piece).await;
            }
        });
        let mut written = 0;
        while written < 32 {
            written += patient.write(&[0; 4]).await.expect("it is read in time");
        }
        reading.abort();
    }
}
