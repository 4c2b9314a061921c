//! `orderBy`, and lists of column names.

use super::{Decoder, Of, each, fault::At, value::Type};
use crate::{json::Json, names};
use lenslet_core::{
    catalog::{Arity, ScalarType},
    error::Error,
    query::{Aggregate, FieldId, Nulls, Order, OrderBy, Sort},
    value::Value,
};

impl<'c> Decoder<'c> {
    /// Criteria, the most important first.
    pub(crate) fn orders(&self, of: Of<'c>, json: &Json<'_>, grouped: bool, at: At<'_>) -> Result<Vec<Order>, Error> {
        let orders = each(json).iter().map(|item| self.order(of, item, (grouped, false), at));
        orders.filter_map(Result::transpose).collect()
    }

    /// A criterion, of groups or of a row that may be `absent`: then what it is ordered by may be null, whatever the column says.
    fn order(
        &self,
        of: Of<'c>,
        json: &Json<'_>,
        (grouped, absent): (bool, bool),
        at: At<'_>,
    ) -> Result<Option<Order>, Error> {
        let input = || of.named("OrderByInput");
        let Json::Object(entries) = json else {
            return Err(at.wrong_type(&input(), json));
        };
        let (key, value) = match entries.as_slice() {
            [] => return Ok(None),
            [(key, value)] => (key.as_ref(), value),
            _ => return Err(at.too_many(&input(), &of.names())),
        };
        let step = at.argument(key);
        let at = at.inside(&step);
        if key == "_relevance" {
            return self.relevance(of, value, at).map(Some);
        }
        if let Some(aggregate) = names::aggregate_of(key).filter(|_| grouped) {
            return self.order_of_groups(of, aggregate, value, at).map(Some);
        }
        let Some((index, field)) = of.field(key) else {
            return Err(at.unknown_field(&input(), &of.names()));
        };
        let Some(end) = field.relation() else {
            return self.direction(value, absent || field.arity == Arity::Optional, at).map(|(sort, nulls)| {
                let by = OrderBy::Column(FieldId::at(index));
                Some(Order { by, sort, nulls })
            });
        };
        if field.arity == Arity::List {
            return self.order_by_count(FieldId::at(index), value, at).map(Some);
        }
        let absent = absent || field.arity == Arity::Optional;
        let inner = self.order(self.of(end.model), value, (false, absent), at)?;
        Ok(inner.map(|order| Order { by: OrderBy::Related(FieldId::at(index), Box::new(order.by)), ..order }))
    }

    fn order_by_count(&self, relation: FieldId, json: &Json<'_>, at: At<'_>) -> Result<Order, Error> {
        let Json::Object(entries) = json else {
            return Err(at.wrong_type("OrderByRelationAggregateInput", json));
        };
        let [(key, value)] = entries.as_slice() else {
            return Err(at.too_many("OrderByRelationAggregateInput", &["_count"]));
        };
        let step = at.argument(key);
        let at = at.inside(&step);
        if key != "_count" {
            return Err(at.unknown_field("OrderByRelationAggregateInput", &["_count"]));
        }
        let (sort, nulls) = self.direction(value, false, at)?;
        let by = OrderBy::RelationCount(relation);
        Ok(Order { by, sort, nulls })
    }

    fn order_of_groups(&self, of: Of<'c>, aggregate: Aggregate, json: &Json<'_>, at: At<'_>) -> Result<Order, Error> {
        let Json::Object(entries) = json else {
            return Err(at.wrong_type("OrderByAggregateInput", json));
        };
        let [(key, value)] = entries.as_slice() else {
            return Err(at.too_many("OrderByAggregateInput", &of.column_names()));
        };
        let step = at.argument(key);
        let at = at.inside(&step);
        let (sort, nulls) = self.direction(value, false, at)?;
        let field = match key.as_ref() {
            "_all" if aggregate == Aggregate::Count => None,
            _ => Some(self.column(of, key, at)?),
        };
        let by = OrderBy::Aggregate(aggregate, field);
        Ok(Order { by, sort, nulls })
    }

    fn relevance(&self, of: Of<'c>, json: &Json<'_>, at: At<'_>) -> Result<Order, Error> {
        let part = |key: &str| json.get(key).ok_or_else(|| at.missing(key));
        let fields = self.columns(of, part("fields")?, at)?;
        let search = self.value(part("search")?, Type::Scalar(ScalarType::String), at)?;
        let (sort, nulls) = self.direction(part("sort")?, false, at)?;
        let search = match search {
            Value::Text(text) => Value::Text(text),
            _ => return Err(at.wrong_type("String", json)),
        };
        let by = OrderBy::Relevance(fields, search);
        Ok(Order { by, sort, nulls })
    }

    /// `"asc"`, or `{ sort, nulls }` where nulls can be.
    fn direction(&self, json: &Json<'_>, nullable: bool, at: At<'_>) -> Result<(Sort, Option<Nulls>), Error> {
        let sort = |json: &Json<'_>| match json.as_text() {
            Some("asc") => Ok(Sort::Asc),
            Some("desc") => Ok(Sort::Desc),
            Some(_) => Err(at.wrong_value("SortOrder", "expected `asc` or `desc`")),
            None => Err(at.wrong_type("SortOrder", json)),
        };
        let Json::Object(entries) = json else {
            return Ok((sort(json)?, None));
        };
        if !nullable {
            return Err(at.wrong_type("SortOrder", json));
        }
        if let Some((key, _)) = entries.iter().find(|(key, _)| !matches!(key.as_ref(), "sort" | "nulls")) {
            let step = at.argument(key);
            return Err(at.inside(&step).unknown_field("SortOrderInput", &["sort", "nulls"]));
        }
        let direction = sort(json.get("sort").ok_or_else(|| at.missing("SortOrder"))?)?;
        let nulls = match json.get("nulls").map(|nulls| nulls.as_text()) {
            None => None,
            Some(Some("first")) => Some(Nulls::First),
            Some(Some("last")) => Some(Nulls::Last),
            Some(_) => return Err(at.wrong_value("NullsOrder", "expected `first` or `last`")),
        };
        Ok((direction, nulls))
    }

    /// A name of a column, or a list of them.
    pub(crate) fn columns(&self, of: Of<'c>, json: &Json<'_>, at: At<'_>) -> Result<Vec<FieldId>, Error> {
        let enumeration = || of.named("ScalarFieldEnum");
        each(json)
            .iter()
            .map(|item| match item.as_text() {
                Some(name) => self.column(of, name, at),
                None => Err(at.wrong_type(&enumeration(), item)),
            })
            .collect()
    }

    fn column(&self, of: Of<'c>, name: &str, at: At<'_>) -> Result<FieldId, Error> {
        match of.field(name) {
            Some((index, field)) if field.column().is_some() => Ok(FieldId::at(index)),
            _ => {
                let why = format!("`{name}` is none of {}", of.column_names().join(", "));
                Err(at.wrong_value(&of.named("ScalarFieldEnum"), &why))
            }
        }
    }
}
