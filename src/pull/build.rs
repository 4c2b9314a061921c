//! From the structure of a database to the form of a schema, with the names that the present schema has for things.

use lenslet_core::catalog::{self, Catalog, IndexAlgorithm, ModelKind};
use lenslet_sql::ddl::{self, DatabaseSchema, Dialect, Index, IndexKind, ObjectName, Table};

use super::defaults::{self, Values};
use super::form::{Argument, Attribute, AttributeKey, Enum, Field, FieldKey, Form, Model, Variant};
use super::relations::{self, Relations};
use super::text::{self, Taken};
use super::types::{self, FieldType, Ty};
use crate::check::{Resolved, constraint_name, is_reserved, operator_class, resolved};
use crate::syntax::tree::Modifier;

/// What is said above a model that the client cannot have.
const NO_IDENTIFIER: &str = "Nothing tells one row of this table from another (no primary key, no unique of required columns): the client leaves it out.";

/// The schema that is there, and what it asks of its database.
pub(super) struct Present<'p> {
    pub(super) dialect: Dialect,
    pub(super) resolved: &'p Resolved<'p>,
    pub(super) catalog: &'p Catalog,
    pub(super) wanted: &'p DatabaseSchema,
}

/// What a database's structure is in the language, and what cannot be said.
pub(super) fn form(present: &Present<'_>, schema: &DatabaseSchema, warnings: &mut Vec<String>) -> Form {
    let mut drafts = Drafts::of(present, schema);
    let relations = relations::find(present, schema, &mut drafts, warnings);
    let enums = enums(present, schema, &drafts);
    let builder = Builder { present, drafts: &drafts, enums: &enums, relations: &relations };
    let models = drafts.list.iter().enumerate().map(|(at, draft)| builder.model(at, draft, warnings)).collect();
    Form { models, enums }
}

/// A table or view on its way to become a model.
pub(super) struct Draft<'b> {
    pub(super) key: ObjectName,
    /// Absent for views.
    pub(super) table: Option<&'b Table>,
    /// Its place among the models of the present schema.
    pub(super) present: Option<usize>,
    pub(super) name: String,
    /// The fields of its columns, in order.
    columns: Vec<String>,
    pub(super) taken: Taken,
    ignored: bool,
}

/// The models to be.
pub(super) struct Drafts<'b> {
    pub(super) list: Vec<Draft<'b>>,
    /// Tables that are no models, but pairs of a relation.
    pub(super) pairs: Vec<&'b Table>,
    enum_names: Vec<(ObjectName, String)>,
}

impl<'b> Drafts<'b> {
    fn of(present: &Present<'_>, schema: &'b DatabaseSchema) -> Self {
        let mut taken = kept_names(present, schema);
        let enum_names = enum_names(present, schema, &mut taken);
        let mut drafts = Drafts { list: Vec::new(), pairs: Vec::new(), enum_names };
        let (pairs, mut tables): (Vec<_>, Vec<_>) =
            schema.tables.iter().partition(|table| relations::is_pairs(present, schema, table));
        // Those that can keep their names come first to them.
        tables.sort_by_key(|table| !is_exact(&table.name.name, "Model"));
        for table in tables {
            let draft = draft(present, table, &mut taken);
            drafts.list.push(draft);
        }
        for table in pairs {
            // Which column is which follows from the models' names; where that is not so, the table is a model.
            match relations::fits_names(present, schema, table, &drafts) {
                true => drafts.pairs.push(table),
                false => drafts.list.push(draft(present, table, &mut taken)),
            }
        }
        drafts.list.sort_by_key(|draft| schema.tables.iter().position(|table| table.name == draft.key));
        let views = present.catalog.models.iter().enumerate().filter(|(_, model)| model.kind == ModelKind::View);
        drafts.list.extend(views.map(|(at, model)| view(at, model)));
        drafts
    }

    /// The place of the model of a table.
    pub(super) fn find(&self, table: &ObjectName) -> Option<usize> {
        self.list.iter().position(|draft| draft.table.is_some() && draft.key == *table)
    }

    /// The place of the model that is this one in the present schema.
    pub(super) fn of_present(&self, model: u16) -> Option<usize> {
        self.list.iter().position(|draft| draft.present == Some(usize::from(model)))
    }

    pub(super) fn enum_name(&self, ty: &ObjectName) -> Option<&str> {
        self.enum_names.iter().find(|(known, _)| known == ty).map(|(_, name)| name.as_str())
    }
}

impl Draft<'_> {
    /// The field of a column.
    pub(super) fn field_of(&self, column: &str) -> Option<&str> {
        let at = self.table?.columns.iter().position(|it| it.name == column)?;
        self.columns.get(at).map(String::as_str)
    }

    /// The fields of columns, when all of them are there.
    pub(super) fn fields_of(&self, columns: &[String]) -> Option<Vec<&str>> {
        columns.iter().map(|column| self.field_of(column)).collect()
    }
}

/// The names of blocks that stay.
fn kept_names(present: &Present<'_>, schema: &DatabaseSchema) -> Taken {
    let mut taken = Taken::default();
    for model in present.catalog.models.iter() {
        if model.kind == ModelKind::View || schema.table(&table_name(model)).is_some() {
            taken.add(&model.name);
        }
    }
    for it in present.catalog.enums.iter() {
        if present.dialect == Dialect::Sqlite || schema.enums.iter().any(|found| found.name == enum_name(it)) {
            taken.add(&it.name);
        }
    }
    taken
}

fn enum_names(present: &Present<'_>, schema: &DatabaseSchema, taken: &mut Taken) -> Vec<(ObjectName, String)> {
    let name = |ty: &ObjectName, taken: &mut Taken| match present.catalog.enums.iter().find(|it| enum_name(it) == *ty) {
        Some(it) => it.name.to_string(),
        None => block_name(ty, taken),
    };
    schema.enums.iter().map(|it| (it.name.clone(), name(&it.name, taken))).collect()
}

fn draft<'b>(present: &Present<'_>, table: &'b Table, blocks: &mut Taken) -> Draft<'b> {
    let at = present
        .catalog
        .models
        .iter()
        .position(|model| model.kind == ModelKind::Table && table_name(model) == table.name);
    let model = at.and_then(|at| present.catalog.models.get(at));
    let name = match model {
        Some(model) => model.name.to_string(),
        None => block_name(&table.name, blocks),
    };
    let known = |column: &str| {
        let found = model?.columns().find(|(_, _, it)| it.db_name == column);
        found.map(|(_, field, _)| field.name.to_string())
    };
    let mut taken = Taken::default();
    table.columns.iter().filter_map(|it| known(&it.name)).for_each(|name| taken.add(&name));
    model.iter().flat_map(|model| model.relations()).for_each(|(_, field, _)| taken.add(&field.name));
    let columns: Vec<&str> = table.columns.iter().map(|it| it.name.as_str()).collect();
    let columns = field_names(&columns, known, &mut taken);
    let ignored = model.is_some_and(|model| model.ignored) || !has_identifier(present, table);
    Draft { key: table.name.clone(), table: Some(table), present: at, name, columns, taken, ignored }
}

/// The names of fields: those that are known, those that columns can keep, and then the rest.
fn field_names(columns: &[&str], known: impl Fn(&str) -> Option<String>, taken: &mut Taken) -> Vec<String> {
    let mut names: Vec<Option<String>> = columns.iter().map(|column| known(column)).collect();
    for exact in [true, false] {
        for (name, column) in names.iter_mut().zip(columns) {
            if name.is_none() && is_exact(column, "field") == exact {
                *name = Some(taken.take(text::identifier(column, "field")));
            }
        }
    }
    names.into_iter().flatten().collect()
}

/// Whether a name of the database is one of the language.
fn is_exact(name: &str, fallback: &str) -> bool {
    text::identifier(name, fallback) == name
}

fn view<'b>(at: usize, model: &catalog::Model) -> Draft<'b> {
    let mut taken = Taken::default();
    model.columns().for_each(|(_, field, _)| taken.add(&field.name));
    Draft {
        key: table_name(model),
        table: None,
        present: Some(at),
        name: model.name.to_string(),
        columns: Vec::new(),
        taken,
        ignored: model.ignored,
    }
}

/// The name of a new model or enum. Of two with one name in different namespaces, the later says its namespace.
fn block_name(name: &ObjectName, taken: &mut Taken) -> String {
    let plain = text::identifier(&name.name, "Model");
    let plain = if is_reserved(&plain) { format!("Renamed{plain}") } else { plain };
    match &name.schema {
        Some(schema) if taken.contains(&plain) => taken.take(text::identifier(&format!("{schema}_{plain}"), "Model")),
        _ => taken.take(plain),
    }
}

/// Whether something tells the rows of a table apart that the client can name.
fn has_identifier(present: &Present<'_>, table: &Table) -> bool {
    let is_named = |column: &ddl::IndexColumn| {
        table.column(&column.name).is_some_and(|it| {
            !is_nullable(table, it) && !matches!(column_type(present, table, it).ty, Ty::Unsupported(_))
        })
    };
    let uniques = table.indexes.iter().filter(|it| it.kind == IndexKind::Unique && it.predicate.is_none());
    let mut keys = uniques.map(|it| &it.columns).chain(table.primary_key.iter().map(|key| &key.columns));
    keys.any(|columns| columns.iter().all(is_named))
}

/// Whether a field may be null. SQLite lets primary keys be so, and the language does not.
pub(super) fn is_nullable(table: &Table, column: &ddl::Column) -> bool {
    let mut key = table.primary_key.iter().flat_map(|key| &key.columns);
    column.nullable && !key.any(|it| it.name == column.name)
}

/// The type of a column's field: as the present schema says it, where the database has that type.
pub(super) fn column_type(present: &Present<'_>, table: &Table, column: &ddl::Column) -> FieldType {
    let wanted = present.wanted.table(&table.name).and_then(|wanted| wanted.column(&column.name));
    if wanted.is_some_and(|wanted| wanted.ty == column.ty)
        && let Some((_, known)) = known_column(present, table, column)
    {
        return known_type(present, known);
    }
    types::of_column(present.dialect, present.resolved.settings.connector, &column.ty)
}

fn known_column<'p>(
    present: &Present<'p>,
    table: &Table,
    column: &ddl::Column,
) -> Option<(&'p catalog::Field, &'p catalog::Column)> {
    let models = present.catalog.models.iter();
    let model = models.filter(|model| model.kind == ModelKind::Table).find(|model| table_name(model) == table.name)?;
    let (_, field, known) = model.columns().find(|(_, _, it)| it.db_name == column.name)?;
    Some((field, known))
}

fn known_type(present: &Present<'_>, column: &catalog::Column) -> FieldType {
    let ty = match &column.ty {
        catalog::ColumnType::Scalar(scalar) => Ty::Scalar(*scalar),
        catalog::ColumnType::Unsupported(name) => Ty::Unsupported(name.to_string()),
        catalog::ColumnType::Enum(at) => match present.catalog.enums.get(usize::from(*at)) {
            Some(it) if present.dialect == Dialect::Postgresql => Ty::Enum(enum_name(it)),
            _ => Ty::ClientEnum(*at),
        },
    };
    FieldType { ty, native: column.native_type.clone() }
}

fn enums(present: &Present<'_>, schema: &DatabaseSchema, drafts: &Drafts<'_>) -> Vec<Enum> {
    let shows_schemas = present.resolved.settings.schemas.is_some();
    let enums = schema.enums.iter().map(|it| {
        let name = drafts.enum_name(&it.name).unwrap_or(&it.name.name);
        let known = present.catalog.enums.iter().find(|known| enum_name(known) == it.name);
        let known = |value: &str| {
            let variant = known?.variants.iter().find(|variant| variant.db_name == value);
            variant.map(|variant| variant.name.to_string())
        };
        let mut taken = Taken::default();
        it.variants.iter().filter_map(|value| known(value)).for_each(|name| taken.add(&name));
        let mut variant = |value: &String| Variant {
            name: known(value).unwrap_or_else(|| taken.take(text::identifier(value, "value"))),
            key: value.clone(),
        };
        let variants = it.variants.iter().map(&mut variant).collect();
        Enum {
            variants,
            attributes: names_of_block(name, &it.name, shows_schemas),
            ty: it.name.clone(),
            name: name.to_owned(),
        }
    });
    enums.collect()
}

/// `@@map` and `@@schema`.
fn names_of_block(name: &str, object: &ObjectName, shows_schemas: bool) -> Vec<Attribute> {
    let map = (object.name != name)
        .then(|| Attribute::single("map", vec![Argument::bare("name", text::string(&object.name))]));
    let schema = object.schema.as_ref().filter(|_| shows_schemas);
    let schema = schema.map(|it| Attribute::single("schema", vec![Argument::bare("map", text::string(it))]));
    map.into_iter().chain(schema).collect()
}

struct Builder<'b> {
    present: &'b Present<'b>,
    drafts: &'b Drafts<'b>,
    enums: &'b [Enum],
    relations: &'b Relations,
}

impl Builder<'_> {
    fn model(&self, at: usize, draft: &Draft<'_>, warnings: &mut Vec<String>) -> Model {
        let mut model = Model {
            table: draft.key.clone(),
            name: draft.name.clone(),
            documentation: draft.table.and_then(|table| table.comment.clone()),
            note: None,
            fields: Vec::new(),
            attributes: Vec::new(),
        };
        if let Some(table) = draft.table {
            model.fields = table.columns.iter().map(|column| self.field(draft, table, column)).collect();
            self.keys(draft, table, &mut model, warnings);
            let shows_schemas = self.present.resolved.settings.schemas.is_some();
            model.attributes.extend(names_of_block(&draft.name, &draft.key, shows_schemas));
            if draft.ignored {
                model.note = (!has_identifier(self.present, table)).then_some(NO_IDENTIFIER);
                model.attributes.push(Attribute::single("ignore", Vec::new()));
            }
        }
        model.fields.extend(self.relation_fields(at, draft));
        model
    }

    fn field(&self, draft: &Draft<'_>, table: &Table, column: &ddl::Column) -> Field {
        let name = draft.field_of(&column.name).unwrap_or(&column.name).to_owned();
        let FieldType { ty, native } = column_type(self.present, table, column);
        let mut attributes = Vec::new();
        if let Some(default) = self.default(column, &ty) {
            attributes.push(Attribute::single("default", vec![Argument::bare("value", default)]));
        }
        if name != column.name {
            attributes.push(Attribute::single("map", vec![Argument::bare("name", text::string(&column.name))]));
        }
        attributes.extend(native.map(|native| self.native(&native)));
        Field {
            key: FieldKey::Column(column.name.clone()),
            name,
            documentation: column.comment.clone(),
            scalar: if let Ty::Scalar(scalar) = ty { Some(scalar) } else { None },
            ty: self.type_name(&ty),
            modifier: match (column.ty.list, is_nullable(table, column)) {
                (true, _) => Modifier::List,
                (false, true) => Modifier::Optional,
                (false, false) => Modifier::None,
            },
            attributes,
        }
    }

    fn type_name(&self, ty: &Ty) -> String {
        let unsupported = |name: &str| format!("Unsupported({})", text::string(name));
        match ty {
            Ty::Scalar(scalar) => scalar.name().to_owned(),
            Ty::Unsupported(name) => unsupported(name),
            Ty::Enum(name) => self.drafts.enum_name(name).map_or_else(|| unsupported(&name.name), str::to_owned),
            Ty::ClientEnum(at) => {
                self.present.catalog.enums.get(usize::from(*at)).map(|it| it.name.to_string()).unwrap_or_default()
            }
        }
    }

    fn native(&self, native: &catalog::NativeType) -> Attribute {
        let source = self.present.resolved.settings.datasource.unwrap_or("db");
        let arguments = native.arguments.iter().map(|it| Argument::bare("", it.to_string())).collect();
        Attribute { key: AttributeKey::Single("native"), name: format!("{source}.{}", native.name), arguments }
    }

    fn default(&self, column: &ddl::Column, ty: &Ty) -> Option<String> {
        let variants: Vec<(String, String)> = match ty {
            Ty::Enum(name) => {
                let variants = self.enums.iter().filter(|it| it.ty == *name).flat_map(|it| &it.variants);
                variants.map(|it| (it.key.clone(), it.name.clone())).collect()
            }
            Ty::ClientEnum(at) => {
                let variants = self.present.catalog.enums.get(usize::from(*at)).map(|it| it.variants.iter());
                variants.into_iter().flatten().map(|it| (it.db_name.to_string(), it.name.to_string())).collect()
            }
            Ty::Scalar(_) | Ty::Unsupported(_) => Vec::new(),
        };
        let values = match ty {
            Ty::Scalar(scalar) => Values::Scalar(*scalar),
            Ty::Enum(_) | Ty::ClientEnum(_) => Values::Enum(&variants),
            Ty::Unsupported(_) => Values::Opaque,
        };
        defaults::of_column(self.present.dialect, column, values)
    }

    /// Primary key and indexes, beside their field where they are of one.
    fn keys(&self, draft: &Draft<'_>, table: &Table, model: &mut Model, warnings: &mut Vec<String>) {
        self.primary_key(draft, table, model);
        if table.columns.iter().any(|column| column.nullable && !is_nullable(table, column)) {
            warnings.push(format!("the primary key of `{}` takes nulls, which the language cannot say", table.name));
        }
        let wanted = self.present.wanted.table(&table.name).map(|it| it.indexes.as_slice()).unwrap_or_default();
        let pairs = pair(wanted, &table.indexes);
        let mut indexes: Vec<_> = table.indexes.iter().zip(pairs).enumerate().collect();
        // Those that the schema knows come first: a field has one `@unique` of its own.
        indexes.sort_by_key(|(_, (_, twin))| twin.is_none());
        for (at, (index, twin)) in indexes {
            let can_be_partial = self.present.resolved.settings.has_feature("partialIndexes");
            if index.predicate.is_some() && !can_be_partial {
                let name = &index.name;
                warnings.push(format!(
                    "the index `{name}` of `{}` is partial, and left alone: the preview feature `partialIndexes` is off",
                    table.name
                ));
                continue;
            }
            if !index.included.is_empty() {
                let name = &index.name;
                warnings.push(format!("the index `{name}` of `{}` includes columns, and is left alone", table.name));
                continue;
            }
            self.index(draft, table, model, index, twin.map_or(AttributeKey::Found(at), AttributeKey::Wanted));
        }
        for it in &table.attachments {
            let is_index = it.sql.split_whitespace().take(3).any(|word| word.eq_ignore_ascii_case("index"));
            if is_index {
                let name = &it.name;
                warnings.push(format!("the index `{name}` of `{}` is over an expression, and left alone", table.name));
            }
        }
    }

    fn primary_key(&self, draft: &Draft<'_>, table: &Table, model: &mut Model) {
        let Some(key) = &table.primary_key else { return };
        let columns: Vec<String> = key.columns.iter().map(|it| it.name.clone()).collect();
        let Some(fields) = draft.fields_of(&columns) else { return };
        let present = draft.present.and_then(|at| self.present.resolved.models.get(at));
        let is_in_block = present.and_then(|model| model.primary_key.as_ref()).is_some_and(|it| it.field.is_none());
        let connector = self.present.resolved.settings.connector;
        let usual = constraint_name(connector, &table.name.name, &[], "_pkey");
        let name = key.name.as_ref().filter(|_| connector.can.named_primary_keys).unwrap_or(&usual);
        let map = Argument::labelled("map", text::string(name)).implied(*name == usual);
        match columns.as_slice() {
            [only] if !is_in_block => {
                let field = FieldKey::Column(only.clone());
                if let Some(field) = model.fields.iter_mut().find(|it| it.key == field) {
                    field.attributes.insert(0, Attribute::single("id", vec![map]));
                }
            }
            _ => {
                let list = Argument::bare("fields", text::list(&fields));
                model.attributes.push(Attribute::single("id", vec![list, map]));
            }
        }
    }

    fn index(&self, draft: &Draft<'_>, table: &Table, model: &mut Model, index: &Index, key: AttributeKey) {
        let Some(fields) = index.columns.iter().map(|it| index_field(draft, index, it)).collect::<Option<Vec<_>>>()
        else {
            return;
        };
        let map = self.index_name(table, index);
        let predicate =
            index.predicate.as_ref().map(|sql| Argument::labelled("where", format!("raw({})", text::string(sql))));
        if let (IndexKind::Unique, [column]) = (index.kind, index.columns.as_slice())
            && let Some(field) = self.beside_field(draft, model, &column.name, key)
        {
            let sort = Argument::labelled("sort", if column.descending { "Desc" } else { "Asc" });
            let arguments = [map, sort.implied(!column.descending)].into_iter().chain(predicate).collect();
            field.attributes.push(Attribute::single("unique", arguments));
            return;
        }
        let name = match index.kind {
            IndexKind::Unique => "unique",
            IndexKind::Plain => "index",
            IndexKind::Fulltext => "fulltext",
        };
        let mut arguments = vec![Argument::bare("fields", text::list(&fields)), map];
        if index.kind == IndexKind::Plain {
            let ty = index.algorithm.map_or("BTree", algorithm);
            arguments.push(Argument::labelled("type", ty).implied(index.algorithm.is_none()));
        }
        arguments.extend(predicate);
        model.attributes.push(Attribute { key, name: name.to_owned(), arguments });
    }

    /// The field that says a unique of its own, unless the present schema says it of the block.
    fn beside_field<'m>(
        &self,
        draft: &Draft<'_>,
        model: &'m mut Model,
        column: &str,
        key: AttributeKey,
    ) -> Option<&'m mut Field> {
        let field = FieldKey::Column(column.to_owned());
        let field = model.fields.iter_mut().find(|it| it.key == field)?;
        let fits = match (key, draft.present) {
            (AttributeKey::Wanted(at), Some(present)) => {
                let index = self.present.index(present, at);
                let name = index.and_then(|it| self.present.resolved.models.get(present)?.fields.get(it.field?));
                name.is_some_and(|it| it.name == field.name)
            }
            _ => !field.attributes.iter().any(|it| it.name == "unique"),
        };
        fits.then_some(field)
    }

    /// Its name, which is left out where it is the usual one; a `UNIQUE` within SQLite's table has none.
    fn index_name(&self, table: &Table, index: &Index) -> Argument {
        let suffix = if index.kind == IndexKind::Unique { "_key" } else { "_idx" };
        let columns: Vec<String> = index.columns.iter().map(|it| it.name.clone()).collect();
        let usual = constraint_name(self.present.resolved.settings.connector, &table.name.name, &columns, suffix);
        let is_unnamed = index.name.starts_with("sqlite_autoindex_");
        let name = if is_unnamed { &usual } else { &index.name };
        Argument::labelled("map", text::string(name)).implied(*name == usual)
    }

    fn relation_fields(&self, at: usize, draft: &Draft<'_>) -> Vec<Field> {
        let is_ignored = |other: usize| !draft.ignored && self.drafts.list.get(other).is_some_and(|it| it.ignored);
        let fields = relations::fields(self.present, self.drafts, self.relations, at);
        let ignored = |(other, mut field): (usize, Field)| {
            if is_ignored(other) {
                field.attributes.push(Attribute::single("ignore", Vec::new()));
            }
            field
        };
        fields.into_iter().map(ignored).collect()
    }
}

impl<'p> Present<'p> {
    /// The index of a model that the description of its table has at that place: uniques first.
    pub(super) fn index(&self, model: usize, wanted: usize) -> Option<&'p resolved::Index<'p>> {
        let indexes = &self.resolved.models.get(model)?.indexes;
        let is_unique = |it: &&resolved::Index<'p>| it.kind == catalog::IndexKind::Unique;
        indexes.iter().filter(is_unique).chain(indexes.iter().filter(|it| !is_unique(it))).nth(wanted)
    }
}

/// Which wanted index each of those found is: the same one, the same under another name, or another of that name.
fn pair(wanted: &[Index], found: &[Index]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; found.len()];
    let nameless = |index: &Index| Index { name: String::new(), constraint: false, ..index.clone() };
    let ways: [&dyn Fn(&Index, &Index) -> bool; 3] =
        [&|a, b| a == b, &|a, b| nameless(a) == nameless(b), &|a, b| a.name == b.name];
    for is_same in ways {
        for (at, index) in found.iter().enumerate() {
            if pairs.get(at).is_some_and(Option::is_none) {
                let twin = (0..wanted.len()).find(|it| {
                    !pairs.contains(&Some(*it)) && wanted.get(*it).is_some_and(|other| is_same(index, other))
                });
                if let Some(pair) = pairs.get_mut(at) {
                    *pair = twin;
                }
            }
        }
    }
    pairs
}

/// `name(sort: Desc, ops: JsonbPathOps)`.
fn index_field(draft: &Draft<'_>, index: &Index, column: &ddl::IndexColumn) -> Option<String> {
    let name = draft.field_of(&column.name)?;
    let length = column.length.map(|it| format!("length: {it}"));
    let sort = column.descending.then(|| "sort: Desc".to_owned());
    let class =
        column.operator_class.as_ref().filter(|it| !it.is_default).map(|ddl::OperatorClass { name: sql, .. }| {
            match operator_class(sql).filter(|class| index.algorithm.is_some_and(|it| class.algorithms.contains(&it))) {
                Some(class) => format!("ops: {}", class.name),
                None => format!("ops: raw({})", text::string(sql)),
            }
        });
    let arguments: Vec<_> = length.into_iter().chain(sort).chain(class).collect();
    Some(if arguments.is_empty() { name.to_owned() } else { format!("{name}({})", arguments.join(", ")) })
}

fn algorithm(algorithm: IndexAlgorithm) -> &'static str {
    match algorithm {
        IndexAlgorithm::BTree => "BTree",
        IndexAlgorithm::Hash => "Hash",
        IndexAlgorithm::Gist => "Gist",
        IndexAlgorithm::Gin => "Gin",
        IndexAlgorithm::SpGist => "SpGist",
        IndexAlgorithm::Brin => "Brin",
    }
}

/// The name of a model's table or view.
pub(super) fn table_name(model: &catalog::Model) -> ObjectName {
    ObjectName { schema: model.schema.as_ref().map(ToString::to_string), name: model.db_name.to_string() }
}

pub(super) fn enum_name(it: &catalog::Enum) -> ObjectName {
    ObjectName { schema: it.schema.as_ref().map(ToString::to_string), name: it.db_name.to_string() }
}
