//! A stream whose other end may not keep it waiting for ever: neither with half a request, nor with nothing, nor by not
//! reading what is written.

use crate::clock::{Clock, after};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// How far the requests of a connection have come, which bytes alone do not show.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    begun: AtomicU32,
    ended: AtomicU32,
    /// Whether requests overlap, as in HTTP/2, which asks the other end itself whether it is still there.
    overlap: AtomicBool,
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Answering<'a>(&'a Progress);

impl Progress {
    /// The head of a request is there. The number of the request, and what to hold while it is answered.
    pub(crate) fn begin(&self, overlap: bool) -> (u32, Answering<'_>) {
        if overlap {
            self.overlap.store(true, Ordering::Relaxed);
        }
        (self.begun.fetch_add(1, Ordering::Relaxed).wrapping_add(1), Answering(self))
    }

    fn begun(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Whether it is the client's turn.
    fn waits(&self) -> bool {
        self.begun() == self.ended.load(Ordering::Relaxed) && !self.overlap.load(Ordering::Relaxed)
    }
}

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// How long the other end may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the head of a request.
    pub(crate) head: Duration,
    /// Between requests, and until it takes what was written.
    pub(crate) idle: Duration,
}

/// Such a stream.
pub(crate) struct Patient<S> {
    stream: S,
    patience: Patience,
    progress: Arc<Progress>,
    /// When the head of a request began, and how many requests there had been.
    head: Option<(Instant, u32)>,
    /// When nothing began.
    idle: Option<Instant>,
    /// One for all of that.
    clock: Clock,
    /// Since when what was written is not taken.
    stuck: Option<Instant>,
    /// Of its own: reads and writes may wait at once, in tasks of their own.
    taking: Clock,
}

impl<S> Patient<S> {
    /// The other end of a stream has just connected.
    pub(crate) fn new(stream: S, patience: Patience, progress: Arc<Progress>) -> Self {
        let head = Some((Instant::now(), 0));
        let (clock, taking) = Default::default();
        Patient { stream, patience, progress, head, idle: None, clock, stuck: None, taking }
    }

    /// Something has come.
    fn came(&mut self) {
        self.idle = None;
        if self.progress.waits() && !self.is_in_head() {
            self.head = Some((Instant::now(), self.progress.begun()));
        }
    }

    /// Whether a part of a head has come, and not yet all of it.
    fn is_in_head(&self) -> bool {
        self.head.is_some_and(|(_, begun)| begun == self.progress.begun())
    }

    /// Ready when nothing came for too long.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.progress.waits() {
            (self.head, self.idle) = (None, None);
            return Poll::Pending;
        }
        let deadline = match self.head {
            Some((began, _)) if self.is_in_head() => after(began, self.patience.head),
            _ => after(*self.idle.get_or_insert_with(Instant::now), self.patience.idle),
        };
        self.clock.poll_until(deadline, context)
    }

    /// What a write gives, or that it takes too long.
    fn taken<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let deadline = after(*self.stuck.get_or_insert_with(Instant::now), self.patience.idle);
        ready!(self.taking.poll_until(deadline, context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_ready() {
            self.came();
            return read;
        }
        ready!(self.poll_late(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
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
    const PATIENCE: Patience = Patience { head: SECOND, idle: Duration::from_secs(5) };

    fn patient<S>(stream: S) -> (Patient<S>, Arc<Progress>) {
        let progress = Arc::new(Progress::default());
        (Patient::new(stream, PATIENCE, Arc::clone(&progress)), progress)
    }

    /// After how long a read that gets nothing fails.
    async fn late(patient: &mut Patient<impl AsyncRead + Unpin>) -> Duration {
        let began = Instant::now();
        assert_eq!(patient.read_u8().await.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
        began.elapsed()
    }

    async fn bring(near: &mut (impl AsyncWrite + Unpin), patient: &mut Patient<impl AsyncRead + Unpin>) {
        near.write_all(b"P").await.expect("it is written");
        patient.read_u8().await.expect("it is there");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_is_waited_for_and_no_longer() {
        // Its first byte, and each further one, which do not give it more time.
        for there in [0, 1, 3] {
            let (mut near, far) = duplex(64);
            let (mut patient, _) = patient(far);
            let began = Instant::now();
            for _ in 0..there {
                tokio::time::sleep(SECOND / 4).await;
                bring(&mut near, &mut patient).await;
            }
            late(&mut patient).await;
            assert_eq!(began.elapsed().as_millis() / 10, 100, "{there}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn between_requests_there_is_more_time() {
        let (mut near, far) = duplex(64);
        let (mut patient, progress) = patient(far);
        for _ in 0..3 {
            tokio::time::sleep(SECOND / 2).await;
            bring(&mut near, &mut patient).await;
            let (_, answering) = progress.begin(false);
            // Its answer takes as long as it takes, and its body, too, is not this one's concern.
            assert!(tokio::time::timeout(20 * SECOND, patient.read_u8()).await.is_err());
            bring(&mut near, &mut patient).await;
            drop(answering);
            assert!(tokio::time::timeout(4 * SECOND, patient.read_u8()).await.is_err());
        }
        assert_eq!(late(&mut patient).await.as_millis() / 10, 100, "the time that is left");
        // The head of the next one.
        let (mut near, far) = duplex(64);
        let (mut patient, progress) = super::tests::patient(far);
        bring(&mut near, &mut patient).await;
        drop(progress.begin(false));
        assert!(tokio::time::timeout(4 * SECOND, patient.read_u8()).await.is_err());
        bring(&mut near, &mut patient).await;
        assert_eq!(late(&mut patient).await.as_millis() / 10, 100);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_overlap_are_watched_by_others() {
        let (mut near, far) = duplex(64);
        let (mut patient, progress) = patient(far);
        bring(&mut near, &mut patient).await;
        drop(progress.begin(true));
        bring(&mut near, &mut patient).await;
        assert!(tokio::time::timeout(20 * SECOND, patient.read_u8()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_is_given_up() {
        let (_near, far) = duplex(8);
        let (mut deaf, _) = patient(far);
        let late = deaf.write_all(&[0; 9]).await.map_err(|error| error.kind());
        assert_eq!(late, Err(io::ErrorKind::TimedOut));
        // Whoever reads slowly, but reads, is not.
        let (mut near, far) = duplex(8);
        let (mut slow, _) = patient(far);
        let reading = tokio::spawn(async move {
            let mut piece = [0; 4];
            for _ in 0..20 {
                tokio::time::sleep(SECOND / 2).await;
                let _ = near.read(&mut piece).await;
            }
        });
        let mut written = 0;
        while written < 32 {
            written += slow.write(&[0; 4]).await.expect("it is read in time");
        }
        reading.abort();
    }
}
