
async fn answer(env: &Env) -> core::result::Result<String, String> {
    let db = db::Client::from_env(env).map_err(message)?;
    story(&db).await.map_err(message)
}

fn message(error: Error) -> String {
    error.message().to_owned()
}

