//! `where`, `having` and unique selectors.

use super::{
    Client, Decoder, Of, each,
    fault::At,
    value::{JsonNull, Type, json_null, plain_object, takes_null},
};
use crate::{json::Json, names};
use lenslet_core::{
    catalog::{Arity, Column, Field, Provider, RelationEnd, ScalarType},
    error::Error,
    query::{Aggregate, Compare, Condition, FieldId, JsonPath, Operator, Quantifier},
    value::Value,
};

/// What a comparison is about.
#[derive(Clone, Copy)]
struct Subject<'c> {
    of: Of<'c>,
    field: u16,
    /// Of its values, after the aggregate.
    ty: Type,
    list: bool,
    nullable: bool,
    aggregate: Option<Aggregate>,
    /// Whether aggregates of it can be asked for.
    having: bool,
}

/// Where conditions stand.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Among those on groups.
    having: bool,
    /// Inside `AND`, `OR` or `NOT`.
    nested: bool,
}

/// How the comparisons of one object are read.
#[derive(Clone, Default)]
struct Manner {
    insensitive: bool,
    path: Option<Box<JsonPath>>,
    /// Inside an odd number of `not`.
    negated: bool,
}

impl<'c> Decoder<'c> {
    /// A filter.
    pub(crate) fn filter(&self, of: Of<'c>, json: &Json<'_>, at: At<'_>) -> Result<Condition, Error> {
        self.conditions(of, json, Place::default(), at)
    }

    /// A filter on groups.
    pub(crate) fn having(&self, of: Of<'c>, json: &Json<'_>, at: At<'_>) -> Result<Condition, Error> {
        self.conditions(of, json, Place { having: true, ..Place::default() }, at)
    }

    fn conditions(&self, of: Of<'c>, json: &Json<'_>, place: Place, at: At<'_>) -> Result<Condition, Error> {
        let input = || of.named("WhereInput");
        let Json::Object(entries) = json else {
            return Err(at.wrong_type(&input(), json));
        };
        let mut all = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let step = at.argument(key);
            let at = at.inside(&step);
            match self.connective(of, key, value, place, at)? {
                Some(mut conditions) => all.append(&mut conditions),
                None => all.push(self.on_field(of, key, value, place.having, at)?),
            }
        }
        all.retain(|part| !self.is_skipped(part));
        Ok(together(all))
    }

    /// `AND`, `OR`, `NOT`.
    fn connective(
        &self,
        of: Of<'c>,
        key: &str,
        json: &Json<'_>,
        place: Place,
        at: At<'_>,
    ) -> Result<Option<Vec<Condition>>, Error> {
        if !matches!(key, "AND" | "OR" | "NOT") {
            return Ok(None);
        }
        if key == "OR" && !matches!(json, Json::List(_)) {
            return Err(at.wrong_type(&of.named("WhereInput[]"), json));
        }
        let inner = Place { nested: true, ..place };
        let mut parts =
            each(json).iter().map(|item| self.conditions(of, item, inner, at)).collect::<Result<Vec<_>, _>>()?;
        parts.retain(|part| !self.is_skipped(part));
        Ok(Some(match key {
            "AND" => parts,
            // Prisma asks for one of none at the top only.
            "OR" if parts.is_empty() && place.nested && self.client == Client::Prisma => Vec::new(),
            "OR" => vec![Condition::Any(parts)],
            _ => parts.into_iter().map(|part| Condition::Not(Box::new(part))).collect(),
        }))
    }

    /// Whether a part of a filter asks for nothing, and whose client asks means that by it.
    fn is_skipped(&self, part: &Condition) -> bool {
        self.client == Client::Prisma && matches!(part, Condition::All(list) if list.is_empty())
    }

    fn on_field(&self, of: Of<'c>, key: &str, json: &Json<'_>, having: bool, at: At<'_>) -> Result<Condition, Error> {
        let Some((index, field)) = of.field(key) else {
            let mut known = of.names();
            known.extend(["AND", "OR", "NOT"]);
            return Err(at.unknown_field(&of.named("WhereInput"), &known));
        };
        if let Some(end) = field.relation() {
            if having {
                return Err(at.unknown_field(&of.named("ScalarWhereWithAggregatesInput"), &of.column_names()));
            }
            return self.on_relation(index, field, end, json, at);
        }
        let subject = field.column().and_then(|column| subject(of, index, field, column, having));
        match subject {
            Some(subject) => self.on_column(subject, json, at),
            None => Err(at.unknown_field(&of.named("WhereInput"), &of.names())),
        }
    }

    fn on_relation(
        &self,
        index: u16,
        field: &Field,
        end: &RelationEnd,
        json: &Json<'_>,
        at: At<'_>,
    ) -> Result<Condition, Error> {
        let of = self.of(end.model);
        let related = |quantifier, inner| Condition::Related(FieldId::at(index), quantifier, Box::new(inner));
        let Json::Object(entries) = json else {
            return match json {
                Json::Null if field.arity == Arity::Optional => Ok(related(Quantifier::IsNot, together(Vec::new()))),
                _ => Err(at.wrong_type(&of.named("WhereInput"), json)),
            };
        };
        let quantified = |key: &str| quantifier(field.arity, key).is_some();
        if field.arity != Arity::List && !entries.iter().all(|(key, _)| quantified(key)) {
            return self.filter(of, json, at).map(|inner| related(Quantifier::Is, inner));
        }
        let mut all = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let step = at.argument(key);
            let at = at.inside(&step);
            let Some(quantifier) = quantifier(field.arity, key) else {
                let input = || of.named("ListRelationFilter");
                return Err(at.unknown_field(&input(), &["every", "some", "none"]));
            };
            all.push(match (value, quantifier) {
                (Json::Null, Quantifier::Is) => related(Quantifier::IsNot, together(Vec::new())),
                (Json::Null, Quantifier::IsNot) => related(Quantifier::Is, together(Vec::new())),
                _ => related(quantifier, self.filter(of, value, at)?),
            });
        }
        Ok(together(all))
    }

    fn on_column(&self, subject: Subject<'c>, json: &Json<'_>, at: At<'_>) -> Result<Condition, Error> {
        let mut all = Vec::new();
        let is_json = subject.ty.is(ScalarType::Json);
        // Prisma knows no equality of documents and lists without `equals`, and one operator of a list at a time.
        let strict = self.client == Client::Prisma;
        if *json == Json::Null && (is_json || subject.list) && strict {
            return Err(at.missing(&self.filter_name(subject)));
        }
        match plain_object(json) {
            Some(entries) if subject.list && entries.len() != 1 && strict => {
                let known: Vec<&str> = operators(subject).map(Operator::name).collect();
                return Err(at.too_many(&self.filter_name(subject), &known));
            }
            None if subject.list && strict => return Err(at.wrong_type(&self.filter_name(subject), json)),
            Some(_) => self.operators(subject, json, Manner::default(), at, &mut all)?,
            None => all.push(self.equality(subject, json, &Manner::default(), at)?),
        }
        Ok(together(all))
    }

    /// `{ gt: 1, lt: 5, … }`.
    fn operators(
        &self,
        subject: Subject<'c>,
        json: &Json<'_>,
        outer: Manner,
        at: At<'_>,
        all: &mut Vec<Condition>,
    ) -> Result<(), Error> {
        let Some(entries) = plain_object(json) else {
            return Err(at.wrong_type(&self.filter_name(subject), json));
        };
        let mut manner = outer;
        if let Some(mode) = json.get("mode") {
            let step = at.argument("mode");
            manner.insensitive = self.mode(mode, at.inside(&step))?;
        }
        let is_json = subject.ty.is(ScalarType::Json) && !subject.list;
        if let Some(path) = json.get("path").filter(|_| is_json) {
            let step = at.argument("path");
            manner.path = Some(Box::new(self.path(path, at.inside(&step))?));
            if entries.iter().all(|(key, _)| matches!(key.as_ref(), "path" | "mode")) {
                return Err(at.input("A JSON path cannot be set without a scalar filter.".into()));
            }
        }
        for (key, value) in entries {
            let step = at.argument(key);
            let at = at.inside(&step);
            match key.as_ref() {
                "mode" => {}
                "path" if is_json => {}
                "not" if plain_object(value).is_some() && !is_json => {
                    if value.get("mode").is_some() {
                        let step = at.argument("mode");
                        return Err(at.inside(&step).unknown_field(&self.filter_name(subject), &[]));
                    }
                    let manner = Manner { negated: !manner.negated, ..manner.clone() };
                    self.operators(subject, value, manner, at, all)?;
                }
                name => match names::aggregate_of(name).filter(|_| subject.having && subject.aggregate.is_none()) {
                    Some(aggregate) => {
                        self.operators(aggregated(subject, aggregate), value, manner.clone(), at, all)?
                    }
                    None => all.push(self.comparison(subject, name, value, &manner, at)?),
                },
            }
        }
        Ok(())
    }

    fn comparison(
        &self,
        subject: Subject<'c>,
        name: &str,
        json: &Json<'_>,
        manner: &Manner,
        at: At<'_>,
    ) -> Result<Condition, Error> {
        let Some(operator) = operator(subject, name) else {
            return Err(at.unknown_field(
                &self.filter_name(subject),
                &operators(subject).map(Operator::name).collect::<Vec<_>>(),
            ));
        };
        match operator {
            Operator::Equals => return self.equality(subject, json, manner, at),
            // Also inside of another `not`, which is what Prisma makes of it.
            Operator::Not => {
                let manner = Manner { negated: true, ..manner.clone() };
                return self.equality(subject, json, &manner, at);
            }
            // Prisma takes a null for "is null" here.
            Operator::In | Operator::NotIn if *json == Json::Null && subject.nullable => {
                let operator = if operator == Operator::In { Operator::Equals } else { Operator::Not };
                return Ok(compared(subject, manner, operator, Value::Null));
            }
            _ => {}
        }
        let value = self.operand(subject, operator, json, at)?;
        Ok(compared(subject, manner, operator, value))
    }

    /// Equal to a value, to a null, to another column.
    fn equality(&self, subject: Subject<'c>, json: &Json<'_>, manner: &Manner, at: At<'_>) -> Result<Condition, Error> {
        let equals = |value| compared(subject, manner, Operator::Equals, value);
        if subject.ty.is(ScalarType::Json) && !subject.list {
            match json_null(json) {
                Some(JsonNull::Database) => return Ok(equals(Value::Null)),
                Some(JsonNull::Document) => return Ok(equals(Value::Json("null".into()))),
                Some(JsonNull::Any) => {
                    let both = vec![equals(Value::Null), equals(Value::Json("null".into()))];
                    return Ok(if manner.negated { Condition::All(both) } else { Condition::Any(both) });
                }
                // From Lenslet's client the column's, as for every other type; from Prisma's a document.
                None if *json == Json::Null && self.client == Client::Lenslet => return Ok(equals(Value::Null)),
                None => {}
            }
        } else if *json == Json::Null && (subject.nullable || subject.list) {
            return Ok(equals(Value::Null));
        }
        self.operand(subject, Operator::Equals, json, at).map(equals)
    }

    /// What is compared with.
    fn operand(&self, subject: Subject<'c>, operator: Operator, json: &Json<'_>, at: At<'_>) -> Result<Value, Error> {
        use Operator as O;
        let ty = subject.ty;
        let list = match operator {
            O::In | O::NotIn | O::HasEvery | O::HasSome => true,
            O::Has => false,
            _ => subject.list,
        };
        if let Some(value) = self.reference(json, subject.of, (ty, list), at)? {
            return Ok(value);
        }
        match operator {
            O::IsEmpty => return self.value(json, Type::Scalar(ScalarType::Boolean), at),
            O::Contains
            | O::StartsWith
            | O::EndsWith
            | O::Search
            | O::StringContains
            | O::StringStartsWith
            | O::StringEndsWith => return self.value(json, Type::Scalar(ScalarType::String), at),
            O::Has if *json == Json::Null && !ty.is(ScalarType::Json) => return Ok(Value::Null),
            _ => {}
        }
        match json {
            Json::List(items) if list => self.values(items, ty, at),
            _ if list => Err(at.wrong_type(&[self.type_name(ty), "[]"].concat(), json)),
            _ => self.value(json, ty, at),
        }
    }

    fn mode(&self, json: &Json<'_>, at: At<'_>) -> Result<bool, Error> {
        match json.as_text() {
            Some("insensitive") => Ok(true),
            Some("default") => Ok(false),
            _ => Err(at.wrong_value("QueryMode", "expected `default` or `insensitive`")),
        }
    }

    /// A place in a JSON document, in the way of the database. Steps say it everywhere: Lenslet's own client does not know
    /// which database is behind its pool.
    fn path(&self, json: &Json<'_>, at: At<'_>) -> Result<JsonPath, Error> {
        let steps = matches!(self.catalog.provider, Provider::Postgresql | Provider::Cockroachdb);
        match json {
            Json::List(items) => items
                .iter()
                .map(|item| item.as_text().map(Into::into))
                .collect::<Option<_>>()
                .map(JsonPath::Steps)
                .ok_or_else(|| at.wrong_type("String[]", json)),
            Json::Text(text) if !steps => Ok(JsonPath::Expression(text.to_string())),
            _ => Err(at.wrong_type(if steps { "String[]" } else { "String" }, json)),
        }
    }

    fn filter_name(&self, subject: Subject<'c>) -> String {
        [self.type_name(subject.ty), if subject.list { "ListFilter" } else { "Filter" }].concat()
    }

    /// A selector of one row: at least one unique column or compound of columns, and whatever else must hold.
    pub(crate) fn unique(&self, of: Of<'c>, json: &Json<'_>, at: At<'_>) -> Result<Condition, Error> {
        let input = || of.named("WhereUniqueInput");
        let Json::Object(entries) = json else {
            return Err(at.wrong_type(&input(), json));
        };
        let mut selectors = Vec::with_capacity(entries.len());
        let mut all = Vec::new();
        for (key, value) in entries {
            let step = at.argument(key);
            let at = at.inside(&step);
            if let Some(selector) = self.selector(of, key, value, at)? {
                selectors.push(selector);
            } else if let Some(mut conditions) = self.connective(of, key, value, Place::default(), at)? {
                all.append(&mut conditions);
            } else {
                all.push(self.on_field(of, key, value, false, at)?);
            }
        }
        if selectors.is_empty() {
            let names = of.selectors();
            return Err(at.some_missing(&input(), &names, &of.names()));
        }
        selectors.append(&mut all);
        Ok(together(selectors))
    }

    /// A unique column, or a compound of columns.
    fn selector(&self, of: Of<'c>, key: &str, json: &Json<'_>, at: At<'_>) -> Result<Option<Condition>, Error> {
        for index in of.model.uniques() {
            if let [only] = index.fields.as_ref()
                && let Some((_, field)) = of.field(key).filter(|(at, _)| *at == only.field)
                && let Some(ty) = field.column().and_then(Type::of)
            {
                if *json == Json::Null {
                    return Err(at.missing(self.type_name(ty)));
                }
                let value = self.value(json, ty, at)?;
                let compare = Compare::new(FieldId::at(only.field), Operator::Equals, value);
                return Ok(Some(Condition::Compare(compare)));
            }
            if let Some(name) = index.name.as_ref().filter(|name| *name == key && index.fields.len() > 1) {
                let fields = index.fields.iter().map(|it| it.field);
                let parts = self.compound(of, fields, json, at)?;
                return Ok(Some(Condition::Compound(name.clone(), parts)));
            }
        }
        Ok(None)
    }

    fn compound(
        &self,
        of: Of<'c>,
        fields: impl Iterator<Item = u16>,
        json: &Json<'_>,
        at: At<'_>,
    ) -> Result<Vec<(FieldId, Value)>, Error> {
        let Some(entries) = plain_object(json) else {
            return Err(at.wrong_type("CompoundUniqueInput", json));
        };
        let mut known = Vec::new();
        let mut parts = Vec::new();
        for index in fields {
            let Some(field) = of.model.fields.get(usize::from(index)) else {
                continue;
            };
            let Some(ty) = field.column().and_then(Type::of) else {
                continue;
            };
            known.push(field.name.as_ref());
            let step = at.argument(&field.name);
            let at = at.inside(&step);
            let value = match json.get(&field.name) {
                None | Some(Json::Null) => return Err(at.missing(self.type_name(ty))),
                Some(value) => self.value(value, ty, at)?,
            };
            parts.push((FieldId::at(index), value));
        }
        match entries.iter().find(|(key, _)| !known.contains(&key.as_ref())) {
            None => Ok(parts),
            Some((key, _)) => {
                let step = at.argument(key);
                Err(at.inside(&step).unknown_field("CompoundUniqueInput", &known))
            }
        }
    }
}

/// All of them; a single one is itself.
pub(crate) fn together(mut all: Vec<Condition>) -> Condition {
    match all.len() {
        1 => all.remove(0),
        _ => Condition::All(all),
    }
}

fn subject<'c>(of: Of<'c>, index: u16, field: &Field, column: &Column, having: bool) -> Option<Subject<'c>> {
    Some(Subject {
        of,
        field: index,
        ty: Type::of(column)?,
        list: field.arity == Arity::List,
        nullable: takes_null(field),
        aggregate: None,
        having,
    })
}

fn aggregated(subject: Subject<'_>, aggregate: Aggregate) -> Subject<'_> {
    let ty = match aggregate {
        Aggregate::Count => Type::Scalar(ScalarType::Int),
        Aggregate::Avg if !subject.ty.is(ScalarType::Decimal) => Type::Scalar(ScalarType::Float),
        _ => subject.ty,
    };
    Subject {
        ty,
        list: false,
        // Over no rows, or over nulls only, there is no sum.
        nullable: true,
        aggregate: Some(aggregate),
        ..subject
    }
}

/// The comparison, or its opposite.
fn compared(subject: Subject<'_>, manner: &Manner, operator: Operator, value: Value) -> Condition {
    let compare = |operator| {
        Condition::Compare(Compare {
            field: FieldId::at(subject.field),
            aggregate: subject.aggregate,
            path: manner.path.clone(),
            operator,
            value: value.clone(),
            insensitive: manner.insensitive,
        })
    };
    match (manner.negated, opposite(operator)) {
        (false, _) => compare(operator),
        (true, Some(opposite)) => compare(opposite),
        (true, None) => Condition::Not(Box::new(compare(operator))),
    }
}

fn opposite(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Equals => Operator::Not,
        Operator::Not => Operator::Equals,
        Operator::In => Operator::NotIn,
        Operator::NotIn => Operator::In,
        Operator::Lt => Operator::Gte,
        Operator::Lte => Operator::Gt,
        Operator::Gt => Operator::Lte,
        Operator::Gte => Operator::Lt,
        _ => return None,
    })
}

fn quantifier(arity: Arity, key: &str) -> Option<Quantifier> {
    Some(match (key, arity) {
        ("some", Arity::List) => Quantifier::Some,
        ("every", Arity::List) => Quantifier::Every,
        ("none", Arity::List) => Quantifier::None,
        ("is", Arity::Required | Arity::Optional) => Quantifier::Is,
        ("isNot", Arity::Required | Arity::Optional) => Quantifier::IsNot,
        _ => return None,
    })
}

/// Whether a column is compared so.
fn has(subject: Subject<'_>, operator: Operator) -> bool {
    use Operator as O;
    let Subject { ty, list, .. } = subject;
    match operator {
        O::Equals => true,
        O::Not => !list,
        O::Has | O::HasEvery | O::HasSome | O::IsEmpty => list,
        O::In | O::NotIn => !list && !ty.is(ScalarType::Json),
        O::Lt | O::Lte | O::Gt | O::Gte => {
            !list && !matches!(ty, Type::Enum(_) | Type::Scalar(ScalarType::Boolean | ScalarType::Bytes))
        }
        O::Contains | O::StartsWith | O::EndsWith | O::Search => !list && ty.is_text(),
        O::StringContains
        | O::StringStartsWith
        | O::StringEndsWith
        | O::ArrayContains
        | O::ArrayStartsWith
        | O::ArrayEndsWith => !list && ty.is(ScalarType::Json),
    }
}

fn operator(subject: Subject<'_>, name: &str) -> Option<Operator> {
    operators(subject).find(|operator| operator.name() == name)
}

fn operators(subject: Subject<'_>) -> impl Iterator<Item = Operator> {
    names::OPERATORS.into_iter().filter(move |operator| has(subject, *operator))
}

/// Columns that a condition on groups compares, or compares with, without an aggregate.
pub(crate) fn plain_columns(condition: &Condition) -> Vec<FieldId> {
    match condition {
        Condition::Compare(compare) => {
            let compared = compare.aggregate.is_none().then_some(compare.field);
            let other = match compare.value {
                Value::Column(field) => Some(field),
                _ => None,
            };
            compared.into_iter().chain(other).collect()
        }
        Condition::All(list) | Condition::Any(list) => list.iter().flat_map(plain_columns).collect(),
        Condition::Not(inner) => plain_columns(inner),
        _ => Vec::new(),
    }
}
