//! The schema that a pool answers from, and whether a client was generated from the same.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use lenslet_core::catalog::{Arity, Catalog, ColumnType, Field, FieldKind, Model};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeSet, HashSet},
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// Reads the text of a schema, or says why it cannot.
pub type ReadSchema = dyn Fn(&str) -> Result<Catalog, String> + Send + Sync;

/// What a pool knows of its schema.
pub struct Schema {
    pub(crate) catalog: Arc<Catalog>,
    /// What clients call it that were generated from this very text.
    hash: Option<String>,
    read: Box<ReadSchema>,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("hash", &self.hash).finish_non_exhaustive()
    }
}

impl Schema {
    /// A schema that means this. `read` is how the pool reads the schemas of clients, to compare them with its own.
    pub fn new(
        catalog: impl Into<Arc<Catalog>>,
        read: impl Fn(&str) -> Result<Catalog, String> + Send + Sync + 'static,
    ) -> Self {
        Schema { catalog: catalog.into(), hash: None, read: Box::new(read) }
    }

    /// The text of its file: clients that were generated from the same text need not show theirs.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.hash = Some(fingerprint(BASE64.encode(text).as_bytes()));
        self
    }
}

/// What Prisma's clients call a schema: the hash of its base64.
fn fingerprint(base64: &[u8]) -> String {
    Sha256::digest(base64).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How many schemas of clients are remembered. Who has more starts again with the upload, which is one request.
const REMEMBERED: usize = 1024;

/// Which clients may ask.
#[derive(Debug)]
pub(crate) struct Admission {
    schema: Schema,
    /// Whether any client may ask, whatever it was generated from.
    any: bool,
    accepted: RwLock<HashSet<String>>,
}

/// Why a client's schema was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Refused {
    #[error("the schema does not have the hash that it was sent with")]
    OtherHash,
    #[error("the schema is not base64 of UTF-8 text")]
    NotText,
    #[error("the client's schema cannot be read: {0}")]
    Unreadable(String),
    #[error(
        "the client was generated from another schema than the pool's: {0}; generate it again from the same schema"
    )]
    Different(String),
}

impl Admission {
    pub(crate) fn new(schema: Schema, any: bool) -> Self {
        Admission { schema, any, accepted: RwLock::default() }
    }

    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.schema.catalog
    }

    /// Whether a client may ask that says it was generated from the schema with this hash.
    pub(crate) fn admits(&self, hash: &str) -> bool {
        self.any
            || self.schema.hash.as_deref() == Some(hash)
            || self.accepted.read().unwrap_or_else(PoisonError::into_inner).contains(hash)
    }

    /// Takes in the schema of a client, as it is sent: base64 of its text.
    pub(crate) fn upload(&self, hash: &str, base64: &[u8]) -> Result<(), Refused> {
        if self.admits(hash) {
            return Ok(());
        }
        if fingerprint(base64) != hash {
            return Err(Refused::OtherHash);
        }
        let text = BASE64.decode(base64).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let client = (self.schema.read)(&text.ok_or(Refused::NotText)?).map_err(Refused::Unreadable)?;
        let differences = differences(&client, &self.schema.catalog);
        if !differences.is_empty() {
            return Err(Refused::Different(differences.join(", ")));
        }
        let mut accepted = self.accepted.write().unwrap_or_else(PoisonError::into_inner);
        if accepted.len() >= REMEMBERED {
            accepted.clear();
        }
        accepted.insert(hash.to_owned());
        Ok(())
    }
}

/// More than this many differences say no more.
const SHOWN: usize = 8;

/// What of two schemas differs for those who ask: models, their fields and selectors, enums. How the database spells them,
/// defaults and comments are not the client's concern.
fn differences(client: &Catalog, pool: &Catalog) -> Vec<String> {
    let mut found = Vec::new();
    if client.provider != pool.provider {
        found.push(format!("it is for `{}`, the pool's is for `{}`", client.provider.name(), pool.provider.name()));
    }
    let models = |catalog: &Catalog| {
        let models = catalog.models.iter().filter(|it| !it.ignored);
        models.map(|it| it.name.to_string()).collect::<Vec<_>>()
    };
    names("model", &models(client), &models(pool), &mut found);
    for model in client.models.iter().filter(|it| !it.ignored) {
        if let Some((_, own)) = pool.model(&model.name).filter(|(_, it)| !it.ignored) {
            model_differences((client, model), (pool, own), &mut found);
        }
    }
    let enums = |catalog: &Catalog| catalog.enums.iter().map(|it| it.name.to_string()).collect::<Vec<_>>();
    names("enum", &enums(client), &enums(pool), &mut found);
    for it in client.enums.iter() {
        if let Some((_, own)) = pool.enumeration(&it.name) {
            let variants =
                |it: &lenslet_core::catalog::Enum| it.variants.iter().map(|it| it.name.to_string()).collect();
            let (client, pool): (Vec<_>, Vec<_>) = (variants(it), variants(own));
            names(&format!("value of enum `{}`:", it.name), &client, &pool, &mut found);
        }
    }
    if found.len() > SHOWN {
        let more = found.len() - SHOWN;
        found.truncate(SHOWN);
        found.push(format!("and {more} more"));
    }
    found
}

/// What only one of two has.
fn names(what: &str, client: &[String], pool: &[String], found: &mut Vec<String>) {
    let (client, pool): (BTreeSet<_>, BTreeSet<_>) = (client.iter().collect(), pool.iter().collect());
    found.extend(client.difference(&pool).map(|name| format!("the pool has no {what} `{name}`")));
    found.extend(pool.difference(&client).map(|name| format!("the client has no {what} `{name}`")));
}

fn model_differences((client, model): (&Catalog, &Model), (pool, own): (&Catalog, &Model), found: &mut Vec<String>) {
    let visible = |model: &Model| {
        let fields = model.fields.iter().filter(|it| it.is_visible());
        fields.map(|it| format!("{}.{}", model.name, it.name)).collect::<Vec<_>>()
    };
    names("field", &visible(model), &visible(own), found);
    for field in model.fields.iter().filter(|it| it.is_visible()) {
        if let Some((_, other)) = own.field(&field.name).filter(|(_, it)| it.is_visible()) {
            let (client, pool) = (type_of(client, field), type_of(pool, other));
            if client != pool {
                found.push(format!("`{}.{}` is `{client}`, the pool's is `{pool}`", model.name, field.name));
            }
        }
    }
    names(&format!("selector of model `{}`:", model.name), &selectors(model), &selectors(own), found);
}

/// The type as the schema language writes it.
fn type_of(catalog: &Catalog, field: &Field) -> String {
    let name = match &field.kind {
        FieldKind::Column(column) => match &column.ty {
            ColumnType::Scalar(scalar) => Some(scalar.name()),
            ColumnType::Enum(index) => catalog.enums.get(usize::from(*index)).map(|it| it.name.as_ref()),
            ColumnType::Unsupported(_) => Some("Unsupported"),
        },
        FieldKind::Relation(end) => catalog.models.get(usize::from(end.model)).map(|it| it.name.as_ref()),
    };
    let mark = match field.arity {
        Arity::Required => "",
        Arity::Optional => "?",
        Arity::List => "[]",
    };
    format!("{}{mark}", name.unwrap_or_default())
}

/// What selects one row: the columns of each unique key.
fn selectors(model: &Model) -> Vec<String> {
    let names = |index: &lenslet_core::catalog::Index| {
        let fields = index.fields.iter().filter_map(|it| model.fields.get(usize::from(it.field)));
        let fields: Vec<&str> = fields.map(|it| it.name.as_ref()).collect();
        match &index.name {
            Some(name) if fields.len() > 1 => format!("{name}({})", fields.join(", ")),
            _ => fields.join(", "),
        }
    };
    model.uniques().map(names).collect()
}
