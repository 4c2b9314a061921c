//! Deadlines that nearly always pass unneeded.
//!
//! A timer of the runtime that is set and taken back for every request changes the runtime's list of timers twice, and wakes a
//! thread that sleeps until the next one where the new one is earlier. A clock is left running instead: it is set anew only
//! when it has run down before the deadline.

use crate::limits::late;
use lenslet_core::error::Error;
use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// A clock, which is set when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Clock(Option<Pin<Box<Sleep>>>);

impl Clock {
    /// Ready when the deadline has passed.
    pub(crate) fn poll_until(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        ready!(sleep.as_mut().poll(context));
        if sleep.deadline() >= deadline {
            return Poll::Ready(());
        }
        sleep.as_mut().reset(deadline);
        sleep.as_mut().poll(context)
    }
}

/// Clocks that lie ready.
#[derive(Debug, Default)]
pub(crate) struct Clocks(Mutex<Vec<Clock>>);

/// More than this many are not kept: each costs a timer.
const KEPT: usize = 1024;

impl Clocks {
    /// What the future yields, or P6004 when that takes too long: then it is dropped, which cancels its statement.
    pub(crate) async fn within<T>(
        &self,
        time: Duration,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut future = pin!(future);
        let mut lent: Option<(Instant, Lent<'_>)> = None;
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            let (deadline, lent) = lent.get_or_insert_with(|| (after(Instant::now(), time), self.lend()));
            lent.clock.poll_until(*deadline, context).map(|()| Err(late(time)))
        })
        .await
    }

    fn lend(&self) -> Lent<'_> {
        let clock = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        Lent { clock, clocks: self }
    }
}

/// A moment later. A century is as good as any time that an `Instant` cannot hold.
pub(crate) fn after(moment: Instant, time: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    moment + time.min(CENTURY)
}

/// A clock that is given back.
struct Lent<'a> {
    clock: Clock,
    clocks: &'a Clocks,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut clocks = self.clocks.0.lock().unwrap_or_else(PoisonError::into_inner);
        if clocks.len() < KEPT {
            clocks.push(std::mem::take(&mut self.clock));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_dropped() {
        struct Dropped<'a>(&'a AtomicUsize);
        impl Drop for Dropped<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let (clocks, count) = (Clocks::default(), AtomicUsize::new(0));
        let held = Dropped(&count);
        let late = clocks.within(SECOND, async move {
            let _held = held;
            std::future::pending::<Result<(), Error>>().await
        });
        assert_eq!(late.await.map_err(|error| error.code()), Err("P6004"));
        assert_eq!(count.load(Ordering::Relaxed), 1);
        assert_eq!(clocks.within(SECOND, async { Ok(1) }).await, Ok(1));
        let soon = async {
            tokio::task::yield_now().await;
            Ok(2)
        };
        assert_eq!(clocks.within(Duration::MAX, soon).await, Ok(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_was_used_before_keeps_the_next_deadline() {
        let clocks = Clocks::default();
        let sleep = |seconds: u32| async move {
            tokio::time::sleep(SECOND * seconds).await;
            Ok(())
        };
        // The first ones leave a clock that is earlier than the deadline of the next, or later.
        for (first, time, taken, expected) in [(3, 5, 4, true), (3, 5, 6, false), (60, 5, 6, false), (60, 5, 4, true)] {
            clocks.within(SECOND * first, sleep(1)).await.expect("in time");
            let began = Instant::now();
            assert_eq!(clocks.within(SECOND * time, sleep(taken)).await.is_ok(), expected);
            assert_eq!(began.elapsed().as_secs(), u64::from(taken.min(time)));
            assert_eq!(clocks.0.lock().expect("nothing panicked").len(), 1);
        }
    }
}
