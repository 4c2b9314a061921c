//! Both ways in which a query is written: the text that a client without an engine writes while the query is put together
//! must mean to a pool what the text of the tree means that every other client builds.
//!
//! The text is compiled into WebAssembly only, so its source is compiled here once more.
#![allow(clippy::unwrap_used)]

use lenslet_core::{
    cache::{self, swr, ttl},
    catalog::{
        Arity, Catalog, Column, ColumnType, Default, Field, FieldKind, ForeignKey, Index, IndexField, IndexKind, Model,
        ModelKind, Provider, ReferentialAction, Relation, RelationEnd, RelationField, RelationKind, RelationMode,
        ScalarType, Side,
    },
    draft::Kind,
    error,
    query::{
        self, Action, Aggregate, Change, Compare, CreateMany, FieldId, GroupBy, JsonPath, ModelId, Nulls, Operator,
        OrderBy, Quantifier, Query, Raw, Selected, SelectedRelation, Sort, Upsert, Write,
    },
    value::{self, Value},
    written,
};
use lenslet_wire::{
    decode::{Client, Limits, Request, request},
    encode,
};
use proptest::prelude::*;
use std::borrow::Cow;

#[allow(unreachable_pub, reason = "public where it belongs")]
#[path = "../../core/src/draft/text.rs"]
mod text;

const USER: ModelId = ModelId::new(0, "User");
const ID: FieldId = FieldId::new(0, "id");
const NAME: FieldId = FieldId::new(1, "name");
const AGE: FieldId = FieldId::new(2, "age");
const DOCUMENT: FieldId = FieldId::new(3, "document");
const LABELS: FieldId = FieldId::new(4, "labels");
const POSTS: FieldId = FieldId::new(5, "posts");
const POST_ID: FieldId = FieldId::new(0, "id");
const TITLE: FieldId = FieldId::new(1, "title");
const AUTHOR: FieldId = FieldId::new(3, "author");
const POST: ModelId = ModelId::new(1, "Post");

fn column(name: &'static str, ty: ScalarType, arity: Arity) -> Field {
    let ty = ColumnType::Scalar(ty);
    let default = (name == "id").then_some(Default::Autoincrement);
    let column = Column { db_name: name.into(), ty, native_type: None, default, updated_at: false };
    Field { name: name.into(), documentation: None, arity, ignored: false, kind: FieldKind::Column(column) }
}

fn relation(name: &'static str, model: u16, opposite: u16, side: Side, arity: Arity) -> Field {
    let end = RelationEnd { relation: 0, model, opposite, side };
    Field { name: name.into(), documentation: None, arity, ignored: false, kind: FieldKind::Relation(end) }
}

fn index(kind: IndexKind, fields: &[u16]) -> Index {
    let field = |field: &u16| IndexField { field: *field, sort: None, length: None, operator_class: None };
    Index {
        kind,
        name: (kind == IndexKind::Unique).then(|| "id_age".into()),
        db_name: None,
        fields: fields.iter().map(field).collect::<Vec<_>>().into(),
        algorithm: None,
        clustered: None,
        predicate: None,
    }
}

fn model(name: &'static str, fields: Vec<Field>, indexes: Vec<Index>) -> Model {
    Model {
        name: name.into(),
        db_name: name.into(),
        schema: None,
        kind: ModelKind::Table,
        documentation: None,
        ignored: false,
        fields: fields.into(),
        primary_key: Some(index(IndexKind::PrimaryKey, &[0])),
        indexes: indexes.into(),
    }
}

fn catalog() -> Catalog {
    let user = vec![
        column("id", ScalarType::Int, Arity::Required),
        column("name", ScalarType::String, Arity::Optional),
        column("age", ScalarType::Int, Arity::Required),
        column("document", ScalarType::Json, Arity::Optional),
        column("labels", ScalarType::String, Arity::List),
        relation("posts", 1, 3, Side::To, Arity::List),
    ];
    let post = vec![
        column("id", ScalarType::Int, Arity::Required),
        column("title", ScalarType::String, Arity::Required),
        column("authorId", ScalarType::Int, Arity::Optional),
        relation("author", 0, 5, Side::From, Arity::Optional),
    ];
    let key = ForeignKey {
        fields: vec![2].into(),
        references: vec![0].into(),
        one_to_one: false,
        on_delete: ReferentialAction::Cascade,
        on_update: ReferentialAction::Cascade,
        db_name: "author".into(),
    };
    let authors = Relation {
        name: "PostToUser".into(),
        from: RelationField { model: 1, field: 3 },
        to: RelationField { model: 0, field: 5 },
        kind: RelationKind::ForeignKey(key),
    };
    Catalog {
        provider: Provider::Postgresql,
        relation_mode: RelationMode::ForeignKeys,
        schemas: Vec::new().into(),
        extensions: Vec::new().into(),
        models: vec![model("User", user, vec![index(IndexKind::Unique, &[0, 2])]), model("Post", post, Vec::new())]
            .into(),
        enums: Vec::new().into(),
        relations: vec![authors].into(),
    }
}

fn decoded(body: &str) -> Query {
    let limits = Limits { client: Client::Lenslet, ..Limits::default() };
    match request(body, &catalog(), &limits) {
        Ok(Request::One(query)) => query,
        other => panic!("{body}: {other:?}"),
    }
}

/// Compares what a pool understands.
#[track_caller]
fn check(text: &text::Draft, tree: &Query) {
    let mut out = written::Writer::default();
    text.write(&mut out);
    let (text_body, tree_body) = (out.finish(), encode::query(tree));
    assert_eq!(decoded(&text_body), decoded(&tree_body), "\n{text_body}\n{tree_body}");
    assert_eq!(text.only_reads(), tree.action.only_reads());
    assert_eq!(text.cache_headers(), tree.cache_headers());
}

fn number(value: i64) -> text::Datum {
    text::datum(Value::Int(value))
}

fn compare(field: FieldId, operator: Operator, value: impl Into<Value>) -> query::Condition {
    query::Condition::Compare(Compare::new(field, operator, value.into()))
}

fn is(field: FieldId, value: i64) -> query::Condition {
    compare(field, Operator::Equals, Value::Int(value))
}

fn text_is(field: FieldId, value: i64) -> text::Condition {
    text::compare(field, Operator::Equals, number(value))
}

/// A query of each vocabulary that answers the ids.
fn begin(model: ModelId, kind: Kind, action: Action) -> (text::Draft, Query) {
    let (mut text, mut tree) = (text::Draft::begin(model, kind), Query::new(model, action));
    text::select_column(&mut text.selection, ID);
    tree.selection.push(Selected::Columns(vec![ID].into()));
    (text, tree)
}

fn find_many() -> (text::Draft, Query) {
    begin(USER, Kind::FindMany, Action::FindMany)
}

#[test]
fn actions_by_a_unique_selector() {
    for (kind, action) in [
        (Kind::FindUnique, Action::FindUnique),
        (Kind::FindUniqueOrThrow, Action::FindUniqueOrThrow),
        (Kind::DeleteOne, Action::DeleteOne),
        (Kind::UpdateOne, Action::UpdateOne(Write::default())),
    ] {
        let (mut text, mut tree) = begin(USER, kind, action);
        text.arguments.narrow(text_is(ID, 1));
        tree.arguments.filter = Some(is(ID, 1));
        check(&text, &tree);
        text.arguments.narrow(text::compare(AGE, Operator::Gt, number(5)));
        tree.arguments.filter = Some(query::Condition::All(vec![is(ID, 1), compare(AGE, Operator::Gt, Value::Int(5))]));
        check(&text, &tree);
    }
}

#[test]
fn a_compound_selector() {
    let (mut text, mut tree) = begin(USER, Kind::FindUnique, Action::FindUnique);
    text.arguments.narrow(text::compound("id_age", [(ID, number(1)), (AGE, number(-3))].into_iter()));
    text.arguments.narrow(text::compare(NAME, Operator::Equals, text::text("A \"b\"\n\u{1f600}")));
    let parts = vec![(ID, Value::Int(1)), (AGE, Value::Int(-3))];
    tree.arguments.filter = Some(query::Condition::All(vec![
        query::Condition::Compound("id_age".into(), parts),
        compare(NAME, Operator::Equals, Value::Text("A \"b\"\n\u{1f600}".into())),
    ]));
    check(&text, &tree);
}

#[test]
fn equality_of_documents_and_lists() {
    let labels = || ["a", "b"].map(|label| Value::Text(label.into()));
    for (field, value) in [
        (DOCUMENT, Value::Null),
        (DOCUMENT, Value::Json(r#"{"equals":1}"#.into())),
        (DOCUMENT, Value::Json("null".into())),
        (LABELS, Value::List(labels().into())),
        (LABELS, Value::List(Vec::new())),
    ] {
        for operator in [Operator::Equals, Operator::Not] {
            if (field, operator) == (LABELS, Operator::Not) {
                continue; // Lists have no such operator.
            }
            let (mut text, mut tree) = find_many();
            text.arguments.narrow(text::compare(field, operator, text::datum(value.clone())));
            tree.arguments.filter = Some(compare(field, operator, value.clone()));
            check(&text, &tree);
        }
    }
}

#[test]
fn arguments() {
    let (mut text, mut tree) = find_many();
    text.arguments.take(-3);
    text.arguments.skip(2);
    text.arguments.start_at(text_is(ID, 7));
    text.arguments.distinct([NAME, AGE]);
    tree.arguments.take = Some(-3);
    tree.arguments.skip = Some(2);
    tree.arguments.cursor = Some(Box::new(is(ID, 7)));
    tree.arguments.distinct = vec![NAME, AGE];
    check(&text, &tree);
    for (kind, action) in [
        (Kind::DeleteMany, Action::DeleteMany),
        (Kind::UpdateMany, Action::UpdateMany(Write::default())),
        (Kind::UpdateManyAndReturn, Action::UpdateManyAndReturn(Write::default())),
    ] {
        let (mut text, mut tree) = (text::Draft::begin(USER, kind), Query::new(USER, action));
        text.arguments.limit(4);
        tree.arguments.take = Some(4);
        if kind == Kind::UpdateManyAndReturn {
            text::select_columns(&mut text.selection, &[ID, NAME]);
            tree.selection.push(Selected::Columns(vec![ID, NAME].into()));
        }
        check(&text, &tree);
    }
}

#[test]
fn caching() {
    for cache in [ttl(5).swr(6).tag("a"), swr(6).tag("a b")] {
        let (mut text, mut tree) = find_many();
        text.keep(cache.clone());
        tree.cache = Some(Box::new(cache));
        check(&text, &tree);
    }
}

#[test]
fn orders() {
    let (mut text, mut tree) = find_many();
    let mut nulls_last = text::order_by(NAME, Sort::Desc);
    nulls_last.put_nulls(Nulls::Last);
    let mut nulls_first = text::order_by(NAME, Sort::Asc);
    nulls_first.put_nulls(Nulls::First);
    text.arguments.orders().extend([
        text::order_by(AGE, Sort::Asc),
        nulls_last,
        nulls_first,
        text::order_by_count(POSTS, Sort::Desc),
    ]);
    let order = |by, sort, nulls| query::Order { by, sort, nulls };
    tree.arguments.order = vec![
        order(OrderBy::Column(AGE), Sort::Asc, None),
        order(OrderBy::Column(NAME), Sort::Desc, Some(Nulls::Last)),
        order(OrderBy::Column(NAME), Sort::Asc, Some(Nulls::First)),
        order(OrderBy::RelationCount(POSTS), Sort::Desc, None),
    ];
    check(&text, &tree);

    let (mut text, mut tree) = begin(POST, Kind::FindFirst, Action::FindFirst);
    let mut by_name = text::order_by_related(AUTHOR, text::order_by(NAME, Sort::Asc));
    by_name.put_nulls(Nulls::First);
    text.arguments.orders().push(by_name);
    text.arguments.orders().push(text::order_by_related(AUTHOR, text::order_by_count(POSTS, Sort::Asc)));
    let related = |by| OrderBy::Related(AUTHOR, Box::new(by));
    tree.arguments.order = vec![
        order(related(OrderBy::Column(NAME)), Sort::Asc, Some(Nulls::First)),
        order(related(OrderBy::RelationCount(POSTS)), Sort::Asc, None),
    ];
    check(&text, &tree);
}

#[test]
fn conditions_with_a_manner() {
    let (mut text, mut tree) = find_many();
    text.arguments.narrow(text::compare_insensitive(NAME, Operator::Contains, text::text("a")));
    let steps = || vec!["web".to_owned(), "0".to_owned()];
    for insensitive in [false, true] {
        text.arguments.narrow(text::compare_at(
            DOCUMENT,
            steps(),
            insensitive,
            Operator::StringContains,
            text::text("b"),
        ));
    }
    text.arguments.narrow(text::compare(ID, Operator::In, text::list([1, 2].map(number).into_iter())));
    text.arguments.narrow(text::compare(ID, Operator::NotIn, text::list(std::iter::empty())));
    let at = |insensitive| {
        query::Condition::Compare(Compare {
            path: Some(Box::new(JsonPath::Steps(steps()))),
            insensitive,
            ..Compare::new(DOCUMENT, Operator::StringContains, Value::Text("b".into()))
        })
    };
    let name = Compare::new(NAME, Operator::Contains, Value::Text("a".into()));
    tree.arguments.filter = Some(query::Condition::All(vec![
        query::Condition::Compare(Compare { insensitive: true, ..name }),
        at(false),
        at(true),
        compare(ID, Operator::In, Value::List(vec![Value::Int(1), Value::Int(2)])),
        compare(ID, Operator::NotIn, Value::List(Vec::new())),
    ]));
    check(&text, &tree);
}

#[test]
fn selections() {
    let (mut text, mut tree) = find_many();
    let mut below = text::Arguments::default();
    below.narrow(text::compare(TITLE, Operator::StartsWith, text::text("x")));
    below.orders().push(text::order_by(POST_ID, Sort::Desc));
    below.take(3);
    text::select_related(
        &mut text.selection,
        POSTS,
        below,
        text::with_columns(&[POST_ID, TITLE], {
            let mut author = text::Selection::default();
            text::select_related(
                &mut author,
                AUTHOR,
                text::Arguments::default(),
                text::with_columns(&[ID], text::Selection::default()),
            );
            author
        }),
    );
    text::select_alone(&mut text.selection, AGE);
    let ids = |columns: &'static [FieldId]| Selected::Columns(Cow::Borrowed(columns));
    let related =
        |field, arguments, selection| Selected::Relation(Box::new(SelectedRelation { field, arguments, selection }));
    let arguments = query::Arguments {
        filter: Some(compare(TITLE, Operator::StartsWith, Value::Text("x".into()))),
        order: vec![query::Order { by: OrderBy::Column(POST_ID), sort: Sort::Desc, nulls: None }],
        take: Some(3),
        ..query::Arguments::default()
    };
    let author = related(AUTHOR, query::Arguments::default(), vec![ids(&[ID])]);
    tree.selection.push(related(POSTS, arguments, vec![ids(&[POST_ID, TITLE]), author]));
    tree.selection.push(ids(&[AGE]));
    check(&text, &tree);
}

#[test]
fn counts_of_relations() {
    for filtered in [false, true] {
        let (mut text, mut tree) = find_many();
        let filter = filtered.then(|| {
            let mut arguments = text::Arguments::default();
            arguments.narrow(text_is(POST_ID, 1));
            arguments.into_filter().unwrap()
        });
        text::select_count(&mut text.selection, POSTS, filter);
        tree.selection.push(Selected::RelationCounts(vec![(POSTS, filtered.then(|| is(POST_ID, 1)))]));
        check(&text, &tree);
    }
}

#[test]
fn aggregates_and_groups() {
    let (mut text, mut tree) = (text::Draft::begin(USER, Kind::Aggregate), Query::new(USER, Action::Aggregate));
    for (of, field) in [(Aggregate::Count, None), (Aggregate::Avg, Some(AGE)), (Aggregate::Max, Some(NAME))] {
        text::select_computed(&mut text.selection, of, field);
        tree.selection.push(Selected::Aggregate(of, vec![field]));
    }
    check(&text, &tree);

    let having = |of, value| {
        query::Condition::Compare(Compare { aggregate: Some(of), ..Compare::new(AGE, Operator::Gt, Value::Int(value)) })
    };
    let all = query::Condition::All(vec![having(Aggregate::Sum, 5), having(Aggregate::Min, 1)]);
    let (mut text, mut tree) = (
        text::Draft::begin(USER, Kind::GroupBy),
        Query::new(USER, Action::GroupBy(Box::new(GroupBy { by: vec![NAME, AGE], having: Some(all) }))),
    );
    text.group_by(vec![NAME, AGE]);
    text.having(text::compare_computed(Aggregate::Sum, AGE, Operator::Gt, number(5)));
    text.having(text::compare_computed(Aggregate::Min, AGE, Operator::Gt, number(1)));
    text::select_columns(&mut text.selection, &[NAME, AGE]);
    tree.selection.push(Selected::Columns(vec![NAME, AGE].into()));
    text.arguments.orders().push(text::order_by_computed(Aggregate::Sum, Some(AGE), Sort::Desc));
    tree.arguments.order =
        vec![query::Order { by: OrderBy::Aggregate(Aggregate::Sum, Some(AGE)), sort: Sort::Desc, nulls: None }];
    check(&text, &tree);
}

fn row(value: i64) -> Write {
    Write { assignments: vec![query::Assignment::Set(AGE, Value::Int(value))] }
}

fn text_row(value: i64) -> text::Row {
    let mut row = text::Row::default();
    row.assign(text::set(AGE, number(value)));
    row
}

fn post(title: &'static str) -> Write {
    Write { assignments: vec![query::Assignment::Set(TITLE, Value::Text(title.into()))] }
}

fn text_post(title: &'static str) -> text::Row {
    let mut row = text::Row::default();
    row.assign(text::set(TITLE, text::text(title)));
    row
}

#[test]
fn rows_that_are_written() {
    let (mut text, tree) = begin(USER, Kind::CreateOne, Action::CreateOne(row(3)));
    text.put(text_row(3));
    check(&text, &tree);

    let upsert = Upsert { create: row(1), update: row(2) };
    let (mut text, mut tree) = begin(USER, Kind::UpsertOne, Action::UpsertOne(Box::new(upsert)));
    text.arguments.narrow(text_is(ID, 1));
    text.put(text_row(1));
    text.put_update(text_row(2));
    tree.arguments.filter = Some(is(ID, 1));
    check(&text, &tree);

    for skip_duplicates in [false, true] {
        let many = || CreateMany { rows: vec![row(1), row(2)], skip_duplicates };
        let count = (text::Draft::begin(USER, Kind::CreateMany), Query::new(USER, Action::CreateMany(many())));
        let rows = begin(USER, Kind::CreateManyAndReturn, Action::CreateManyAndReturn(many()));
        for (mut text, tree) in [count, rows] {
            text.put_many(vec![text_row(1), text_row(2)]);
            if skip_duplicates {
                text.skip_duplicates();
            }
            check(&text, &tree);
        }
    }
}

#[test]
fn changes() {
    let mut data = Vec::new();
    let (mut text, _) = begin(USER, Kind::UpdateOne, Action::UpdateOne(Write::default()));
    text.arguments.narrow(text_is(ID, 1));
    for change in [Change::Increment, Change::Decrement, Change::Multiply, Change::Divide] {
        text.assign(text::change(AGE, change, number(2)));
        data.push(query::Assignment::Change(AGE, change, Value::Int(2)));
    }
    text.assign(text::change(LABELS, Change::Push, text::list([text::text("a")].into_iter())));
    text.assign(text::set(NAME, text::datum(Value::Null)));
    data.push(query::Assignment::Change(LABELS, Change::Push, Value::List(vec![Value::Text("a".into())])));
    data.push(query::Assignment::Set(NAME, Value::Null));
    let mut tree = Query::new(USER, Action::UpdateOne(Write { assignments: data }));
    tree.selection.push(Selected::Columns(vec![ID].into()));
    tree.arguments.filter = Some(is(ID, 1));
    check(&text, &tree);
}

#[test]
fn what_is_written_through_relations() {
    use text::Nested;
    let mut skipping = Nested::create_many(vec![text_post("a")]);
    skipping.skip_duplicates();
    let many = |skip_duplicates| CreateMany { rows: vec![post("a")], skip_duplicates };
    let (one, two) = (|| is(POST_ID, 1), || is(POST_ID, 2));
    let (text_one, text_two) = (|| text_is(POST_ID, 1), || text_is(POST_ID, 2));
    let upsert = Upsert { create: post("a"), update: post("b") };
    for (text_nested, nested) in [
        (Nested::create(vec![text_post("a")]), query::Nested::Create(vec![post("a")])),
        (Nested::create(vec![text_post("a"), text_post("b")]), query::Nested::Create(vec![post("a"), post("b")])),
        (Nested::create_many(vec![text_post("a")]), query::Nested::CreateMany(many(false))),
        (skipping, query::Nested::CreateMany(many(true))),
        (Nested::connect(vec![text_one()]), query::Nested::Connect(vec![one()])),
        (Nested::connect(vec![text_one(), text_two()]), query::Nested::Connect(vec![one(), two()])),
        (
            Nested::connect_or_create(text_one(), text_post("a")),
            query::Nested::ConnectOrCreate(vec![(one(), post("a"))]),
        ),
        (Nested::set(Vec::new()), query::Nested::Set(Vec::new())),
        (Nested::set(vec![text_one()]), query::Nested::Set(vec![one()])),
        (Nested::disconnect(vec![Some(text_one())]), query::Nested::Disconnect(vec![Some(one())])),
        (
            Nested::delete(vec![Some(text_one()), Some(text_two())]),
            query::Nested::Delete(vec![Some(one()), Some(two())]),
        ),
        (Nested::delete_many(text::everything()), query::Nested::DeleteMany(vec![query::Condition::All(Vec::new())])),
        (Nested::delete_many(text_one()), query::Nested::DeleteMany(vec![one()])),
        (Nested::update(Some(text_one()), text_post("b")), query::Nested::Update(vec![(Some(one()), post("b"))])),
        (Nested::update_many(text_one(), text_post("b")), query::Nested::UpdateMany(vec![(one(), post("b"))])),
        (
            Nested::upsert(Some(text_one()), text_post("a"), text_post("b")),
            query::Nested::Upsert(vec![(Some(one()), upsert)]),
        ),
    ] {
        let (mut text, mut tree) = begin(USER, Kind::UpdateOne, Action::UpdateOne(Write::default()));
        text.arguments.narrow(text_is(ID, 1));
        tree.arguments.filter = Some(is(ID, 1));
        text.assign(text::through(POSTS, text_nested));
        tree.action = Action::UpdateOne(Write { assignments: vec![query::Assignment::Nested(POSTS, nested)] });
        check(&text, &tree);
    }
}

/// Relations to one row take no selector, or a filter.
#[test]
fn what_is_written_through_relations_to_one() {
    use text::Nested;
    let upsert = Upsert { create: row(1), update: row(2) };
    for (text_nested, nested) in [
        (Nested::disconnect(vec![None]), query::Nested::Disconnect(vec![None])),
        (Nested::delete(vec![None]), query::Nested::Delete(vec![None])),
        (Nested::update(None, text_row(2)), query::Nested::Update(vec![(None, row(2))])),
        (Nested::upsert(None, text_row(1), text_row(2)), query::Nested::Upsert(vec![(None, upsert)])),
    ] {
        let (mut text, mut tree) = begin(POST, Kind::UpdateOne, Action::UpdateOne(Write::default()));
        text.arguments.narrow(text_is(POST_ID, 1));
        tree.arguments.filter = Some(is(POST_ID, 1));
        text.assign(text::through(AUTHOR, text_nested));
        tree.action = Action::UpdateOne(Write { assignments: vec![query::Assignment::Nested(AUTHOR, nested)] });
        check(&text, &tree);
    }
}

#[test]
fn raw_sql() {
    for braces in [false, true] {
        let raw = || Raw { text: "SELECT \"x\"".into(), braces, parameters: vec![Value::Int(1), Value::Null] };
        check(&text::Draft::raw_query(raw()), &Query::new(Query::RAW, Action::QueryRaw(Box::new(raw()))));
        check(&text::Draft::raw_execution(raw()), &Query::new(Query::RAW, Action::ExecuteRaw(Box::new(raw()))));
    }
}

/// A filter of each vocabulary.
#[derive(Clone, Debug)]
struct Both {
    text: text::Condition,
    tree: query::Condition,
}

fn conditions() -> impl Strategy<Value = Both> {
    let operators = prop::sample::select(vec![Operator::Equals, Operator::Not, Operator::Lt, Operator::Gte]);
    let compared = (operators, any::<i32>()).prop_map(|(operator, value)| Both {
        text: text::compare(AGE, operator, number(value.into())),
        tree: compare(AGE, operator, Value::Int(value.into())),
    });
    let null = Just(Both {
        text: text::compare(NAME, Operator::Equals, text::datum(Value::Null)),
        tree: compare(NAME, Operator::Equals, Value::Null),
    });
    let everything = Just(Both { text: text::everything(), tree: query::Condition::All(Vec::new()) });
    let nothing = Just(Both { text: text::nothing(), tree: query::Condition::Any(Vec::new()) });
    prop_oneof![4 => compared, 1 => null, 1 => everything, 1 => nothing].prop_recursive(4, 24, 3, |inner| {
        let quantifiers = prop::sample::select(vec![Quantifier::Some, Quantifier::Every, Quantifier::None]);
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(first, second)| Both {
                text: text::both(first.text, second.text),
                tree: match first.tree {
                    query::Condition::All(list) => query::Condition::All([list, vec![second.tree]].concat()),
                    first => query::Condition::All(vec![first, second.tree]),
                },
            }),
            (inner.clone(), inner.clone()).prop_map(|(first, second)| Both {
                text: text::either(first.text, second.text),
                tree: match first.tree {
                    query::Condition::Any(list) => query::Condition::Any([list, vec![second.tree]].concat()),
                    first => query::Condition::Any(vec![first, second.tree]),
                },
            }),
            inner.clone().prop_map(|inner| Both {
                text: text::not(inner.text),
                tree: query::Condition::Not(Box::new(inner.tree)),
            }),
            (quantifiers, inner).prop_map(|(quantifier, inner)| Both {
                text: text::related(POSTS, quantifier, text::related(AUTHOR, Quantifier::Is, inner.text)),
                tree: query::Condition::Related(
                    POSTS,
                    quantifier,
                    Box::new(query::Condition::Related(AUTHOR, Quantifier::Is, Box::new(inner.tree))),
                ),
            }),
        ]
    })
}

proptest! {
    #[test]
    fn filters(filter in conditions()) {
        let (mut text, mut tree) = find_many();
        text.arguments.narrow(filter.text);
        tree.arguments.filter = Some(filter.tree);
        check(&text, &tree);
    }
}
