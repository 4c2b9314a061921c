//! The ends of relations that a schema leaves out: fields, columns and arguments that the formatter adds.

use std::collections::{HashMap, HashSet};

use crate::check::{InlineEnd, inline_relations};
use crate::syntax::tree::{Span, Tree};

/// What is missing, by where it belongs.
#[derive(Default)]
pub(super) struct Missing {
    fields: HashMap<Span, Vec<NewField>>,
    arguments: HashMap<Span, String>,
}

/// A field to add to a model.
#[derive(Debug)]
pub(super) struct NewField {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) attributes: String,
}

impl Missing {
    /// The fields to add to a block.
    pub(super) fn fields(&self, block: Span) -> &[NewField] {
        self.fields.get(&block).map(Vec::as_slice).unwrap_or_default()
    }

    /// The arguments to add to `@relation` of a field.
    pub(super) fn arguments(&self, field: Span) -> Option<&str> {
        self.arguments.get(&field).map(String::as_str)
    }
}

/// Finds what is missing. Where the schema cannot be understood, nothing is.
pub(super) fn find(trees: &[Tree<'_>]) -> Missing {
    let mut missing = Missing::default();
    let mut taken: HashSet<(Span, String)> = HashSet::new();
    for relation in inline_relations(trees) {
        add_back_field(&relation, &mut taken, &mut missing);
        add_forward_field(&relation, &mut taken, &mut missing);
        add_columns(&relation, &mut taken, &mut missing);
        add_arguments(&relation, &mut missing);
    }
    missing
}

fn add(block: Span, field: NewField, taken: &mut HashSet<(Span, String)>, missing: &mut Missing) {
    if taken.insert((block, field.name.clone())) {
        missing.fields.entry(block).or_default().push(field);
    }
}

/// `posts Post[]`, in the model that is referred to.
fn add_back_field(relation: &InlineEnd, taken: &mut HashSet<(Span, String)>, missing: &mut Missing) {
    if relation.has_back {
        return;
    }
    let attributes = if relation.from_ignored { "@ignore" } else { "" };
    let (suffix, plural) = if relation.is_one_to_one { ("?", "") } else { ("[]", "s") };
    let field = NewField {
        name: format!("{}{plural}", lower_first(&relation.from)),
        ty: format!("{}{suffix}", relation.from),
        attributes: attributes.to_owned(),
    };
    add(relation.to_block, field, taken, missing);
}

/// `user User? @relation(fields: [userId], references: [id])`, in the model that refers.
fn add_forward_field(relation: &InlineEnd, taken: &mut HashSet<(Span, String)>, missing: &mut Missing) {
    if relation.forward.is_some() {
        return;
    }
    let columns: Vec<&str> = relation.columns.iter().map(|column| column.name.as_str()).collect();
    let optional = if relation.is_required() { "" } else { "?" };
    let field = NewField {
        name: lower_first(&relation.to),
        ty: format!("{}{optional}", relation.to),
        attributes: format!("@relation({})", arguments(&columns, &relation.references)),
    };
    add(relation.from_block, field, taken, missing);
}

/// `userId Int?`, in the model that refers.
fn add_columns(relation: &InlineEnd, taken: &mut HashSet<(Span, String)>, missing: &mut Missing) {
    let optional = if relation.is_required() { "" } else { "?" };
    for column in relation.columns.iter().filter(|column| !column.exists) {
        let field = NewField {
            name: column.name.clone(),
            ty: format!("{}{optional}", column.ty),
            attributes: column.native.clone(),
        };
        add(relation.from_block, field, taken, missing);
    }
}

fn add_arguments(relation: &InlineEnd, missing: &mut Missing) {
    let Some(forward) = &relation.forward else { return };
    let columns: Vec<&str> = relation.columns.iter().map(|column| column.name.as_str()).collect();
    let text = match (forward.has_fields, forward.has_references) {
        (true, true) => return,
        (false, false) => arguments(&columns, &relation.references),
        (false, true) => format!("fields: [{}]", columns.join(", ")),
        (true, false) => format!("references: [{}]", relation.references.join(", ")),
    };
    missing.arguments.insert(forward.span, text);
}

fn arguments(columns: &[&str], references: &[String]) -> String {
    format!("fields: [{}], references: [{}]", columns.join(", "), references.join(", "))
}

fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
