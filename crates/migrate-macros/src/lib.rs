//! The macro of `lenslet_migrate`, which documents it and exports it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use proc_macro::{TokenStream, TokenTree};

/// Takes a folder of migrations into the program. See `lenslet_migrate::embed!`.
#[proc_macro]
pub fn embed(input: TokenStream) -> TokenStream {
    let text = match text(input).and_then(|folder| expression(&folder)) {
        Ok(expression) => expression,
        Err(message) => format!("::core::compile_error!({message:?})"),
    };
    // What is written here is Rust; were it not, this would say so to who compiles.
    text.parse().unwrap_or_else(|_| "::core::compile_error!(\"embed! wrote no Rust\")".parse().unwrap_or_default())
}

/// The one text that the macro is given.
fn text(input: TokenStream) -> Result<String, String> {
    const USAGE: &str = "write the folder, relative to Cargo.toml, as in `embed!(\"migrations\")`";
    let mut tokens = input.into_iter();
    let (Some(TokenTree::Literal(literal)), None) = (tokens.next(), tokens.next()) else {
        return Err(USAGE.to_owned());
    };
    let literal = literal.to_string();
    let text = literal.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    text.filter(|it| !it.contains('\\')).map(str::to_owned).ok_or_else(|| USAGE.to_owned())
}

/// The value that holds the files of the folder.
fn expression(folder: &str) -> Result<String, String> {
    #[expect(clippy::disallowed_methods, reason = "cargo says there where the package is")]
    let package =
        std::env::var("CARGO_MANIFEST_DIR").map_err(|_| "cargo does not say where the package is".to_owned())?;
    let folder = PathBuf::from(package).join(folder);
    let lock = folder.join("migration_lock.toml");
    let scripts = folders(&folder)?;
    if scripts.is_empty() && !lock.is_file() {
        return Err(format!("`{}` holds no migrations; `lenslet migrate dev` writes them", folder.display()));
    }
    let lock = if lock.is_file() { include(&lock) } else { "\"\"".to_owned() };
    let mut migrations = String::new();
    for (name, folder) in scripts {
        let script = folder.join("migration.sql");
        if !script.is_file() {
            return Err(format!("`{}` is missing", script.display()));
        }
        let replaces = folder.join("replaces");
        let replaces = if replaces.is_file() { include(&replaces) } else { "\"\"".to_owned() };
        migrations.push_str(&format!("({name:?}, {}, {replaces}),", include(&script)));
    }
    Ok(format!("::lenslet_migrate::Embedded::new({lock}, &[{migrations}])"))
}

/// Cargo compiles again when the file changes.
fn include(path: &Path) -> String {
    format!("::core::include_str!({:?})", path.display().to_string())
}

/// The folders in a folder, by name.
fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let unreadable = |error: io::Error| format!("`{}` cannot be read: {error}", folder.display());
    #[expect(clippy::disallowed_methods, reason = "what it reads becomes a part of the program")]
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        if entry.path().is_dir() {
            found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
