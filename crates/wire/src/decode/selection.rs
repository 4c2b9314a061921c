//! What comes back: `selection`.

use super::{Client, Decoder, Of, Verb, arguments::Given, fault::At};
use crate::{json::Json, names};
use lenslet_core::{
    catalog::{Arity, Field, ScalarType},
    error::Error,
    query::{Aggregate, Condition, FieldId, Selected, SelectedRelation},
};

/// Which fields of a model can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All of them.
    Everything,
    /// Columns, and relations whose key is in the row itself: what a statement that writes many rows can answer.
    Inline,
}

impl<'c> Decoder<'c> {
    /// Columns and relations.
    pub(crate) fn selection(
        &self,
        of: Of<'c>,
        scope: Scope,
        json: Option<&Json<'_>>,
        at: At<'_>,
    ) -> Result<Vec<Selected>, Error> {
        let mut selection = Selection::default();
        let entries = match json {
            None => return Ok(whole(of)),
            Some(Json::Object(entries)) => entries,
            Some(other) => return Err(at.wrong_type("selection", other)),
        };
        let left_out = |name: &str| entries.iter().any(|(key, it)| key == name && *it == Json::Bool(false));
        let mut scalars = false;
        for (key, value) in entries {
            match (key.as_ref(), value) {
                (_, Json::Bool(false)) | ("$composites", _) => {}
                ("$scalars", _) => {
                    scalars = true;
                    visible_columns(of)
                        .filter(|(_, field)| !left_out(&field.name))
                        .for_each(|(index, _)| selection.column(index));
                }
                ("_count", _) if scope == Scope::Everything && of.lists().next().is_some() => {
                    selection.push(self.relation_counts(of, value, at)?);
                }
                _ => self.selected(of, scope, key, value, scalars, at, &mut selection)?,
            }
        }
        if selection.0.is_empty() {
            return Err(at.empty_selection(&of.model.name, &of.names()));
        }
        Ok(selection.0)
    }

    /// The number of rows that were written: all that there is to select, and Lenslet's own client does not ask for it.
    pub(crate) fn affected(&self, json: Option<&Json<'_>>, at: At<'_>) -> Result<Vec<Selected>, Error> {
        const OUTPUT: &str = "AffectedRowsOutput";
        let Some(Json::Object(entries)) = json.filter(|_| self.client == Client::Prisma) else {
            return Ok(Vec::new());
        };
        let mut asked = entries.iter().filter(|(key, value)| *value != Json::Bool(false) && key != "$composites");
        match asked.clone().find(|(key, _)| !matches!(key.as_ref(), "count" | "$scalars")) {
            Some((key, _)) => Err(at.unknown_selection(key, OUTPUT, &["count"])),
            None if asked.next().is_none() => Err(at.empty_selection(OUTPUT, &["count"])),
            None => Ok(Vec::new()),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one entry of a selection, with all that it depends on")]
    fn selected(
        &self,
        of: Of<'c>,
        scope: Scope,
        key: &str,
        json: &Json<'_>,
        scalars: bool,
        at: At<'_>,
        selection: &mut Selection,
    ) -> Result<(), Error> {
        let found = of.field(key).filter(|(_, field)| scope == Scope::Everything || self.is_inline(field));
        let Some((index, field)) = found else {
            return Err(at.unknown_selection(key, &of.model.name, &of.names()));
        };
        let Some(end) = field.relation() else {
            return match json {
                Json::Bool(_) if scalars => Ok(()),
                Json::Bool(_) => {
                    selection.column(index);
                    Ok(())
                }
                _ => Err(at.scalar_selection(&of.model.name)),
            };
        };
        let step = at.selected(key);
        let at = At::new(&step);
        let to = self.of(end.model);
        let arguments = match json.get("arguments") {
            Some(arguments) => self.arguments(to, of_relation(field.arity), Some(arguments), at)?,
            None => Given::default(),
        };
        selection.push(Selected::Relation(Box::new(SelectedRelation {
            field: FieldId::at(index),
            arguments: arguments.arguments,
            selection: self.selection(to, Scope::Everything, json.get("selection"), at)?,
        })));
        Ok(())
    }

    fn is_inline(&self, field: &Field) -> bool {
        field.relation().is_none_or(|end| end.holds_key(self.catalog))
    }

    /// `_count` of a row: the number of rows of relations.
    fn relation_counts(&self, of: Of<'c>, json: &Json<'_>, at: At<'_>) -> Result<Selected, Error> {
        let step = at.selected("_count");
        let at = At::new(&step);
        let output = || of.named("CountOutputType");
        let known = || of.lists().map(|(_, field)| field.name.as_ref()).collect::<Vec<_>>();
        let all = || of.lists().map(|(index, _)| (FieldId::at(index), None));
        let entries = match json.get("selection") {
            Some(Json::Object(entries)) => entries,
            None if *json == Json::Bool(true) => return Ok(Selected::RelationCounts(all().collect())),
            _ => return Err(at.wrong_type("selection", json)),
        };
        let mut counts: Vec<(FieldId, Option<Condition>)> = Vec::new();
        for (key, value) in entries {
            match (key.as_ref(), value) {
                (_, Json::Bool(false)) | ("$composites", _) => {}
                ("$scalars", _) => counts.extend(all()),
                (name, value) => {
                    let found = of.lists().find(|(_, field)| field.name == name);
                    let (index, field) = found.ok_or_else(|| at.unknown_selection(name, &output(), &known()))?;
                    counts.push((FieldId::at(index), self.counted(field, value, at)?));
                }
            }
        }
        match counts.is_empty() {
            true => Err(at.empty_selection(&output(), &known())),
            false => Ok(Selected::RelationCounts(counts)),
        }
    }

    /// Which rows of a relation are counted.
    fn counted(&self, field: &Field, json: &Json<'_>, at: At<'_>) -> Result<Option<Condition>, Error> {
        let step = at.selected(&field.name);
        let at = At::new(&step);
        match (json.get("arguments"), field.relation()) {
            (Some(arguments), Some(end)) => {
                let given = self.arguments(self.of(end.model), &["where"], Some(arguments), at)?;
                Ok(given.arguments.filter)
            }
            _ => Ok(None),
        }
    }

    /// Aggregates, and in groups the columns of the group.
    pub(crate) fn summary(
        &self,
        of: Of<'c>,
        verb: Verb,
        json: Option<&Json<'_>>,
        at: At<'_>,
    ) -> Result<Vec<Selected>, Error> {
        let output = || of.named("AggregateOutputType");
        let known = || {
            let mut known: Vec<&str> = names::AGGREGATES.into_iter().map(Aggregate::name).collect();
            if verb == Verb::GroupBy {
                known.extend(of.column_names());
            }
            known
        };
        let mut selection = Selection::default();
        let Some(Json::Object(entries)) = json else {
            return Err(at.empty_selection(&output(), &known()));
        };
        for (key, value) in entries {
            match (names::aggregate_of(key), of.field(key)) {
                _ if *value == Json::Bool(false) || key == "$composites" => {}
                (Some(aggregate), _) => selection.push(self.aggregated(of, aggregate, value, at)?),
                _ if key == "$scalars" && verb == Verb::GroupBy => {
                    visible_columns(of).for_each(|(index, _)| selection.column(index));
                }
                (None, Some((index, field))) if verb == Verb::GroupBy && field.column().is_some() => {
                    selection.column(index);
                }
                _ => return Err(at.unknown_selection(key, &output(), &known())),
            }
        }
        match selection.0.is_empty() {
            true => Err(at.empty_selection(&output(), &known())),
            false => Ok(selection.0),
        }
    }

    fn aggregated(&self, of: Of<'c>, aggregate: Aggregate, json: &Json<'_>, at: At<'_>) -> Result<Selected, Error> {
        let name = aggregate.name();
        let step = at.selected(name);
        let at = At::new(&step);
        let output = || of.named("AggregateOutputType");
        let known = || of.columns_for(aggregate).map(|(_, field)| field.name.as_ref()).collect::<Vec<_>>();
        let everything = || {
            let columns = of.columns_for(aggregate).map(|(index, _)| Some(FieldId::at(index)));
            columns.chain((aggregate == Aggregate::Count).then_some(None))
        };
        let entries = match json.get("selection") {
            Some(Json::Object(entries)) => entries,
            None if *json == Json::Bool(true) => return Ok(Selected::Aggregate(aggregate, everything().collect())),
            _ => return Err(at.empty_selection(&output(), &known())),
        };
        let mut fields = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match (key.as_ref(), value) {
                (_, Json::Bool(false)) | ("$composites", _) => {}
                ("_all", _) if aggregate == Aggregate::Count => fields.push(None),
                ("$scalars", _) => fields.extend(everything()),
                (key, _) => match of.columns_for(aggregate).find(|(_, field)| field.name == key) {
                    Some((index, _)) => fields.push(Some(FieldId::at(index))),
                    None => return Err(at.unknown_selection(key, &output(), &known())),
                },
            }
        }
        match fields.is_empty() {
            true => Err(at.empty_selection(&output(), &known())),
            false => Ok(Selected::Aggregate(aggregate, fields)),
        }
    }
}

/// Columns one after the other share an entry.
#[derive(Default)]
struct Selection(Vec<Selected>);

impl Selection {
    fn column(&mut self, index: u16) {
        match self.0.last_mut() {
            Some(Selected::Columns(columns)) => columns.to_mut().push(FieldId::at(index)),
            _ => self.0.push(Selected::Columns(vec![FieldId::at(index)].into())),
        }
    }

    fn push(&mut self, selected: Selected) {
        self.0.push(selected);
    }
}

fn visible_columns<'c>(of: Of<'c>) -> impl Iterator<Item = (u16, &'c Field)> {
    let columns = of.model.columns().map(|(index, field, _)| (index, field));
    columns.filter(|(_, field)| field.is_visible())
}

/// Every column.
fn whole(of: Of<'_>) -> Vec<Selected> {
    let mut selection = Selection::default();
    visible_columns(of).for_each(|(index, _)| selection.column(index));
    selection.0
}

/// The arguments of a selected relation.
fn of_relation(arity: Arity) -> &'static [&'static str] {
    match arity {
        Arity::List => &["where", "orderBy", "take", "skip", "cursor", "distinct"],
        Arity::Optional => &["where"],
        Arity::Required => &[],
    }
}

impl<'c> Of<'c> {
    /// Relations to many.
    fn lists(self) -> impl Iterator<Item = (u16, &'c Field)> {
        let relations = self.model.relations().map(|(index, field, _)| (index, field));
        relations.filter(|(_, field)| field.arity == Arity::List && field.is_visible())
    }

    /// Columns that an aggregate can be computed of.
    fn columns_for(self, aggregate: Aggregate) -> impl Iterator<Item = (u16, &'c Field)> {
        use ScalarType::{BigInt, Bytes, Decimal, Float, Int, Json};
        visible_columns(self).filter(move |(_, field)| {
            let scalar = field.column().and_then(super::value::Type::of);
            let is = |one_of: &[ScalarType]| one_of.iter().any(|it| scalar.is_some_and(|ty| ty.is(*it)));
            match aggregate {
                Aggregate::Count => true,
                Aggregate::Avg | Aggregate::Sum => field.arity != Arity::List && is(&[Int, BigInt, Float, Decimal]),
                Aggregate::Min | Aggregate::Max => field.arity != Arity::List && !is(&[Json, Bytes]),
            }
        })
    }
}
