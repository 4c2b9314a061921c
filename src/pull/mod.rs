//! Write down what a database has, as a schema: into the one that is there, or from nothing.
//!
//! The schema that is there asks for one structure, the database has another. Both are brought to the same form, with the
//! names of the schema; where the two forms differ, and only there, the text is changed. So everything that a database
//! cannot hold (comments, order, renames, names of relations, defaults that the client makes) stays as it was, and a
//! schema that fits its database does not change at all. A schema without models is the case of starting from nothing.

mod build;
mod defaults;
mod edit;
mod extensions;
mod form;
mod merge;
mod relations;
mod text;
mod types;

use lenslet_core::catalog::Provider;
use lenslet_migrate::{describe, dialect, reconcile};
use lenslet_sql::ddl::{DatabaseSchema, ObjectName};

use crate::check::{check, understand};
use crate::diagnostic::{Diagnostic, Severity};
use crate::sources::Sources;
use crate::syntax::{self, tree::Item, tree::Tree};
use build::Present;
use edit::Edits;

/// A schema that says what a database has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// Its files: those that were there, and perhaps one more behind them.
    pub sources: Sources,
    /// How many tables it describes.
    pub models: usize,
    /// How many enum types of the database it describes.
    pub enums: usize,
    /// What of the database it does not say, one a line.
    pub warnings: Vec<String>,
}

/// Why nothing could be pulled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PullError {
    /// The schema that is there is refused.
    #[error("the schema is not valid")]
    Refused,
    /// The database is of a kind whose structure cannot be read.
    #[error(transparent)]
    Database(#[from] lenslet_migrate::Error),
    /// The language cannot say what the database has.
    #[error("what the database has does not make a valid schema")]
    Invalid {
        /// The schema that would have been written.
        sources: Sources,
        /// What is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
}

/// Brings a schema to what a database has. The schema has a datasource and is valid.
///
/// # Errors
/// When the schema is refused, before or after.
pub fn pull(sources: &Sources, found: &DatabaseSchema) -> Result<Pulled, PullError> {
    let trees: Vec<Tree<'_>> = sources.iter().map(|(id, file)| syntax::parse(id, &file.text)).collect();
    let (resolved, catalog) = understand(&trees).ok_or(PullError::Refused)?;
    let dialect = dialect(catalog.provider)?;
    let wanted = describe(&catalog)?;
    let present = Present { dialect, resolved: &resolved, catalog: &catalog, wanted: &wanted };
    let mut warnings = Vec::new();
    let base = build::form(&present, &wanted, &mut Vec::new());
    let found = reconcile(dialect, found, &wanted);
    let new = build::form(&present, &found, &mut warnings);
    warnings.extend(unknown_views(&present, &found));
    let mut edits = Edits::new(sources);
    merge::merge(&present, &base, &new, &mut edits);
    extensions::add(&present, &found, &trees, &mut edits);
    let sources = crate::format(&edits.apply());
    let diagnostics = check(&sources).diagnostics;
    if diagnostics.iter().any(|it| it.severity == Severity::Error) {
        return Err(PullError::Invalid { sources, diagnostics });
    }
    let models = new.models.iter().filter(|model| found.table(&model.table).is_some()).count();
    Ok(Pulled { sources, models, enums: found.enums.len(), warnings })
}

/// The schema without models, views and enums: what pulling from nothing starts with.
pub fn emptied(sources: &Sources) -> Sources {
    let mut edits = Edits::new(sources);
    for (id, file) in sources.iter() {
        for item in syntax::parse(id, &file.text).items {
            if let Item::Block(block) = item {
                edits.delete_lines(block.span);
            }
        }
    }
    crate::format(&edits.apply())
}

/// A schema that has nothing but a datasource, whose URL is in a variable.
pub fn blank(provider: Provider, name: &str) -> Sources {
    let text =
        format!("datasource db {{\n  provider = \"{}\"\n  url      = env(\"DATABASE_URL\")\n}}\n", provider.name());
    Sources::single(name, text)
}

/// Views are written by hand; what they select is not for a schema to say.
fn unknown_views(present: &Present<'_>, found: &DatabaseSchema) -> Vec<String> {
    let is_known = |name: &ObjectName| present.catalog.models.iter().any(|model| build::table_name(model) == *name);
    let unknown = found.views.iter().filter(|name| !is_known(name));
    unknown.map(|name| format!("the view `{name}` is left out; write a `view` block for what you need of it")).collect()
}
