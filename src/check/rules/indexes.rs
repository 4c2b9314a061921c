//! Indexes and uniques.

use lenslet_core::catalog::{IndexAlgorithm, IndexKind, ScalarType};

use crate::check::lower::joined_names;
use crate::check::operator_class::Columns;
use crate::check::report::Report;
use crate::check::resolved::{Field, FieldType, Index, IndexField, Model, OperatorClass, Resolved};
use crate::diagnostic::Rule;

pub(super) static RULES: &[&Rule] =
    &[&EMPTY, &NAME, &LENGTH, &SORT, &CLUSTERED, &CLUSTERED_ONCE, &ALGORITHM, &OPERATOR_CLASS, &FULLTEXT];

static EMPTY: Rule = Rule::error("empty-index", "An index has a field.", "model A {\n  id Int @id\n  @@index([])\n}\n");
static NAME: Rule = Rule::error(
    "unique-name",
    "The name of a compound unique is not the name of a field.",
    "model A {\n  id Int @id\n  a Int\n  b Int\n  a_b Int\n  @@unique([a, b])\n}\n",
);
static LENGTH: Rule = Rule::error(
    "index-length",
    "MySQL indexes the first characters of text and bytes; nothing else has a length.",
    "datasource d {\n  provider = \"sqlite\"\n}\nmodel A {\n  id Int @id\n  a String\n  @@index([a(length: 10)])\n}\n",
);
static SORT: Rule = Rule::error(
    "index-sort",
    "Primary keys of SQL Server have an order, and so have all indexes but hash indexes.",
    "datasource d {\n  provider = \"mysql\"\n}\nmodel A {\n  id Int @id(sort: Desc)\n}\n",
);
static CLUSTERED: Rule = Rule::error(
    "clustered",
    "Tables of SQL Server are clustered, others are not.",
    "datasource d {\n  provider = \"sqlite\"\n}\nmodel A {\n  id Int @id(clustered: true)\n}\n",
);
static CLUSTERED_ONCE: Rule = Rule::error(
    "clustered-once",
    "A table is clustered by one key or index; by its primary key, when nothing else is said.",
    "datasource d {\n  provider = \"sqlserver\"\n}\nmodel A {\n  id Int @id\n  a Int\n  @@index([a], clustered: true)\n}\n",
);
static ALGORITHM: Rule = Rule::error(
    "index-type",
    "An index is of a type that its database has.",
    "datasource d {\n  provider = \"sqlite\"\n}\nmodel A {\n  id Int @id\n  @@index([id], type: Hash)\n}\n",
);
static OPERATOR_CLASS: Rule = Rule::error(
    "operator-class",
    "An index of PostgreSQL has operator classes that fit its type and its columns.",
    "datasource d {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id\n  a Int\n  @@index([a], type: Gin)\n}\n",
);
static FULLTEXT: Rule = Rule::error(
    "fulltext",
    "MySQL has full-text indexes, without lengths or orders.",
    "datasource d {\n  provider = \"sqlite\"\n}\nmodel A {\n  id Int @id\n  a String\n  @@fulltext([a])\n}\n",
);

/// An index has a field.
pub(super) fn has_fields(index: &Index<'_>, report: &mut Report) {
    if index.fields.is_empty() {
        report.push(EMPTY.at(index.span(), format!("`{}` has no fields", index.attribute_name())));
    }
}

/// The name of a compound unique is free.
pub(super) fn name_is_free(model: &Model<'_>, index: &Index<'_>, report: &mut Report) {
    if index.kind != IndexKind::Unique || (index.fields.len() < 2 && index.name.is_none()) || index.field.is_some() {
        return;
    }
    let name = index.name.map_or_else(|| joined_names(model, index), str::to_owned);
    if model.field_names.contains_key(name.as_str()) {
        let title = format!("a unique of `{}` and a field are both called `{name}`", model.name);
        report.push(NAME.at(index.span(), title).help("give the unique a name: `@@unique([…], name: \"…\")`"));
    }
}

/// Lengths stand where the database and the column have them.
pub(super) fn length(schema: &Resolved<'_>, model: &Model<'_>, index: &Index<'_>, report: &mut Report) {
    let mut with_length = index.fields.iter().filter(|it| it.length.is_some()).peekable();
    if index.kind == IndexKind::Fulltext || with_length.peek().is_none() {
        return;
    }
    let connector = schema.settings.connector;
    if !connector.can.index_length {
        report.push(LENGTH.at(index.span(), format!("{} has no indexes of a length", connector.name)));
        return;
    }
    let has_length = |ty: FieldType<'_>| {
        matches!(ty, FieldType::Scalar(ScalarType::String | ScalarType::Bytes) | FieldType::Unsupported(_))
    };
    if let Some(it) = with_length.find(|it| !has_length(model.fields[it.field].ty)) {
        let title = format!("`{}` is not text or bytes, so its index has no length", model.fields[it.field].name);
        report.push(LENGTH.at(index.span(), title));
    }
}

/// Orders stand where the database has them.
pub(super) fn sort(schema: &Resolved<'_>, index: &Index<'_>, report: &mut Report) {
    if index.fields.iter().all(|it| it.sort.is_none()) {
        return;
    }
    let connector = schema.settings.connector;
    if index.kind == IndexKind::PrimaryKey && !connector.can.primary_key_sort {
        report.push(SORT.at(index.span(), format!("the primary keys of {} have no order", connector.name)));
    } else if matches!(index.algorithm, Some((IndexAlgorithm::Hash, _))) {
        report.push(SORT.at(index.span(), "a hash index has no order"));
    }
}

/// Clustering stands where the database has it.
pub(super) fn clustering(schema: &Resolved<'_>, index: &Index<'_>, report: &mut Report) {
    let connector = schema.settings.connector;
    if index.clustered.is_some() && !connector.can.clustering {
        report.push(CLUSTERED.at(index.span(), format!("{} has no clustered indexes", connector.name)));
    }
}

/// A table is clustered once.
pub(super) fn clustered_once(schema: &Resolved<'_>, model: &Model<'_>, report: &mut Report) {
    if !schema.settings.connector.can.clustering || schema.settings.connector.provider.is_none() {
        return;
    }
    let clustered: Vec<&Index<'_>> =
        model.all_indexes().filter(|index| index.clustered.unwrap_or(index.kind == IndexKind::PrimaryKey)).collect();
    if clustered.len() > 1 {
        for index in clustered {
            let title = format!("`{}` is clustered more than once", model.name);
            report.push(CLUSTERED_ONCE.at(index.span(), title).help("write `clustered: false` at the primary key"));
        }
    }
}

/// The database has indexes of the type.
pub(super) fn algorithm(schema: &Resolved<'_>, index: &Index<'_>, report: &mut Report) {
    let Some((algorithm, span)) = index.algorithm else {
        return;
    };
    let connector = schema.settings.connector;
    if !connector.algorithms.contains(&algorithm) {
        report.push(ALGORITHM.at(span, format!("{} has no {algorithm:?} indexes", connector.name)));
    }
}

/// Operator classes fit the type of the index and its columns; without them, the columns have one by default.
pub(super) fn operator_classes(schema: &Resolved<'_>, model: &Model<'_>, index: &Index<'_>, report: &mut Report) {
    let connector = schema.settings.connector;
    let algorithm = index.algorithm.map_or(IndexAlgorithm::BTree, |(algorithm, _)| algorithm);
    if connector.provider.is_none() || !connector.algorithms.contains(&algorithm) {
        return;
    }
    for (at, it) in index.fields.iter().enumerate() {
        let is_last = at + 1 == index.fields.len();
        if let Err(problem) = operator_class(schema, model, algorithm, it, is_last) {
            report.push(OPERATOR_CLASS.at(index.span(), problem));
            return;
        }
    }
}

fn operator_class(
    schema: &Resolved<'_>,
    model: &Model<'_>,
    algorithm: IndexAlgorithm,
    it: &IndexField<'_>,
    is_last: bool,
) -> Result<(), String> {
    let connector = schema.settings.connector;
    let field = &model.fields[it.field];
    match it.operator_class {
        Some(_) if !connector.can.operator_classes => {
            Err(format!("{} has no operator classes to choose", connector.name))
        }
        Some(OperatorClass::Raw(_)) => Ok(()),
        Some(OperatorClass::Known(class)) => {
            if !class.algorithms.contains(&algorithm) {
                Err(format!("`{}` is no operator class of {algorithm:?} indexes", class.name))
            } else if !fits(field, &class.columns) {
                Err(format!("`{}` is no operator class for the type of `{}`", class.name, field.name))
            } else {
                Ok(())
            }
        }
        None if connector.name == "cockroachdb" => cockroach_column(field, algorithm, is_last),
        None if has_default_class(field, algorithm) => Ok(()),
        None => Err(format!("a {algorithm:?} index of `{}` needs an operator class", field.name)),
    }
}

fn fits(field: &Field<'_>, columns: &Columns) -> bool {
    match columns {
        Columns::Lists => field.is_list(),
        Columns::Types { native, scalar } => match (&field.native, field.ty) {
            (Some(it), _) => native.contains(&it.name),
            (None, FieldType::Scalar(it)) => *scalar == Some(it),
            (None, FieldType::Unsupported(_)) => true,
            _ => false,
        },
    }
}

/// Inverted indexes of CockroachDB end with a list or a document; what comes before is as in other indexes.
fn cockroach_column(field: &Field<'_>, algorithm: IndexAlgorithm, is_last: bool) -> Result<(), String> {
    let inverts =
        field.is_list() || field.scalar() == Some(ScalarType::Json) || matches!(field.ty, FieldType::Unsupported(_));
    match (algorithm, is_last, inverts) {
        (IndexAlgorithm::Gin, true, false) => {
            Err(format!("an inverted index ends with a list or JSON, which `{}` is not", field.name))
        }
        (IndexAlgorithm::Gin, false, true) if field.scalar() == Some(ScalarType::Json) && !field.is_list() => {
            Err(format!("JSON stands last in an inverted index, and `{}` does not", field.name))
        }
        _ => Ok(()),
    }
}

/// Whether PostgreSQL knows what to do without an operator class.
fn has_default_class(field: &Field<'_>, algorithm: IndexAlgorithm) -> bool {
    if let FieldType::Unsupported(_) = field.ty {
        return true;
    }
    let native = field.native.as_ref().map(|native| native.name);
    match algorithm {
        IndexAlgorithm::BTree | IndexAlgorithm::Hash => true,
        IndexAlgorithm::Gin => {
            field.is_list() || native == Some("JsonB") || (native.is_none() && field.scalar() == Some(ScalarType::Json))
        }
        IndexAlgorithm::Gist => native == Some("Inet"),
        IndexAlgorithm::SpGist => match native {
            Some(name) => ["Inet", "Text", "VarChar", "Char"].contains(&name),
            None => field.scalar() == Some(ScalarType::String),
        },
        IndexAlgorithm::Brin => match native {
            Some(name) => !["Boolean", "Json", "JsonB", "Xml", "Citext", "Money"].contains(&name),
            None => {
                !field.is_list()
                    && !matches!(
                        field.ty,
                        FieldType::Enum(_) | FieldType::Scalar(ScalarType::Boolean | ScalarType::Json)
                    )
            }
        },
    }
}

/// Full-text indexes stand where the database has them.
pub(super) fn fulltext(schema: &Resolved<'_>, index: &Index<'_>, report: &mut Report) {
    if index.kind != IndexKind::Fulltext {
        return;
    }
    let connector = schema.settings.connector;
    if !connector.can.fulltext {
        report.push(FULLTEXT.at(index.span(), format!("{} has no full-text indexes", connector.name)));
    } else if index.fields.iter().any(|it| it.length.is_some()) {
        report.push(FULLTEXT.at(index.span(), "a full-text index has no length"));
    } else if connector.provider.is_some() && index.fields.iter().any(|it| it.sort.is_some()) {
        report.push(FULLTEXT.at(index.span(), format!("a full-text index of {} has no order", connector.name)));
    }
}
