//! Deadlines without a runtime: one thread, started when the first deadline is set.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    pin::pin,
    sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

/// What happens at a deadline.
type Action = Box<dyn FnOnce() + Send>;

/// A deadline; nothing happens once it is dropped.
#[derive(Debug)]
pub(crate) struct Deadline((Instant, u64));

struct Clock {
    deadlines: Mutex<Deadlines>,
    changed: Condvar,
}

#[derive(Default)]
struct Deadlines {
    actions: BTreeMap<(Instant, u64), Action>,
    count: u64,
}

static CLOCK: LazyLock<Clock> = LazyLock::new(|| {
    // Where no thread can be started, deadlines pass unnoticed; nothing else depends on them.
    let _ = thread::Builder::new().name("lenslet-clock".into()).spawn(|| CLOCK.run());
    Clock { deadlines: Mutex::default(), changed: Condvar::new() }
});

impl Clock {
    fn lock(&self) -> MutexGuard<'_, Deadlines> {
        self.deadlines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut deadlines = self.lock();
        loop {
            let now = Instant::now();
            let next = deadlines.actions.first_key_value().map(|(key, _)| key.0);
            deadlines = match next {
                Some(at) if at <= now => {
                    let action = deadlines.actions.pop_first();
                    drop(deadlines);
                    if let Some((_, action)) = action {
                        action();
                    }
                    self.lock()
                }
                Some(at) => {
                    let waited = self.changed.wait_timeout(deadlines, at - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(deadlines).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Deadline {
    /// Acts after that time, on the clock's thread: the action must be short.
    pub(crate) fn after(time: Duration, action: impl FnOnce() + Send + 'static) -> Deadline {
        let mut deadlines = CLOCK.lock();
        deadlines.count += 1;
        // Centuries are as good as any time that an `Instant` cannot hold.
        let now = Instant::now();
        let at = now.checked_add(time).unwrap_or(now + Duration::from_secs(1 << 32));
        let key = (at, deadlines.count);
        let first = deadlines.actions.first_key_value().is_none_or(|(first, _)| key < *first);
        deadlines.actions.insert(key, Box::new(action));
        if first {
            CLOCK.changed.notify_one();
        }
        Deadline(key)
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let action = CLOCK.lock().actions.remove(&self.0);
        // What the action holds may be dropped in ways that need the clock: not under its lock.
        drop(action);
    }
}

/// What the future yields, or `None` where that takes too long.
pub(crate) async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let start = Instant::now();
    let mut deadline: Option<(Waker, Deadline)> = None;
    poll_fn(move |context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        let passed = start.elapsed();
        if passed >= time {
            return Poll::Ready(None);
        }
        if !deadline.as_ref().is_some_and(|(waker, _)| waker.will_wake(context.waker())) {
            let waker = context.waker().clone();
            deadline = Some((waker.clone(), Deadline::after(time - passed, move || waker.wake())));
        }
        Poll::Pending
    })
    .await
}
