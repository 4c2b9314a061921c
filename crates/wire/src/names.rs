//! The words of the protocol.

use lenslet_core::{
    engine::Isolation,
    query::{Aggregate, Change, Operator, Quantifier},
};

/// Every operator of a filter.
pub(crate) const OPERATORS: [Operator; 22] = [
    Operator::Equals,
    Operator::Not,
    Operator::In,
    Operator::NotIn,
    Operator::Lt,
    Operator::Lte,
    Operator::Gt,
    Operator::Gte,
    Operator::Contains,
    Operator::StartsWith,
    Operator::EndsWith,
    Operator::Search,
    Operator::Has,
    Operator::HasEvery,
    Operator::HasSome,
    Operator::IsEmpty,
    Operator::StringContains,
    Operator::StringStartsWith,
    Operator::StringEndsWith,
    Operator::ArrayContains,
    Operator::ArrayStartsWith,
    Operator::ArrayEndsWith,
];

pub(crate) fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::Equals => "equals",
        Operator::Not => "not",
        Operator::In => "in",
        Operator::NotIn => "notIn",
        Operator::Lt => "lt",
        Operator::Lte => "lte",
        Operator::Gt => "gt",
        Operator::Gte => "gte",
        Operator::Contains => "contains",
        Operator::StartsWith => "startsWith",
        Operator::EndsWith => "endsWith",
        Operator::Search => "search",
        Operator::Has => "has",
        Operator::HasEvery => "hasEvery",
        Operator::HasSome => "hasSome",
        Operator::IsEmpty => "isEmpty",
        Operator::StringContains => "string_contains",
        Operator::StringStartsWith => "string_starts_with",
        Operator::StringEndsWith => "string_ends_with",
        Operator::ArrayContains => "array_contains",
        Operator::ArrayStartsWith => "array_starts_with",
        Operator::ArrayEndsWith => "array_ends_with",
    }
}

pub(crate) fn quantifier(quantifier: Quantifier) -> &'static str {
    match quantifier {
        Quantifier::Some => "some",
        Quantifier::Every => "every",
        Quantifier::None => "none",
        Quantifier::Is => "is",
        Quantifier::IsNot => "isNot",
    }
}

/// Every aggregate.
pub(crate) const AGGREGATES: [Aggregate; 5] =
    [Aggregate::Count, Aggregate::Avg, Aggregate::Sum, Aggregate::Min, Aggregate::Max];

pub(crate) fn aggregate(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Count => "_count",
        Aggregate::Avg => "_avg",
        Aggregate::Sum => "_sum",
        Aggregate::Min => "_min",
        Aggregate::Max => "_max",
    }
}

/// The aggregate of that name.
pub(crate) fn aggregate_of(name: &str) -> Option<Aggregate> {
    AGGREGATES.into_iter().find(|it| aggregate(*it) == name)
}

pub(crate) fn change(change: Change) -> &'static str {
    match change {
        Change::Increment => "increment",
        Change::Decrement => "decrement",
        Change::Multiply => "multiply",
        Change::Divide => "divide",
        Change::Push => "push",
    }
}

/// The change of that name.
pub(crate) fn change_of(name: &str) -> Option<Change> {
    [Change::Increment, Change::Decrement, Change::Multiply, Change::Divide, Change::Push]
        .into_iter()
        .find(|it| change(*it) == name)
}

/// What Prisma's engine calls the operation: the action with the model's name before `OrThrow` and `AndReturn`.
pub(crate) fn operation(action: &str, model: &str) -> String {
    let end = ["OrThrow", "AndReturn"].into_iter().find(|end| action.ends_with(end)).unwrap_or_default();
    let start = action.strip_suffix(end).unwrap_or(action);
    [start, model, end].concat()
}

pub(crate) fn isolation(isolation: Isolation) -> &'static str {
    match isolation {
        Isolation::ReadUncommitted => "ReadUncommitted",
        Isolation::ReadCommitted => "ReadCommitted",
        Isolation::RepeatableRead => "RepeatableRead",
        Isolation::Snapshot => "Snapshot",
        Isolation::Serializable => "Serializable",
    }
}

/// The isolation level of that name.
pub(crate) fn isolation_of(name: &str) -> Option<Isolation> {
    [
        Isolation::ReadUncommitted,
        Isolation::ReadCommitted,
        Isolation::RepeatableRead,
        Isolation::Snapshot,
        Isolation::Serializable,
    ]
    .into_iter()
    .find(|it| isolation(*it) == name)
}
