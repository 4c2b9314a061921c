
async fn answer(env: &Env) -> core::result::Result<String, String> {
    env.var("DATABASE_URL").map(|url| url.to_string()).map_err(|_| "`DATABASE_URL` is not set".to_owned())
}
