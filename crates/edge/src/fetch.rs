//! Requests in a JavaScript host: Workers, Deno, Node, browsers.

use crate::{
    transport::{Request, Response, Sent, Transport},
    url::joined,
};
use js_sys::{Promise, futures::JsFuture};
use lenslet_core::error::{Error, ErrorKind};
use lenslet_wire::json::Writer;
use wasm_bindgen::prelude::wasm_bindgen;

/// Sends requests with the host's `fetch`.
///
/// Pauses and sends again, up to three times, what cannot have been executed twice: what the pool refused with
/// `retry-after`, and reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fetch;

#[wasm_bindgen(module = "/src/fetch.js")]
extern "C" {
    fn post(url: &str, headers: &str, body: &str, repeatable: bool) -> Promise;
}

impl Transport for Fetch {
    fn send(&self, request: Request) -> Sent {
        let sent = sent(&request);
        Box::pin(async move {
            let answer = JsFuture::from(sent).await.ok().and_then(|answer| answer.as_string()).unwrap_or_default();
            response(&answer)
        })
    }
    fn send_and_forget(&self, request: Request) {
        drop(sent(&request));
    }
}

fn sent(request: &Request) -> Promise {
    let mut headers = Writer::default();
    headers.open('{');
    for (name, value) in &request.headers {
        headers.key(name);
        headers.text(value);
    }
    headers.close('}');
    post(&request.url, &headers.finish(), &request.body, request.repeatable)
}

/// What `post` answered.
fn response(text: &str) -> Result<Response, Error> {
    let head = text.as_bytes().windows(2).position(|two| two == b"\n\n").unwrap_or(text.len());
    let status = text.get(..3).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = text.get(head + 2..).unwrap_or_default();
    match status {
        0 => Err(Error::new(ErrorKind::PoolUnreachable, joined(&["the pool cannot be reached: ", body]))),
        _ => Ok(Response { status, headers: text.get(3..head).unwrap_or_default().into(), body: body.into() }),
    }
}
