//! A schema as a database shows it: blocks, fields and attributes with their text, each with what it stands for in the
//! database, so that two forms can be compared.

use std::fmt;

use lenslet_core::catalog::{ScalarType, Side};
use lenslet_sql::ddl::ObjectName;

use crate::syntax::tree::Modifier;

/// Everything that a database shows of a schema.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) models: Vec<Model>,
    pub(super) enums: Vec<Enum>,
}

/// A model, or as much of a view as others refer to.
#[derive(Debug)]
pub(super) struct Model {
    /// What it stands for.
    pub(super) table: ObjectName,
    pub(super) name: String,
    /// What the database says of it.
    pub(super) documentation: Option<String>,
    /// What a reader should know of it.
    pub(super) note: Option<&'static str>,
    pub(super) fields: Vec<Field>,
    pub(super) attributes: Vec<Attribute>,
}

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    /// What it stands for.
    pub(super) key: FieldKey,
    pub(super) name: String,
    /// What the database says of it.
    pub(super) documentation: Option<String>,
    /// Its type, without `?` and `[]`.
    pub(super) ty: String,
    /// Its type, when that is a scalar of the language.
    pub(super) scalar: Option<ScalarType>,
    pub(super) modifier: Modifier,
    pub(super) attributes: Vec<Attribute>,
}

/// What a field stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldKey {
    /// The column of that name.
    Column(String),
    /// An end of a relation.
    Relation(RelationKey, Side),
}

/// What a relation stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RelationKey {
    /// Columns that refer to a table.
    Columns {
        table: ObjectName,
        columns: Vec<String>,
        references: ObjectName,
        /// Which of those that say the same.
        nth: usize,
    },
    /// A table of pairs.
    Pairs(ObjectName),
}

/// An attribute of a field or block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) key: AttributeKey,
    /// `id`, `db.VarChar`: without `@`.
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
}

/// What an attribute stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttributeKey {
    /// What there is one of, by its name.
    Single(&'static str),
    /// An index, by its place among the wanted ones of its table.
    Wanted(usize),
    /// An index that was not wanted, by its place among those found.
    Found(usize),
}

/// An argument of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Argument {
    pub(super) label: &'static str,
    pub(super) text: String,
    /// Whether its label is left out.
    pub(super) bare: bool,
    /// Whether it means the same when it is left out.
    pub(super) implied: bool,
}

/// An enum.
#[derive(Debug)]
pub(super) struct Enum {
    /// What it stands for.
    pub(super) ty: ObjectName,
    pub(super) name: String,
    pub(super) variants: Vec<Variant>,
    pub(super) attributes: Vec<Attribute>,
}

/// A value of an enum.
#[derive(Debug)]
pub(super) struct Variant {
    /// Its name in the database.
    pub(super) key: String,
    pub(super) name: String,
}

impl Form {
    pub(super) fn model(&self, table: &ObjectName) -> Option<&Model> {
        self.models.iter().find(|model| model.table == *table)
    }

    pub(super) fn enumeration(&self, ty: &ObjectName) -> Option<&Enum> {
        self.enums.iter().find(|it| it.ty == *ty)
    }
}

impl Model {
    pub(super) fn field(&self, key: &FieldKey) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == *key)
    }
}

impl Attribute {
    /// An attribute there is one of.
    pub(super) fn single(name: &'static str, arguments: Vec<Argument>) -> Self {
        Attribute { key: AttributeKey::Single(name), name: name.to_owned(), arguments }
    }
}

impl Argument {
    /// The argument that needs no label.
    pub(super) fn bare(label: &'static str, text: impl Into<String>) -> Self {
        Argument { label, text: text.into(), bare: true, implied: false }
    }

    pub(super) fn labelled(label: &'static str, text: impl Into<String>) -> Self {
        Argument { label, text: text.into(), bare: false, implied: false }
    }

    /// The argument, left out of a new attribute when `implied`.
    pub(super) fn implied(self, implied: bool) -> Self {
        Argument { implied, ..self }
    }
}

/// The attribute with this key.
pub(super) fn attribute(list: &[Attribute], key: AttributeKey) -> Option<&Attribute> {
    list.iter().find(|it| it.key == key)
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.bare {
            write!(f, "{}: ", self.label)?;
        }
        f.write_str(&self.text)
    }
}

/// As it is written for a field; a block's has one `@` more.
impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.name)?;
        let arguments: Vec<_> = self.arguments.iter().filter(|it| !it.implied).map(ToString::to_string).collect();
        if arguments.is_empty() { Ok(()) } else { write!(f, "({})", arguments.join(", ")) }
    }
}

impl Field {
    /// Its type with `?` or `[]`.
    pub(super) fn whole_type(&self) -> String {
        let mark = match self.modifier {
            Modifier::None => "",
            Modifier::Optional => "?",
            Modifier::List => "[]",
        };
        format!("{}{mark}", self.ty)
    }
}

/// As `///` lines.
fn documentation(text: Option<&str>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.iter().flat_map(|text| text.lines()).try_for_each(|line| writeln!(f, "/// {line}"))
}

/// The line of the field, without its end.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        documentation(self.documentation.as_deref(), f)?;
        write!(f, "{} {}", self.name, self.whole_type())?;
        self.attributes.iter().try_for_each(|attribute| write!(f, " {attribute}"))
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        documentation(self.documentation.as_deref(), f)?;
        documentation(self.note, f)?;
        writeln!(f, "model {} {{", self.name)?;
        self.fields.iter().try_for_each(|field| writeln!(f, "{field}"))?;
        self.attributes.iter().try_for_each(|attribute| writeln!(f, "@{attribute}"))?;
        writeln!(f, "}}")
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.name == self.key { Ok(()) } else { write!(f, " @map({})", super::text::string(&self.key)) }
    }
}

impl fmt::Display for Enum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "enum {} {{", self.name)?;
        self.variants.iter().try_for_each(|variant| writeln!(f, "{variant}"))?;
        self.attributes.iter().try_for_each(|attribute| writeln!(f, "@{attribute}"))?;
        writeln!(f, "}}")
    }
}
