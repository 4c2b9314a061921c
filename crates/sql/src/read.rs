//! Reads: a statement for the rows of the query, and one for each relation below them, however many rows there are.
//!
//! The statement of a relation is handed the keys of all parent rows as one list, and says with each row which key it
//! belongs to. What has to happen parent by parent (`take`, `skip`, `distinct`) is done by window functions, which see every
//! row of every parent; a page is taken by one limited look-up a parent instead, where the schema has an index for that.

use crate::{
    dialect::{Dialect, Pages},
    joined::{Joined, JoinedRelation},
    link::{Join, Link, primary_key},
    order::{Criterion, criteria},
    plan::{PlanError, Planner},
    shape::is_usual,
    statement::{Encoding, Source, Statement, Type},
    writer::{self, Alias, Table, Writer},
};
use lenslet_core::{
    catalog::{Catalog, Index, IndexKind, Model},
    query::{Action, Arguments, Condition, FieldId, Operator, OrderBy, Query, Selected, SelectedRelation},
};
use std::fmt;

/// How rows are read, with the rows of their relations.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The rows themselves.
    pub level: Level,
    /// Whether there must be a row (`…OrThrow`).
    pub required: bool,
    /// Parameters that must not be lists longer than [`Dialect::list_limit`](crate::Dialect::list_limit).
    pub bounded: Vec<u32>,
    /// Whether there can be only one row.
    pub single: bool,
    /// The same in one statement, for who reads while it runs.
    pub joined: Option<Joined>,
}

/// The rows of a model, or of a relation of the level above.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// The model's name, for messages: index into the catalog's models.
    pub model: u16,
    /// What yields the rows.
    pub statement: Statement,
    /// The cells of a row, in the order of the selection.
    pub cells: Vec<Cell>,
    /// What is read for the rows.
    pub children: Vec<Child>,
    /// Whether the rows arrive last first.
    pub reversed: bool,
}

/// A cell of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A column of the statement.
    Column(usize),
    /// The rows of a child: index into [`Level::children`].
    Rows(usize),
}

/// A relation of a level.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// The relation field: index into the fields of the level's model.
    pub field: u16,
    /// The columns of the level's statement that make up a row's key.
    pub keys: Vec<usize>,
    /// Whether a key can have more than one row.
    pub many: bool,
    /// The relation's rows. The first columns of its statement, as many as there are keys, hold the key that a row belongs
    /// to.
    pub level: Level,
    /// The statement that yields the same rows without being handed keys: it finds the parents again, by what they were found
    /// by. Both have to see the same state of the database.
    pub alone: Option<Statement>,
}

/// Which rows a level has.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a, 'q> {
    /// Those of a query's arguments.
    Of(&'q Arguments),
    /// At most one of a query's arguments.
    First(&'q Arguments),
    /// Those whose identifying columns are in the rows of a register of a write.
    Registered {
        /// The register.
        step: u32,
        /// Its columns that hold the identifying columns, in their order.
        columns: &'a [u32],
    },
}

/// What a level's statement has to select.
#[derive(Debug)]
pub struct Projection<'q> {
    /// The columns of the statement.
    pub columns: Vec<Projected<'q>>,
    /// Whether the first of them are the key to the parent. Otherwise the statement has columns of that key before these.
    pub keyed: bool,
    /// The cells of a row; positions count the columns above.
    pub cells: Vec<Cell>,
    /// The relations, each with the columns that make up a row's key.
    pub relations: Vec<(&'q SelectedRelation, Vec<usize>)>,
}

/// A column of a level's statement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Projected<'q> {
    /// A column of the model.
    Field(u16),
    /// How many rows of a relation fulfil a condition.
    Count(FieldId, Option<&'q Condition>),
}

/// How the rows of a level are found, for statements that find them again.
#[derive(Clone, Copy)]
struct Origin<'a, 'o> {
    index: u16,
    arguments: &'o Arguments,
    /// Whether it is the first row only.
    first: bool,
    /// The relation through which they are reached, and from where.
    through: Option<(&'o Link<'a>, &'o Origin<'a, 'o>)>,
}

impl<'q> Projection<'q> {
    fn place(&mut self, column: Projected<'q>) -> usize {
        if let Some(at) = self.columns.iter().position(|it| *it == column) {
            return at;
        }
        self.columns.push(column);
        self.columns.len() - 1
    }
}

impl<'a> Planner<'a> {
    pub(crate) fn read(&'a self, query: &Query) -> Result<Read, PlanError> {
        let rows = match &query.action {
            Action::Aggregate => return self.aggregate(query).map(Read::optional),
            Action::GroupBy(group) => return self.groups(query, group).map(Read::optional),
            Action::FindFirst | Action::FindFirstOrThrow => Rows::First(&query.arguments),
            _ => Rows::Of(&query.arguments),
        };
        Ok(Read {
            level: self.rows(query.model.index, &query.selection, rows)?,
            required: matches!(query.action, Action::FindUniqueOrThrow | Action::FindFirstOrThrow),
            bounded: self.bounded(&query.arguments),
            single: !matches!(query.action, Action::FindMany),
            joined: self.joined(query)?,
        })
    }

    /// The lists of a query that cannot be split: its order is that of all rows together.
    fn bounded(&self, arguments: &Arguments) -> Vec<u32> {
        let splits = arguments.order.iter().all(|order| match &order.by {
            OrderBy::Column(_) => true,
            OrderBy::Related(..) | OrderBy::RelationCount(_) | OrderBy::Aggregate(..) | OrderBy::Relevance(..) => false,
        });
        let mut lists = Vec::new();
        if !splits {
            arguments.filter.iter().for_each(|filter| self.lists(filter, &mut lists));
        }
        lists
    }

    fn lists(&self, condition: &Condition, lists: &mut Vec<u32>) {
        match condition {
            Condition::Compare(compare) if matches!(compare.operator, Operator::In | Operator::NotIn) => {
                lists.extend(self.slots.value(&compare.value));
            }
            Condition::All(list) | Condition::Any(list) => list.iter().for_each(|it| self.lists(it, lists)),
            Condition::Not(condition) => self.lists(condition, lists),
            Condition::Compare(_) | Condition::Compound(..) | Condition::Related(..) => {}
        }
    }

    /// A level of rows of a model, with everything below.
    ///
    /// # Errors
    /// When the selection or the arguments do not fit the catalog.
    pub fn rows(&'a self, model: u16, selection: &[Selected], rows: Rows<'_, '_>) -> Result<Level, PlanError> {
        let projection = self.projection(model, selection)?;
        let statement = RowStatement::new(Writer::new(self), model, &projection, None)?.write(rows)?;
        let reversed = matches!(rows, Rows::Of(it) | Rows::First(it) if it.take.is_some_and(|take| take < 0));
        self.level_from(model, projection, statement, (0, reversed), self.origin(model, rows)?)
    }

    /// How rows are found again, where the database is asked to and that gives the same rows as before.
    fn origin<'o>(&self, index: u16, rows: Rows<'_, 'o>) -> Result<Option<Origin<'a, 'o>>, PlanError> {
        let (arguments, first) = match rows {
            Rows::Of(arguments) => (arguments, false),
            Rows::First(arguments) => (arguments, true),
            Rows::Registered { .. } => return Ok(None),
        };
        let limited = first || arguments.take.is_some() || arguments.skip.is_some();
        let again = self.dialect.finds_again
            && is_cheap(arguments)
            && (!limited || self.is_total(self.model(index)?, arguments, first));
        Ok(again.then_some(Origin { index, arguments, first, through: None }))
    }

    /// Whether the order leaves nothing to chance.
    fn is_total(&self, model: &Model, arguments: &Arguments, first: bool) -> bool {
        let is_ordered = |field: &u16| {
            let by = |order: &OrderBy| matches!(order, OrderBy::Column(it) if it.index == *field);
            arguments.order.iter().any(|order| by(&order.by))
        };
        (first && arguments.order.is_empty()) || primary_key(model).iter().all(is_ordered)
    }

    /// A level whose statement exists: one that answers the columns of the projection, after `skipped` others.
    ///
    /// # Errors
    /// When a relation of the projection does not fit the catalog.
    pub fn level(
        &'a self,
        model: u16,
        projection: Projection<'_>,
        statement: Statement,
        placed: (usize, bool),
    ) -> Result<Level, PlanError> {
        self.level_from(model, projection, statement, placed, None)
    }

    fn level_from(
        &'a self,
        model: u16,
        projection: Projection<'_>,
        statement: Statement,
        (skipped, reversed): (usize, bool),
        origin: Option<Origin<'a, '_>>,
    ) -> Result<Level, PlanError> {
        let children = projection.relations.iter().map(|(relation, keys)| {
            let mut child = self.child(model, relation, origin)?;
            child.keys = keys.iter().map(|key| key + skipped).collect();
            Ok(child)
        });
        Ok(Level {
            model,
            statement,
            children: children.collect::<Result<_, PlanError>>()?,
            cells: projection.cells.into_iter().map(|cell| cell.after(skipped)).collect(),
            reversed,
        })
    }

    /// What has to be selected so that rows hold what a selection says.
    ///
    /// # Errors
    /// When the selection does not fit the model.
    pub fn projection<'q>(&self, model: u16, selection: &'q [Selected]) -> Result<Projection<'q>, PlanError> {
        self.projection_after(&[], model, selection)
    }

    /// The same for rows that begin with the key to their parents, of these columns, where there are any.
    pub(crate) fn projection_after<'q>(
        &self,
        key: &[u16],
        model: u16,
        selection: &'q [Selected],
    ) -> Result<Projection<'q>, PlanError> {
        let columns = key.iter().map(|field| Projected::Field(*field)).collect();
        let mut projection = Projection { columns, keyed: !key.is_empty(), cells: Vec::new(), relations: Vec::new() };
        for selected in selection {
            match selected {
                Selected::Columns(fields) => {
                    for field in fields.iter() {
                        let at = projection.place(Projected::Field(field.index));
                        projection.cells.push(Cell::Column(at));
                    }
                }
                Selected::RelationCounts(counts) => {
                    for (field, condition) in counts {
                        let at = projection.place(Projected::Count(*field, condition.as_ref()));
                        projection.cells.push(Cell::Column(at));
                    }
                }
                Selected::Relation(relation) => {
                    projection.cells.push(Cell::Rows(projection.relations.len()));
                    projection.relations.push((relation, Vec::new()));
                }
                Selected::Aggregate(..) => return Err(PlanError::Invalid("an aggregate among rows")),
            }
        }
        self.add_keys(model, &mut projection)?;
        Ok(projection)
    }

    /// Keys are often selected anyway, so they come last.
    fn add_keys(&self, model: u16, projection: &mut Projection<'_>) -> Result<(), PlanError> {
        let model = self.model(model)?;
        for at in 0..projection.relations.len() {
            let link = self.link(model, projection.relations[at].0.field)?;
            let keys = link.near_fields.iter().map(|field| projection.place(Projected::Field(*field)));
            projection.relations[at].1 = keys.collect();
        }
        if projection.columns.is_empty() {
            // Rows that hold nothing are still counted.
            let key = primary_key(model).first().copied().unwrap_or(0);
            projection.place(Projected::Field(key));
        }
        Ok(())
    }

    fn child(
        &'a self,
        model: u16,
        relation: &SelectedRelation,
        origin: Option<Origin<'a, '_>>,
    ) -> Result<Child, PlanError> {
        let link = self.link(self.model(model)?, relation.field)?;
        let arguments = &relation.arguments;
        // The key is often selected anyway; where it is not the row's own, it is a column before the others.
        let own = link.join.is_none() && !is_each_looked_up(&link, arguments, self.dialect);
        let (key, apart) = if own { (&link.far_fields[..], 0) } else { (&[][..], link.far_fields.len()) };
        let projection = self.projection_after(key, link.far_index, &relation.selection)?;
        let statement = || RowStatement::new(Writer::new(self), link.far_index, &projection, Some(&link));
        let by_keys = statement()?.write(Rows::Of(arguments))?;
        // A page a parent is looked up parent by parent.
        let origin = origin.filter(|_| arguments.take.is_none() && arguments.skip.is_none() && is_cheap(arguments));
        let alone = match &origin {
            Some(origin) => Some(statement()?.write_alone(arguments, origin)?),
            None => None,
        };
        let above = origin.as_ref().map(|origin| Origin {
            index: link.far_index,
            arguments,
            first: false,
            through: Some((&link, origin)),
        });
        let reversed = arguments.take.is_some_and(|take| take < 0);
        let level = self.level_from(link.far_index, projection, by_keys, (apart, reversed), above)?;
        Ok(Child { field: relation.field.index, keys: Vec::new(), many: link.many, level, alone })
    }
}

impl Cell {
    pub(crate) fn after(self, skipped: usize) -> Self {
        match self {
            Cell::Column(at) => Cell::Column(at + skipped),
            Cell::Rows(at) => Cell::Rows(at),
        }
    }
}

impl Read {
    /// What yields the whole answer row by row, in its order: a statement, its cells, and the relations among them.
    pub fn in_order(&self) -> Option<(&Statement, &[Cell], &[JoinedRelation])> {
        match &self.joined {
            Some(joined) => Some((&joined.statement, &joined.cells, &joined.relations)),
            None if self.level.children.is_empty() && !self.level.reversed => {
                Some((&self.level.statement, &self.level.cells, &[]))
            }
            None => None,
        }
    }

    fn optional(level: Level) -> Self {
        Read { level, required: false, bounded: Vec::new(), single: false, joined: None }
    }

    pub(crate) fn print(&self, catalog: &Catalog, sink: &mut impl fmt::Write) -> fmt::Result {
        writeln!(sink, "{}", if self.required { "one or P2025" } else { "rows" })?;
        self.level.print(catalog, 1, sink)?;
        self.joined.iter().try_for_each(|joined| joined.print(catalog, sink))
    }
}

impl Level {
    pub(crate) fn print(&self, catalog: &Catalog, depth: usize, sink: &mut impl fmt::Write) -> fmt::Result {
        let indent = depth * 2;
        self.statement.print(catalog, depth, sink)?;
        let reversed = if self.reversed { ", last first" } else { "" };
        let cells: Vec<_> = self.cells.iter().map(ToString::to_string).collect();
        writeln!(sink, "{:indent$}  cells {}{reversed}", "", cells.join(" "))?;
        for (at, child) in self.children.iter().enumerate() {
            let fields = catalog.models.get(usize::from(self.model)).map(|model| &model.fields);
            let name = fields.and_then(|it| it.get(usize::from(child.field))).map_or("?", |it| it.name.as_ref());
            let many = if child.many { "many" } else { "one" };
            let keys: Vec<_> = child.keys.iter().map(ToString::to_string).collect();
            writeln!(sink, "{:indent$}rows {at}: {name}, {many} for key {}", "", keys.join(" "))?;
            child.level.print(catalog, depth + 1, sink)?;
            if let Some(alone) = &child.alone {
                writeln!(sink, "{:indent$}or, beside the others", "")?;
                alone.print(catalog, depth + 1, sink)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Column(at) => write!(f, "{at}"),
            Cell::Rows(at) => write!(f, "rows {at}"),
        }
    }
}

/// Whether finding rows costs about what answering them costs: no other tables are looked into, nothing is compared with
/// other rows.
fn is_cheap(arguments: &Arguments) -> bool {
    fn is_plain(condition: &Condition) -> bool {
        match condition {
            Condition::Compare(_) | Condition::Compound(..) => true,
            Condition::All(list) | Condition::Any(list) => list.iter().all(is_plain),
            Condition::Not(condition) => is_plain(condition),
            Condition::Related(..) => false,
        }
    }
    arguments.cursor.is_none() && arguments.distinct.is_empty() && arguments.filter.as_ref().is_none_or(is_plain)
}

/// Writes the statement of a level.
struct RowStatement<'a, 'p> {
    writer: Writer<'a>,
    table: Table<'a>,
    projection: &'p Projection<'p>,
    /// The relation through which the rows are reached.
    link: Option<&'p Link<'a>>,
    /// The table of pairs of that relation, where it has one.
    pairs: Option<(Alias, Join<'a>)>,
    /// The list of parents' keys, where each parent's rows are looked up on their own.
    parent: Option<Alias>,
    /// Whether that list stands before the table, rather than around the statement.
    listed: bool,
    /// Whether columns get the names `c0`, `c1`, …, for an outer statement.
    named: bool,
    /// How the parents are found, where their keys are not handed over.
    origin: Option<&'p Origin<'a, 'p>>,
}

impl<'a, 'p> RowStatement<'a, 'p> {
    fn new(
        mut writer: Writer<'a>,
        model: u16,
        projection: &'p Projection<'p>,
        link: Option<&'p Link<'a>>,
    ) -> Result<Self, PlanError> {
        let table = writer.named(model)?;
        let pairs = link.and_then(|link| link.join).map(|join| (writer.alias(), join));
        Ok(RowStatement {
            writer,
            table,
            projection,
            link,
            pairs,
            parent: None,
            listed: false,
            named: false,
            origin: None,
        })
    }

    fn keys(&self) -> usize {
        self.link.map_or(0, |link| link.near_fields.len())
    }

    /// How many columns the key to the parent takes beside those of the projection.
    fn apart(&self) -> usize {
        if self.projection.keyed { 0 } else { self.keys() }
    }

    fn write(mut self, rows: Rows<'_, '_>) -> Result<Statement, PlanError> {
        match rows {
            Rows::Registered { step, columns } => self.registered(step, columns)?,
            Rows::First(arguments) => self.page(arguments, true)?,
            Rows::Of(arguments) => self.page(arguments, false)?,
        }
        let types = self.types()?;
        Ok(self.writer.finish(types))
    }

    /// The statement that finds the parents itself.
    fn write_alone(mut self, arguments: &Arguments, origin: &'p Origin<'a, 'p>) -> Result<Statement, PlanError> {
        self.origin = Some(origin);
        self.write(Rows::Of(arguments))
    }

    fn types(&self) -> Result<Vec<Type>, PlanError> {
        // A table of pairs has the parents' keys, whose type need not be that of the rows' own.
        let keys = self.link.filter(|_| !self.projection.keyed).map(|link| match link.join {
            Some(_) => (link.near, &link.near_fields),
            None => (link.far, &link.far_fields),
        });
        let keys = keys.into_iter().flat_map(|(model, fields)| fields.iter().map(move |field| (model, *field)));
        let keys = keys.map(|(model, field)| writer::column(model, field).map(|(_, _, ty)| ty));
        let columns = self.projection.columns.iter().map(|column| match column {
            Projected::Field(field) => writer::column(self.table.model, *field).map(|(_, _, ty)| ty),
            Projected::Count(..) => Ok(Type::INTEGER),
        });
        keys.chain(columns).collect()
    }

    fn registered(&mut self, step: u32, columns: &[u32]) -> Result<(), PlanError> {
        self.select()?;
        self.from()?;
        self.writer.push(" WHERE ");
        let fields = primary_key(self.table.model);
        let source = |column: Option<u8>| Source::Registers {
            step,
            column: column.and_then(|at| columns.get(usize::from(at)).copied()),
        };
        self.key_in(self.table, &fields, source)
    }

    fn page(&mut self, arguments: &Arguments, first: bool) -> Result<(), PlanError> {
        let child = self.link.is_some();
        let paged = arguments.take.is_some() || arguments.skip.is_some();
        let distinct = !arguments.distinct.is_empty();
        let total = distinct || arguments.cursor.is_some() || (child && paged);
        let key = primary_key(self.table.model);
        let total = total || (first && arguments.order.is_empty());
        let order = criteria(&key, arguments, total);
        let each = self.link.is_some_and(|link| is_each_looked_up(link, arguments, self.writer.dialect()));
        match (distinct, child && paged) {
            (false, false) => {
                if each {
                    self.parent = Some(self.writer.alias());
                    self.listed = true;
                }
                self.select()?;
                self.body(arguments, &order)?;
                self.writer.order(self.table, &order)?;
            }
            (true, false) => {
                self.outer(" WHERE d = 1", |it| it.windowed(arguments, &order))?;
                self.writer.push(" ORDER BY n");
            }
            (false, true) => match self.writer.dialect().pages {
                Pages::Correlated if each => self.correlated(arguments, &order)?,
                Pages::Lateral if each => self.lateral(arguments, &order)?,
                _ => self.positioned(arguments, &order)?,
            },
            (true, true) => {
                self.outer(" WHERE ", |it| it.first_of_each(arguments, &order))?;
                self.position(arguments)?;
            }
        }
        if child {
            return Ok(());
        }
        write_limit(&mut self.writer, arguments, first)
    }

    /// By a window function over all rows of all parents.
    fn positioned(&mut self, arguments: &Arguments, order: &[Criterion<'_>]) -> Result<(), PlanError> {
        self.outer(" WHERE ", |it| it.windowed(arguments, order))?;
        self.position(arguments)
    }

    /// `FROM keys CROSS JOIN rows WHERE rows.id IN (SELECT … LIMIT …)`
    fn correlated(&mut self, arguments: &Arguments, order: &[Criterion<'_>]) -> Result<(), PlanError> {
        let key = primary_key(self.table.model);
        let outer = self.table;
        let parent = self.writer.alias();
        self.parent = Some(parent);
        self.select()?;
        self.writer.push(" FROM ");
        let ty = self.key_type()?;
        self.writer.list_as_table(Source::Keys(Some(0)), ty, parent);
        self.writer.push(" CROSS JOIN ");
        self.writer.source(outer);
        self.writer.push(" WHERE (");
        self.writer.fields_of(outer, &key)?;
        self.writer.push(") IN (SELECT ");
        self.table.alias = self.writer.alias();
        self.writer.fields_of(self.table, &key)?;
        self.limited(arguments, order)?;
        self.writer.push(")");
        self.table = outer;
        self.writer.order(outer, order)
    }

    /// `FROM keys CROSS JOIN LATERAL (SELECT … LIMIT …)`
    fn lateral(&mut self, arguments: &Arguments, order: &[Criterion<'_>]) -> Result<(), PlanError> {
        let parent = self.writer.alias();
        self.parent = Some(parent);
        self.named = true;
        self.writer.push("SELECT ");
        self.intermediates();
        self.writer.push(" FROM ");
        let ty = self.key_type()?;
        self.writer.list_as_table(Source::Keys(Some(0)), ty, parent);
        self.writer.push(" CROSS JOIN LATERAL (");
        self.select()?;
        self.writer.push(", ROW_NUMBER() OVER (");
        self.writer.ordering(self.table, order)?;
        self.writer.push(") AS n");
        self.limited(arguments, order)?;
        self.writer.push(") AS w ORDER BY n");
        Ok(())
    }

    /// The rest of a look-up of the rows of one parent.
    fn limited(&mut self, arguments: &Arguments, order: &[Criterion<'_>]) -> Result<(), PlanError> {
        self.body(arguments, order)?;
        self.writer.order(self.table, order)?;
        write_limit(&mut self.writer, arguments, false)
    }

    fn key_type(&self) -> Result<Type, PlanError> {
        Ok(self.types()?.first().copied().unwrap_or(Type::INTEGER))
    }

    /// `SELECT c0, c1 FROM (inner) AS w`, and what comes after it.
    fn outer(
        &mut self,
        after: &'static str,
        inner: impl FnOnce(&mut Self) -> Result<(), PlanError>,
    ) -> Result<(), PlanError> {
        self.writer.push("SELECT ");
        self.intermediates();
        self.writer.push(" FROM (");
        inner(self)?;
        self.writer.push(") AS w");
        self.writer.push(after);
        Ok(())
    }

    fn intermediates(&mut self) {
        for at in 0..self.apart() + self.projection.columns.len() {
            self.writer.comma(at);
            self.writer.intermediate(at);
        }
    }

    /// The rows with their position `n` among those of the same parent, and `d` among those with the same distinct columns.
    fn windowed(&mut self, arguments: &Arguments, order: &[Criterion<'_>]) -> Result<(), PlanError> {
        self.named = true;
        self.select()?;
        self.window(&[], order)?;
        self.writer.push(" AS n");
        if !arguments.distinct.is_empty() {
            self.window(&arguments.distinct, order)?;
            self.writer.push(" AS d");
        }
        self.body(arguments, order)
    }

    /// The first row of each combination of distinct columns, with its position `n` among those of the same parent.
    fn first_of_each(&mut self, arguments: &Arguments, order: &[Criterion<'_>]) -> Result<(), PlanError> {
        self.writer.push("SELECT ");
        self.intermediates();
        self.writer.push(", ROW_NUMBER() OVER (PARTITION BY ");
        for at in 0..self.keys() {
            self.writer.comma(at);
            self.writer.intermediate(at);
        }
        self.writer.push(" ORDER BY n) AS n FROM (");
        self.windowed(arguments, order)?;
        self.writer.push(") AS v WHERE d = 1");
        Ok(())
    }

    fn window(&mut self, distinct: &[FieldId], order: &[Criterion<'_>]) -> Result<(), PlanError> {
        self.writer.push(", ROW_NUMBER() OVER (");
        if self.link.is_some() {
            self.writer.push("PARTITION BY ");
            self.key_columns()?;
        }
        for (at, field) in distinct.iter().enumerate() {
            let first = at == 0 && self.link.is_none();
            self.writer.push(if first { "PARTITION BY " } else { ", " });
            self.writer.comparable(self.table, *field)?;
        }
        let partitioned = self.link.is_some() || !distinct.is_empty();
        self.writer.push(if partitioned { " " } else { "" });
        self.writer.ordering(self.table, order)?;
        self.writer.push(")");
        Ok(())
    }

    fn position(&mut self, arguments: &Arguments) -> Result<(), PlanError> {
        if let Some(skip) = &arguments.skip {
            self.writer.push("n");
            self.writer.push(" > ");
            write_number(&mut self.writer, skip, Encoding::Magnitude)?;
        }
        if let Some(take) = &arguments.take {
            self.writer.push(if arguments.skip.is_some() { " AND " } else { "" });
            self.writer.push("n");
            self.writer.push(" <= ");
            let through = match &arguments.skip {
                None => Encoding::Magnitude,
                Some(skip) => Encoding::Through(slot(&self.writer, skip)?),
            };
            write_number(&mut self.writer, take, through)?;
        }
        self.writer.push(" ORDER BY n");
        Ok(())
    }

    /// `SELECT key, columns`; where an outer statement reads them, by the names `c0`, `c1`, ….
    fn select(&mut self) -> Result<(), PlanError> {
        self.writer.push("SELECT ");
        match (self.link, self.pairs) {
            _ if self.projection.keyed => {}
            (Some(_), _) if self.parent.is_some() => {
                self.key_columns()?;
                self.name(0);
            }
            (Some(_), Some((pairs, join))) => {
                self.writer.pair_column(pairs, join.near);
                self.name(0);
            }
            (Some(link), None) => {
                for (at, field) in link.far_fields.iter().enumerate() {
                    self.writer.comma(at);
                    self.writer.field(self.table, FieldId::at(*field))?;
                    self.name(at);
                }
            }
            (None, _) => {}
        }
        for (at, column) in (self.apart()..).zip(&self.projection.columns) {
            self.writer.comma(at);
            match column {
                Projected::Field(field) => self.writer.field(self.table, FieldId::at(*field)).map(|_| ())?,
                Projected::Count(field, condition) => self.writer.relation_count(self.table, *field, *condition)?,
            }
            self.name(at);
        }
        Ok(())
    }

    fn name(&mut self, at: usize) {
        if self.named {
            self.writer.push(" AS ");
            self.writer.intermediate(at);
        }
    }

    /// `FROM table`, or `FROM keys CROSS JOIN table`: a look-up a key then, where a list after `IN` would be sorted first.
    fn from(&mut self) -> Result<(), PlanError> {
        self.writer.push(" FROM ");
        if let Some(parent) = self.parent.filter(|_| self.listed) {
            let ty = self.key_type()?;
            self.writer.list_as_table(Source::Keys(Some(0)), ty, parent);
            self.writer.push(" CROSS JOIN ");
        }
        self.writer.source(self.table);
        Ok(())
    }

    /// From `FROM` to the end of the condition.
    fn body(&mut self, arguments: &Arguments, order: &[Criterion<'_>]) -> Result<(), PlanError> {
        self.from()?;
        if let (Some(link), Some((pairs, join))) = (self.link, self.pairs) {
            self.writer.join_pairs(self.table, link, (pairs, join))?;
        }
        let cursor = arguments.cursor.as_deref().map(|it| self.cursor(it, order)).transpose()?;
        let mut between = Between(" WHERE ");
        if let Some(link) = self.link {
            between.push(&mut self.writer);
            self.parents(link)?;
        }
        if let Some(condition) = arguments.filter.as_ref().filter(|it| !crate::filter::is_true(it)) {
            between.push(&mut self.writer);
            self.writer.condition(self.table, condition)?;
        }
        if let Some(cursor) = cursor {
            between.push(&mut self.writer);
            self.writer.not_before_cursor(self.table, order, cursor)?;
            self.cursor_parent(cursor, order.len())?;
        }
        Ok(())
    }

    /// `, (SELECT … FROM … WHERE cursor) AS t1`: what the cursor's row is ordered by, and which parent it belongs to.
    fn cursor(&mut self, cursor: &Condition, order: &[Criterion<'_>]) -> Result<Alias, PlanError> {
        let alias = self.writer.alias();
        let row = self.writer.named(self.table.index)?;
        self.writer.push(", (SELECT ");
        self.writer.cursor_columns(row, order)?;
        let parent = self.link.into_iter().flat_map(|link| &link.far_fields);
        for (at, field) in (order.len()..).zip(parent) {
            self.writer.comma(at);
            self.writer.field(row, FieldId::at(*field))?;
            self.writer.push(" AS ");
            self.writer.intermediate(at);
        }
        self.writer.push(" FROM ");
        self.writer.source(row);
        self.writer.push(" WHERE ");
        self.writer.condition(row, cursor)?;
        self.writer.push(") AS ");
        self.writer.alias_name(alias);
        Ok(alias)
    }

    /// Rows of other parents than the cursor's are not after it.
    fn cursor_parent(&mut self, cursor: Alias, start: usize) -> Result<(), PlanError> {
        let Some(link) = self.link else { return Ok(()) };
        if let Some((pairs, join)) = self.pairs {
            let own = self.writer.alias();
            self.writer.push(" AND EXISTS (SELECT 1 FROM ");
            self.writer.join_table(join.table);
            self.writer.push(" AS ");
            self.writer.alias_name(own);
            self.writer.push(" WHERE ");
            self.writer.pair_column(own, join.near);
            self.writer.push(" = ");
            self.writer.pair_column(pairs, join.near);
            self.writer.push(" AND ");
            self.writer.pair_column(own, join.far);
            self.writer.push(" = ");
            self.cursor_column(cursor, start);
            self.writer.push(")");
            return Ok(());
        }
        for (at, field) in (start..).zip(&link.far_fields) {
            self.writer.push(" AND ");
            self.writer.field(self.table, FieldId::at(*field))?;
            self.writer.push(" = ");
            self.cursor_column(cursor, at);
        }
        Ok(())
    }

    fn cursor_column(&mut self, cursor: Alias, at: usize) {
        self.writer.alias_name(cursor);
        self.writer.push(".");
        self.writer.intermediate(at);
    }

    /// Whether a row belongs to one of the parents.
    fn parents(&mut self, link: &Link<'a>) -> Result<(), PlanError> {
        if let Some(parent) = self.parent {
            match self.pairs {
                Some((pairs, join)) => self.writer.pair_column(pairs, join.near),
                None => self.writer.fields_of(self.table, &link.far_fields)?,
            }
            self.writer.push(" = ");
            self.writer.list_value(parent);
            return Ok(());
        }
        if let Some(origin) = self.origin {
            match self.pairs {
                Some((pairs, join)) => self.writer.pair_column(pairs, join.near),
                None => self.tuple(&link.far_fields)?,
            }
            return self.writer.in_origin(origin, &link.near_fields);
        }
        if let Some((pairs, join)) = self.pairs {
            self.writer.pair_column(pairs, join.near);
            let ty = self.key_type()?;
            self.writer.in_list(Source::Keys(Some(0)), ty, false);
            return Ok(());
        }
        self.key_in(self.table, &link.far_fields, Source::Keys)
    }

    fn tuple(&mut self, fields: &[u16]) -> Result<(), PlanError> {
        self.writer.push(if fields.len() == 1 { "" } else { "(" });
        self.writer.fields_of(self.table, fields)?;
        self.writer.push(if fields.len() == 1 { "" } else { ")" });
        Ok(())
    }

    fn key_in(
        &mut self,
        table: Table<'a>,
        fields: &[u16],
        source: impl Fn(Option<u8>) -> Source,
    ) -> Result<(), PlanError> {
        if let [field] = fields {
            let ty = self.writer.field(table, FieldId::at(*field))?;
            self.writer.in_list(source(Some(0)), ty, false);
            return Ok(());
        }
        self.writer.push("(");
        self.writer.fields_of(table, fields)?;
        self.writer.push(")");
        let types = fields.iter().map(|field| writer::column(table.model, *field).map(|(_, _, ty)| ty));
        let types = types.collect::<Result<Vec<_>, _>>()?;
        self.writer.in_tuples(source(None), |at| source(Some(at)), &types);
        Ok(())
    }

    fn key_columns(&mut self) -> Result<(), PlanError> {
        if let Some(parent) = self.parent {
            self.writer.list_value(parent);
            return Ok(());
        }
        match (self.link, self.pairs) {
            (_, Some((pairs, join))) => self.writer.pair_column(pairs, join.near),
            (Some(link), None) => self.writer.fields_of(self.table, &link.far_fields)?,
            (None, None) => {}
        }
        Ok(())
    }
}

/// Whether each parent's rows are looked up on their own, so that the statement reads from a list of keys.
fn is_each_looked_up(link: &Link<'_>, arguments: &Arguments, dialect: &Dialect) -> bool {
    let paged = arguments.take.is_some() || arguments.skip.is_some();
    let looked_up = match dialect.pages {
        Pages::Correlated => paged || link.join.is_none(),
        Pages::Lateral => paged,
        Pages::Windows => false,
    };
    looked_up && arguments.distinct.is_empty() && has_index(link)
}

/// Whether an index leads to the far rows of a near row. Tables of pairs always have both.
pub(crate) fn has_index(link: &Link<'_>) -> bool {
    let leads = |index: &Index| {
        index.kind != IndexKind::Fulltext
            && index.predicate.is_none()
            && index.fields.first().map(|it| it.field) == link.far_fields.first().copied()
    };
    let leads = || link.far.primary_key.iter().chain(link.far.indexes.iter()).any(leads);
    link.far_fields.len() == 1 && (link.join.is_some() || leads())
}

impl<'a> Writer<'a> {
    /// ` IN (SELECT columns FROM rows WHERE …)`: rows as they were found before.
    fn in_origin(&mut self, origin: &Origin<'a, '_>, fields: &[u16]) -> Result<(), PlanError> {
        let table = self.named(origin.index)?;
        let Origin { arguments, first, .. } = *origin;
        self.push(" IN (SELECT ");
        self.fields_of(table, fields)?;
        self.push(" FROM ");
        self.source(table);
        let mut between = Between(" WHERE ");
        if let Some((link, parents)) = origin.through {
            match link.join {
                Some(join) => {
                    let pairs = self.alias();
                    self.join_pairs(table, link, (pairs, join))?;
                    between.push(self);
                    self.pair_column(pairs, join.near);
                }
                None => {
                    between.push(self);
                    self.push(if link.far_fields.len() == 1 { "" } else { "(" });
                    self.fields_of(table, &link.far_fields)?;
                    self.push(if link.far_fields.len() == 1 { "" } else { ")" });
                }
            }
            self.in_origin(parents, &link.near_fields)?;
        }
        if let Some(condition) = arguments.filter.as_ref().filter(|it| !crate::filter::is_true(it)) {
            between.push(self);
            self.condition(table, condition)?;
        }
        if first || arguments.take.is_some() || arguments.skip.is_some() {
            let key = primary_key(table.model);
            let order = criteria(&key, arguments, first && arguments.order.is_empty());
            self.order(table, &order)?;
            write_limit(self, arguments, first)?;
        }
        self.push(")");
        Ok(())
    }
}

/// ` LIMIT … OFFSET …`, or nothing.
pub(crate) fn write_limit(writer: &mut Writer<'_>, arguments: &Arguments, first: bool) -> Result<(), PlanError> {
    if first {
        writer.push(" LIMIT 1");
    } else if let Some(take) = &arguments.take {
        writer.push(" LIMIT ");
        if writer.dialect().written_limits && is_usual(*take) {
            writer.raw(&take.unsigned_abs().to_string());
        } else {
            write_number(writer, take, Encoding::Magnitude)?;
        }
    } else if arguments.skip.is_some() {
        writer.push(" LIMIT ");
        writer.push(writer.dialect().no_limit);
    }
    if let Some(skip) = &arguments.skip {
        writer.push(" OFFSET ");
        write_number(writer, skip, Encoding::Magnitude)?;
    }
    Ok(())
}

fn slot(writer: &Writer<'_>, number: &i64) -> Result<u32, PlanError> {
    let slots = writer.planner.slots;
    slots.number(number).ok_or(PlanError::Invalid("a number from outside the query"))
}

fn write_number(writer: &mut Writer<'_>, number: &i64, encoding: Encoding) -> Result<(), PlanError> {
    let source = Source::Parameter(slot(writer, number)?);
    writer.bind(source, encoding);
    Ok(())
}

/// Writes the rows of a page as a derived table whose columns are called `c0`, `c1`, ….
pub(crate) fn page_statement<'a>(
    writer: Writer<'a>,
    model: u16,
    projection: &Projection<'_>,
    arguments: &Arguments,
) -> Result<Writer<'a>, PlanError> {
    let mut statement = RowStatement::new(writer, model, projection, None)?;
    statement.named = true;
    statement.page(arguments, false)?;
    Ok(statement.writer)
}

/// What stands before the next part of a condition.
struct Between(&'static str);

impl Between {
    fn push(&mut self, writer: &mut Writer<'_>) {
        writer.push(self.0);
        self.0 = " AND ";
    }
}
