//! The name that was probably meant.

/// How many names are compared: a schema of nothing but mistakes is not worth minutes.
const MAX_NAMES: usize = 2000;

/// The nearest of some names: one that differs in case only, by a third of its letters at most, or that goes on.
pub(crate) fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let length = wrong.chars().count();
    let limit = length.div_ceil(3).min(length.saturating_sub(1));
    let goes_on = |name: &str| length > 2 && name.starts_with(wrong);
    names
        .into_iter()
        .take(MAX_NAMES)
        .filter(|name| goes_on(name) || name.chars().count().abs_diff(length) <= limit)
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, name)| *distance <= limit || goes_on(name) || name.eq_ignore_ascii_case(wrong))
        .min_by_key(|(distance, name)| (!name.eq_ignore_ascii_case(wrong), *distance, *name))
        .map(|(_, name)| name)
}

/// How many letters must be added, removed or changed.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, left) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, right) in to.iter().enumerate() {
            let changed = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["String", "Int", "BigInt", "DateTime"];
        assert_eq!(nearest("string", names), Some("String"));
        assert_eq!(nearest("Strng", names), Some("String"));
        assert_eq!(nearest("datetime", names), Some("DateTime"));
        assert_eq!(nearest("Strign", names), Some("String"));
        assert_eq!(nearest("Str", names), Some("String"));
        assert_eq!(nearest("Banana", names), None);
        assert_eq!(nearest("A", ["B"]), None);
        assert_eq!(nearest("", names), None);
    }
}
