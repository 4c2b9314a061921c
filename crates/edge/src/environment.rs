//! Where a client looks for the URL of its pool.

/// Where variables are looked up: the bindings of a Worker, the environment of a process.
pub trait Environment {
    /// The variable of that name, when it is set and not empty.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The variables of the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Env;

impl Environment for Env {
    #[allow(clippy::disallowed_methods, reason = "this is where a client reads the environment")]
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }
}
