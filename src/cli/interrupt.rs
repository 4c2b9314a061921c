//! Ctrl-C while files are replaced: afterwards they are all new.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// What signals find, and what they leave.
#[derive(Default)]
struct Flags {
    /// Whether a signal ends the process, as it does where nobody listens to it.
    may_end: Arc<AtomicBool>,
    /// The signal that came when it did not.
    came: Arc<AtomicUsize>,
}

static FLAGS: LazyLock<Flags> = LazyLock::new(|| {
    let flags = Flags::default();
    for signal in [SIGINT, SIGTERM] {
        // Where this fails the signal ends the process at once.
        let _ = flag::register_conditional_default(signal, Arc::clone(&flags.may_end))
            .and_then(|_| flag::register_usize(signal, Arc::clone(&flags.came), usize::try_from(signal).unwrap_or(0)));
    }
    flags
});

/// Does something that a signal ends only afterwards.
pub(super) fn whole<T>(work: impl FnOnce() -> T) -> T {
    FLAGS.may_end.store(false, Ordering::SeqCst);
    let done = work();
    FLAGS.may_end.store(true, Ordering::SeqCst);
    if let Ok(signal @ 1..) = i32::try_from(FLAGS.came.load(Ordering::SeqCst)) {
        // As if it came now.
        let _ = low_level::emulate_default_handler(signal);
    }
    done
}
