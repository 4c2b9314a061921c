//! The extensions of a database, in the list of the datasource.

use lenslet_sql::ddl::{DatabaseSchema, Extension};

use super::build::Present;
use super::edit::Edits;
use super::text;
use crate::syntax::tree::{Config, Item, Span, Tree, ValueKind};

/// Adds what the list lacks, where the preview feature makes it one. What is in the list stays: it may be there to be made.
pub(super) fn add(present: &Present<'_>, found: &DatabaseSchema, trees: &[Tree<'_>], edits: &mut Edits<'_>) {
    if !present.resolved.settings.has_feature("postgresqlExtensions") {
        return;
    }
    let is_new = |it: &&Extension| !present.catalog.extensions.iter().any(|known| known.name == it.name);
    let new: Vec<String> = found.extensions.iter().filter(is_new).map(written).collect();
    let datasource = trees.iter().flat_map(|tree| &tree.items).find_map(|item| match item {
        Item::Config(config) if config.is_datasource => Some(config),
        _ => None,
    });
    if let Some(datasource) = datasource.filter(|_| !new.is_empty()) {
        write(datasource, new, edits);
    }
}

fn written(extension: &Extension) -> String {
    let name = text::identifier(&extension.name, "extension");
    match name == extension.name {
        true => name,
        false => format!("{name}(map: {})", text::string(&extension.name)),
    }
}

fn write(datasource: &Config<'_>, new: Vec<String>, edits: &mut Edits<'_>) {
    match datasource.property("extensions").and_then(|property| property.value.as_ref()) {
        Some(value) => {
            let old = match &value.kind {
                ValueKind::Array(items) => items.iter().map(|item| edits.text(item.span).to_owned()).collect(),
                _ => vec![edits.text(value.span).to_owned()],
            };
            edits.replace(value.span, text::list(&[old, new].concat()));
        }
        None => {
            let end = datasource.span.end.saturating_sub(1);
            let brace = Span { start: end, end, ..datasource.span };
            edits.replace(brace, format!("extensions = {}\n", text::list(&new)));
        }
    }
}
