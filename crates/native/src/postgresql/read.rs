//! Planned reads: the statement of each level, once for all its rows. Those that need not be handed keys are sent at once, and
//! so are those of sibling relations.

use super::{
    bind,
    connection::{Call, Connection, Fault},
    decode,
    groups::Groups,
    row::{Column, Kept, Row},
};
use crate::{
    forest::{Arena, Chain, Rows},
    inputs::Inputs,
    parts::{FIRST, PART, Parts},
};
use lenslet_core::{
    catalog::Catalog,
    cursor::RawColumn,
    error::{Error, ErrorKind},
    value::Value,
};
use lenslet_sql::{Cell, Child, Kind, Level, Parameter, Read, Statement, Type};
use std::borrow::Cow;
use tokio_postgres::types::Type as SqlType;

/// Reads rows into an answer.
pub(crate) struct Reader<'a> {
    pub(crate) parameters: &'a [Parameter<'a>],
    pub(crate) catalog: &'a Catalog,
}

/// What the rows of a level belong to.
pub(crate) enum Parents<'a> {
    /// The answer itself.
    Answer(&'a mut Chain),
    /// Rows of the level above, by keys of so many columns.
    Groups(&'a mut Groups, usize),
}

/// The relations of the rows of a level, waiting for their own rows.
pub(crate) fn waiting(level: &Level) -> Vec<Groups> {
    level.children.iter().map(|_| Groups::default()).collect()
}

/// The same, where those that find their parents themselves are asked at once.
fn unkeyed(level: &Level) -> Vec<Groups> {
    let groups = |child: &Child| {
        let mut groups = Groups::default();
        groups.keys.unasked = child.alone.is_some();
        groups
    };
    level.children.iter().map(groups).collect()
}

/// A level whose rows are asked for at once with those above.
struct Node<'a> {
    level: &'a Level,
    statement: &'a Statement,
    /// The node above, which of its relations this is, and the number of columns of its key.
    above: (usize, usize, usize),
}

/// The levels that can be asked for at once, each after the one above.
fn nodes(root: &Level) -> Vec<Node<'_>> {
    let mut nodes = vec![Node { level: root, statement: &root.statement, above: (0, 0, 0) }];
    let mut at = 0;
    while let Some(level) = nodes.get(at).map(|node| node.level) {
        for (slot, child) in level.children.iter().enumerate() {
            if let Some(statement) = &child.alone {
                nodes.push(Node { level: &child.level, statement, above: (at, slot, child.keys.len()) });
            }
        }
        at += 1;
    }
    nodes
}

impl Connection {
    /// The rows of a read, with the rows of their relations. Those that come before others may be put among the parts.
    pub(crate) async fn read(
        &mut self,
        read: &Read,
        parameters: &[Parameter<'_>],
        catalog: &Catalog,
        parts: Option<&Parts>,
    ) -> Result<Rows, Error> {
        let reader = Reader { parameters, catalog };
        if let Some(parts) = parts
            && read.level.children.is_empty()
            && !read.level.reversed
        {
            return reader.in_parts(self, &read.level, parts).await;
        }
        let mut arena = Arena::within(self.answer_room());
        let mut roots = Chain::default();
        // In a transaction the statements may each see another state of the database: then keys say which rows belong together.
        if !self.in_transaction() && read.level.children.iter().any(|child| child.alone.is_some()) {
            reader.together(self, &read.level, &mut arena, &mut roots).await?;
        } else {
            let call = reader.call(&read.level.statement, None)?;
            reader.level(self, &read.level, &call, &mut arena, &mut roots).await?;
        }
        let rows = arena.finish(roots);
        if read.required && rows.len() == 0 {
            return Err(no_record(read, catalog));
        }
        Ok(rows)
    }

    /// Rows of SQL of the user's own: what its columns hold is what the server says.
    pub(crate) async fn read_raw(
        &mut self,
        statement: &Statement,
        parameters: &[Parameter<'_>],
        catalog: &Catalog,
    ) -> Result<Rows, Error> {
        let call = raw_call(statement, parameters, catalog)?;
        let mut arena = Arena::new();
        let mut chain = Chain::default();
        let mut columns: Option<Vec<RawColumn>> = None;
        let mut take = |row: &Row<'_>| {
            if columns.is_none() {
                columns = Some(row.columns.iter().map(raw_column).collect());
            }
            raw_row(row, &mut arena, &mut chain, catalog)
        };
        self.run(&call, &mut take).await.map_err(Fault::raw)?;
        let columns = match columns {
            Some(columns) => columns,
            // Without rows the statement still knows its columns.
            None => match self.prepare(&call).await.map_err(Fault::raw)? {
                Some(columns) => columns.iter().map(raw_column).collect(),
                None => Vec::new(),
            },
        };
        Ok(arena.finish(chain).with_columns(columns))
    }

    /// Runs SQL of the user's own, and says how many rows it changed.
    pub(crate) async fn execute_raw(
        &mut self,
        statement: &Statement,
        parameters: &[Parameter<'_>],
        catalog: &Catalog,
    ) -> Result<u64, Error> {
        let call = raw_call(statement, parameters, catalog)?;
        self.run(&call, &mut |_: &Row<'_>| Ok(())).await.map_err(Fault::raw)
    }
}

/// A row of SQL of the user's own.
fn raw_row(row: &Row<'_>, arena: &mut Arena, chain: &mut Chain, catalog: &Catalog) -> Result<(), Error> {
    let offset = arena.begin_row()?;
    for at in 0..row.len() {
        decode::write(arena, decode::cell(row, at)?, Type::one(Kind::Any), catalog)?;
    }
    arena.end_row();
    arena.link(chain, offset, false);
    Ok(())
}

/// Rows of SQL of the user's own, all of them.
pub(crate) fn raw_rows(rows: &Kept, columns: &[Column], catalog: &Catalog) -> Result<Rows, Error> {
    let (mut arena, mut chain) = (Arena::new(), Chain::default());
    rows.each(columns, |row| raw_row(row, &mut arena, &mut chain, catalog))?;
    Ok(arena.finish(chain).with_columns(columns.iter().map(raw_column).collect()))
}

pub(crate) fn raw_call<'a>(
    statement: &'a Statement,
    parameters: &'a [Parameter<'a>],
    catalog: &'a Catalog,
) -> Result<Call<'a>, Error> {
    let parameters = bind::bind(&statement.binds, &Inputs::of(parameters), None, catalog)?;
    Ok(Call { sql: Cow::Borrowed(&statement.sql), types: bind::types_of(&parameters), parameters })
}

fn raw_column(column: &Column) -> RawColumn {
    let (ty, list) = decode::raw_type(&column.ty);
    RawColumn { name: column.name.clone(), ty, list }
}

impl<'a> Reader<'a> {
    pub(crate) fn call(&self, statement: &'a Statement, keys: Option<&bind::Keys>) -> Result<Call<'a>, Error> {
        Ok(Call {
            sql: Cow::Borrowed(&statement.sql),
            parameters: bind::bind(&statement.binds, &Inputs::of(self.parameters), keys, self.catalog)?,
            types: Vec::<SqlType>::new(),
        })
    }

    /// The rows of the answer itself, by a statement that is bound already, and everything below them.
    pub(crate) async fn level(
        &self,
        connection: &mut Connection,
        level: &'a Level,
        call: &Call<'_>,
        arena: &mut Arena,
        roots: &mut Chain,
    ) -> Result<(), Error> {
        let mut groups = waiting(level);
        let mut take = |row: &Row<'_>| {
            let mut parents = Parents::Answer(roots);
            self.row(level, &level.statement.columns, row, arena, &mut parents, &mut groups)
        };
        connection.run(call, &mut take).await.map_err(|fault| fault.classify(self.catalog))?;
        self.children(connection, level, groups, arena).await
    }

    /// The rows of an answer without relations: parts of it as they come, and at last the rest.
    async fn in_parts(&self, connection: &mut Connection, level: &'a Level, parts: &Parts) -> Result<Rows, Error> {
        let call = self.call(&level.statement, None)?;
        let mut arena = Arena::new();
        let (mut roots, mut earlier) = (Chain::default(), 0);
        let mut take = |row: &Row<'_>| {
            let mut parents = Parents::Answer(&mut roots);
            self.row(level, &level.statement.columns, row, &mut arena, &mut parents, &mut [])?;
            if arena.size() >= if earlier == 0 { FIRST } else { PART } {
                let part = arena.part(&mut roots, earlier);
                earlier = part.total();
                parts.put(part);
            }
            Ok(())
        };
        let run = connection.run_in_parts(&call, Some(parts), &mut take).await;
        run.map_err(|fault| fault.classify(self.catalog))?;
        Ok(arena.part(&mut roots, earlier))
    }

    /// The rows of the answer itself and of those relations that find their parents themselves, at once; then what is left
    /// below them.
    async fn together(
        &self,
        connection: &mut Connection,
        root: &'a Level,
        arena: &mut Arena,
        roots: &mut Chain,
    ) -> Result<(), Error> {
        let nodes = nodes(root);
        let calls = nodes.iter().map(|node| self.call(node.statement, None)).collect::<Result<Vec<_>, _>>()?;
        let mut groups: Vec<Vec<Groups>> = nodes.iter().map(|node| unkeyed(node.level)).collect();
        let mut take = |at: usize, row: &Row<'_>| {
            let (above, own) = groups.split_at_mut(at);
            let (Some(node), Some(below)) = (nodes.get(at), own.first_mut()) else { return Ok(()) };
            let (parent, slot, columns) = node.above;
            let mut parents = match above.get_mut(parent).and_then(|groups| groups.get_mut(slot)) {
                Some(groups) => Parents::Groups(groups, columns),
                None => Parents::Answer(roots),
            };
            self.row(node.level, &node.statement.columns, row, arena, &mut parents, below)
        };
        connection.read_all(&calls, &mut take).await.map_err(|fault| fault.classify(self.catalog))?;
        let mut left = Vec::new();
        for (node, groups) in nodes.iter().zip(groups) {
            for (child, groups) in node.level.children.iter().zip(groups) {
                match child.alone {
                    Some(_) => groups.settle(arena),
                    None if groups.is_empty() => {}
                    None => left.push((child, groups)),
                }
            }
        }
        self.generations(connection, left, arena).await
    }

    /// The rows of the relations of a level, and everything below them.
    pub(crate) async fn children(
        &self,
        connection: &mut Connection,
        level: &'a Level,
        groups: Vec<Groups>,
        arena: &mut Arena,
    ) -> Result<(), Error> {
        let generation = level.children.iter().zip(groups).filter(|(_, it)| !it.is_empty()).collect();
        self.generations(connection, generation, arena).await
    }

    /// The rows of relations, and everything below them: generation by generation, so that all statements of one are sent
    /// together.
    async fn generations(
        &self,
        connection: &mut Connection,
        mut generation: Vec<(&'a Child, Groups)>,
        arena: &mut Arena,
    ) -> Result<(), Error> {
        while !generation.is_empty() {
            let calls = generation.iter().map(|(child, groups)| self.call(&child.level.statement, Some(&groups.keys)));
            let calls = calls.collect::<Result<Vec<_>, _>>()?;
            let mut below: Vec<Vec<Groups>> = generation.iter().map(|(child, _)| waiting(&child.level)).collect();
            let mut take = |at: usize, row: &Row<'_>| {
                let (Some((child, groups)), Some(below)) = (generation.get_mut(at), below.get_mut(at)) else {
                    return Ok(());
                };
                let mut parents = Parents::Groups(groups, child.keys.len());
                self.row(&child.level, &child.level.statement.columns, row, arena, &mut parents, below)
            };
            connection.run_all(&calls, &mut take).await.map_err(|fault| fault.classify(self.catalog))?;
            let mut next = Vec::new();
            for ((child, _), below) in generation.iter().zip(below) {
                next.extend(child.level.children.iter().zip(below).filter(|(_, it)| !it.is_empty()));
            }
            for (_, groups) in generation {
                groups.settle(arena);
            }
            generation = next;
        }
        Ok(())
    }

    /// A row of a level.
    pub(crate) fn row(
        &self,
        level: &Level,
        columns: &[Type],
        row: &Row<'_>,
        arena: &mut Arena,
        parents: &mut Parents<'_>,
        waiting: &mut [Groups],
    ) -> Result<(), Error> {
        let group = match parents {
            Parents::Answer(_) => 0,
            Parents::Groups(groups, columns) => match groups.find_for(row, *columns)? {
                Some(group) => group,
                // Equal by the database's rules and not by ours: no parent to give it to.
                None => return Ok(()),
            },
        };
        let offset = arena.begin_row()?;
        for cell in &level.cells {
            match *cell {
                Cell::Column(at) => {
                    let ty = columns.get(at).copied().unwrap_or(Type::TEXT);
                    decode::copy(arena, row, at, ty, self.catalog)?;
                }
                Cell::Rows(at) => {
                    let rows = arena.rows();
                    if let (Some(child), Some(groups)) = (level.children.get(at), waiting.get_mut(at)) {
                        groups.wait_for(rows, row, &child.keys, self.catalog)?;
                    }
                }
            }
        }
        arena.end_row();
        match parents {
            Parents::Answer(chain) => arena.link(chain, offset, level.reversed),
            Parents::Groups(groups, _) => groups.add(arena, group, offset, level.reversed),
        }
        Ok(())
    }
}

#[cold]
pub(crate) fn no_record(read: &Read, catalog: &Catalog) -> Error {
    let model = catalog.models.get(usize::from(read.level.model)).map_or("?", |it| it.name.as_ref());
    Error::new(ErrorKind::RecordMissing, format!("no `{model}` was found; check the filter of the operation"))
        .with("modelName", Value::Text(model.into()))
        .with("cause", Value::Text("No record was found for a query.".into()))
}
