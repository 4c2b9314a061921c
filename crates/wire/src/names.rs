//! The words of the protocol.

use lenslet_core::{
    engine::Isolation,
    query::{Aggregate, Change, Operator},
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

/// Every aggregate.
pub(crate) const AGGREGATES: [Aggregate; 5] =
    [Aggregate::Count, Aggregate::Avg, Aggregate::Sum, Aggregate::Min, Aggregate::Max];

/// The aggregate of that name.
pub(crate) fn aggregate_of(name: &str) -> Option<Aggregate> {
    AGGREGATES.into_iter().find(|it| it.name() == name)
}

/// The change of that name.
pub(crate) fn change_of(name: &str) -> Option<Change> {
    [Change::Increment, Change::Decrement, Change::Multiply, Change::Divide, Change::Push]
        .into_iter()
        .find(|it| it.name() == name)
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
