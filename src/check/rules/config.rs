//! Datasource and generators.

use std::collections::HashSet;

use lenslet_core::catalog::{Extension, RelationMode};

use crate::check::config::{ConfigValue, Url, config_value, env_name};
use crate::check::connector::{self, Connector};
use crate::check::report::Report;
use crate::diagnostic::Rule;
use crate::syntax::tree::{Argument, Config, Property, Span, Value, ValueKind};

pub(super) static RULES: &[&Rule] = &[
    &PROPERTY_WITHOUT_VALUE,
    &DUPLICATE_PROPERTY,
    &SEVERAL_DATASOURCES,
    &MISSING_PROVIDER,
    &UNKNOWN_PROVIDER,
    &PROVIDER_NOT_LITERAL,
    &MONGODB,
    &UNKNOWN_PROPERTY,
    &DATASOURCE_FEATURES,
    &BAD_URL,
    &SHADOW_IS_MAIN,
    &RELATION_MODE,
    &REFERENTIAL_INTEGRITY,
    &REFERENTIAL_INTEGRITY_TWICE,
    &SCHEMAS,
    &EXTENSIONS,
    &GENERATOR_PROVIDER,
    &ENGINE_TYPE,
    &PREVIEW_FEATURES,
    &UNKNOWN_FEATURE,
    &STABLE_FEATURE,
    &RENAMED_FEATURE,
    &REMOVED_FEATURE,
];

static PROPERTY_WITHOUT_VALUE: Rule = Rule::error(
    "property-without-value",
    "A property of a datasource or generator has a value.",
    "generator a {\n  provider = \"x\"\n  output =\n}\n",
);
static DUPLICATE_PROPERTY: Rule = Rule::error(
    "duplicate-property",
    "A datasource or generator has a property once.",
    "generator a {\n  provider = \"x\"\n  provider = \"y\"\n}\n",
);
static SEVERAL_DATASOURCES: Rule = Rule::error(
    "several-datasources",
    "A schema is for one database.",
    "datasource a {\n  provider = \"sqlite\"\n}\ndatasource b {\n  provider = \"mysql\"\n}\n",
);
static MISSING_PROVIDER: Rule =
    Rule::error("missing-provider", "A datasource names its kind of database.", "datasource a {\n}\n");
static UNKNOWN_PROVIDER: Rule = Rule::error(
    "unknown-provider",
    "The databases are sqlite, postgresql, mysql, cockroachdb and sqlserver.",
    "datasource a {\n  provider = \"oracle\"\n}\n",
);
static PROVIDER_NOT_LITERAL: Rule = Rule::error(
    "provider-not-literal",
    "The kind of database is known when the client is generated, so it does not come from the environment.",
    "datasource a {\n  provider = env(\"PROVIDER\")\n}\n",
);
static MONGODB: Rule = Rule::error("mongodb", "Lenslet speaks SQL.", "datasource a {\n  provider = \"mongodb\"\n}\n");
static UNKNOWN_PROPERTY: Rule = Rule::error(
    "unknown-property",
    "A datasource has no properties of one's own.",
    "datasource a {\n  provider = \"sqlite\"\n  colour = \"red\"\n}\n",
);
static DATASOURCE_FEATURES: Rule = Rule::error(
    "datasource-features",
    "Preview features are asked for in a generator.",
    "datasource a {\n  provider = \"sqlite\"\n  previewFeatures = [\"views\"]\n}\n",
);
static BAD_URL: Rule = Rule::error(
    "bad-url",
    "A connection URL is a string or `env(\"NAME\")`.",
    "datasource a {\n  provider = \"sqlite\"\n  url = env(NAME)\n}\n",
);
static SHADOW_IS_MAIN: Rule = Rule::error(
    "shadow-is-main",
    "The shadow database is emptied at will, so it is not the database itself.",
    "datasource a {\n  provider = \"mysql\"\n  url = \"mysql://a\"\n  shadowDatabaseUrl = \"mysql://a\"\n}\n",
);
static RELATION_MODE: Rule = Rule::error(
    "relation-mode",
    "Relations are kept sound by `\"foreignKeys\"` or by `\"prisma\"`.",
    "datasource a {\n  provider = \"sqlite\"\n  relationMode = \"none\"\n}\n",
);
static REFERENTIAL_INTEGRITY: Rule = Rule::warning(
    "referential-integrity",
    "`referentialIntegrity` is the old name of `relationMode`.",
    "datasource a {\n  provider = \"sqlite\"\n  referentialIntegrity = \"prisma\"\n}\n",
);
static REFERENTIAL_INTEGRITY_TWICE: Rule = Rule::error(
    "referential-integrity-twice",
    "`relationMode` and its old name cannot both be given.",
    "datasource a {\n  provider = \"sqlite\"\n  relationMode = \"prisma\"\n  referentialIntegrity = \"prisma\"\n}\n",
);
static SCHEMAS: Rule = Rule::error(
    "schemas",
    "`schemas` lists schemas of the database, each once, where the database has schemas.",
    "datasource a {\n  provider = \"postgresql\"\n  schemas = []\n}\n",
);
static EXTENSIONS: Rule = Rule::error(
    "extensions",
    "`extensions` lists names, with `version`, `schema` and `map`, for PostgreSQL and with its preview feature.",
    "datasource a {\n  provider = \"sqlite\"\n  extensions = [postgis]\n}\n",
);
static GENERATOR_PROVIDER: Rule =
    Rule::error("generator-provider", "A generator says what generates.", "generator a {\n}\n");
static ENGINE_TYPE: Rule =
    Rule::error("engine-type", "`engineType` is a string.", "generator a {\n  provider = \"x\"\n  engineType = 1\n}\n");
static PREVIEW_FEATURES: Rule = Rule::error(
    "preview-features",
    "`previewFeatures` lists strings.",
    "generator a {\n  provider = \"x\"\n  previewFeatures = [1]\n}\n",
);
static UNKNOWN_FEATURE: Rule = Rule::error(
    "unknown-feature",
    "A preview feature is one that the language knows.",
    "generator a {\n  provider = \"x\"\n  previewFeatures = [\"magic\"]\n}\n",
);
static STABLE_FEATURE: Rule = Rule::warning(
    "stable-feature",
    "What a preview feature once switched on is there without it.",
    "generator a {\n  provider = \"x\"\n  previewFeatures = [\"orderByNulls\"]\n}\n",
);
static RENAMED_FEATURE: Rule = Rule::warning(
    "renamed-feature",
    "Some preview features got another name.",
    "datasource a {\n  provider = \"postgresql\"\n}\ngenerator a {\n  provider = \"x\"\n  previewFeatures = [\"fullTextSearch\"]\n}\n",
);
static REMOVED_FEATURE: Rule = Rule::warning(
    "removed-feature",
    "Some preview features were given up.",
    "generator a {\n  provider = \"x\"\n  previewFeatures = [\"metrics\"]\n}\n",
);

/// The features that change what a schema may say, and those that only a client knows.
const FEATURES: [&str; 11] = [
    "fullTextSearchPostgres",
    "nativeDistinct",
    "partialIndexes",
    "postgresqlExtensions",
    "reactNative",
    "relationJoins",
    "schemaEngineDriverAdapters",
    "shardKeys",
    "strictUndefinedChecks",
    "typedSql",
    "views",
];

/// Features that are on for everyone.
const STABLE_FEATURES: &[&str] = &[
    "aggregateApi",
    "atomicNumberOperations",
    "clientExtensions",
    "cockroachDb",
    "cockroachdb",
    "connectOrCreate",
    "createMany",
    "dataProxy",
    "deno",
    "distinct",
    "driverAdapters",
    "extendedIndexes",
    "extendedWhereUnique",
    "fieldReference",
    "filterJson",
    "filteredRelationCount",
    "fullTextIndex",
    "groupBy",
    "improvedQueryRaw",
    "insensitiveFilters",
    "interactiveTransactions",
    "jsonProtocol",
    "microsoftSqlServer",
    "middlewares",
    "mongoDb",
    "mongodb",
    "multiSchema",
    "nApi",
    "namedConstraints",
    "omitApi",
    "orderByAggregateGroup",
    "orderByNulls",
    "orderByRelation",
    "prismaSchemaFolder",
    "queryCompiler",
    "referentialActions",
    "referentialIntegrity",
    "selectRelationCount",
    "tracing",
    "transactionApi",
    "uncheckedScalarInputs",
];

/// Features that are not there any more.
const REMOVED_FEATURES: &[&str] = &["metrics"];

const DATASOURCE_PROPERTIES: [&str; 8] = [
    "provider",
    "url",
    "directUrl",
    "shadowDatabaseUrl",
    "relationMode",
    "referentialIntegrity",
    "schemas",
    "extensions",
];

/// Every property has a value, and stands once.
pub(crate) fn properties(config: &Config<'_>, report: &mut Report) {
    let mut seen = HashSet::new();
    for property in config.properties() {
        let name = property.name.text;
        if property.value.is_none() {
            let title = format!("`{name}` has no value");
            report.push(PROPERTY_WITHOUT_VALUE.at(property.span, title).help(format!("write `{name} = \"…\"`")));
        }
        if !seen.insert(name) {
            let title = format!("`{name}` is given twice in `{}`", config.name.text);
            report.push(DUPLICATE_PROPERTY.at(property.name.span, title));
        }
    }
}

/// There is one datasource at most.
pub(crate) fn one_datasource(sources: &[&Config<'_>], report: &mut Report) {
    if sources.len() < 2 {
        return;
    }
    for source in sources {
        let title = format!("there are {} datasources, `{}` among them", sources.len(), source.name.text);
        report.push(SEVERAL_DATASOURCES.at(source.span, title).help("keep one; a client has one database"));
    }
}

/// The connector that the datasource names.
pub(crate) fn provider(source: &Config<'_>, report: &mut Report) -> Option<&'static Connector> {
    let Some(Property { value: Some(value), .. }) = source.property("provider") else {
        let title = format!("the datasource `{}` has no provider", source.name.text);
        report.push(MISSING_PROVIDER.at(source.span, title).help("add `provider = \"postgresql\"`"));
        return None;
    };
    let name = match &value.kind {
        ValueKind::String(name) => name,
        ValueKind::Call(..) => {
            let title = "the provider of a datasource cannot come from the environment";
            report.push(PROVIDER_NOT_LITERAL.at(source.span, title).help("write the name of the database"));
            return None;
        }
        _ => {
            report.push(PROVIDER_NOT_LITERAL.at(value.span, "the provider of a datasource is a string"));
            return None;
        }
    };
    let Some(connector) = connector::find(name) else {
        let title = format!("there is no provider `{name}`");
        let names = connector::NAMES.map(|name| format!("`{name}`")).join(", ");
        let diagnostic = UNKNOWN_PROVIDER.at(value.span, title).note(format!("the providers are {names}"));
        report.push(diagnostic.suggest(name, connector::NAMES));
        return None;
    };
    if connector.name == "mongodb" {
        report.push(MONGODB.at(value.span, "MongoDB is not supported by Lenslet"));
    }
    Some(connector)
}

/// The datasource has known properties only.
pub(crate) fn known_properties(source: &Config<'_>, report: &mut Report) {
    for property in source.properties() {
        let name = property.name.text;
        if name == "previewFeatures" {
            let title = "preview features belong to a generator";
            report.push(DATASOURCE_FEATURES.at(property.span, title).help("move the line into a `generator` block"));
        } else if !DATASOURCE_PROPERTIES.contains(&name) {
            let title = format!("a datasource has no property `{name}`");
            report.push(UNKNOWN_PROPERTY.at(property.span, title).suggest(name, DATASOURCE_PROPERTIES));
        }
    }
}

/// A connection URL.
pub(crate) fn url(source: &Config<'_>, name: &str, report: &mut Report) -> Option<Url> {
    let value = source.property(name)?.value.as_ref()?;
    if let Some(name) = env_name(value) {
        return Some(Url::Env(name.to_owned()));
    }
    match &value.kind {
        ValueKind::String(text) => Some(Url::Literal(text.clone().into_owned())),
        _ => {
            let help = format!("write `{name} = env(\"DATABASE_URL\")`, with quotes");
            report.push(BAD_URL.at(value.span, format!("`{name}` is a string or `env(\"NAME\")`")).help(help));
            None
        }
    }
}

/// The shadow database is another one.
pub(crate) fn shadow_differs(source: &Config<'_>, url: Option<&Url>, shadow: Option<&Url>, report: &mut Report) {
    if let (Some(url), Some(shadow), Some(property)) = (url, shadow, source.property("url"))
        && url == shadow
    {
        let title = "`url` and `shadowDatabaseUrl` are the same database";
        report.push(SHADOW_IS_MAIN.at(property.span, title).note("the shadow database is emptied by migrations"));
    }
}

/// Who keeps relations sound.
pub(crate) fn relation_mode(source: &Config<'_>, connector: &Connector, report: &mut Report) -> RelationMode {
    let mode = source.property("relationMode");
    let old = source.property("referentialIntegrity");
    if let Some(old) = old {
        let title = "`referentialIntegrity` is deprecated";
        report.push(REFERENTIAL_INTEGRITY.at(old.span, title).help("write `relationMode` instead"));
        if mode.is_some() {
            let title = "`relationMode` and `referentialIntegrity` are the same property";
            report.push(REFERENTIAL_INTEGRITY_TWICE.at(old.span, title).help("remove this line"));
        }
    }
    let Some(value) = mode.or(old).and_then(|property| property.value.as_ref()) else {
        return RelationMode::ForeignKeys;
    };
    match &value.kind {
        ValueKind::String(text) if text == "prisma" => RelationMode::Prisma,
        ValueKind::String(text) if text == "foreignKeys" => RelationMode::ForeignKeys,
        _ => {
            let title = format!("this is no relation mode of {}", connector.name);
            report.push(RELATION_MODE.at(value.span, title).help("write `\"foreignKeys\"` or `\"prisma\"`"));
            RelationMode::ForeignKeys
        }
    }
}

/// The schemas that the datasource lists.
pub(crate) fn schemas<'t>(
    source: &'t Config<'t>,
    connector: &Connector,
    report: &mut Report,
) -> Option<Vec<(&'t str, Span)>> {
    let property = source.property("schemas")?;
    let value = property.value.as_ref()?;
    if !connector.can.schemas {
        report.push(SCHEMAS.at(property.span, format!("{} has no schemas to list", connector.name)));
        return None;
    }
    let single = std::slice::from_ref(value);
    let list = if let ValueKind::Array(list) = &value.kind { list.as_slice() } else { single };
    if list.is_empty() {
        report.push(SCHEMAS.at(value.span, "`schemas` lists no schema").help("list one, or remove the line"));
        return None;
    }
    let mut schemas: Vec<(&'t str, Span)> = Vec::with_capacity(list.len());
    for value in list {
        let ValueKind::String(name) = &value.kind else {
            report.push(SCHEMAS.at(value.span, "the name of a schema is a string"));
            continue;
        };
        if schemas.iter().any(|(other, _)| other == name) {
            report.push(SCHEMAS.at(value.span, format!("the schema `{name}` is listed twice")));
            continue;
        }
        schemas.push((name, value.span));
    }
    Some(schemas)
}

/// The extensions that the datasource lists.
pub(crate) fn extensions(
    source: &Config<'_>,
    connector: &Connector,
    has_feature: bool,
    report: &mut Report,
) -> Vec<Extension> {
    let Some(property) = source.property("extensions") else {
        return Vec::new();
    };
    let Some(value) = &property.value else {
        return Vec::new();
    };
    if connector.name != "postgresql" {
        let title = format!("{} has no extensions to list", connector.name);
        report.push(EXTENSIONS.at(property.span, title));
        return Vec::new();
    }
    if !has_feature {
        let title = "`extensions` is a preview feature";
        let help = "add `previewFeatures = [\"postgresqlExtensions\"]` to a generator";
        report.push(EXTENSIONS.at(property.span, title).help(help));
        return Vec::new();
    }
    let single = std::slice::from_ref(value);
    let list = if let ValueKind::Array(list) = &value.kind { list.as_slice() } else { single };
    list.iter().filter_map(|value| extension(value, report)).collect()
}

fn extension(value: &Value<'_>, report: &mut Report) -> Option<Extension> {
    let (name, arguments) = match &value.kind {
        ValueKind::Constant(name) => (*name, &[] as &[Argument<'_>]),
        ValueKind::Call(name, arguments) => (name.text, arguments.list.as_slice()),
        _ => {
            let title = "an extension is written as a name, without quotes";
            report
                .push(EXTENSIONS.at(value.span, title).help("as in `extensions = [postgis, pg_trgm(schema: \"x\")]`"));
            return None;
        }
    };
    if !name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_') {
        let title = format!("`{name}` cannot be written as a name");
        let help = format!("write `{}(map: \"{name}\")`", name.replace(|it: char| !it.is_ascii_alphanumeric(), "_"));
        report.push(EXTENSIONS.at(value.span, title).help(help));
    }
    let mut given: Vec<(&str, &str)> = Vec::new();
    for argument in arguments {
        extension_argument(argument, &mut given, report);
    }
    let find = |name: &str| given.iter().find(|(key, _)| *key == name).map(|(_, text)| (*text).to_owned());
    Some(Extension {
        name: find("map").unwrap_or_else(|| name.to_owned()).into(),
        schema: find("schema").map(Into::into),
        version: find("version").map(Into::into),
    })
}

fn extension_argument<'t>(argument: &'t Argument<'_>, given: &mut Vec<(&'t str, &'t str)>, report: &mut Report) {
    let Some(value) = &argument.value else { return };
    let Some(name) = &argument.name else {
        report
            .push(EXTENSIONS.at(value.span, "the arguments of an extension have names").help("as in `version: \"1\"`"));
        return;
    };
    let ValueKind::String(text) = &value.kind else {
        report.push(EXTENSIONS.at(value.span, format!("`{}` of an extension is a string", name.text)));
        return;
    };
    if !["map", "schema", "version"].contains(&name.text) {
        report.push(EXTENSIONS.at(argument.span, format!("an extension has no argument `{}`", name.text)));
    } else if given.iter().any(|(other, _)| *other == name.text) {
        report.push(EXTENSIONS.at(argument.span, format!("`{}` is given twice", name.text)));
    } else {
        given.push((name.text, text));
    }
}

/// What generates.
pub(crate) fn generator_provider(block: &Config<'_>, report: &mut Report) -> Option<ConfigValue> {
    let Some(Property { value: Some(value), .. }) = block.property("provider") else {
        let title = format!("the generator `{}` has no provider", block.name.text);
        report.push(GENERATOR_PROVIDER.at(block.span, title).help("add `provider = \"lenslet\"`"));
        return None;
    };
    match config_value(value) {
        Some(provider @ (ConfigValue::String(_) | ConfigValue::Env(_))) => Some(provider),
        _ => {
            report
                .push(GENERATOR_PROVIDER.at(value.span, "the provider of a generator is a string or `env(\"NAME\")`"));
            None
        }
    }
}

/// `engineType` is a string.
pub(crate) fn engine_type(block: &Config<'_>, report: &mut Report) {
    let Some(value) = block.property("engineType").and_then(|property| property.value.as_ref()) else {
        return;
    };
    if !matches!(value.kind, ValueKind::String(_)) && env_name(value).is_none() {
        report.push(ENGINE_TYPE.at(value.span, "`engineType` is a string"));
    }
}

/// Collects the preview features of a generator.
pub(crate) fn preview_features(
    block: &Config<'_>,
    connector: &Connector,
    features: &mut Vec<&'static str>,
    report: &mut Report,
) {
    let Some(value) = block.property("previewFeatures").and_then(|property| property.value.as_ref()) else {
        return;
    };
    let single = std::slice::from_ref(value);
    let list = if let ValueKind::Array(list) = &value.kind { list.as_slice() } else { single };
    for item in list {
        match &item.kind {
            ValueKind::String(name) => preview_feature(name, value.span, connector, features, report),
            _ => report.push(PREVIEW_FEATURES.at(item.span, "the name of a preview feature is a string")),
        }
    }
}

fn preview_feature(
    name: &str,
    span: Span,
    connector: &Connector,
    features: &mut Vec<&'static str>,
    report: &mut Report,
) {
    let is_postgresql = connector.name == "postgresql";
    if name == "fullTextSearch" {
        report.push(if is_postgresql {
            RENAMED_FEATURE
                .at(span, "`fullTextSearch` has another name on PostgreSQL")
                .help("write `\"fullTextSearchPostgres\"`")
        } else {
            STABLE_FEATURE.at(span, "`fullTextSearch` needs no preview feature").help("remove it")
        });
    } else if STABLE_FEATURES.contains(&name) {
        report.push(STABLE_FEATURE.at(span, format!("`{name}` needs no preview feature")).help("remove it"));
    } else if REMOVED_FEATURES.contains(&name) {
        report.push(REMOVED_FEATURE.at(span, format!("the preview feature `{name}` was given up")).help("remove it"));
    } else if name == "fullTextSearchPostgres" && connector.provider.is_some() && !is_postgresql {
        let title = format!("`{name}` is a preview feature of PostgreSQL, and not of {}", connector.name);
        report.push(UNKNOWN_FEATURE.at(span, title).help("remove it"));
    } else if let Some(known) = FEATURES.into_iter().find(|known| *known == name) {
        features.push(known);
    } else {
        let title = format!("there is no preview feature `{name}`");
        report.push(UNKNOWN_FEATURE.at(span, title).suggest(name, FEATURES));
    }
}
