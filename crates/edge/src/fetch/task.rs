//! Futures become promises, where nothing else brings an executor: `wasm-bindgen-futures` is four times this one.

use super::{number, put};
use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/fetch/task.js")]
extern "C" {
    fn begin(wasm: JsValue, id: u32) -> JsValue;
    fn wake(id: u32);
    fn settle(id: u32, kept: bool, value: JsValue);
}

type Task = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

thread_local! {
    /// Tasks that wait. Taken out to be looked at, so that there is nothing to be borrowed twice.
    static TASKS: Cell<Vec<(u32, Task)>> = const { Cell::new(Vec::new()) };
}

/// Runs a future and promises its result: what an exported function of a small Worker returns.
///
/// ```no_run
/// # #[cfg(target_family = "wasm")] {
/// # use wasm_bindgen::JsValue;
/// pub fn answer(url: String) -> JsValue {
///     lenslet_edge::promise(async move { Ok(url.into()) })
/// }
/// # }
/// ```
pub fn promise(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> JsValue {
    let id = number();
    keep(id, Box::pin(future));
    begin(wasm_bindgen::exports(), id)
}

fn keep(id: u32, task: Task) {
    let mut tasks = put(&TASKS, Vec::new());
    tasks.push((id, task));
    put(&TASKS, tasks);
}

/// What a task's `step` calls.
#[wasm_bindgen(skip_typescript, js_name = "__lenslet_run")]
#[allow(unreachable_pub, reason = "an export must be `pub`")]
pub fn run(id: u32) {
    let mut tasks = put(&TASKS, Vec::new());
    let at = tasks.iter().position(|(other, _)| *other == id);
    let task = at.map(|at| tasks.swap_remove(at));
    put(&TASKS, tasks);
    let Some((_, mut task)) = task else { return };
    let waker = Waker::from(Arc::new(Awake(id)));
    match task.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Pending => keep(id, task),
        Poll::Ready(Ok(value)) => settle(id, true, value),
        Poll::Ready(Err(error)) => settle(id, false, error),
    }
}

struct Awake(u32);

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        wake(self.0);
    }
}
