//! The arguments of operations and of selected relations.

use super::{Decoder, Of, fault::At, value};
use crate::json::Json;
use lenslet_core::{
    error::Error,
    query::{Arguments, Condition},
    value::Value,
};

/// Arguments as they were given: decoded, where that does not depend on the operation.
#[derive(Default)]
pub(crate) struct Given<'j, 't> {
    pub(crate) arguments: Arguments,
    pub(crate) data: Option<&'j Json<'t>>,
    pub(crate) create: Option<&'j Json<'t>>,
    pub(crate) update: Option<&'j Json<'t>>,
    pub(crate) by: Option<&'j Json<'t>>,
    pub(crate) having: Option<&'j Json<'t>>,
    pub(crate) skip_duplicates: bool,
    /// `where`, where it must select one row.
    pub(crate) unique: Option<&'j Json<'t>>,
    /// Whether `orderBy` was given at all, and so given empty when there is no order.
    pub(crate) ordered: bool,
}

impl<'c> Decoder<'c> {
    /// Arguments, of which only the allowed ones may be given. `uniqueWhere` stands for a `where` that selects one row.
    pub(crate) fn arguments<'j, 't>(
        &self,
        of: Of<'c>,
        allowed: &[&'static str],
        json: Option<&'j Json<'t>>,
        at: At<'_>,
    ) -> Result<Given<'j, 't>, Error> {
        let mut given = Given::default();
        let entries = match json {
            None => return Ok(given),
            Some(Json::Object(entries)) => entries,
            Some(other) => return Err(at.wrong_type("arguments", other)),
        };
        let views_page = of.model.uniques().next().is_none();
        let allowed = allowed.iter().copied().filter(|name| !(views_page && *name == "cursor"));
        let allowed: Vec<&str> = allowed.collect();
        for (key, value) in entries {
            let step = at.argument(key);
            let at = at.inside(&step);
            let unique = key == "where" && allowed.contains(&"uniqueWhere");
            if !unique && !allowed.contains(&key.as_ref()) {
                let known: Vec<&str> =
                    allowed.iter().map(|name| if *name == "uniqueWhere" { "where" } else { name }).collect();
                return Err(at.unknown_argument(&known));
            }
            if *value == Json::Null && matches!(key.as_ref(), "where" | "take" | "limit" | "skip" | "cursor") {
                return Err(at.missing("value"));
            }
            match key.as_ref() {
                "where" if unique => given.unique = Some(value),
                "where" => given.arguments.filter = some(self.filter(of, value, at)?),
                "orderBy" => {
                    given.ordered = true;
                    let grouped = allowed.contains(&"by");
                    given.arguments.order = self.orders(of, value, grouped, at)?;
                }
                "take" => given.arguments.take = Some(integer(value, at)?),
                "limit" => given.arguments.take = Some(limit(value, at)?),
                "skip" => given.arguments.skip = Some(skip(value, at)?),
                "cursor" => given.arguments.cursor = Some(Box::new(self.unique(of, value, at)?)),
                "distinct" => given.arguments.distinct = self.columns(of, value, at)?,
                "skipDuplicates" => given.skip_duplicates = *value == Json::Bool(true),
                "data" => given.data = Some(value),
                "create" => given.create = Some(value),
                "update" => given.update = Some(value),
                "by" => given.by = Some(value),
                "having" => given.having = Some(value),
                // How relations are loaded is the engine's business.
                _ => {}
            }
        }
        if views_page {
            given.pages_need_order(at)?;
        }
        Ok(given)
    }
}

impl Given<'_, '_> {
    /// Rows without anything unique have no order of their own to be counted in.
    fn pages_need_order(&self, at: At<'_>) -> Result<(), Error> {
        let counts = self.arguments.take.is_some() || self.arguments.skip.is_some();
        if !counts || !self.arguments.order.is_empty() {
            return Ok(());
        }
        if self.ordered {
            let details = "`orderBy` definition must not be empty when querying views without unique fields";
            return Err(at.input(details.into()));
        }
        let step = at.argument("orderBy");
        Err(at.inside(&step).missing("OrderByInput"))
    }
}

/// A filter that asks for nothing is none.
pub(crate) fn some(filter: Condition) -> Option<Condition> {
    match filter {
        Condition::All(list) if list.is_empty() => None,
        filter => Some(filter),
    }
}

fn integer(json: &Json<'_>, at: At<'_>) -> Result<i64, Error> {
    match json {
        Json::Number(text) => match value::integer(text, at)? {
            Value::Int(number) => Ok(number),
            _ => Err(at.wrong_type("Int", json)),
        },
        _ => Err(at.wrong_type("Int", json)),
    }
}

fn limit(json: &Json<'_>, at: At<'_>) -> Result<i64, Error> {
    match integer(json, at)? {
        limit if limit < 0 => Err(at.input(format!("Provided limit ({limit}) must be a positive integer."))),
        limit => Ok(limit),
    }
}

fn skip(json: &Json<'_>, at: At<'_>) -> Result<i64, Error> {
    match integer(json, at)? {
        skip if skip < 0 => {
            Err(at.input(format!("Invalid value for skip argument: Value can only be positive, found: {skip}")))
        }
        skip => Ok(skip),
    }
}
