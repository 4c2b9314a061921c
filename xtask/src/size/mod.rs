//! `cargo xtask size`: how many bytes the client adds to a Worker.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::{Failure, Result, cargo, root, step, target};
use crate::schema;
use crate::worker::{OPTIMIZE, Tools, compiled};

/// How large the schemas are whose Workers are measured. All of them use the same three models.
const MODELS: [usize; 3] = [3, 30, 100];

/// The table in the documentation, between these two lines.
const TABLE: &str = "crates/edge/README.md";
const BEGIN: &str = "<!-- `cargo xtask size` writes this table -->";
const END: &str = "<!-- end -->";

/// By how much the client may grow without a word, in percent.
const GROWTH: u64 = 3;
/// By how much the client may differ from one schema to the other, in percent.
const SPREAD: u64 = 2;

/// What is uploaded: raw and compressed bytes.
#[derive(Clone, Copy)]
struct Size {
    wasm: (u64, u64),
    javascript: (u64, u64),
}

impl Size {
    fn compressed(&self) -> u64 {
        self.wasm.1 + self.javascript.1
    }
}

/// What is measured: the sizes of Workers by name, and by how many bytes the client makes one larger.
struct Measured {
    workers: Vec<(String, Size)>,
    added: Vec<u64>,
}

/// Measures and fails when the client has grown since the table was written; otherwise writes the table anew, if asked to.
pub(crate) fn run(keep: bool) -> Result {
    let measured = measure()?;
    let table = table(&measured);
    print!("\n{table}");
    let path = root().join(TABLE);
    let text = fs::read_to_string(&path).map_err(|error| Failure::new(format!("cannot read `{TABLE}`: {error}")))?;
    let (before, kept, after) = parts(&text).ok_or_else(|| Failure::new(format!("`{TABLE}` has no table of sizes")))?;
    if keep {
        let text = format!("{before}{BEGIN}\n{table}{END}{after}");
        return fs::write(&path, text).map_err(|error| Failure::new(format!("cannot write `{TABLE}`: {error}")));
    }
    compare(&measured, kept)
}

fn compare(measured: &Measured, kept: &str) -> Result {
    let (least, most) = (measured.added.iter().min().copied(), measured.added.iter().max().copied());
    if let (Some(least), Some(most)) = (least, most)
        && (most - least) * 100 > least * SPREAD
    {
        return Err(Failure::new(format!(
            "the client adds {least} to {most} bytes: models that nobody names cost some"
        )));
    }
    for ((name, _), added) in rows(measured).zip(&measured.added) {
        let was = recorded(kept, &name).ok_or_else(|| Failure::new(format!("`{TABLE}` says nothing of {name}")))?;
        if added * 100 > was * (100 + GROWTH) {
            return Err(Failure::new(format!(
                "with {name} the client adds {added} bytes, it added {was}; if that is worth it, `cargo xtask size --keep`"
            )));
        }
    }
    Ok(())
}

fn measure() -> Result<Measured> {
    let folder = target().join("size");
    let lock = root().join("Cargo.lock");
    let tools = Tools::ensure(&lock)?;
    workspace(&folder)?;
    fs::copy(&lock, folder.join("Cargo.lock")).map_err(|error| unwritable(&folder, &error))?;
    let bare = worker(&tools, &folder, "bare")?;
    let mut workers = vec![("`worker` alone".to_owned(), bare)];
    let mut added = Vec::new();
    for models in MODELS {
        let size = worker(&tools, &folder, &format!("worker-{models}"))?;
        added.push(size.compressed().saturating_sub(bare.compressed()));
        workers.push((format!("`worker` and a client of {models} models"), size));
    }
    let fetch: Vec<String> = ALLOCATORS.iter().map(|allocator| format!("fetch-{allocator}")).collect();
    let mut build = tools.cargo(&folder, &folder.join("target"));
    build.args(["build", "--quiet", "--release", "--target", crate::wasm::TARGET]);
    for package in &fetch {
        build.args(["--package", package]);
    }
    step("Workers on `fetch`", &mut build)?;
    for (package, allocator) in fetch.iter().zip(ALLOCATORS) {
        let out = folder.join(package).join("build");
        tools.bundle(&compiled(&folder.join("target"), package), include_str!("fetch.js"), &out)?;
        let size = size(&out.join("index_bg.wasm"), &out.join("worker.js"))?;
        workers.push((format!("`fetch`, memory from `{allocator}`"), size));
    }
    Ok(Measured { workers, added })
}

fn worker(tools: &Tools, folder: &Path, package: &str) -> Result<Size> {
    let package = folder.join(package);
    tools.worker(
        &format!("Worker `{}`", package.file_name().unwrap_or_default().display()),
        &package,
        &folder.join("target"),
    )?;
    size(&package.join("build/index_bg.wasm"), &package.join("build/index.js"))
}

fn size(wasm: &Path, javascript: &Path) -> Result<Size> {
    Ok(Size { wasm: bytes(wasm)?, javascript: bytes(javascript)? })
}

fn bytes(file: &Path) -> Result<(u64, u64)> {
    let wrong = |what: &str| Failure::new(format!("cannot measure `{}`: {what}", file.display()));
    let raw = fs::metadata(file).map_err(|error| wrong(&error.to_string()))?.len();
    let input = fs::File::open(file).map_err(|error| wrong(&error.to_string()))?;
    let output = Command::new("gzip").args(["-9", "-n", "-c"]).stdin(Stdio::from(input)).output();
    let output = output.map_err(|error| wrong(&format!("gzip: {error}")))?;
    if !output.status.success() {
        return Err(wrong("gzip failed"));
    }
    Ok((raw, output.stdout.len() as u64))
}

/// What the Workers on `fetch` take memory from: what Rust has by default, and the smallest that is as fast.
const ALLOCATORS: [&str; 2] = ["dlmalloc", "talc"];

/// Writes the Workers: a workspace of its own, since a profile is one of a workspace.
fn workspace(folder: &Path) -> Result {
    let mut members = vec!["bare".to_owned()];
    let files = Files { folder: folder.to_path_buf() };
    files.worker("bare", "", &[include_str!("worker.rs"), include_str!("worker-bare.rs")])?;
    for models in MODELS {
        let schema = files.write(&format!("schema-{models}.prisma"), &text(models))?;
        let output = folder.join(format!("db-{models}"));
        let mut generate = cargo(&["run", "--quiet", "--locked", "--package", "lenslet", "--", "gen", "--no-engine"]);
        generate.arg("--schema").arg(&schema).arg("--output").arg(&output);
        step(&format!("Client of {models} models"), &mut generate)?;
        let client = dependency(models, "worker");
        let name = format!("worker-{models}");
        let source = [include_str!("worker.rs"), include_str!("worker-client.rs"), include_str!("story.rs")];
        files.worker(&name, &client, &source)?;
        members.extend([format!("db-{models}"), name]);
    }
    for allocator in ALLOCATORS {
        let (package, memory) = match allocator {
            "talc" => ("talc = \"5\"\n", include_str!("talc.rs")),
            _ => ("", ""),
        };
        let dependencies = format!("wasm-bindgen = \"0.2\"\n{package}{}", dependency(MODELS[0], "fetch"));
        let name = format!("fetch-{allocator}");
        files.package(&name, &dependencies, &[memory, include_str!("fetch.rs"), include_str!("story.rs")])?;
        members.push(name);
    }
    files.write("Cargo.toml", &manifest(&members)).map(drop)
}

fn dependency(models: usize, transport: &str) -> String {
    format!("db = {{ package = \"db-{models}\", path = \"../db-{models}\", features = [\"{transport}\"] }}\n")
}

/// The schema: the models that the Workers use, and made-up ones.
fn text(models: usize) -> String {
    let made_up = schema::text(models.saturating_sub(3));
    let (blocks, rest) = made_up.split_at(made_up.find("\nenum ").unwrap_or(made_up.len()));
    format!("{blocks}{}{rest}", include_str!("blog.prisma"))
}

fn manifest(members: &[String]) -> String {
    format!(
        r#"[workspace]
resolver = "3"
members = {members:?}

[patch.crates-io]
lenslet-edge = {{ path = {edge:?} }}

# What the documentation tells users to write.
[profile.release]
opt-level = "z"
lto = true
codegen-units = 1
panic = "abort"
strip = true
"#,
        edge = root().join("crates/edge")
    )
}

struct Files {
    folder: PathBuf,
}

impl Files {
    /// Writes a file where it is not there with that text already, so that nothing is built twice.
    fn write(&self, path: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(path);
        if fs::read_to_string(&path).ok().as_deref() != Some(text) {
            let parent = path.parent().unwrap_or(&self.folder);
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&path, text))
                .map_err(|error| unwritable(&path, &error))?;
        }
        Ok(path)
    }

    fn package(&self, name: &str, dependencies: &str, source: &[&str]) -> Result {
        let manifest = format!(
            "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n\
             [package.metadata.wasm-pack.profile.release]\nwasm-opt = {OPTIMIZE:?}\n\n[dependencies]\n{dependencies}"
        );
        self.write(&format!("{name}/Cargo.toml"), &manifest)?;
        self.write(&format!("{name}/src/lib.rs"), &source.concat()).map(drop)
    }

    fn worker(&self, name: &str, client: &str, source: &[&str]) -> Result {
        self.package(name, &format!("worker = \"0.8\"\n{client}"), source)
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write `{}`: {error}", path.display()))
}

/// The rows of the table that say what the client adds.
fn rows(measured: &Measured) -> impl Iterator<Item = (String, Size)> + '_ {
    measured.workers.iter().filter(|(name, _)| name.contains("a client of")).cloned()
}

fn table(measured: &Measured) -> String {
    let mut table = String::from(
        "| Worker | wasm | gzip | JavaScript | gzip | together, gzip | the client adds |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut added = measured.added.iter();
    for (name, size) in &measured.workers {
        let adds = if name.contains("a client of") { added.next().map(|bytes| thousands(*bytes)) } else { None };
        let numbers =
            [size.wasm.0, size.wasm.1, size.javascript.0, size.javascript.1, size.compressed()].map(thousands);
        table.push_str(&format!("| {name} | {} | {} |\n", numbers.join(" | "), adds.unwrap_or_default()));
    }
    table
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let first = (digits.len() + 2) % 3 + 1;
    let (head, tail) = digits.split_at(first);
    let tail: Vec<_> = (0..tail.len() / 3).filter_map(|at| tail.get(at * 3..at * 3 + 3)).collect();
    std::iter::once(head).chain(tail).collect::<Vec<_>>().join(",")
}

/// What a table says that the client adds.
fn recorded(table: &str, name: &str) -> Option<u64> {
    let row = table.lines().find(|line| line.strip_prefix("| ").is_some_and(|rest| rest.starts_with(name)))?;
    let cell = row.trim_end().trim_end_matches('|').rsplit('|').next()?;
    cell.trim().replace(',', "").parse().ok()
}

/// What is before the table, the table, what is after it.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (table, after) = rest.split_once(END)?;
    Some((before, table, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        let size = Size { wasm: (120_000, 50_000), javascript: (20_000, 5_000) };
        Measured { workers: vec![("`worker` and a client of 3 models".to_owned(), size)], added: vec![15_000] }
    }

    #[test]
    fn what_was_written_is_read() {
        let table = table(&measured());
        assert_eq!(recorded(&table, "`worker` and a client of 3 models"), Some(15_000));
        assert_eq!(recorded(&table, "another"), None);
        let text = format!("a\n{BEGIN}\n{table}{END}\nb");
        assert_eq!(parts(&text), Some(("a\n", format!("\n{table}").as_str(), "\nb")));
    }

    #[test]
    fn growth_is_a_failure() {
        let mut now = measured();
        let kept = table(&now);
        now.added = vec![15_450];
        assert!(compare(&now, &kept).is_ok());
        now.added = vec![15_451];
        assert!(compare(&now, &kept).is_err());
    }

    #[test]
    fn a_model_that_costs_is_a_failure() {
        let mut now = measured();
        now.workers.push(("`worker` and a client of 30 models".to_owned(), now.workers[0].1));
        now.added.push(15_000);
        let kept = table(&now);
        assert!(compare(&now, &kept).is_ok());
        now.added = vec![14_600, 15_000];
        assert!(compare(&now, &kept).is_err());
    }

    #[test]
    fn numbers_in_groups() {
        assert_eq!(thousands(7), "7");
        assert_eq!(thousands(123), "123");
        assert_eq!(thousands(1_234), "1,234");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn a_schema_has_as_many_models_as_asked_for() {
        for models in MODELS {
            assert_eq!(text(models).matches("\nmodel ").count(), models);
        }
    }
}
