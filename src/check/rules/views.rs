//! Views, and the shard keys of MySQL's relatives.

use lenslet_core::catalog::{IndexKind, Provider};

use crate::check::report::Report;
use crate::check::resolved::{Model, Resolved};
use crate::diagnostic::Rule;

pub(super) static RULES: &[&Rule] = &[&VIEWS, &VIEW_INDEX, &SHARD_KEY];

static VIEWS: Rule = Rule::error("views", "Views are a preview feature.", "view V {\n  id Int @unique\n}\n");
static VIEW_INDEX: Rule = Rule::error(
    "view-index",
    "A view has no keys and indexes of its own; `@unique` says what is unique in it.",
    "generator g {\n  provider = \"x\"\n  previewFeatures = [\"views\"]\n}\nview V {\n  id Int @id\n}\n",
);
pub(super) static SHARD_KEY: Rule = Rule::error(
    "shard-key",
    "Shard keys are a preview feature of MySQL, and consist of required columns.",
    "datasource d {\n  provider = \"mysql\"\n}\nmodel A {\n  id Int @id @shardKey\n}\n",
);

/// Views need their preview feature.
pub(super) fn feature(schema: &Resolved<'_>, model: &Model<'_>, report: &mut Report) {
    if model.is_view && !schema.settings.has_feature("views") {
        let help = "add `previewFeatures = [\"views\"]` to a generator";
        report.push(VIEWS.at(model.span(), "views are a preview feature").help(help));
    }
}

/// A view has nothing that only a table has.
pub(super) fn nothing_physical(model: &Model<'_>, report: &mut Report) {
    if !model.is_view {
        return;
    }
    for index in model.all_indexes() {
        let name = index.attribute_name();
        if index.kind != IndexKind::Unique {
            let title = format!("a view has no `{name}`");
            report.push(VIEW_INDEX.at(index.span(), title).help("use `@unique` or `@@unique`"));
        } else if index.map.is_some()
            || index.clustered.is_some()
            || index.fields.iter().any(|it| it.sort.is_some() || it.length.is_some())
        {
            let title = format!("`{name}` of a view has no arguments: there is no such index");
            report.push(VIEW_INDEX.at(index.span(), title));
        }
    }
}

/// A shard key is supported, and of required columns.
pub(super) fn shard_key(schema: &Resolved<'_>, model: &Model<'_>, report: &mut Report) {
    let Some(key) = &model.shard_key else { return };
    let at = key.attribute.span;
    if !schema.settings.has_feature("shardKeys") {
        let help = "add `previewFeatures = [\"shardKeys\"]` to a generator";
        report.push(SHARD_KEY.at(at, "shard keys are a preview feature").help(help));
    } else if schema.settings.connector.provider != Some(Provider::Mysql) {
        report.push(SHARD_KEY.at(at, format!("{} has no shard keys", schema.settings.connector.name)));
    } else if key.fields.is_empty() {
        report.push(SHARD_KEY.at(at, "the shard key has no fields"));
    } else if !model.ignored && key.fields.iter().any(|field| !model.fields[*field].is_required()) {
        report.push(SHARD_KEY.at(at, "the columns of a shard key are required"));
    }
}
