//! The stories of the behaviour tests, played inside a Worker. What is seen is the answer, a line each.
#![allow(clippy::unwrap_used)]

#[path = "../../tests/behaviour/odd.rs"]
mod odd;
#[path = "../../tests/behaviour/options.rs"]
mod options;
#[path = "../../tests/behaviour/story.rs"]
mod story;
#[path = "../../tests/behaviour/types.rs"]
mod types;

use golden_blog_edge::{Error, rt};
use js_sys::{Function, Promise};
use std::time::Duration;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

/// Plays one of them on an empty database behind the pool at this URL.
#[wasm_bindgen]
pub fn play(url: String, story: String) -> JsValue {
    rt::promise(async move {
        match seen(&url, &story).await {
            Ok(seen) => Ok(seen.join("\n").into()),
            Err(error) => Err(error.to_string().into()),
        }
    })
}

async fn seen(url: &str, story: &str) -> Result<Vec<String>, Error> {
    match story {
        "types" => types::play(&golden_types_edge::Client::new(url)?).await,
        _ => story::play(&golden_blog_edge::Client::new(url)?).await,
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(done: &Function, milliseconds: f64);
}

/// Lets time go by.
async fn pause(time: Duration) {
    let over = Promise::new(&mut |done, _| set_timeout(&done, time.as_secs_f64() * 1000.0));
    // Nothing rejects it.
    let _ = JsFuture::from(over).await;
}
