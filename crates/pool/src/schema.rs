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

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r#"
datasource db {
  provider = "postgresql"
}
enum Role {
  MEMBER
  ADMIN
}
model User {
  id    Int    @id @default(autoincrement())
  email String @unique
  role  Role   @default(MEMBER)
  posts Post[]
}
model Post {
  id       Int    @id
  title    String
  author   User   @relation(fields: [authorId], references: [id])
  authorId Int
}
"#;

    fn read(text: &str) -> Result<Catalog, String> {
        let checked = lenslet::check(&lenslet::Sources::single("schema.prisma", text));
        checked.schema.map(|it| it.catalog).ok_or_else(|| "it is refused".into())
    }

    fn admission(any: bool) -> Admission {
        Admission::new(Schema::new(read(OWN).expect("it is a schema"), read).text(OWN), any)
    }

    /// What a client sends, and what it calls it.
    fn sent(text: &str) -> (String, String) {
        let base64 = BASE64.encode(text);
        (fingerprint(base64.as_bytes()), base64)
    }

    #[track_caller]
    fn check(client: &str, expected: Result<(), &str>) {
        let admission = admission(false);
        let (hash, base64) = sent(client);
        let uploaded = admission.upload(&hash, base64.as_bytes()).map_err(|refused| refused.to_string());
        match expected {
            Ok(()) => assert_eq!(uploaded, Ok(())),
            Err(expected) => assert!(uploaded.as_ref().is_err_and(|it| it.contains(expected)), "{uploaded:?}"),
        }
        assert_eq!(admission.admits(&hash), expected.is_ok());
    }

    #[test]
    fn the_same_text_need_not_be_sent() {
        assert!(admission(false).admits(&sent(OWN).0));
        assert!(!admission(false).admits(&sent("other").0));
        assert!(admission(true).admits(&sent("other").0));
    }

    #[test]
    fn what_means_the_same_to_a_client_is_let_in() {
        check(&OWN.replace("model", "// a comment\n/// another\nmodel"), Ok(()));
        check(&OWN.replace("@default(MEMBER)", ""), Ok(()));
        check(&OWN.replace("String @unique", "String @unique @map(\"mail\") @db.VarChar(100)"), Ok(()));
        let generator = "generator client {\nprovider = \"prisma-client-js\"\n}\n";
        check(&[generator, OWN].concat(), Ok(()));
    }

    #[test]
    fn what_differs_is_said() {
        check(
            &OWN.replace("title    String", "title    String?"),
            Err("`Post.title` is `String?`, the pool's is `String`"),
        );
        check(&OWN.replace("title    String", "name String"), Err("the pool has no field `Post.name`"));
        check(&OWN.replace("title    String", ""), Err("the client has no field `Post.title`"));
        check(&OWN.replace("String @unique", "String"), Err("the client has no selector of model `User`: `email`"));
        check(&OWN.replace("ADMIN", "ADMIN\nGUEST"), Err("the pool has no value of enum `Role`: `GUEST`"));
        check(&[OWN, "model Tag {\nid Int @id\n}"].join("\n"), Err("the pool has no model `Tag`"));
        check(&OWN.replace("postgresql", "mysql"), Err("it is for `mysql`, the pool's is for `postgresql`"));
        check("model User {", Err("cannot be read"));
        let many: String = (0..20).map(|at| format!("model M{at} {{\nid Int @id\n}}\n")).collect();
        check(&[OWN, &many].join("\n"), Err("and 12 more"));
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        let admission = admission(false);
        assert_eq!(admission.upload("0123", b"abcd"), Err(Refused::OtherHash));
        let (hash, bytes) = (fingerprint(b"/w=="), b"/w==");
        assert_eq!(admission.upload(&hash, bytes), Err(Refused::NotText));
        let hash = fingerprint(b"!");
        assert_eq!(admission.upload(&hash, b"!"), Err(Refused::NotText));
    }
}
