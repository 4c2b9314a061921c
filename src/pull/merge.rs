//! Change the text of a schema where two forms of it differ.

use lenslet_core::catalog::{self, ScalarType};

use super::build::{Present, enum_name, table_name};
use super::edit::Edits;
use super::form::{self, Argument, Attribute, AttributeKey, Enum, Field, FieldKey, Form, Model};
use crate::check::resolved;
use crate::syntax::tree::{self, Block, Span};

/// Brings the text from `old`, the form of what it says, to `new`.
pub(super) fn merge(present: &Present<'_>, old: &Form, new: &Form, edits: &mut Edits<'_>) {
    let models = present.catalog.models.iter().zip(&present.resolved.models);
    for (at, (model, text)) in models.enumerate() {
        let table = table_name(model);
        match (old.model(&table), new.model(&table)) {
            (Some(old), Some(new)) => ModelMerge { present, at, text, old, new }.merge(edits),
            _ => edits.delete_lines(text.block.span),
        }
    }
    for (it, text) in present.catalog.enums.iter().zip(&present.resolved.enums) {
        let ty = enum_name(it);
        match (old.enumeration(&ty), new.enumeration(&ty)) {
            (Some(_), Some(new)) => merge_enum(it, text, new, edits),
            (Some(_), None) => edits.delete_lines(text.block.span),
            (None, _) => {}
        }
    }
    new.models.iter().filter(|it| old.model(&it.table).is_none()).for_each(|it| edits.append(&it.to_string()));
    new.enums.iter().filter(|it| old.enumeration(&it.ty).is_none()).for_each(|it| edits.append(&it.to_string()));
}

/// The order of the values is the schema's.
fn merge_enum(known: &catalog::Enum, text: &resolved::Enum<'_>, new: &Enum, edits: &mut Edits<'_>) {
    let mut last = opening(text.block);
    for (variant, line) in known.variants.iter().zip(&text.variants) {
        match new.variants.iter().any(|it| it.key == variant.db_name) {
            true => last = line.span,
            false => edits.delete_lines(line.span),
        }
    }
    for variant in &new.variants {
        if !known.variants.iter().any(|it| it.db_name == variant.key) {
            edits.insert_below(last, &variant.to_string());
        }
    }
}

/// What stands on the line of a block's opening brace.
fn opening(block: &Block<'_>) -> Span {
    block.name.span
}

struct ModelMerge<'m> {
    present: &'m Present<'m>,
    /// Its place in the present schema.
    at: usize,
    text: &'m resolved::Model<'m>,
    old: &'m Model,
    new: &'m Model,
}

impl ModelMerge<'_> {
    fn merge(&self, edits: &mut Edits<'_>) {
        for old in &self.old.fields {
            let Some(text) = self.field_text(&old.name) else { continue };
            match self.new.field(&old.key) {
                Some(new) => merge_field(text, old, new, edits),
                None => edits.delete_lines(text.tree.span),
            }
        }
        self.new_fields(edits);
        self.attributes(edits);
    }

    fn field_text(&self, name: &str) -> Option<&resolved::Field<'_>> {
        self.text.fields.get(*self.text.field_names.get(name)?)
    }

    /// New columns come behind the column before them, new relations behind all fields.
    fn new_fields(&self, edits: &mut Edits<'_>) {
        let mut column = opening(self.text.block);
        let stays = |field: &&resolved::Field<'_>| {
            let old = self.old.fields.iter().find(|old| old.name == field.name);
            old.is_none_or(|old| self.new.field(&old.key).is_some())
        };
        let last = self.text.fields.iter().filter(stays).map(|field| field.tree.span).next_back();
        for field in &self.new.fields {
            let is_known = self.old.field(&field.key).is_some();
            let is_column = matches!(field.key, FieldKey::Column(_));
            match (is_known, is_column) {
                (true, true) => column = self.field_text(&field.name).map_or(column, |text| text.tree.span),
                (true, false) => {}
                (false, true) => edits.insert_below(column, &field.to_string()),
                (false, false) => edits.insert_below(last.unwrap_or(column), &field.to_string()),
            }
        }
    }

    fn attributes(&self, edits: &mut Edits<'_>) {
        for old in &self.old.attributes {
            let Some(text) = self.attribute_text(old.key) else { continue };
            match form::attribute(&self.new.attributes, old.key) {
                Some(new) if new.name == old.name => merge_arguments(text, old, new, edits),
                _ => edits.delete_lines(text.span),
            }
        }
        let end =
            Span { start: self.text.block.span.end - 1, end: self.text.block.span.end - 1, ..self.text.block.span };
        for new in &self.new.attributes {
            let old = form::attribute(&self.old.attributes, new.key);
            if old.is_none_or(|old| old.name != new.name) {
                edits.replace(end, format!("@{new}\n"));
            }
        }
    }

    fn attribute_text(&self, key: AttributeKey) -> Option<&tree::Attribute<'_>> {
        match key {
            AttributeKey::Single(name) => self.text.block.attributes().find(|it| it.name.text == name),
            AttributeKey::Wanted(at) => {
                self.present.index(self.at, at).filter(|it| it.field.is_none()).map(|it| it.attribute)
            }
            AttributeKey::Found(_) => None,
        }
    }
}

fn merge_field(text: &resolved::Field<'_>, old: &Field, new: &Field, edits: &mut Edits<'_>) {
    let line = text.tree;
    if (&old.ty, old.modifier) != (&new.ty, new.modifier)
        && let Some(ty) = &line.ty
    {
        edits.replace(ty.span, new.whole_type());
    }
    for old in &old.attributes {
        let new = form::attribute(&new.attributes, old.key);
        match (field_attribute(text, old.key), new) {
            (Some(text), Some(new)) if new.name == old.name => merge_arguments(text, old, new, edits),
            (Some(text), Some(new)) => edits.replace(text.span, new.to_string()),
            (Some(text), None) => edits.replace(text.span, ""),
            (None, Some(new)) if new != old => edits.insert_after(line.span, format!(" {new}")),
            (None, _) => {}
        }
    }
    for new in &new.attributes {
        if form::attribute(&old.attributes, new.key).is_none() {
            match field_attribute(text, new.key) {
                Some(text) => edits.replace(text.span, new.to_string()),
                None => edits.insert_after(line.span, format!(" {new}")),
            }
        }
    }
    forget_what_no_longer_fits(text, old, new, edits);
}

/// What only the client does needs a certain type.
fn forget_what_no_longer_fits(text: &resolved::Field<'_>, old: &Field, new: &Field, edits: &mut Edits<'_>) {
    if old.scalar == new.scalar && old.modifier == new.modifier {
        return;
    }
    let has = |list: &[Attribute]| form::attribute(list, AttributeKey::Single("default")).is_some();
    let find = |name: &str| text.tree.attributes.iter().find(|it| it.name.text == name);
    let updated_at = find("updatedAt").filter(|_| new.scalar != Some(ScalarType::DateTime));
    let is_list = new.modifier == tree::Modifier::List;
    let default = find("default").filter(|_| !has(&old.attributes) && !has(&new.attributes));
    let default = default.filter(|_| is_list || new.scalar != Some(ScalarType::String));
    for attribute in updated_at.into_iter().chain(default) {
        edits.replace(attribute.span, "");
    }
}

fn field_attribute<'t>(field: &resolved::Field<'t>, key: AttributeKey) -> Option<&'t tree::Attribute<'t>> {
    match key {
        AttributeKey::Single("native") => field.native.as_ref().map(|native| native.attribute),
        AttributeKey::Single(name) => field.tree.attributes.iter().find(|it| it.name.text == name),
        AttributeKey::Wanted(_) | AttributeKey::Found(_) => None,
    }
}

/// Arguments that are the same before and after stay as they are written, given or not.
fn merge_arguments(text: &tree::Attribute<'_>, old: &Attribute, new: &Attribute, edits: &mut Edits<'_>) {
    if old == new {
        return;
    }
    let mut arguments = Vec::new();
    let mut said = Vec::new();
    for (at, written) in text.arguments.iter().flat_map(|it| &it.list).enumerate() {
        let is_this = |it: &&Argument| match written.name {
            Some(name) => it.label == name.text || (it.label == "map" && name.text == "name" && !it.bare),
            None => {
                it.bare
                    && (!it.label.is_empty()
                        || new.arguments.get(at) == Some(*it)
                        || old.arguments.get(at) == Some(*it))
            }
        };
        let (before, after) = (old.arguments.iter().find(is_this), new.arguments.iter().find(is_this));
        let label = after.or(before).map(|it| it.label);
        said.extend(label);
        match (before, after) {
            (Some(before), Some(after)) if before.text != after.text => arguments.push(after.to_string()),
            (Some(_), None) => {}
            _ => arguments.push(edits.text(written.span).to_owned()),
        }
    }
    for argument in &new.arguments {
        let before = old.arguments.iter().find(|it| it.label == argument.label);
        let changed = before.is_none_or(|it| it.text != argument.text || it.implied != argument.implied);
        if !said.contains(&argument.label) && !argument.implied && changed {
            let at = if argument.bare { 0 } else { arguments.len() };
            arguments.insert(at, argument.to_string());
        }
    }
    let written = Span { start: text.name.span.end, ..text.span };
    let list = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
    edits.replace(written, list);
}
