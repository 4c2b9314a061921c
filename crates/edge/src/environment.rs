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

#[cfg(any(feature = "fetch", feature = "worker"))]
#[wasm_bindgen::prelude::wasm_bindgen(module = "/src/fetch/environment.js")]
extern "C" {
    fn property(object: &wasm_bindgen::JsValue, name: &str) -> Option<String>;
}

/// The properties of an object of strings.
#[cfg(feature = "fetch")]
impl Environment for wasm_bindgen::JsValue {
    fn variable(&self, name: &str) -> Option<String> {
        property(self, name)
    }
}

/// The bindings of a Worker.
#[cfg(feature = "worker")]
impl Environment for worker::Env {
    fn variable(&self, name: &str) -> Option<String> {
        property(self, name)
    }
}
