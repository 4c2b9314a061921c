//! Second and third pass: which models, enums and types there are, and what the types of fields are.

use std::collections::HashMap;

use lenslet_core::catalog::ScalarType;

use super::report::Report;
use super::resolved::{Composite, Enum, Field, FieldType, Model, RelationAttribute, Resolved, Settings};
use super::rules::{names as rules, types as type_rules};
use crate::syntax::tree::{self, Block, BlockKind, Item, Modifier, Tree, UnknownBlock};

/// What the blocks of a schema define.
pub(super) struct Names<'t> {
    models: Vec<&'t Block<'t>>,
    composites: Vec<&'t Block<'t>>,
    enums: Vec<&'t Block<'t>>,
    types: HashMap<&'t str, FieldType<'t>>,
}

const SCALARS: [ScalarType; 9] = [
    ScalarType::String,
    ScalarType::Boolean,
    ScalarType::Int,
    ScalarType::BigInt,
    ScalarType::Float,
    ScalarType::Decimal,
    ScalarType::DateTime,
    ScalarType::Json,
    ScalarType::Bytes,
];

/// Collects the names of a schema, each of which must be its own.
pub(super) fn collect<'t>(trees: &'t [Tree<'t>], report: &mut Report) -> Names<'t> {
    let mut names = Names { models: Vec::new(), composites: Vec::new(), enums: Vec::new(), types: HashMap::new() };
    let mut sources: HashMap<&str, &'static str> = HashMap::new();
    let mut generators: HashMap<&str, &'static str> = HashMap::new();
    for item in trees.iter().flat_map(|tree| &tree.items) {
        match item {
            Item::Block(block) => {
                rules::block_name(block, report);
                match names.types.get(block.name.text) {
                    Some(other) => rules::duplicate_block(block, keyword(*other, &names), report),
                    None => names.add(block),
                }
            }
            Item::Config(config) => {
                rules::config_name(config.name, report);
                let (seen, keyword) = match config.is_datasource {
                    true => (&mut sources, "datasource"),
                    false => (&mut generators, "generator"),
                };
                if seen.insert(config.name.text, keyword).is_some() && !config.is_datasource {
                    rules::duplicate_config(config.name, keyword, report);
                }
            }
            _ => {}
        }
    }
    names.add_unreadable(trees);
    names
}

impl<'t> Names<'t> {
    /// Blocks with a wrong keyword are reported as such; what refers to them is not.
    fn add_unreadable(&mut self, trees: &'t [Tree<'t>]) {
        for item in trees.iter().flat_map(|tree| &tree.items) {
            if let Item::Unknown(UnknownBlock { name: Some(name), .. }) = item {
                self.types.entry(name.text).or_insert(FieldType::Unknown);
            }
        }
    }

    fn add(&mut self, block: &'t Block<'t>) {
        let (list, ty) = match block.kind {
            BlockKind::Model | BlockKind::View => (&mut self.models, FieldType::Model as fn(usize) -> FieldType<'t>),
            BlockKind::Composite => (&mut self.composites, FieldType::Composite as fn(usize) -> FieldType<'t>),
            BlockKind::Enum => (&mut self.enums, FieldType::Enum as fn(usize) -> FieldType<'t>),
        };
        self.types.insert(block.name.text, ty(list.len()));
        list.push(block);
    }
}

fn keyword(ty: FieldType<'_>, names: &Names<'_>) -> &'static str {
    match ty {
        FieldType::Model(id) => names.models[id].kind.keyword(),
        FieldType::Composite(_) => "type",
        _ => "enum",
    }
}

/// Finds out what the types of fields are.
pub(super) fn resolve_types<'t>(mut names: Names<'t>, settings: Settings<'t>, report: &mut Report) -> Resolved<'t> {
    for scalar in SCALARS {
        names.types.insert(scalar.name(), FieldType::Scalar(scalar));
    }
    let models = names.models.iter().map(|block| model(block, &names, report)).collect();
    let composites = names.composites.iter().map(|block| composite(block, &names, report)).collect();
    let enums = names.enums.iter().map(|block| enumeration(block, report)).collect();
    Resolved { settings, models, composites, enums, relations: Vec::new() }
}

fn model<'t>(block: &'t Block<'t>, names: &Names<'t>, report: &mut Report) -> Model<'t> {
    let fields = fields(block, names, report);
    let field_names = rules::members(block, report);
    Model {
        block,
        name: block.name.text,
        is_view: block.kind == BlockKind::View,
        fields,
        field_names,
        mapped: None,
        schema: None,
        ignored: false,
        primary_key: None,
        indexes: Vec::new(),
        shard_key: None,
    }
}

fn composite<'t>(block: &'t Block<'t>, names: &Names<'t>, report: &mut Report) -> Composite<'t> {
    rules::members(block, report);
    let composite = Composite { block, fields: fields(block, names, report) };
    for field in &composite.fields {
        if let FieldType::Model(model) = field.ty {
            type_rules::relation_in_composite(block, field, names.models[model], report);
        }
    }
    composite
}

fn fields<'t>(block: &'t Block<'t>, names: &Names<'t>, report: &mut Report) -> Vec<Field<'t>> {
    block.fields().map(|field| resolve_field(field, names, report)).collect()
}

fn resolve_field<'t>(field: &'t tree::Field<'t>, names: &Names<'t>, report: &mut Report) -> Field<'t> {
    let (ty, modifier) = match &field.ty {
        Some(ty) if ty.is_unsupported => (FieldType::Unsupported(ty.name.text), ty.modifier),
        Some(ty) => match names.types.get(ty.name.text) {
            Some(found) => (*found, ty.modifier),
            None => {
                type_rules::unknown(ty, names.types.keys().copied(), report);
                (FieldType::Unknown, ty.modifier)
            }
        },
        None => (FieldType::Unknown, Modifier::None),
    };
    Field {
        tree: field,
        name: field.name.text,
        modifier,
        ty,
        mapped: None,
        ignored: None,
        updated_at: None,
        default: None,
        native: None,
        relation: RelationAttribute::default(),
    }
}

fn enumeration<'t>(block: &'t Block<'t>, report: &mut Report) -> Enum<'t> {
    let variants: Vec<_> = block.fields().collect();
    if variants.is_empty() {
        rules::empty_enum(block, report);
    }
    Enum {
        block,
        name: block.name.text,
        mapped: None,
        schema: None,
        mapped_variants: vec![None; variants.len()],
        variant_names: rules::members(block, report),
        variants,
    }
}
