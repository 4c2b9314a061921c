//! Find out what a schema means, and what is wrong with it.
//!
//! Each pass relies on the earlier ones only, reports what it finds and goes on; the next one starts when it can rely on
//! what the earlier ones made. What a rule demands is said in [`rules`].

mod actions;
mod arguments;
mod attributes;
mod config;
mod connector;
mod constraint_name;
mod defaults;
mod indexes;
mod inline;
mod json;
mod lower;
mod names;
mod native_type;
mod operator_class;
mod predicate;
mod relations;
mod report;
pub(crate) mod resolved;
pub mod rules;

use lenslet_core::catalog::Catalog;

pub use config::{ConfigValue, Datasource, Generator, Url};
pub(crate) use inline::{InlineEnd, inline_relations};
pub(crate) use resolved::Resolved;

#[cfg(all(feature = "cli", test))]
pub(crate) use connector::find as connector;
#[cfg(feature = "cli")]
pub(crate) use {
    connector::Connector, constraint_name::of_names as constraint_name, json::is_json,
    operator_class::called_in_sql as operator_class, resolved::default_relation_name, rules::names::is_reserved,
};

use crate::diagnostic::{Diagnostic, Severity};
use crate::sources::Sources;
use crate::syntax::{self, tree::Tree};
use report::Report;

/// What checking a schema gives.
#[derive(Debug)]
pub struct Checked {
    /// What the schema means. Absent when it is refused, and when it has no datasource: then it is not known for which
    /// database it is.
    pub schema: Option<Schema>,
    /// Errors and warnings, in the order of the schema.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Whether the schema is accepted: there is no error, though there may be warnings.
    pub fn is_accepted(&self) -> bool {
        self.diagnostics.iter().all(|it| it.severity != Severity::Error)
    }
}

/// What a schema means.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Its models, enums and relations.
    pub catalog: Catalog,
    /// The database it is for.
    pub datasource: Datasource,
    /// Its generators, in order.
    pub generators: Vec<Generator>,
}

/// Checks a schema.
pub fn check(sources: &Sources) -> Checked {
    let trees: Vec<Tree<'_>> = sources.iter().map(|(id, file)| syntax::parse(id, &file.text)).collect();
    let mut report = Report::default();
    rules::syntax::problems(&trees, &mut report);
    let config = config::read(&trees, &mut report);
    let resolved = resolve(&trees, &config, &mut report);
    if !report.has_errors() {
        rules::validate(&resolved, &mut report);
    }
    let schema = match config.datasource {
        Some(datasource) if !report.has_errors() => {
            let generators = config.generators;
            let catalog = lower::catalog(&resolved, &config.extensions);
            catalog.map(|catalog| Schema { catalog, datasource, generators })
        }
        _ => None,
    };
    Checked { schema, diagnostics: report.finish() }
}

/// What an accepted schema means, with its spans and without. Absent when it is refused, and when it has no datasource.
#[cfg(feature = "cli")]
pub(crate) fn understand<'t>(trees: &'t [Tree<'t>]) -> Option<(Resolved<'t>, Catalog)> {
    let mut report = Report::default();
    rules::syntax::problems(trees, &mut report);
    let config = config::read(trees, &mut report);
    let resolved = resolve(trees, &config, &mut report);
    if !report.has_errors() {
        rules::validate(&resolved, &mut report);
    }
    let catalog = lower::catalog(&resolved, &config.extensions).filter(|_| !report.has_errors())?;
    Some((resolved, catalog))
}

/// What the configuration blocks of a schema say.
#[derive(Debug)]
pub struct Configured {
    /// The database, when there is a datasource without errors.
    pub datasource: Option<Datasource>,
    /// The generators, in order.
    pub generators: Vec<Generator>,
    /// Errors and warnings of these blocks.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads only the datasource and the generators, whatever the rest of the schema is.
pub fn configure(sources: &Sources) -> Configured {
    let trees: Vec<Tree<'_>> = sources.iter().map(|(id, file)| syntax::parse(id, &file.text)).collect();
    let mut report = Report::default();
    let config = config::read(&trees, &mut report);
    Configured { datasource: config.datasource, generators: config.generators, diagnostics: report.finish() }
}

/// Names, types, attributes and relations, as far as they can be understood. What has an error is left out of what the
/// later passes look at, so that each error is reported once.
pub(crate) fn resolve<'t>(
    trees: &'t [Tree<'t>],
    config: &config::Configuration<'t>,
    report: &mut Report,
) -> Resolved<'t> {
    let names = names::collect(trees, report);
    let mut resolved = names::resolve_types(names, config.settings(), report);
    attributes::read(&mut resolved, report);
    relations::infer(&mut resolved);
    resolved
}
