//! Decide what of a catalog the client shows, and as what.

use super::{
    documentation,
    form::{
        Base, Client, Column, ColumnUse, Compound, Enum, Key, Model, New, NewField, Omitted, Relation, Type, Variant,
    },
    names::{FieldNames, ModelNames, Names, serde_camel_case},
    options::Options,
};
use lenslet_core::catalog::{self, Arity, Catalog, ColumnType, Field, ModelKind, Provider, RelationKind, ScalarType};
use std::collections::BTreeSet;

/// A client for a catalog.
pub(crate) fn client(catalog: &Catalog, variable: &str, options: &Options) -> Client {
    let names = Names::of(catalog, &options.omit);
    let models: Vec<_> = (catalog.models.iter().zip(&names.models).zip(0..))
        .filter(|((model, _), _)| !model.ignored)
        .map(|((model, own), index)| decide_model(catalog, &names, Subject { index, model, names: own }))
        .collect();
    let enums = catalog.enums.iter().zip(&names.enums).map(|(it, names)| Enum {
        name: names.name.clone(),
        documentation: documentation::lines(it.documentation.as_deref()),
        variants: (it.variants.iter().zip(&names.variants))
            .map(|(it, name)| Variant {
                name: name.clone(),
                schema_name: it.name.to_string(),
                documentation: documentation::lines(it.documentation.as_deref()),
            })
            .collect(),
    });
    Client {
        enums: enums.collect(),
        variable: variable.to_owned(),
        derives: options.derives.clone(),
        serde: options.serde,
        connector: connector(catalog.provider),
        features: features(&models),
        models,
        enums_module: names.enums_module,
        catalog_module: names.catalog_module,
        root: names.root,
        within_enums: names.within_enums,
        is_ascii: names.is_ascii,
    }
}

/// A model with its position and its names.
#[derive(Clone, Copy)]
struct Subject<'c> {
    index: u16,
    model: &'c catalog::Model,
    names: &'c ModelNames,
}

fn decide_model(catalog: &Catalog, names: &Names, subject: Subject<'_>) -> Model {
    let Subject { index, model, names: own } = subject;
    let mut columns = columns(names, subject);
    let camel_case = is_camel_case(&columns);
    for column in &mut columns {
        let name = serde_camel_case(&column.name).filter(|_| camel_case);
        column.renamed = name.as_deref().unwrap_or(column.name.text()) != column.schema_name;
    }
    Model {
        index,
        schema_name: model.name.to_string(),
        documentation: documentation::lines(model.documentation.as_deref()),
        read_only: model.kind == ModelKind::View,
        row: own.row.clone(),
        row_is_hidden: own.row_is_hidden,
        module: own.module.clone(),
        accessor: own.accessor.clone(),
        relations: relations(catalog, names, subject),
        compounds: compounds(names, subject),
        new: new_row(catalog, names, subject),
        columns,
        loaded: own.loaded.clone(),
        count: own.count.clone(),
        camel_case,
        prelude: own.prelude.clone(),
    }
}

/// Whether `camelCase` tells serde more of the names than nothing does.
fn is_camel_case(columns: &[Column]) -> bool {
    let camel: Option<Vec<_>> = columns.iter().map(|it| serde_camel_case(&it.name)).collect();
    camel.is_some_and(|camel| {
        let told = columns.iter().zip(camel).filter(|(column, camel)| column.schema_name == *camel).count();
        told > columns.iter().filter(|it| it.schema_name == it.name.text()).count()
    })
}

fn columns(names: &Names, subject: Subject<'_>) -> Vec<Column> {
    let shown = subject.model.columns().filter(|(_, field, _)| field.is_visible());
    let shown = shown.filter_map(|(index, field, column)| {
        let it = column_use(names, subject, index)?;
        Some(Column {
            index,
            schema_name: field.name.to_string(),
            documentation: documentation::lines(field.documentation.as_deref()),
            name: it.name,
            unique: is_unique(subject.model, index),
            ty: Type { base: base(names, column)?, arity: field.arity },
            renamed: false,
            omitted: omitted(subject, index),
        })
    });
    shown.collect()
}

/// What a column is called as a part of a row that was asked for; the names have some only where it is omitted otherwise.
fn omitted(subject: Subject<'_>, at: u16) -> Option<Omitted> {
    let FieldNames { loaded, marker, .. } = subject.names.fields.get(usize::from(at))?;
    let omitted = Omitted { loaded: loaded.clone(), marker: marker.clone() };
    (!omitted.loaded.text().is_empty()).then_some(omitted)
}

/// Whether one value of the column means one row.
fn is_unique(model: &catalog::Model, field: u16) -> bool {
    model.uniques().any(|index| matches!(&*index.fields, [only] if only.field == field))
}

/// The column at a position, where the client shows it.
fn column_use(names: &Names, subject: Subject<'_>, at: u16) -> Option<ColumnUse> {
    let field = subject.model.fields.get(usize::from(at)).filter(|it| it.is_visible())?;
    let name = subject.names.fields.get(usize::from(at))?.field.clone();
    let ty = Type { base: base(names, field.column()?)?, arity: field.arity };
    Some(ColumnUse { name, ty })
}

fn base(names: &Names, column: &catalog::Column) -> Option<Base> {
    let is_uuid = column.native_type.as_ref().is_some_and(|it| it.name == "Uuid");
    match column.ty {
        ColumnType::Scalar(ScalarType::String) if is_uuid => Some(Base::Uuid),
        ColumnType::Scalar(scalar) => Some(Base::Scalar(scalar)),
        ColumnType::Enum(at) => names.enums.get(usize::from(at)).map(|it| Base::Enum(it.name.clone())),
        ColumnType::Unsupported(_) => None,
    }
}

fn relations(catalog: &Catalog, names: &Names, subject: Subject<'_>) -> Vec<Relation> {
    let ends = subject.model.relations().filter_map(|(index, field, end)| {
        let target = catalog.models.get(usize::from(end.model)).filter(|it| !it.ignored)?;
        let opposite = target.fields.get(usize::from(end.opposite))?;
        let FieldNames { field: name, loaded, marker, .. } = subject.names.fields.get(usize::from(index))?;
        // A relation names its opposite in its types: both exist as soon as one is shown.
        (field.is_visible() || opposite.is_visible()).then_some(())?;
        Some(Relation {
            index,
            schema_name: field.name.to_string(),
            documentation: documentation::lines(field.documentation.as_deref()),
            name: name.clone(),
            loaded: loaded.clone(),
            marker: marker.clone(),
            arity: field.arity,
            target: names.model(end.model)?.row.clone(),
            opposite: (names.model(end.model)?.module.clone(), names.field(end.model, end.opposite)?.marker.clone()),
            visible: field.is_visible(),
        })
    });
    ends.collect()
}

/// The unique selectors over several columns. One with a column that may be null selects many rows, and one with a column
/// that the client does not show cannot be given.
fn compounds(names: &Names, subject: Subject<'_>) -> Vec<Compound> {
    let mut seen = BTreeSet::new();
    let selectors = subject.model.uniques().filter_map(|index| {
        let selector = index.name.as_deref().filter(|it| index.fields.len() > 1 && seen.insert(*it))?;
        let columns = index.fields.iter().map(|it| column_use(names, subject, it.field));
        let columns: Vec<ColumnUse> = columns.collect::<Option<_>>()?;
        let required = columns.iter().all(|it| it.ty.arity == Arity::Required);
        required.then_some(Compound {
            name: subject.names.compounds.get(selector)?.clone(),
            selector: selector.to_owned(),
            columns,
        })
    });
    selectors.collect()
}

/// What a new row needs. There is none of a view, and none where a column must be given that the client does not show.
fn new_row(catalog: &Catalog, names: &Names, subject: Subject<'_>) -> Option<New> {
    let needed = |field: &Field, column: &catalog::Column| {
        field.arity == Arity::Required && column.default.is_none() && !column.updated_at
    };
    let mut fields = Vec::new();
    for (at, _, _) in subject.model.columns().filter(|(_, field, column)| needed(field, column)) {
        let column = column_use(names, subject, at)?;
        fields.push(NewField { column, key: foreign_key(catalog, subject, at) });
    }
    (subject.model.kind == ModelKind::Table).then_some(New { fields })
}

/// The relation that a column of foreign keys stands for in a new row: the first whose key is this column alone, else the
/// first that it is a part of.
fn foreign_key(catalog: &Catalog, subject: Subject<'_>, column: u16) -> Option<Key> {
    let keys = subject.model.relations().filter(|(_, field, end)| field.is_visible() && end.holds_key(catalog));
    let keys = keys.filter_map(|(at, _, end)| match &catalog.relations.get(usize::from(end.relation))?.kind {
        RelationKind::ForeignKey(key) if key.fields.contains(&column) => Some((key.fields.len() > 1, at)),
        _ => None,
    });
    let (_, relation) = keys.min()?;
    Some(Key {
        parameter: subject.names.fields.get(usize::from(column))?.parameter.clone(),
        relation: subject.names.fields.get(usize::from(relation))?.marker.clone(),
    })
}

/// The feature of a native runtime that brings the driver of a database.
fn connector(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::Sqlite => Some("sqlite"),
        Provider::Postgresql => Some("postgresql"),
        Provider::Mysql | Provider::Cockroachdb | Provider::Sqlserver => None,
    }
}

/// Features of the runtime that the types of the columns need.
fn features(models: &[Model]) -> BTreeSet<&'static str> {
    let columns = models.iter().flat_map(|it| &it.columns);
    let features = columns.filter_map(|column| match column.ty.base {
        Base::Scalar(ScalarType::DateTime) => Some("chrono"),
        Base::Scalar(ScalarType::Decimal) => Some("decimal"),
        Base::Scalar(ScalarType::Json) => Some("json"),
        Base::Uuid => Some("uuid"),
        _ => None,
    });
    features.collect()
}
