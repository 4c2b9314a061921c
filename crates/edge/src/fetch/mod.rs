//! Requests in a JavaScript host: Workers, Deno, Node, browsers.

#[cfg(feature = "fetch")]
mod task;

#[cfg(feature = "fetch")]
pub use task::promise;

use crate::{
    transport::{Request, Response, Sent, Transport},
    url::joined,
};
use lenslet_core::error::{Error, ErrorKind};
use lenslet_wire::json::Writer;
use std::{
    cell::Cell,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    thread::LocalKey,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Sends requests with the host's `fetch`, and gives up those whose future is dropped.
///
/// Pauses and sends again, up to three times, what cannot have been executed twice: what the pool refused with
/// `retry-after`, and reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fetch;

#[wasm_bindgen(module = "/src/fetch/host.js")]
extern "C" {
    fn post(wasm: JsValue, id: u32, url: &str, headers: &str, body: &str, repeatable: bool);
    fn take(id: u32, give_up: bool) -> Option<String>;
}

thread_local! {
    /// Who waits for which answer. Taken out to be looked at, so that there is nothing to be borrowed twice.
    static WAITING: Cell<Vec<(u32, Waker)>> = const { Cell::new(Vec::new()) };
    static LAST: Cell<u32> = const { Cell::new(0) };
}

/// A number that nothing else here has.
fn number() -> u32 {
    LAST.with(|last| {
        let number = last.get().wrapping_add(1);
        last.set(number);
        number
    })
}

/// Replaces what a cell holds. (`LocalKey::set` would bring an initialisation that can panic in words.)
fn put<T>(cell: &'static LocalKey<Cell<T>>, value: T) -> T {
    cell.with(|cell| cell.replace(value))
}

impl Transport for Fetch {
    fn send(&self, request: Request) -> Sent {
        Box::pin(Posted { request: Some(request), id: number() })
    }
    fn send_and_forget(&self, request: Request) {
        start(&request, number());
    }
}

/// A request on its way.
struct Posted {
    /// Until it is sent.
    request: Option<Request>,
    id: u32,
}

impl Future for Posted {
    type Output = Result<Response, Error>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(request) = self.request.take() {
            start(&request, self.id);
        } else if let Some(answer) = take(self.id, false) {
            return Poll::Ready(response(&answer));
        }
        let mut waiting = without(self.id);
        waiting.push((self.id, context.waker().clone()));
        put(&WAITING, waiting);
        Poll::Pending
    }
}

impl Drop for Posted {
    fn drop(&mut self) {
        put(&WAITING, without(self.id));
        take(self.id, true);
    }
}

fn without(id: u32) -> Vec<(u32, Waker)> {
    let mut waiting = put(&WAITING, Vec::new());
    waiting.retain(|(other, _)| *other != id);
    waiting
}

/// What `post` calls when an answer is there.
#[wasm_bindgen(skip_typescript, js_name = "__lenslet_arrived")]
#[allow(unreachable_pub, reason = "an export must be `pub`")]
pub fn arrived(id: u32) {
    let mut waiting = put(&WAITING, Vec::new());
    let at = waiting.iter().position(|(other, _)| *other == id);
    let waker = at.map(|at| waiting.swap_remove(at).1);
    put(&WAITING, waiting);
    match waker {
        Some(waker) => waker.wake(),
        // Nobody wants it.
        None => drop(take(id, true)),
    }
}

fn start(request: &Request, id: u32) {
    let mut headers = Writer::default();
    headers.open('{');
    for (name, value) in &request.headers {
        headers.key(name);
        headers.text(value);
    }
    headers.close('}');
    post(wasm_bindgen::exports(), id, &request.url, &headers.finish(), &request.body, request.repeatable);
}

/// What `post` answered.
fn response(text: &str) -> Result<Response, Error> {
    let head = text.as_bytes().windows(2).position(|two| two == b"\n\n").unwrap_or(text.len());
    let status = text.bytes().take(3).fold(0, |status, digit| status * 10 + u16::from(digit.wrapping_sub(b'0')));
    let body = text.get(head + 2..).unwrap_or_default();
    match status {
        0 => Err(Error::new(ErrorKind::PoolUnreachable, joined(&["the pool cannot be reached: ", body]))),
        _ => Ok(Response { status, headers: text.get(3..head).unwrap_or_default().into(), body: body.into() }),
    }
}
