//! Conditions on places inside JSON documents.
//!
//! A comparison with something that is not there, or is of another JSON type than the comparison needs, is neither true
//! nor false.

use crate::{
    dialect::Json,
    plan::PlanError,
    shape::JsonClass,
    statement::{Encoding, Kind, Source, Type},
    writer::{Table, Writer},
};
use lenslet_core::{
    catalog::{Column, ScalarType},
    query::{Compare, JsonPath, Operator},
    value::Value,
};

const DOCUMENT: Encoding = Encoding::Value(Type::one(Kind::Scalar(ScalarType::Json)));

/// A place in the documents of a column.
#[derive(Clone, Copy)]
struct Place<'a, 'q> {
    table: Table<'a>,
    column: &'a Column,
    path: Option<&'q JsonPath>,
}

impl<'a> Writer<'a> {
    pub(crate) fn compare_json(
        &mut self,
        table: Table<'a>,
        column: &'a Column,
        compare: &Compare,
    ) -> Result<(), PlanError> {
        let place = Place { table, column, path: compare.path.as_deref() };
        match compare.operator {
            Operator::Equals if compare.value.is_null() => self.json_then(place, " IS NULL"),
            Operator::Not if compare.value.is_null() => self.json_then(place, " IS NOT NULL"),
            Operator::Equals => self.json_equal(place, " = ", &compare.value),
            Operator::Not => self.json_equal(place, " <> ", &compare.value),
            Operator::Lt => self.json_order(place, " < ", &compare.value),
            Operator::Lte => self.json_order(place, " <= ", &compare.value),
            Operator::Gt => self.json_order(place, " > ", &compare.value),
            Operator::Gte => self.json_order(place, " >= ", &compare.value),
            Operator::StringContains => self.json_like(place, Encoding::Contains, compare),
            Operator::StringStartsWith => self.json_like(place, Encoding::StartsWith, compare),
            Operator::StringEndsWith => self.json_like(place, Encoding::EndsWith, compare),
            Operator::ArrayContains => self.json_contains(place, &compare.value),
            Operator::ArrayStartsWith => self.json_element(place, Element::First, &compare.value),
            Operator::ArrayEndsWith => self.json_element(place, Element::Last, &compare.value),
            _ => Err(PlanError::Invalid("not an operator of Json columns")),
        }
    }

    /// The value at the place, as a JSON value that can be compared.
    fn json_value(&mut self, place: Place<'a, '_>) -> Result<(), PlanError> {
        let dialect = self.dialect().json;
        match (dialect, place.path) {
            (Json::Sqlite, None) => {
                self.push("json(");
                self.column(place.table.alias, place.column);
                self.push(")");
            }
            (Json::Sqlite, Some(path)) => self.json_step(place, " -> ", path)?,
            (Json::Postgresql, None) => {
                self.column(place.table.alias, place.column);
                self.push("::jsonb");
            }
            (Json::Postgresql, Some(path)) => {
                self.json_step(place, " #> ", path)?;
                self.push("::jsonb");
            }
            (Json::Mysql, None) => self.column(place.table.alias, place.column),
            (Json::Mysql, Some(path)) => {
                self.push("JSON_EXTRACT(");
                self.column(place.table.alias, place.column);
                self.push(", ");
                self.json_path(path)?;
                self.push(")");
            }
        }
        Ok(())
    }

    fn json_step(&mut self, place: Place<'a, '_>, operator: &'static str, path: &JsonPath) -> Result<(), PlanError> {
        self.push("(");
        self.column(place.table.alias, place.column);
        self.push(operator);
        self.json_path(path)?;
        self.push(")");
        Ok(())
    }

    fn json_path(&mut self, path: &JsonPath) -> Result<(), PlanError> {
        let at = self.planner.slots.path(path).ok_or(PlanError::Invalid("a path from outside the query"))?;
        self.bind(Source::Parameter(at), Encoding::JsonPath);
        Ok(())
    }

    /// The text or number at the place, as the database's own value.
    fn json_scalar(&mut self, place: Place<'a, '_>) -> Result<(), PlanError> {
        match (self.dialect().json, place.path) {
            (Json::Sqlite, None) => {
                self.push("(");
                self.column(place.table.alias, place.column);
                self.push(" ->> '$')");
                Ok(())
            }
            (Json::Sqlite, Some(path)) => self.json_step(place, " ->> ", path),
            (Json::Postgresql, None) => {
                self.push("(");
                self.column(place.table.alias, place.column);
                self.push(" #>> '{}')");
                Ok(())
            }
            (Json::Postgresql, Some(path)) => self.json_step(place, " #>> ", path),
            (Json::Mysql, _) => {
                self.push("JSON_UNQUOTE(");
                self.json_value(place)?;
                self.push(")");
                Ok(())
            }
        }
    }

    /// `CASE WHEN the place holds that type THEN`; the caller writes the comparison and ` END`.
    fn json_when(&mut self, place: Place<'a, '_>, class: JsonClass) -> Result<(), PlanError> {
        self.push("CASE WHEN ");
        match self.dialect().json {
            Json::Sqlite => {
                self.push("json_type(");
                self.json_value(place)?;
                self.push(match class {
                    JsonClass::Text => ") = 'text'",
                    JsonClass::Number => ") IN ('integer', 'real')",
                    _ => ") = 'array'",
                });
            }
            Json::Postgresql => {
                self.push("jsonb_typeof(");
                self.json_value(place)?;
                self.push(match class {
                    JsonClass::Text => ") = 'string'",
                    JsonClass::Number => ") = 'number'",
                    _ => ") = 'array'",
                });
            }
            Json::Mysql => {
                self.push("JSON_TYPE(");
                self.json_value(place)?;
                self.push(match class {
                    JsonClass::Text => ") = 'STRING'",
                    JsonClass::Number => ") IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL')",
                    _ => ") = 'ARRAY'",
                });
            }
        }
        self.push(" THEN ");
        Ok(())
    }

    /// A JSON value of the query, or another column.
    fn json_operand(&mut self, table: Table<'a>, value: &Value) -> Result<(), PlanError> {
        if let Value::Column(field) = value {
            let (_, column, _) = table.column(*field)?;
            return self.json_value(Place { table, column, path: None });
        }
        match self.dialect().json {
            Json::Sqlite => self.push("json("),
            Json::Postgresql => {}
            Json::Mysql => self.push("CAST("),
        }
        self.value(value, DOCUMENT)?;
        match self.dialect().json {
            Json::Sqlite => self.push(")"),
            Json::Postgresql => self.push("::jsonb"),
            Json::Mysql => self.push(" AS JSON)"),
        }
        Ok(())
    }

    fn json_then(&mut self, place: Place<'a, '_>, test: &'static str) -> Result<(), PlanError> {
        self.json_value(place)?;
        self.push(test);
        Ok(())
    }

    fn json_equal(&mut self, place: Place<'a, '_>, operator: &'static str, value: &Value) -> Result<(), PlanError> {
        self.json_value(place)?;
        self.push(operator);
        self.json_operand(place.table, value)
    }

    fn json_order(&mut self, place: Place<'a, '_>, operator: &'static str, value: &Value) -> Result<(), PlanError> {
        let class = match value {
            Value::Json(text) => JsonClass::of(text),
            _ => JsonClass::Number,
        };
        if !matches!(class, JsonClass::Text | JsonClass::Number) {
            return Err(PlanError::Invalid("JSON values are ordered against a number or a text only"));
        }
        self.json_when(place, class)?;
        if self.dialect().json == Json::Sqlite {
            self.json_scalar(place)?;
            self.push(operator);
            self.push("(");
            self.json_operand(place.table, value)?;
            self.push(" ->> '$')");
        } else {
            self.json_value(place)?;
            self.push(operator);
            self.json_operand(place.table, value)?;
        }
        self.push(" END");
        Ok(())
    }

    fn json_like(&mut self, place: Place<'a, '_>, pattern: Encoding, compare: &Compare) -> Result<(), PlanError> {
        self.json_when(place, JsonClass::Text)?;
        self.json_scalar(place)?;
        let insensitive = compare.insensitive && self.dialect().ilike;
        self.push(if insensitive { " ILIKE " } else { " LIKE " });
        self.value(&compare.value, pattern)?;
        self.push(" END");
        Ok(())
    }

    fn json_contains(&mut self, place: Place<'a, '_>, value: &Value) -> Result<(), PlanError> {
        self.json_when(place, JsonClass::Array)?;
        match self.dialect().json {
            Json::Sqlite => {
                self.push("NOT EXISTS (SELECT 1 FROM json_each(");
                self.json_operand(place.table, value)?;
                self.push(") AS wanted WHERE NOT EXISTS (SELECT 1 FROM json_each(");
                self.json_value(place)?;
                // Values are those of SQLite: a null, 1 for true, the text of an object.
                self.push(
                    ") AS held WHERE held.value IS wanted.value AND (held.type = wanted.type \
                     OR held.type || wanted.type IN ('integerreal', 'realinteger'))))",
                );
            }
            Json::Postgresql => {
                self.json_value(place)?;
                self.push(" @> ");
                self.json_operand(place.table, value)?;
            }
            Json::Mysql => {
                self.push("JSON_CONTAINS(");
                self.json_value(place)?;
                self.push(", ");
                self.json_operand(place.table, value)?;
                self.push(")");
            }
        }
        self.push(" END");
        Ok(())
    }

    fn json_element(&mut self, place: Place<'a, '_>, element: Element, value: &Value) -> Result<(), PlanError> {
        self.json_when(place, JsonClass::Array)?;
        let dialect = self.dialect().json;
        self.push(if dialect == Json::Mysql { "JSON_EXTRACT(" } else { "(" });
        self.json_value(place)?;
        self.push(match (dialect, element) {
            (Json::Sqlite, Element::First) => " -> '$[0]')",
            (Json::Sqlite, Element::Last) => " -> '$[#-1]')",
            (Json::Postgresql, Element::First) => " -> 0)",
            (Json::Postgresql, Element::Last) => " -> -1)",
            (Json::Mysql, Element::First) => ", '$[0]')",
            (Json::Mysql, Element::Last) => ", '$[last]')",
        });
        self.push(" = ");
        self.json_operand(place.table, value)?;
        self.push(" END");
        Ok(())
    }
}

/// Which element of an array.
#[derive(Clone, Copy)]
enum Element {
    First,
    Last,
}
