//! Filters inside JSON documents (feature `json`): `user::settings.at(["theme", "dark"]).eq(true)`.

use crate::{
    column::{Column, Filter},
    draft::{self, Datum},
    query::{FieldId, Operator},
    value::Value,
};
use std::{fmt, marker::PhantomData};

/// Types with JSON operators.
#[diagnostic::on_unimplemented(message = "JSON operators exist on `Json` columns only, this one holds `{Self}`")]
pub trait Document {}
impl Document for serde_json::Value {}
impl Document for Option<serde_json::Value> {}

/// A place inside the JSON documents of a column.
pub struct Place<M> {
    field: FieldId,
    steps: Vec<String>,
    insensitive: bool,
    of: PhantomData<fn() -> M>,
}

impl<M> Clone for Place<M> {
    fn clone(&self) -> Self {
        Place { field: self.field, steps: self.steps.clone(), insensitive: self.insensitive, of: PhantomData }
    }
}
impl<M> fmt::Debug for Place<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.field.name).field(&self.steps).finish()
    }
}

impl<M, T: Document, U> Column<M, T, U> {
    /// The place that these keys and positions lead to; none lead to the whole document.
    pub fn at<S: Into<String>>(self, steps: impl IntoIterator<Item = S>) -> Place<M> {
        Place {
            field: self.field(),
            steps: steps.into_iter().map(Into::into).collect(),
            insensitive: false,
            of: PhantomData,
        }
    }
}

impl<M> Place<M> {
    fn compare(self, operator: Operator, value: Datum) -> Filter<M> {
        Filter::new(draft::compare_at(self.field, self.steps, self.insensitive, operator, value))
    }
    /// Compares the letters of a text without their case, where the database can (PostgreSQL).
    #[must_use]
    pub fn insensitive(self) -> Self {
        Place { insensitive: true, ..self }
    }
    fn json(self, operator: Operator, value: impl Into<serde_json::Value>) -> Filter<M> {
        self.compare(operator, draft::datum(Value::Json(value.into().to_string())))
    }
    /// Equal to this JSON value.
    pub fn eq(self, value: impl Into<serde_json::Value>) -> Filter<M> {
        self.json(Operator::Equals, value)
    }
    /// Not equal to this JSON value.
    pub fn ne(self, value: impl Into<serde_json::Value>) -> Filter<M> {
        self.json(Operator::Not, value)
    }
    /// Less than this number or text.
    pub fn lt(self, value: impl Into<serde_json::Value>) -> Filter<M> {
        self.json(Operator::Lt, value)
    }
    /// Less than or equal to this number or text.
    pub fn lte(self, value: impl Into<serde_json::Value>) -> Filter<M> {
        self.json(Operator::Lte, value)
    }
    /// Greater than this number or text.
    pub fn gt(self, value: impl Into<serde_json::Value>) -> Filter<M> {
        self.json(Operator::Gt, value)
    }
    /// Greater than or equal to this number or text.
    pub fn gte(self, value: impl Into<serde_json::Value>) -> Filter<M> {
        self.json(Operator::Gte, value)
    }
    /// A text that holds this text.
    pub fn string_contains(self, part: impl Into<String>) -> Filter<M> {
        self.compare(Operator::StringContains, draft::text(part.into()))
    }
    /// A text that starts so.
    pub fn string_starts_with(self, start: impl Into<String>) -> Filter<M> {
        self.compare(Operator::StringStartsWith, draft::text(start.into()))
    }
    /// A text that ends so.
    pub fn string_ends_with(self, end: impl Into<String>) -> Filter<M> {
        self.compare(Operator::StringEndsWith, draft::text(end.into()))
    }
    /// An array that holds this value, or all values of this array.
    pub fn array_contains(self, value: impl Into<serde_json::Value>) -> Filter<M> {
        self.json(Operator::ArrayContains, value)
    }
    /// An array that starts with this value.
    pub fn array_starts_with(self, value: impl Into<serde_json::Value>) -> Filter<M> {
        self.json(Operator::ArrayStartsWith, value)
    }
    /// An array that ends with this value.
    pub fn array_ends_with(self, value: impl Into<serde_json::Value>) -> Filter<M> {
        self.json(Operator::ArrayEndsWith, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Condition, JsonPath};

    #[test]
    fn a_place_is_a_path() {
        let settings: Column<(), Option<serde_json::Value>> = Column::new(3, "settings");
        let Condition::Compare(compare) = settings.at(["theme", "dark"]).eq(true).into_condition() else {
            panic!("a comparison")
        };
        assert_eq!(compare.path.as_deref(), Some(&JsonPath::Steps(vec!["theme".into(), "dark".into()])));
        assert_eq!(compare.value, Value::Json("true".into()));
    }
}
