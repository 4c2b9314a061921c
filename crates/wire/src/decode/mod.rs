//! Requests as text become queries, checked against the catalog.
//!
//! Everything that Prisma's clients of 5.22 to 6.19 send is understood, and what Lenslet's own client sends. An error has
//! Prisma's code and `meta` (which its client prints a picture of the query from) and a message that names the place.

mod arguments;
mod condition;
mod fault;
mod order;
mod raw;
mod selection;
mod value;
mod write;

use crate::{
    json::{Bounds, Json, Malformed},
    names,
};
use fault::{At, Step};
use lenslet_core::{
    catalog::{Catalog, Field, Model},
    engine::{Isolation, TransactionOptions},
    error::{Error, ErrorKind},
    query::{
        Action, Arguments, CreateMany, FieldId, GroupBy, ModelId, Nulls, Order, OrderBy, Query, Selected, Sort, Upsert,
    },
    value::Value,
};
use selection::Scope;
use std::{slice, time::Duration};
pub(crate) use value::Type;

/// What a request may be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub size: usize,
    /// Lists and objects inside each other.
    pub depth: usize,
    /// JSON values in all: keys, items, operands.
    pub values: usize,
    /// Queries of a batch.
    pub batch: usize,
    /// Who asks.
    pub client: Client,
}

/// Whose rules a request is read by. They say the same in the same words, but for a few things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Prisma's. A row does not set columns of foreign keys and at the same time write through relations that have such
    /// columns. Inside `AND`, `OR` and `NOT` a filter that asks for nothing is as if it were not there, and a row that
    /// nothing is set of is not looked for. A `Float` has sixteen digits, and a document is compared with the document null.
    Prisma,
    /// Lenslet's own. A row is written as it is said. A filter that asks for nothing is true, and its negation false.
    Lenslet,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { size: 16 << 20, depth: 128, values: 2_000_000, batch: 10_000, client: Client::Prisma }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "taken apart as soon as it is made")]
pub enum Request {
    /// One query.
    One(Query),
    /// Several independent queries, each with an answer or an error of its own.
    Several(Vec<Result<Query, Error>>),
    /// Several queries in one transaction.
    Transaction(Vec<Query>, Option<Isolation>),
}

/// Decodes the body of a `POST …/graphql`.
///
/// # Errors
/// P5000 when the text is no request or exceeds the limits; P2009, P2012, P2019 when a query does not fit the schema.
///
/// ```
/// # use lenslet_core::catalog::{Catalog, Provider, RelationMode};
/// # let catalog = Catalog {
/// #     provider: Provider::Sqlite, relation_mode: RelationMode::ForeignKeys, schemas: [].as_slice().into(),
/// #     extensions: [].as_slice().into(), models: [].as_slice().into(), enums: [].as_slice().into(),
/// #     relations: [].as_slice().into(),
/// # };
/// use lenslet_wire::decode::{Limits, Request, request};
/// let body = r#"{"action":"queryRaw","query":{"arguments":{"query":"SELECT 1","parameters":"[]"},"selection":{}}}"#;
/// assert!(matches!(request(body, &catalog, &Limits::default()), Ok(Request::One(_))));
/// let wrong = request(r#"{"modelName":"User","action":"findMany"}"#, &catalog, &Limits::default());
/// assert_eq!(wrong.map_err(|error| error.code()), Err("P2009"));
/// ```
pub fn request(text: &str, catalog: &Catalog, limits: &Limits) -> Result<Request, Error> {
    let json = parse(text, limits)?;
    let decoder = Decoder { catalog, client: limits.client, depth: limits.depth };
    let Some(batch) = json.get("batch") else {
        return decoder.query(&json).map(Request::One);
    };
    let Json::List(items) = batch else {
        return Err(bad("`batch`: expected a list of queries"));
    };
    if items.len() > limits.batch {
        return Err(bad(&format!("`batch`: more than {} queries", limits.batch)));
    }
    let queries = items.iter().map(|item| decoder.query(item));
    let Some(transaction) = json.get("transaction").filter(|it| **it != Json::Null) else {
        return Ok(Request::Several(queries.collect()));
    };
    let isolation = isolation(transaction.get("isolationLevel"))?;
    let queries = queries
        .enumerate()
        .map(|(index, query)| query.map_err(|error| error.in_batch(index)))
        .collect::<Result<_, _>>()?;
    Ok(Request::Transaction(queries, isolation))
}

/// Decodes the body of a `POST …/transaction/start`.
///
/// # Errors
/// P5000 when the text is no such body, P2023 when the isolation level is unknown.
///
/// ```
/// use lenslet_wire::decode::{Limits, start};
/// let options = start(r#"{"max_wait":3000,"timeout":7000,"isolation_level":"ReadCommitted"}"#, &Limits::default());
/// assert_eq!(options.map(|it| it.timeout.as_secs()), Ok(7));
/// ```
pub fn start(text: &str, limits: &Limits) -> Result<TransactionOptions, Error> {
    let json = parse(text, limits)?;
    let mut options = TransactionOptions::default();
    let time = |key: &str, default: Duration| match json.get(key) {
        None | Some(Json::Null) => Ok(default),
        Some(Json::Number(text)) => {
            text.parse().map(Duration::from_millis).map_err(|_| bad(&format!("`{key}`: expected milliseconds")))
        }
        Some(_) => Err(bad(&format!("`{key}`: expected milliseconds"))),
    };
    options.max_wait = time("max_wait", options.max_wait)?;
    options.timeout = time("timeout", options.timeout)?;
    options.isolation = isolation(json.get("isolation_level"))?;
    Ok(options)
}

fn parse<'t>(text: &'t str, limits: &Limits) -> Result<Json<'t>, Error> {
    if text.len() > limits.size {
        return Err(bad(&format!("the request is larger than {} bytes", limits.size)));
    }
    let bounds = Bounds { depth: limits.depth, values: limits.values };
    Json::parse(text, bounds).map_err(|malformed| match malformed {
        Malformed::Syntax(at) => bad(&format!("the request is not JSON from byte {at} on")),
        Malformed::Depth => bad(&format!("the request is nested deeper than {}", limits.depth)),
        Malformed::Values => bad(&format!("the request has more than {} values", limits.values)),
    })
}

fn bad(message: &str) -> Error {
    Error::new(ErrorKind::BadRequest, message)
}

fn isolation(json: Option<&Json<'_>>) -> Result<Option<Isolation>, Error> {
    let name = match json {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Text(name)) => name.as_ref(),
        Some(_) => "",
    };
    names::isolation_of(name).map(Some).ok_or_else(|| {
        let message = format!("Conversion failed: Invalid isolation level `{name}`");
        Error::new(ErrorKind::ColumnDataInvalid, format!("Inconsistent column data: {message}"))
            .with("message", Value::Text(message))
    })
}

/// Decodes one query.
struct Decoder<'c> {
    catalog: &'c Catalog,
    client: Client,
    depth: usize,
}

/// A model, with its position.
#[derive(Clone, Copy)]
struct Of<'c> {
    index: u16,
    model: &'c Model,
}

impl<'c> Of<'c> {
    /// The field of that name, if the client shows it.
    fn field(self, name: &str) -> Option<(u16, &'c Field)> {
        self.model.field(name).filter(|(_, field)| field.is_visible())
    }

    fn names(self) -> Vec<&'c str> {
        let fields = self.model.fields.iter().filter(|field| field.is_visible());
        fields.map(|field| field.name.as_ref()).collect()
    }

    fn column_names(self) -> Vec<&'c str> {
        let columns = self.model.columns().filter(|(_, field, _)| field.is_visible());
        columns.map(|(_, field, _)| field.name.as_ref()).collect()
    }

    /// Every key that selects one row.
    fn selectors(self) -> Vec<&'c str> {
        let name = |index: &'c lenslet_core::catalog::Index| match (&index.name, index.fields.as_ref()) {
            (_, [only]) => self.model.fields.get(usize::from(only.field)).map(|field| field.name.as_ref()),
            (Some(name), _) => Some(name.as_ref()),
            (None, _) => None,
        };
        self.model.uniques().filter_map(name).collect()
    }

    /// A name for a type of Prisma's, `UserWhereInput`.
    fn named(self, end: &str) -> String {
        [self.model.name.as_ref(), end].concat()
    }
}

/// One, or a list of them.
fn each<'j, 't>(json: &'j Json<'t>) -> &'j [Json<'t>] {
    match json {
        Json::List(items) => items,
        one => slice::from_ref(one),
    }
}

/// Actions about models.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    FindUnique,
    Find,
    CreateOne,
    CreateMany,
    UpdateOne,
    UpdateMany,
    UpsertOne,
    DeleteOne,
    DeleteMany,
    Aggregate,
    GroupBy,
}

impl Verb {
    fn of(action: &str) -> Option<Verb> {
        Some(match action {
            "findUnique" | "findUniqueOrThrow" => Verb::FindUnique,
            "findFirst" | "findFirstOrThrow" | "findMany" => Verb::Find,
            "createOne" => Verb::CreateOne,
            "createMany" | "createManyAndReturn" => Verb::CreateMany,
            "updateOne" => Verb::UpdateOne,
            "updateMany" | "updateManyAndReturn" => Verb::UpdateMany,
            "upsertOne" => Verb::UpsertOne,
            "deleteOne" => Verb::DeleteOne,
            "deleteMany" => Verb::DeleteMany,
            "aggregate" => Verb::Aggregate,
            "groupBy" => Verb::GroupBy,
            _ => return None,
        })
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Verb::FindUnique => &["uniqueWhere", "relationLoadStrategy"],
            Verb::Find => &["where", "orderBy", "cursor", "take", "skip", "distinct", "relationLoadStrategy"],
            Verb::CreateOne => &["data", "relationLoadStrategy"],
            Verb::CreateMany => &["data", "skipDuplicates"],
            Verb::UpdateOne => &["data", "uniqueWhere", "relationLoadStrategy"],
            Verb::UpdateMany => &["data", "where", "limit"],
            Verb::UpsertOne => &["uniqueWhere", "create", "update", "relationLoadStrategy"],
            Verb::DeleteOne => &["uniqueWhere", "relationLoadStrategy"],
            Verb::DeleteMany => &["where", "limit"],
            Verb::Aggregate => &["where", "orderBy", "cursor", "take", "skip"],
            Verb::GroupBy => &["where", "orderBy", "by", "having", "take", "skip"],
        }
    }
}

impl<'c> Decoder<'c> {
    /// A model of the catalog; positions inside of a catalog are sound.
    fn of(&self, index: u16) -> Of<'c> {
        let models = self.catalog.models.as_ref();
        Of { index, model: &models[usize::from(index)] }
    }

    fn query(&self, json: &Json<'_>) -> Result<Query, Error> {
        let Some(action) = json.get("action").and_then(Json::as_text) else {
            return Err(bad("`action`: expected what to do, `findMany` for instance"));
        };
        let query = json.get("query");
        let arguments = query.and_then(|it| it.get("arguments"));
        match action {
            "queryRaw" => return Ok(Query::new(Query::RAW, Action::QueryRaw(Box::new(self.raw(arguments)?)))),
            "executeRaw" => return Ok(Query::new(Query::RAW, Action::ExecuteRaw(Box::new(self.raw(arguments)?)))),
            _ => {}
        }
        let name = json.get("modelName").and_then(Json::as_text).unwrap_or_default();
        let found = self.catalog.model(name).filter(|(_, model)| !model.ignored);
        let (Some(verb), Some((index, model))) = (Verb::of(action), found) else {
            return Err(Error::new(
                ErrorKind::QueryInvalid,
                format!(
                    "`{action}` on `{name}`: the schema has no such operation or model; is it the schema of this client?"
                ),
            ));
        };
        let operation = names::operation(action, name);
        let step = Step::first(&operation);
        self.operation(Of { index, model }, (verb, action), query, At::new(&step))
    }

    fn operation(&self, of: Of<'c>, verb: (Verb, &str), query: Option<&Json<'_>>, at: At<'_>) -> Result<Query, Error> {
        let arguments = query.and_then(|it| it.get("arguments"));
        let mut given = self.arguments(of, verb.0.arguments(), arguments, at)?;
        let action = self.action(of, verb, &given, at)?;
        if verb.0.arguments().contains(&"uniqueWhere") {
            let step = at.argument("where");
            let at = at.inside(&step);
            let selector = given.unique.ok_or_else(|| at.missing(&of.named("WhereUniqueInput")))?;
            given.arguments.filter = Some(self.unique(of, selector, at)?);
        }
        let selection = query.and_then(|it| it.get("selection"));
        let selection = match &action {
            Action::CreateMany(_) | Action::UpdateMany(_) | Action::DeleteMany => self.affected(selection, at)?,
            Action::CreateManyAndReturn(_) | Action::UpdateManyAndReturn(_) => {
                self.selection(of, Scope::Inline, selection, at)?
            }
            Action::Aggregate | Action::GroupBy(_) => self.summary(of, verb.0, selection, at)?,
            _ => self.selection(of, Scope::Everything, selection, at)?,
        };
        let mut query =
            Query { model: ModelId::at(of.index), action, arguments: given.arguments, selection, cache: None };
        one_row_is_taken(&query)?;
        if self.client == Client::Prisma {
            as_prisma_means(of, &mut query)?;
        }
        self.grouped_soundly(of, &query)?;
        Ok(query)
    }

    fn action(
        &self,
        of: Of<'c>,
        (verb, action): (Verb, &str),
        given: &arguments::Given<'_, '_>,
        at: At<'_>,
    ) -> Result<Action, Error> {
        let row = |key: &str, verb: write::Verb, json: Option<&Json<'_>>| {
            let step = at.argument(key);
            let at = at.inside(&step);
            let json = json.ok_or_else(|| at.missing(&of.named("Input")))?;
            self.data(of, verb, json, at)
        };
        Ok(match (verb, action) {
            (Verb::FindUnique, "findUnique") => Action::FindUnique,
            (Verb::FindUnique, _) => Action::FindUniqueOrThrow,
            (Verb::Find, "findFirst") => Action::FindFirst,
            (Verb::Find, "findFirstOrThrow") => Action::FindFirstOrThrow,
            (Verb::Find, _) => Action::FindMany,
            (Verb::CreateOne, _) => Action::CreateOne(match given.data {
                // A row of which nothing need be said.
                None => self.data(of, write::Verb::Create, &Json::Object(Vec::new()), at)?,
                data => row("data", write::Verb::Create, data)?,
            }),
            (Verb::CreateMany, action) => {
                let step = at.argument("data");
                let at = at.inside(&step);
                let data = given.data.ok_or_else(|| at.missing(&of.named("CreateManyInput")))?;
                let many = CreateMany { rows: self.rows(of, data, at)?, skip_duplicates: given.skip_duplicates };
                match action {
                    "createMany" => Action::CreateMany(many),
                    _ => Action::CreateManyAndReturn(many),
                }
            }
            (Verb::UpdateOne, _) => Action::UpdateOne(row("data", write::Verb::Update, given.data)?),
            (Verb::UpdateMany, "updateMany") => Action::UpdateMany(row("data", write::Verb::UpdateMany, given.data)?),
            (Verb::UpdateMany, _) => Action::UpdateManyAndReturn(row("data", write::Verb::UpdateMany, given.data)?),
            (Verb::UpsertOne, _) => Action::UpsertOne(Box::new(Upsert {
                create: row("create", write::Verb::Create, given.create)?,
                update: row("update", write::Verb::Update, given.update)?,
            })),
            (Verb::DeleteOne, _) => Action::DeleteOne,
            (Verb::DeleteMany, _) => Action::DeleteMany,
            (Verb::Aggregate, _) => Action::Aggregate,
            (Verb::GroupBy, _) => Action::GroupBy(Box::new(self.group_by(of, given, at)?)),
        })
    }

    fn group_by(&self, of: Of<'c>, given: &arguments::Given<'_, '_>, at: At<'_>) -> Result<GroupBy, Error> {
        let step = at.argument("by");
        let by_at = at.inside(&step);
        let by = given.by.ok_or_else(|| by_at.missing(&of.named("ScalarFieldEnum")))?;
        let by = self.columns(of, by, by_at)?;
        if by.is_empty() {
            return Err(fault::input("At least one selection is required for the `by` argument.".into()));
        }
        let step = at.argument("having");
        let having = given.having.map(|json| self.having(of, json, at.inside(&step)));
        Ok(GroupBy { by, having: having.transpose()? })
    }

    /// Whether what is said about groups is about columns of the group.
    fn grouped_soundly(&self, of: Of<'_>, query: &Query) -> Result<(), Error> {
        let Action::GroupBy(group) = &query.action else {
            return Ok(());
        };
        let missing = |fields: &mut dyn Iterator<Item = FieldId>, known: &[FieldId]| -> Option<String> {
            let names: Vec<&str> = fields
                .filter(|field| !known.contains(field))
                .filter_map(|field| of.model.fields.get(usize::from(field.index)))
                .map(|field| field.name.as_ref())
                .collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let selected = query.selection.iter().flat_map(|selected| match selected {
            Selected::Columns(columns) => columns.to_vec(),
            _ => Vec::new(),
        });
        let selected: Vec<FieldId> = selected.collect();
        if let Some(names) = missing(&mut selected.iter().copied(), &group.by) {
            return Err(fault::input(format!(
                "Every selected scalar field that is not part of an aggregation must be included in the by-arguments of the query. Missing fields: {names}"
            )));
        }
        let mut ordered = query.arguments.order.iter().filter_map(|order| match order.by {
            OrderBy::Column(field) => Some(field),
            _ => None,
        });
        if let Some(names) = missing(&mut ordered, &group.by) {
            return Err(fault::input(format!(
                "Every field used for orderBy must be included in the by-arguments of the query. Missing fields: {names}"
            )));
        }
        let compared = group.having.as_ref().map(condition::plain_columns).unwrap_or_default();
        let comparable = match self.client {
            Client::Prisma => &selected,
            Client::Lenslet => &group.by,
        };
        if let Some(names) = missing(&mut compared.into_iter(), comparable) {
            return Err(fault::input(format!(
                "Every field used in `having` filters must either be an aggregation filter or be included in the selection of the query. Missing fields: {names}"
            )));
        }
        Ok(())
    }
}

/// The first row, or the last.
fn one_row_is_taken(query: &Query) -> Result<(), Error> {
    let first = matches!(query.action, Action::FindFirst | Action::FindFirstOrThrow);
    if first && query.arguments.take.is_some_and(|take| take.unsigned_abs() != 1) {
        let details = "The 'findFirst' operation cannot be used with a 'take' argument that isn't 1 or -1";
        return Err(fault::input(details.into()));
    }
    Ok(())
}

/// Says in a query what Prisma's engine does beyond what its client asks for.
fn as_prisma_means(of: Of<'_>, query: &mut Query) -> Result<(), Error> {
    match &query.action {
        Action::GroupBy(_) => page_of_groups(of, &mut query.arguments),
        // Rows that nothing is done to are not counted.
        Action::UpdateMany(write) if write.assignments.is_empty() => query.arguments.take = Some(0),
        Action::Aggregate if !is_stable(of, &query.arguments) => {
            let details = "Unable to process combination of query arguments for aggregation query: with a cursor, rows are \
                           ordered by something unique";
            return Err(fault::input(details.into()));
        }
        _ => {}
    }
    Ok(())
}

/// Some of the groups, as Prisma finds them: by the key of their rows where no order is given, and where they are counted
/// from the last one, the last one first.
fn page_of_groups(of: Of<'_>, arguments: &mut Arguments) {
    if arguments.take.is_none() && arguments.skip.is_none() {
        return;
    }
    if arguments.order.is_empty() {
        let key = of.model.uniques().next().into_iter().flat_map(|index| index.fields.iter());
        let by = |field: u16| OrderBy::Column(FieldId::at(field));
        arguments.order.extend(key.map(|it| Order { by: by(it.field), sort: Sort::Asc, nulls: None }));
    }
    let Some(take) = arguments.take.as_mut().filter(|take| **take < 0) else {
        return;
    };
    *take = take.saturating_neg();
    for order in &mut arguments.order {
        order.sort = match order.sort {
            Sort::Asc => Sort::Desc,
            Sort::Desc => Sort::Asc,
        };
        order.nulls = order.nulls.map(|nulls| match nulls {
            Nulls::First => Nulls::Last,
            Nulls::Last => Nulls::First,
        });
    }
}

/// Whether the row that a cursor stands at has one place in the order that was asked for.
fn is_stable(of: Of<'_>, arguments: &Arguments) -> bool {
    let ordered = |field: u16| arguments.order.iter().any(|it| it.by == OrderBy::Column(FieldId::at(field)));
    let unique = || of.model.uniques().any(|index| index.fields.iter().all(|it| ordered(it.field)));
    arguments.cursor.is_none() || arguments.order.is_empty() || unique()
}
