//! First pass: what the datasource and the generators say.

use lenslet_core::catalog::{Extension, Provider, RelationMode};

use super::connector::{self, Connector};
use super::report::Report;
use super::resolved::Settings;
use super::rules::config as rules;
use crate::syntax::tree::{Config, Item, Property, Span, Tree, Value, ValueKind};

/// The datasource of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datasource {
    /// Its name.
    pub name: String,
    /// Its database.
    pub provider: Provider,
    /// `url`, when the schema has one.
    pub url: Option<Url>,
    /// `directUrl`, when the schema has one.
    pub direct_url: Option<Url>,
    /// `shadowDatabaseUrl`, when the schema has one.
    pub shadow_database_url: Option<Url>,
}

/// A connection URL, not resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Url {
    /// `env("DATABASE_URL")`.
    Env(String),
    /// `"file:dev.db"`.
    Literal(String),
}

/// A generator of a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Generator {
    /// Its name.
    pub name: String,
    /// `provider`.
    pub provider: ConfigValue,
    /// `output`, when it has one.
    pub output: Option<ConfigValue>,
    /// `previewFeatures`.
    pub preview_features: Vec<String>,
    /// The other properties, in order.
    pub properties: Vec<(String, ConfigValue)>,
}

impl Generator {
    /// A property other than `provider`, `output` and `previewFeatures`.
    pub fn property(&self, name: &str) -> Option<&ConfigValue> {
        self.properties.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigValue {
    /// `"text"`.
    String(String),
    /// `env("NAME")`.
    Env(String),
    /// A number, as written.
    Number(String),
    /// `true`, `false`.
    Boolean(bool),
    /// `["a", "b"]`.
    List(Vec<ConfigValue>),
}

impl ConfigValue {
    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        if let ConfigValue::String(text) = self { Some(text) } else { None }
    }
}

/// What the configuration blocks say.
#[derive(Debug)]
pub(crate) struct Configuration<'t> {
    /// Absent when there is none, or none that can be used.
    pub(crate) datasource: Option<Datasource>,
    pub(crate) generators: Vec<Generator>,
    pub(crate) extensions: Vec<Extension>,
    source: Option<&'t Config<'t>>,
    connector: &'static Connector,
    relation_mode: RelationMode,
    schemas: Option<Vec<(&'t str, Span)>>,
    features: Vec<&'static str>,
}

impl<'t> Configuration<'t> {
    pub(crate) fn settings(&self) -> Settings<'t> {
        Settings {
            datasource: self.source.map(|source| source.name.text),
            connector: self.connector,
            relation_mode: self.relation_mode,
            schemas: self.schemas.clone(),
            features: self.features.clone(),
        }
    }
}

/// Reads the configuration blocks.
pub(crate) fn read<'t>(trees: &'t [Tree<'t>], report: &mut Report) -> Configuration<'t> {
    let blocks = trees.iter().flat_map(|tree| &tree.items);
    let blocks = blocks.filter_map(|item| if let Item::Config(config) = item { Some(config) } else { None });
    let (sources, generators): (Vec<&Config<'t>>, Vec<_>) = blocks.partition(|config| config.is_datasource);
    for config in sources.iter().chain(&generators) {
        rules::properties(config, report);
    }
    rules::one_datasource(&sources, report);

    let source = sources.first().copied();
    let mut configuration = Configuration {
        datasource: None,
        generators: Vec::new(),
        extensions: Vec::new(),
        source,
        connector: &connector::NONE,
        relation_mode: RelationMode::ForeignKeys,
        schemas: None,
        features: Vec::new(),
    };
    let connector = source.and_then(|source| rules::provider(source, report));
    if let Some(connector) = connector {
        configuration.connector = connector;
    }
    for generator in &generators {
        rules::preview_features(generator, configuration.connector, &mut configuration.features, report);
        configuration.generators.extend(generator_of(generator, report));
    }
    if let (Some(source), Some(_)) = (source, connector) {
        read_datasource(source, &mut configuration, report);
    }
    configuration
}

fn read_datasource<'t>(source: &'t Config<'t>, configuration: &mut Configuration<'t>, report: &mut Report) {
    rules::known_properties(source, report);
    configuration.relation_mode = rules::relation_mode(source, configuration.connector, report);
    configuration.schemas = rules::schemas(source, configuration.connector, report);
    let has_feature = configuration.features.contains(&"postgresqlExtensions");
    configuration.extensions = rules::extensions(source, configuration.connector, has_feature, report);
    let [url, direct_url, shadow_database_url] =
        ["url", "directUrl", "shadowDatabaseUrl"].map(|name| rules::url(source, name, report));
    rules::shadow_differs(source, url.as_ref(), shadow_database_url.as_ref(), report);
    configuration.datasource = configuration.connector.provider.map(|provider| Datasource {
        name: source.name.text.to_owned(),
        provider,
        url,
        direct_url,
        shadow_database_url,
    });
}

fn generator_of(block: &Config<'_>, report: &mut Report) -> Option<Generator> {
    let mut generator = Generator {
        name: block.name.text.to_owned(),
        provider: rules::generator_provider(block, report)?,
        output: None,
        preview_features: Vec::new(),
        properties: Vec::new(),
    };
    rules::engine_type(block, report);
    for Property { name, value, .. } in block.properties() {
        let Some(value) = value.as_ref().and_then(config_value) else {
            continue;
        };
        match name.text {
            "provider" => {}
            "output" => generator.output = Some(value),
            "previewFeatures" => generator.preview_features = strings(value),
            other => generator.properties.push((other.to_owned(), value)),
        }
    }
    Some(generator)
}

fn strings(value: ConfigValue) -> Vec<String> {
    match value {
        ConfigValue::String(text) => vec![text],
        ConfigValue::List(list) => list.into_iter().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// The value of a property, when it is of a kind that properties can have.
pub(crate) fn config_value(value: &Value<'_>) -> Option<ConfigValue> {
    Some(match &value.kind {
        ValueKind::String(text) => ConfigValue::String(text.clone().into_owned()),
        ValueKind::Number(text) => ConfigValue::Number((*text).to_owned()),
        ValueKind::Constant("true") => ConfigValue::Boolean(true),
        ValueKind::Constant("false") => ConfigValue::Boolean(false),
        ValueKind::Constant(text) => ConfigValue::String((*text).to_owned()),
        ValueKind::Array(list) => ConfigValue::List(list.iter().filter_map(config_value).collect()),
        ValueKind::Call(..) => ConfigValue::Env(env_name(value)?.to_owned()),
        ValueKind::Object(_) => return None,
    })
}

/// The name in `env("NAME")`.
pub(crate) fn env_name<'t>(value: &'t Value<'_>) -> Option<&'t str> {
    let ValueKind::Call(name, arguments) = &value.kind else {
        return None;
    };
    match arguments.list.as_slice() {
        [argument] if name.text == "env" => match &argument.value.as_ref()?.kind {
            ValueKind::String(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
