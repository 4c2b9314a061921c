//! Foreign keys and tables of pairs as relations, with a field at both ends.

use lenslet_core::catalog::{self, Model, ModelKind, ReferentialAction, RelationKind, RelationMode, Side};
use lenslet_sql::ddl::{self, DatabaseSchema, IndexKind, ObjectName, Table};

use super::build::{Drafts, Present, column_type, is_nullable, table_name};
use super::form::{Argument, Attribute, Field, FieldKey, RelationKey};
use super::text;
use super::types::Ty;
use crate::check::{constraint_name, default_relation_name};
use crate::syntax::tree::Modifier;

/// The relations of a database.
#[derive(Debug)]
pub(super) struct Relations(Vec<Relation>);

#[derive(Debug)]
struct Relation {
    key: RelationKey,
    /// The model that refers, or is `A`: its place among the drafts.
    from: usize,
    /// The model that is referred to, or is `B`.
    to: usize,
    /// The name that both ends say, when they have to.
    name: Option<String>,
    from_field: String,
    to_field: String,
    /// Absent for tables of pairs.
    columns: Option<Columns>,
}

/// The columns of a relation.
#[derive(Clone, Debug)]
struct Columns {
    referring: Vec<String>,
    referred: Vec<String>,
    on_delete: ReferentialAction,
    on_update: ReferentialAction,
    /// The constraint's name, where the database tells it.
    constraint: Option<String>,
}

/// Finds the relations: those that the present schema names first, then the new ones, whose names avoid the others'.
pub(super) fn find(
    present: &Present<'_>,
    schema: &DatabaseSchema,
    drafts: &mut Drafts<'_>,
    warnings: &mut Vec<String>,
) -> Relations {
    let known = known(present);
    let mut relations = Vec::new();
    let mut new = Vec::new();
    for (from, draft) in drafts.list.iter().enumerate() {
        let Some(table) = draft.table else { continue };
        let mut keys = Vec::new();
        for key in &table.foreign_keys {
            let identity = next_key(&mut keys, &table.name, &key.columns, &key.references);
            let columns = Columns {
                referring: key.columns.clone(),
                referred: key.referenced_columns.clone(),
                on_delete: key.on_delete,
                on_update: key.on_update,
                constraint: key.name.clone(),
            };
            let relation = known.iter().find(|it| it.key == identity);
            match (relation, referred(present, drafts, schema, table, key, &identity)) {
                (Some(_), _) if emulates(present) => {}
                (Some(known), Ok(to)) => relations.push(known.relation(from, to, Some(columns))),
                (None, Ok(to)) => new.push((identity, from, to, Some(columns))),
                (_, Err(why)) => warnings.push(format!("a foreign key of `{}` is left out: {why}", table.name)),
            }
        }
    }
    for table in &drafts.pairs {
        let identity = RelationKey::Pairs(table.name.clone());
        let relation = known.iter().find(|it| it.key == identity).filter(|_| is_known(present, schema, table));
        match (relation, ends(table)) {
            (Some(known), _) => {
                if let (Some(from), Some(to)) = (drafts.of_present(known.from), drafts.of_present(known.to)) {
                    relations.push(known.relation(from, to, None));
                }
            }
            (None, Some([a, b])) => {
                if let (Some(from), Some(to)) = (drafts.find(&a.references), drafts.find(&b.references)) {
                    new.push((identity, from, to, None));
                }
            }
            (None, None) => {}
        }
    }
    relations.extend(known.iter().filter_map(|it| kept_without_key(present, drafts, it)));
    for relation in &relations {
        take(drafts, relation);
    }
    name(relations, new, drafts)
}

fn emulates(present: &Present<'_>) -> bool {
    present.catalog.relation_mode == RelationMode::Prisma
}

/// What a foreign key stands for, given those before it.
fn next_key(
    keys: &mut Vec<RelationKey>,
    table: &ObjectName,
    columns: &[String],
    references: &ObjectName,
) -> RelationKey {
    let key = |nth| RelationKey::Columns {
        table: table.clone(),
        columns: columns.to_vec(),
        references: references.clone(),
        nth,
    };
    let nth = keys.iter().filter(|it| matches!(it, RelationKey::Columns { nth, .. } if **it == key(*nth))).count();
    keys.push(key(nth));
    key(nth)
}

/// A relation of the present schema.
struct Known {
    key: RelationKey,
    from: u16,
    to: u16,
    name: Option<String>,
    from_field: String,
    to_field: String,
    columns: Option<Columns>,
}

impl Known {
    fn relation(&self, from: usize, to: usize, columns: Option<Columns>) -> Relation {
        Relation {
            key: self.key.clone(),
            from,
            to,
            name: self.name.clone(),
            from_field: self.from_field.clone(),
            to_field: self.to_field.clone(),
            columns,
        }
    }
}

fn known(present: &Present<'_>) -> Vec<Known> {
    let mut keys = Vec::new();
    let relations = present.catalog.relations.iter().zip(&present.resolved.relations);
    let relations = relations.filter_map(|(relation, resolved)| {
        let model = |end: catalog::RelationField| present.catalog.models.get(usize::from(end.model));
        let (from, to) = (model(relation.from)?, model(relation.to)?);
        let field = |model: &Model, end: catalog::RelationField| {
            Some(model.fields.get(usize::from(end.field))?.name.to_string())
        };
        let columns = match &relation.kind {
            RelationKind::ForeignKey(key) => Some(Columns {
                referring: column_names(from, &key.fields),
                referred: column_names(to, &key.references),
                on_delete: key.on_delete,
                on_update: key.on_update,
                constraint: Some(key.db_name.to_string()),
            }),
            RelationKind::ManyToMany(_) => None,
        };
        Some(Known {
            key: match (&relation.kind, &columns) {
                (RelationKind::ManyToMany(table), _) => RelationKey::Pairs(pairs_name(table)),
                (_, Some(it)) => next_key(&mut keys, &table_name(from), &it.referring, &table_name(to)),
                (_, None) => return None,
            },
            from: relation.from.model,
            to: relation.to.model,
            name: resolved.name.map(str::to_owned),
            from_field: field(from, relation.from)?,
            to_field: field(to, relation.to)?,
            columns,
        })
    });
    relations.collect()
}

fn pairs_name(table: &catalog::JoinTable) -> ObjectName {
    ObjectName { schema: table.schema.as_ref().map(ToString::to_string), name: table.db_name.to_string() }
}

fn column_names(model: &Model, fields: &[u16]) -> Vec<String> {
    let fields = fields.iter().filter_map(|field| model.fields.get(usize::from(*field))?.column());
    fields.map(|column| column.db_name.to_string()).collect()
}

/// A relation that no foreign key keeps: the engine does, or a view is at one of its ends. It stays as long as its columns.
fn kept_without_key(present: &Present<'_>, drafts: &Drafts<'_>, known: &Known) -> Option<Relation> {
    let columns = known.columns.as_ref()?;
    let is_view =
        |model: u16| present.catalog.models.get(usize::from(model)).is_some_and(|model| model.kind == ModelKind::View);
    if !(emulates(present) || is_view(known.from) || is_view(known.to)) {
        return None;
    }
    let (from, to) = (drafts.of_present(known.from)?, drafts.of_present(known.to)?);
    let has = |at: usize, columns: &[String]| {
        let draft = drafts.list.get(at);
        draft.is_some_and(|it| it.table.is_none() || it.fields_of(columns).is_some())
    };
    (has(from, &columns.referring) && has(to, &columns.referred))
        .then(|| known.relation(from, to, Some(columns.clone())))
}

/// The model that a foreign key refers to, or why the language cannot say the key.
fn referred(
    present: &Present<'_>,
    drafts: &Drafts<'_>,
    schema: &DatabaseSchema,
    table: &Table,
    key: &ddl::ForeignKey,
    identity: &RelationKey,
) -> Result<usize, String> {
    let references = &key.references;
    let missing = || format!("the table `{references}` is not there");
    let to = drafts.find(references).ok_or_else(missing)?;
    let other = schema.table(references).ok_or_else(missing)?;
    if matches!(identity, RelationKey::Columns { nth: 1.., .. }) {
        return Err(format!("another one refers from the same columns to `{references}`"));
    }
    if !is_unique(other, &key.referenced_columns) {
        let columns = key.referenced_columns.join("`, `");
        return Err(format!("nothing makes `{columns}` of `{references}` unique"));
    }
    let ty = |table: &Table, column: &String| {
        table.column(column).map(|it| match column_type(present, table, it).ty {
            Ty::Unsupported(_) => Ty::Unsupported(String::new()),
            ty => ty,
        })
    };
    for (column, referred) in key.columns.iter().zip(&key.referenced_columns) {
        if ty(table, column).is_none() || ty(table, column) != ty(other, referred) {
            return Err(format!("`{column}` and `{referred}` of `{references}` are of two types"));
        }
    }
    Ok(to)
}

/// Whether a row is told from the others by the columns.
fn is_unique(table: &Table, columns: &[String]) -> bool {
    let is_same = |key: &Vec<ddl::IndexColumn>| {
        key.len() == columns.len() && key.iter().all(|column| columns.contains(&column.name))
    };
    !columns.is_empty() && uniques(table).any(is_same)
}

/// Whether a key lists the columns in this order, which is what makes a relation one to one.
fn is_unique_in_order(table: &Table, columns: &[String]) -> bool {
    uniques(table).any(|key| key.iter().map(|column| &column.name).eq(columns))
}

fn uniques(table: &Table) -> impl Iterator<Item = &Vec<ddl::IndexColumn>> {
    let uniques = table.indexes.iter().filter(|it| it.kind == IndexKind::Unique && it.predicate.is_none());
    uniques.map(|it| &it.columns).chain(table.primary_key.iter().map(|key| &key.columns))
}

/// Whether a table is one of pairs, as implicit many-to-many relations have them.
pub(super) fn is_pairs(present: &Present<'_>, schema: &DatabaseSchema, table: &Table) -> bool {
    let columns: Vec<&str> = table.columns.iter().map(|it| it.name.as_str()).collect();
    if columns != ["A", "B"] && columns != ["B", "A"] {
        return false;
    }
    if present.catalog.models.iter().any(|model| model.kind == ModelKind::Table && table_name(model) == table.name) {
        return false;
    }
    is_known(present, schema, table) || is_made_like_pairs(schema, table)
}

/// Whether the table is that of a relation of the present schema, between the models that it is between there.
fn is_known(present: &Present<'_>, schema: &DatabaseSchema, table: &Table) -> bool {
    let table_of = |end: catalog::RelationField| present.catalog.models.get(usize::from(end.model)).map(table_name);
    let is_between = |from: ObjectName, to: ObjectName| match ends(table) {
        Some([a, b]) => (&a.references, &b.references) == (&from, &to),
        None => table.foreign_keys.is_empty() && schema.table(&from).is_some() && schema.table(&to).is_some(),
    };
    present.catalog.relations.iter().any(|relation| match &relation.kind {
        RelationKind::ManyToMany(it) if pairs_name(it) == table.name => {
            table_of(relation.from).zip(table_of(relation.to)).is_some_and(|(from, to)| is_between(from, to))
        }
        _ => false,
    })
}

fn is_made_like_pairs(schema: &DatabaseSchema, table: &Table) -> bool {
    let is_named = table.name.name.len() > 1 && table.name.name.starts_with('_');
    let both = |columns: &[ddl::IndexColumn]| columns.iter().map(|it| it.name.as_str()).eq(["A", "B"]);
    let is_key = |key: &ddl::PrimaryKey| both(&key.columns);
    let is_index = |index: &ddl::Index| match index.kind {
        IndexKind::Unique => both(&index.columns),
        _ => index.columns.iter().map(|it| it.name.as_str()).eq(["B"]),
    };
    let tells_apart = table.primary_key.is_some() || table.indexes.iter().any(|it| it.kind == IndexKind::Unique);
    let refers_to_key = |key: &ddl::ForeignKey| {
        let cascade = ReferentialAction::Cascade;
        let target = schema.table(&key.references).and_then(|it| it.primary_key.as_ref());
        let columns = target.map(|it| it.columns.iter().map(|column| &column.name).collect::<Vec<_>>());
        columns.is_some_and(|it| it.len() == 1 && it.into_iter().eq(&key.referenced_columns))
            && (key.on_delete, key.on_update) == (cascade, cascade)
    };
    is_named
        && tells_apart
        && table.columns.iter().all(|column| !column.nullable && column.default.is_none())
        && table.primary_key.as_ref().is_none_or(is_key)
        && table.indexes.iter().all(is_index)
        && ends(table).is_some_and(|ends| ends.into_iter().all(refers_to_key))
}

/// The foreign keys of `A` and of `B`.
fn ends(table: &Table) -> Option<[&ddl::ForeignKey; 2]> {
    let of = |column: &str| table.foreign_keys.iter().find(|key| key.columns.iter().eq([column]));
    (table.foreign_keys.len() == 2).then_some([of("A")?, of("B")?])
}

/// Whether the models' names put `A` before `B`, as the language will.
pub(super) fn fits_names(present: &Present<'_>, schema: &DatabaseSchema, table: &Table, drafts: &Drafts<'_>) -> bool {
    if is_known(present, schema, table) {
        return true;
    }
    let name = |key: &ddl::ForeignKey| drafts.find(&key.references).and_then(|at| drafts.list.get(at));
    match ends(table).map(|ends| ends.map(name)) {
        Some([Some(a), Some(b)]) => a.name <= b.name && a.key.schema == table.name.schema,
        _ => false,
    }
}

fn take(drafts: &mut Drafts<'_>, relation: &Relation) {
    let ends = [(relation.from, &relation.from_field), (relation.to, &relation.to_field)];
    for (at, field) in ends {
        if let Some(draft) = drafts.list.get_mut(at) {
            draft.taken.add(field);
        }
    }
}

type New = (RelationKey, usize, usize, Option<Columns>);

/// Names new relations and their fields, as Prisma does.
fn name(mut relations: Vec<Relation>, new: Vec<New>, drafts: &mut Drafts<'_>) -> Relations {
    let pairs: Vec<_> = relations.iter().map(|it| (it.from, it.to)).chain(new.iter().map(|it| (it.1, it.2))).collect();
    for (key, from, to, columns) in new {
        let between = pairs.iter().filter(|it| **it == (from, to) || **it == (to, from)).count();
        let ambiguous = between > 1;
        let model = |at: usize| drafts.list.get(at).map(|it| it.name.clone()).unwrap_or_default();
        let (from_model, to_model) = (model(from), model(to));
        let usual = default_relation_name(&from_model, &to_model);
        let own = match (&key, &columns) {
            (RelationKey::Pairs(table), _) => table.name.trim_start_matches('_').to_owned(),
            (_, Some(it)) if ambiguous => format!("{from_model}_{}To{to_model}", it.referring.join("_")),
            _ => usual.clone(),
        };
        let is_self = from == to;
        let is_named = ambiguous || is_self || own != usual;
        let is_pairs = columns.is_none();
        let wanted = match (is_pairs, is_self) {
            (true, true) => (format!("{from_model}_A"), format!("{from_model}_B")),
            (false, true) => (to_model.clone(), format!("other_{from_model}")),
            (_, false) => (to_model.clone(), from_model.clone()),
        };
        let mut field = |at: usize, wanted: String, needs_more: bool| {
            let Some(draft) = drafts.list.get_mut(at) else { return wanted };
            let more = needs_more || draft.taken.contains(&wanted);
            let name = if more { text::identifier(&format!("{wanted}_{own}"), "relation") } else { wanted };
            draft.taken.take(name)
        };
        let from_field = field(from, wanted.0, ambiguous);
        let to_field = field(to, wanted.1, ambiguous);
        let name = is_named.then_some(own);
        relations.push(Relation { key, from, to, name, from_field, to_field, columns });
    }
    Relations(relations)
}

/// The relation fields of a model, with the place of the model at the other end: those that refer first.
pub(super) fn fields(
    present: &Present<'_>,
    drafts: &Drafts<'_>,
    relations: &Relations,
    at: usize,
) -> Vec<(usize, Field)> {
    let Relations(relations) = relations;
    let forward = relations.iter().filter(|it| it.from == at);
    let forward = forward.filter_map(|it| Some((it.to, forward_field(present, drafts, it)?)));
    let back = relations.iter().filter(|it| it.to == at);
    let back = back.filter_map(|it| Some((it.from, back_field(drafts, it)?)));
    forward.chain(back).collect()
}

fn field(key: FieldKey, name: &str, ty: &str, modifier: Modifier, arguments: Vec<Argument>) -> Field {
    let says = arguments.iter().any(|it| !it.implied);
    let attribute = says.then(|| Attribute::single("relation", arguments));
    let attributes = attribute.into_iter().collect();
    Field { key, name: name.to_owned(), documentation: None, ty: ty.to_owned(), scalar: None, modifier, attributes }
}

fn name_argument(relation: &Relation) -> Option<Argument> {
    relation.name.as_ref().map(|name| Argument::bare("name", text::string(name)))
}

fn forward_field(present: &Present<'_>, drafts: &Drafts<'_>, relation: &Relation) -> Option<Field> {
    let (from, to) = (drafts.list.get(relation.from)?, drafts.list.get(relation.to)?);
    let key = FieldKey::Relation(relation.key.clone(), Side::From);
    let mut arguments: Vec<Argument> = name_argument(relation).into_iter().collect();
    let Some(columns) = &relation.columns else {
        return Some(field(key, &relation.from_field, &to.name, Modifier::List, arguments));
    };
    let nullable = |column: &String| {
        from.table.is_some_and(|table| table.column(column).is_some_and(|column| is_nullable(table, column)))
    };
    let modifier = if columns.referring.iter().any(nullable) { Modifier::Optional } else { Modifier::None };
    if let (Some(fields), Some(references)) = (from.fields_of(&columns.referring), to.fields_of(&columns.referred)) {
        arguments.push(Argument::labelled("fields", text::list(&fields)));
        arguments.push(Argument::labelled("references", text::list(&references)));
        arguments.extend(actions(present, columns, columns.referring.iter().all(nullable)));
        arguments.extend(constraint(present, from.table?, columns));
    }
    Some(field(key, &relation.from_field, &to.name, modifier, arguments))
}

fn back_field(drafts: &Drafts<'_>, relation: &Relation) -> Option<Field> {
    let from = drafts.list.get(relation.from)?;
    let key = FieldKey::Relation(relation.key.clone(), Side::To);
    let is_single = |columns: &Columns| from.table.is_some_and(|table| is_unique_in_order(table, &columns.referring));
    let modifier = match &relation.columns {
        Some(columns) if is_single(columns) => Modifier::Optional,
        _ => Modifier::List,
    };
    let arguments = name_argument(relation).into_iter().collect();
    Some(field(key, &relation.to_field, &from.name, modifier, arguments))
}

/// `onDelete` and `onUpdate`.
fn actions(present: &Present<'_>, columns: &Columns, optional: bool) -> [Argument; 2] {
    let usual_delete = match (optional, emulates(present)) {
        (true, _) => ReferentialAction::SetNull,
        (false, _) => ReferentialAction::Restrict,
    };
    let usual_update = if emulates(present) { ReferentialAction::NoAction } else { ReferentialAction::Cascade };
    let argument = |label, action, usual| Argument::labelled(label, action_name(action)).implied(action == usual);
    [argument("onDelete", columns.on_delete, usual_delete), argument("onUpdate", columns.on_update, usual_update)]
}

fn action_name(action: ReferentialAction) -> &'static str {
    match action {
        ReferentialAction::Cascade => "Cascade",
        ReferentialAction::Restrict => "Restrict",
        ReferentialAction::NoAction => "NoAction",
        ReferentialAction::SetNull => "SetNull",
        ReferentialAction::SetDefault => "SetDefault",
    }
}

/// `map`, where the database tells the constraint's name.
fn constraint(present: &Present<'_>, table: &Table, columns: &Columns) -> Option<Argument> {
    let connector = present.resolved.settings.connector;
    let name = columns.constraint.as_ref().filter(|_| connector.can.named_foreign_keys)?;
    let usual = constraint_name(connector, &table.name.name, &columns.referring, "_fkey");
    Some(Argument::labelled("map", text::string(name)).implied(*name == usual))
}
