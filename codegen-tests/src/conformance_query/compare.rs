//! Whether an answer agrees with what a case expects.

use serde_json::{Map, Value};

/// What is wrong with an answer; `None` where it agrees. `earlier` are the answers of earlier steps, without type tags.
pub fn difference(answer: &Value, expect: &Value, earlier: &[Value]) -> Option<String> {
    let kind = expect["kind"].as_str().unwrap_or("any");
    let mut errors = errors(answer);
    let got = untagged(&payload(answer));
    if kind == "error" {
        return unexpected_error(&errors, expect, &got);
    }
    let wanted = &expect["json"];
    if matches!(kind, "json" | "json_contains") && !self::errors(wanted).is_empty() {
        // A batch is expected in which one query fails.
        errors.clear();
    }
    if kind != "any" && !errors.is_empty() {
        return Some(format!("unexpected error {errors:?}"));
    }
    let alternatives = || wanted.as_array().into_iter().flatten();
    let found = match kind {
        "json" => same(&got, &untagged(wanted), ""),
        "json_contains" => contains(&got, &untagged(wanted), ""),
        "json_one_of" => first_of_all(alternatives().map(|it| same(&got, &untagged(it), ""))),
        "json_contains_one_of" => first_of_all(alternatives().map(|it| contains(&got, &untagged(it), ""))),
        _ => None,
    };
    found.or_else(|| {
        let asserts = expect["asserts"].as_array().into_iter().flatten();
        asserts.filter_map(|assert| broken(assert, &got, earlier)).next()
    })
}

fn unexpected_error(errors: &[(String, String)], expect: &Value, got: &Value) -> Option<String> {
    if errors.is_empty() {
        return Some(format!("expected {}, got {got}", expect["code"]));
    }
    let wanted = expect["code"].as_str().unwrap_or("any");
    let agrees = wanted == "any" || errors.iter().any(|(code, _)| code == wanted);
    (!agrees).then(|| format!("expected error {wanted}, got {errors:?}"))
}

fn first_of_all(differences: impl Iterator<Item = Option<String>>) -> Option<String> {
    let all: Option<Vec<String>> = differences.collect();
    all?.into_iter().next()
}

/// The codes and messages of an answer's errors.
fn errors(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |error: &Value| {
        let facing = &error["user_facing_error"];
        (text(&facing["error_code"]), text(&facing["message"]))
    };
    let listed = |answer: &Value| answer["errors"].as_array().into_iter().flatten().map(one).collect::<Vec<_>>();
    let mut found = listed(answer);
    let batch = answer["batchResult"].as_array().into_iter().flatten();
    found.extend(batch.flat_map(listed));
    if found.is_empty() && answer.get("error_code").is_some() {
        found.push((text(&answer["error_code"]), text(&answer["message"])));
    }
    found
}

fn payload(answer: &Value) -> Value {
    let Value::Object(entries) = answer else {
        return answer.clone();
    };
    let kept = entries.iter().filter(|(key, value)| match key.as_str() {
        "extensions" => false,
        "errors" => value.as_array().is_none_or(|it| !it.is_empty()),
        _ => true,
    });
    Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// A value without the type tags of the protocol.
pub(super) fn untagged(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(untagged).collect(),
        Value::Object(entries) => match tagged(entries) {
            Some(inner) => untagged(inner),
            None => Value::Object(entries.iter().map(|(key, value)| (key.clone(), untagged(value))).collect()),
        },
        other => other.clone(),
    }
}

fn tagged(entries: &Map<String, Value>) -> Option<&Value> {
    let pair = |tag: &str, value: &str| entries.get(tag).and(entries.get(value));
    let is_pair = entries.len() == 2;
    pair("$type", "value").or_else(|| pair("prisma__type", "prisma__value")).filter(|_| is_pair)
}

/// Text that holds a JSON document compares as a document: databases order keys and space in their own ways.
fn document(text: &str) -> Option<Value> {
    text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok())?
}

fn same(got: &Value, want: &Value, path: &str) -> Option<String> {
    let differs = || Some(format!("{path}: {got} != {want}"));
    match (got, want) {
        (Value::Number(one), Value::Number(other)) => match one == other || one.as_f64() == other.as_f64() {
            true => None,
            false => differs(),
        },
        (Value::String(one), Value::String(other)) => match (document(one), document(other)) {
            _ if one == other => None,
            (Some(one), Some(other)) => same(&one, &other, path),
            _ => differs(),
        },
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut items = one.iter().zip(other).enumerate();
            items.find_map(|(at, (one, other))| same(one, other, &format!("{path}/{at}")))
        }
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            other.iter().find_map(|(key, value)| {
                let path = format!("{path}/{key}");
                match one.get(key) {
                    Some(got) => same(got, value, &path),
                    None => Some(format!("{path} is missing")),
                }
            })
        }
        _ if got == want => None,
        _ => differs(),
    }
}

/// As [`same`], but objects may hold more than is wanted.
fn contains(got: &Value, want: &Value, path: &str) -> Option<String> {
    match (got, want) {
        (Value::Object(one), Value::Object(other)) => other.iter().find_map(|(key, value)| {
            let path = format!("{path}/{key}");
            match one.get(key) {
                Some(got) => contains(got, value, &path),
                None => Some(format!("{path} is missing")),
            }
        }),
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut items = one.iter().zip(other).enumerate();
            items.find_map(|(at, (one, other))| contains(one, other, &format!("{path}/{at}")))
        }
        _ => same(got, want, path),
    }
}

fn broken(assert: &Value, got: &Value, earlier: &[Value]) -> Option<String> {
    let value = at(got, &assert["path"]);
    if let Some(length) = assert["length"].as_u64() {
        let found = match &value {
            Value::Array(items) => items.len(),
            Value::Object(entries) => entries.len(),
            Value::String(text) => text.chars().count(),
            _ => usize::MAX,
        };
        return (found as u64 != length).then(|| format!("{} has {found} elements, not {length}", assert["path"]));
    }
    if let Some(wanted) = assert.get("equals") {
        let differs = match assert["contains"].as_bool() {
            Some(true) => contains(&value, wanted, ""),
            _ => same(&value, wanted, ""),
        };
        let as_text = assert["as"] == "str" && text_of(&value) == text_of(wanted);
        return differs.filter(|_| !as_text);
    }
    let step = usize::try_from(assert["same_as"]["step"].as_u64()?).ok()?;
    let wanted = at(earlier.get(step)?, &assert["same_as"]["path"]);
    same(&value, &wanted, "")
}

/// The value at a path of keys and positions.
pub(super) fn at(value: &Value, path: &Value) -> Value {
    let mut found = value;
    for step in path.as_array().into_iter().flatten() {
        let position = step.as_u64().or_else(|| step.as_str().and_then(|text| text.parse().ok()));
        found = match (found, position) {
            (Value::Array(items), Some(position)) => {
                let item = usize::try_from(position).ok().and_then(|position| items.get(position));
                item.unwrap_or(&Value::Null)
            }
            _ => found.get(step.as_str().unwrap_or_default()).unwrap_or(&Value::Null),
        };
    }
    found.clone()
}

/// A value as it stands in the middle of a text.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn agrees(answer: Value, expect: Value) -> bool {
        difference(&answer, &expect, &[]).is_none()
    }

    #[test]
    fn answers_are_compared_without_their_tags() {
        let answer = json!({"data": {"findManyUser": [{"id": {"$type": "BigInt", "value": "1"}, "age": 1.0}]}});
        let wanted = json!({"data": {"findManyUser": [{"age": 1, "id": "1"}]}});
        assert!(agrees(answer.clone(), json!({"kind": "json", "json": wanted})));
        let less = json!({"data": {"findManyUser": [{"age": 1}]}});
        assert!(!agrees(answer.clone(), json!({"kind": "json", "json": less})));
        assert!(agrees(answer.clone(), json!({"kind": "json_contains", "json": less})));
        assert!(agrees(answer.clone(), json!({"kind": "json_contains_one_of", "json": [1, less]})));
        assert!(!agrees(answer, json!({"kind": "json_one_of", "json": [less, 2]})));
    }

    #[test]
    fn errors_are_compared_by_their_code() {
        let answer = json!({"errors": [{"user_facing_error": {"error_code": "P2025", "message": "a"}}]});
        assert!(agrees(answer.clone(), json!({"kind": "error", "code": "P2025"})));
        assert!(agrees(answer.clone(), json!({"kind": "error"})));
        assert!(agrees(answer.clone(), json!({"kind": "any"})));
        assert!(!agrees(answer.clone(), json!({"kind": "error", "code": "P2002"})));
        assert!(!agrees(answer, json!({"kind": "success"})));
        assert!(!agrees(json!({"data": {}}), json!({"kind": "error", "code": "P2002"})));
    }

    #[test]
    fn asserts_look_into_an_answer() {
        let answer = json!({"data": [{"a": "{\"b\": 1, \"c\": 2}"}, 2]});
        let expect = |assert: Value| json!({"kind": "success", "asserts": [assert]});
        assert!(agrees(answer.clone(), expect(json!({"path": ["data"], "length": 2}))));
        assert!(!agrees(answer.clone(), expect(json!({"path": ["data"], "length": 3}))));
        assert!(agrees(answer.clone(), expect(json!({"path": ["data", "0", "a"], "equals": "{\"c\":2,\"b\":1}"}))));
        assert!(!agrees(answer, expect(json!({"path": ["data", 1], "equals": 3}))));
    }
}
