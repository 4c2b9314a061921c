use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
pub fn answer(url: String) -> JsValue {
    db::rt::promise(async move {
        let db = db::Client::new(&url).map_err(message)?;
        story(&db).await.map(JsValue::from).map_err(message)
    })
}

fn message(error: Error) -> JsValue {
    error.message().into()
}

