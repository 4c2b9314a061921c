//! Schemas and what the generator makes of them.

use lenslet::{
    Engine, Options, Output, Schema, SourceFile, Sources,
    codegen::{Layout, Serde, is_ours},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A schema with its name.
#[derive(Debug)]
pub struct Example {
    /// What messages call it, and its folder.
    pub name: String,
    /// What it means.
    pub schema: Schema,
}

/// Both runtimes, with the folder that a client on them is in and the crate's own.
pub const ENGINES: [(Engine, &str); 2] = [(Engine::Native, "native"), (Engine::None, "edge")];

/// The folder of the golden crates.
pub fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// The schemas of the golden crates.
///
/// # Panics
/// When one cannot be read or is refused.
pub fn golden_schemas() -> Vec<Example> {
    let folders = entries(&golden()).expect("the folder of the golden crates can be read");
    folders.iter().map(|folder| read(folder, &folder.join("schema.prisma"))).collect()
}

/// The real schemas of the databases that can be executed or are validated, where they are present.
///
/// # Panics
/// When one cannot be read or is refused.
pub fn real_schemas() -> Option<Vec<Example>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/schemas");
    let schemas = entries(&folder).ok()?.into_iter();
    let schemas = schemas.filter(|path| path.is_dir() || path.extension().is_some_and(|it| it == "prisma"));
    Some(schemas.map(|path| read(&path, &path)).collect())
}

fn read(name: &Path, path: &Path) -> Example {
    let name = name.file_stem().unwrap_or_default().to_string_lossy().replace('.', "-");
    let files = if path.is_dir() { entries(path).unwrap_or_default() } else { vec![path.to_owned()] };
    let files = files.into_iter().map(|file| SourceFile {
        text: fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())),
        name: file.display().to_string(),
    });
    let checked = lenslet::check(&Sources::new(files.collect()));
    let Some(schema) = checked.schema else { panic!("`{name}` is refused: {:#?}", checked.diagnostics) };
    Example { name, schema }
}

/// What is in a folder, in order.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

impl Example {
    /// The client crate on an engine, in a folder that is `crates` away from the folder of our crates.
    ///
    /// # Panics
    /// When it cannot be generated.
    pub fn generate(&self, engine: Engine, package: &str, crates: &Path) -> Output {
        let block = self.schema.generators.iter().find(|it| is_ours(it));
        let options = block.map_or_else(Options::default, |block| {
            Options::of_block(block, Path::new("db")).unwrap_or_else(|error| panic!("{}: {error}", self.name))
        });
        let runtime = ENGINES.iter().find(|it| it.0 == engine).map_or("native", |it| it.1);
        let options = Options {
            engine,
            layout: Layout::Crate,
            package: package.to_owned(),
            runtime_path: Some(crates.join(runtime)),
            serde: Serde::Feature,
            ..options
        };
        lenslet::generate(&self.schema, &options).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// The golden crate on an engine.
    pub fn golden(&self, engine: Engine) -> Output {
        let folder = ENGINES.iter().find(|it| it.0 == engine).map_or("native", |it| it.1);
        self.generate(engine, &format!("golden-{}-{folder}", self.name), Path::new("../../../../crates"))
    }
}
