//! `Cargo.toml`.

use super::{
    Engine, Options,
    files::MARKER,
    form::{Client, Serde},
};
use std::fmt::Write;

/// The manifest of a client.
pub(crate) fn manifest(client: &Client, options: &Options) -> String {
    let runtime = options.engine.package();
    let mut text = format!(
        r#"# {MARKER}
[package]
name = {name:?}
version = "0.0.0"
edition = "2024"
publish = false

[lib]
doctest = false
"#,
        name = options.package
    );
    let features = features(client, options);
    if !features.is_empty() {
        text.push_str("\n[features]\n");
        for feature in features {
            let _ = writeln!(text, "{feature} = [\"{runtime}/{feature}\"]");
        }
    }
    let _ = write!(text, "\n[dependencies]\n{runtime} = {{ {} }}\n", dependency(client, options));
    text
}

/// The features of the runtime that who uses the client chooses.
fn features(client: &Client, options: &Options) -> Vec<&'static str> {
    let serde = (client.serde == Serde::Feature).then_some("serde");
    let transports: &[&str] = match options.engine {
        Engine::Native => &[],
        Engine::None => &["fetch", "http", "worker"],
    };
    serde.into_iter().chain(transports.iter().copied()).collect()
}

/// Where the runtime comes from, and which of its features the schema needs.
fn dependency(client: &Client, options: &Options) -> String {
    let source = match &options.runtime_path {
        Some(path) => format!("path = {:?}", path.to_string_lossy()),
        None => format!("version = {:?}", env!("CARGO_PKG_VERSION")),
    };
    let connector = client.connector.filter(|_| options.engine == Engine::Native);
    let only = if connector.is_some() { ", default-features = false" } else { "" };
    let serde = (client.serde == Serde::Always).then_some("serde");
    let features: Vec<_> = connector.into_iter().chain(client.features.iter().copied()).chain(serde).collect();
    let features = if features.is_empty() { String::new() } else { format!(", features = {features:?}") };
    format!("{source}{only}{features}")
}

impl Engine {
    /// The package of the runtime.
    pub(crate) const fn package(self) -> &'static str {
        match self {
            Engine::Native => "lenslet-native",
            Engine::None => "lenslet-edge",
        }
    }

    /// The crate of the runtime, as code names it.
    pub(crate) const fn runtime(self) -> &'static str {
        match self {
            Engine::Native => "lenslet_native",
            Engine::None => "lenslet_edge",
        }
    }
}
