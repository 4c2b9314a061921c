//! Golden crates: what the generator emits for schemas of every construct. They are members of the workspace, so they also
//! compile. `UPDATE=1 cargo test -p codegen-tests --test golden` rewrites them.
#![allow(clippy::print_stderr)]

use codegen_tests::generated::{ENGINES, Example, golden, golden_schemas, real_schemas};
use lenslet::{Engine, Output};
use std::{collections::BTreeMap, env, fs, path::Path};

/// The files of a generated crate on the disk.
fn on_disk(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for (folder, prefix) in [(folder.to_owned(), ""), (folder.join("src"), "src/")] {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            if path.is_file() {
                let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
                files.insert(name, fs::read_to_string(&path).expect("the file can be read"));
            }
        }
    }
    files
}

fn files(output: &Output) -> BTreeMap<String, String> {
    output.files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

#[test]
fn golden_crates_are_what_the_generator_emits() {
    let mut different = Vec::new();
    for example in golden_schemas() {
        for (engine, variant) in ENGINES {
            let folder = golden().join(&example.name).join(variant);
            let output = example.golden(engine);
            if env::var_os("UPDATE").is_some() {
                output.write_to(&folder).expect("the golden crate can be written");
            }
            let (expected, found) = (on_disk(&folder), files(&output));
            let names = expected.keys().chain(found.keys());
            let changed = names.filter(|name| expected.get(*name) != found.get(*name));
            different.extend(changed.map(|name| format!("{}/{variant}/{name}", example.name)));
        }
    }
    different.dedup();
    assert!(different.is_empty(), "`UPDATE=1` rewrites these, look at the difference:\n{}", different.join("\n"));
}

const TRANSPORTS: [&str; 3] =
    [r#"fetch = ["lenslet-edge/fetch"]"#, r#"http = ["lenslet-edge/http"]"#, r#"worker = ["lenslet-edge/worker"]"#];

/// `--no-engine` changes the manifest's dependency and the features that choose a transport, the one `use … as rt` line, and
/// the catalog.
#[test]
fn the_engine_shows_in_three_places() {
    for example in golden_schemas() {
        let [native, edge] = ENGINES.map(|(engine, _)| files(&example.generate(engine, "db", Path::new("crates"))));
        assert_eq!(native.keys().collect::<Vec<_>>(), edge.keys().collect::<Vec<_>>());
        for (name, text) in &native {
            let is_transport = |line: &&str| TRANSPORTS.contains(line);
            let edge = edge.get(name).map_or("", |it| it).lines().filter(|line| !is_transport(line));
            let native = text.lines();
            let different = native.zip(edge).filter(|(one, other)| one != other).count();
            let allowed = match name.as_str() {
                "Cargo.toml" => 2,
                "src/lib.rs" => 1,
                "src/catalog.rs" | "src/catalog_2.rs" => usize::MAX,
                _ => 0,
            };
            assert!(different <= allowed, "{}: {name} differs in {different} lines", example.name);
        }
    }
}

/// Lines that say something: no comment, and more than closing brackets.
fn lines(text: &str) -> usize {
    let says = |line: &&str| !line.starts_with("//") && !line.trim_matches([')', ']', '}', ';', ',']).is_empty();
    text.lines().map(str::trim).filter(says).count()
}

/// Over a schema, models cost at most 30 lines each and 6 a field. A column alone costs less than that (3 or 4, one more where
/// a new row needs it), a relation more (7 or 8).
fn stays_in_its_budget(example: &Example, output: &Output) {
    let sources = output.files().filter(|(_, text)| text.contains("\n//! The model `"));
    let spent: usize = sources.map(|(_, text)| lines(text)).sum();
    let models = example.schema.catalog.models.iter().filter(|it| !it.ignored);
    let granted: usize = models.map(|it| 30 + 6 * it.fields.len()).sum();
    eprintln!("{:<32} {spent:>6} lines of {granted:>6}", example.name);
    assert!(spent <= granted, "{} is over the budget: {spent} lines of {granted}", example.name);
}

/// Nothing that makes a compiler slow: no `async fn`, no macro, no derive that was not asked for.
fn is_a_table(example: &Example, output: &Output) {
    for (name, text) in output.files().filter(|(name, _)| name.ends_with(".rs")) {
        for line in text.lines().map(str::trim).filter(|it| !it.starts_with("//")) {
            let at = || format!("{}/{name}: {line}", example.name);
            assert!(!line.contains("async "), "{}", at());
            assert!(!line.contains("!(") && !line.contains("! {"), "{}", at());
            let derives = line.strip_prefix("#[derive(").map(|it| it.trim_end_matches(")]"));
            let allowed = ["Clone, Debug, PartialEq", "Clone, Debug", "Clone, Copy, Debug, PartialEq, Eq, Hash"];
            assert!(derives.is_none_or(|it| allowed.contains(&it)), "{}", at());
        }
    }
}

#[test]
fn golden_crates_are_small() {
    for example in golden_schemas() {
        let output = example.generate(Engine::Native, "db", Path::new("crates"));
        is_a_table(&example, &output);
        // These two are made of what is rare: names that collide, and relations without columns.
        if !["names", "relations"].contains(&example.name.as_str()) {
            stays_in_its_budget(&example, &output);
        }
    }
}

#[test]
fn real_schemas_generate_and_are_small() {
    let Some(examples) = real_schemas() else {
        eprintln!("the real schemas are not present, skipped");
        return;
    };
    for example in examples {
        let [native, edge] = ENGINES.map(|(engine, _)| example.generate(engine, "db", Path::new("crates")));
        let shown = example.schema.catalog.models.iter().filter(|it| !it.ignored).count();
        assert!(native.files().count() >= shown + 3, "{}: a model has no file", example.name);
        assert!(native.files().map(|it| it.0).eq(edge.files().map(|it| it.0)), "{}", example.name);
        is_a_table(&example, &native);
        stays_in_its_budget(&example, &native);
    }
}
