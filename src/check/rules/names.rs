//! Names: what they may be, and that each is its own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::check::report::Report;
use crate::check::resolved::Resolved;
use crate::diagnostic::Rule;
use crate::syntax::tree::{Block, BlockKind, Name};

pub(super) static RULES: &[&Rule] =
    &[&BAD_NAME, &RESERVED_NAME, &DUPLICATE_BLOCK, &DUPLICATE_CONFIG, &DUPLICATE_MEMBER, &EMPTY_ENUM, &TOO_MANY];

static BAD_NAME: Rule = Rule::error(
    "bad-name",
    "A name starts with a letter and has letters, digits and `_`.",
    "model my-model {\n  id Int @id\n}\n",
);
static RESERVED_NAME: Rule = Rule::error(
    "reserved-name",
    "Some names are taken by generated code or by the language.",
    "model String {\n  id Int @id\n}\n",
);
static DUPLICATE_BLOCK: Rule = Rule::error(
    "duplicate-block",
    "Models, views, types and enums share one set of names, over all files.",
    "model A {\n  id Int @id\n}\nenum A {\n  X\n}\n",
);
static DUPLICATE_CONFIG: Rule = Rule::error(
    "duplicate-generator",
    "Generators have names of their own.",
    "generator a {\n  provider = \"x\"\n}\ngenerator a {\n  provider = \"y\"\n}\n",
);
static DUPLICATE_MEMBER: Rule = Rule::error(
    "duplicate-member",
    "A block has a field or value of a name once.",
    "model A {\n  id Int @id\n  id String\n}\n",
);
static EMPTY_ENUM: Rule = Rule::error("empty-enum", "An enum has a value.", "enum A {\n}\n");

/// Its example would be too long to show.
static TOO_MANY: Rule =
    Rule::error("too-many", "A schema has 65,535 models, enums and relations at most, and a block as many lines.", "");

/// Names that generated clients, of any language, cannot use for models.
const RESERVED_MODELS: &[&str] = &[
    "PrismaClient",
    "Prisma",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "using",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

const SCALARS: [&str; 9] = ["String", "Boolean", "Int", "BigInt", "Float", "Decimal", "DateTime", "Json", "Bytes"];

/// The name of a block is one, and free.
pub(crate) fn block_name(block: &Block<'_>, report: &mut Report) {
    let name = block.name;
    well_formed(name, block.kind.keyword(), report);
    if SCALARS.contains(&name.text) {
        let title = format!("`{}` is a type of the language", name.text);
        report.push(RESERVED_NAME.at(name.span, title).help("give it another name"));
    } else if block.kind != BlockKind::Composite && RESERVED_MODELS.contains(&name.text) {
        let title = format!("`{}` is a reserved word", name.text);
        let help = format!("give it another name, and `@@map(\"{}\")` to keep the name in the database", name.text);
        report.push(RESERVED_NAME.at(block.span, title).help(help));
    }
}

/// Whether no model, view or enum can have that name.
#[cfg(feature = "cli")]
pub(crate) fn is_reserved(name: &str) -> bool {
    SCALARS.contains(&name) || RESERVED_MODELS.contains(&name)
}

fn well_formed(name: Name<'_>, what: &str, report: &mut Report) {
    if name.text.starts_with(|first: char| first.is_numeric()) {
        let title = format!("the name of {} {what} starts with a letter", article(what));
        report.push(BAD_NAME.at(name.span, title));
    } else if name.text.contains('-') {
        let title = format!("the name of {} {what} has no `-`", article(what));
        report.push(BAD_NAME.at(name.span, title).help(format!("write `{}`", name.text.replace('-', "_"))));
    }
}

fn article(what: &str) -> &'static str {
    if what.starts_with('e') { "an" } else { "a" }
}

/// The position of each field or value by its name. The names are names, and each its own.
pub(crate) fn members<'t>(block: &'t Block<'t>, report: &mut Report) -> HashMap<&'t str, usize> {
    let what = if block.kind == BlockKind::Enum { "value" } else { "field" };
    let mut positions = HashMap::with_capacity(block.lines.len());
    for (at, field) in block.fields().enumerate() {
        well_formed(field.name, what, report);
        match positions.entry(field.name.text) {
            Entry::Vacant(entry) => {
                entry.insert(at);
            }
            Entry::Occupied(_) => {
                let title = format!("`{}` has two {what}s `{}`", block.name.text, field.name.text);
                let span = if block.kind == BlockKind::Enum { field.name.span } else { field.span };
                report.push(DUPLICATE_MEMBER.at(span, title));
            }
        }
    }
    positions
}

/// A second block of a name.
pub(crate) fn duplicate_block(block: &Block<'_>, other: &str, report: &mut Report) {
    let title = format!("there is already {} {other} `{}`", article(other), block.name.text);
    report.push(DUPLICATE_BLOCK.at(block.name.span, title));
}

/// A second generator of a name.
pub(crate) fn duplicate_config(name: Name<'_>, keyword: &str, report: &mut Report) {
    let title = format!("there is already a {keyword} `{}`", name.text);
    report.push(DUPLICATE_CONFIG.at(name.span, title));
}

/// An enum without values.
pub(crate) fn empty_enum(block: &Block<'_>, report: &mut Report) {
    let title = format!("the enum `{}` has no values", block.name.text);
    report.push(EMPTY_ENUM.at(block.span, title).help("write at least one"));
}

/// Everything can be counted by the catalog.
pub(crate) fn countable(schema: &Resolved<'_>, report: &mut Report) {
    const MAX: usize = u16::MAX as usize;
    let models = schema.models.iter().map(|model| (model.block, model.fields.len()));
    let enums = schema.enums.iter().map(|it| (it.block, it.variants.len()));
    for (at, (block, lines)) in models.enumerate().chain(enums.enumerate()) {
        if at >= MAX || lines >= MAX {
            let title = format!("`{}` is, or has, one too many", block.name.text);
            report.push(TOO_MANY.at(block.name.span, title).note("65,535 are counted"));
        }
    }
    if let Some(relation) = schema.relations.get(MAX) {
        let block = schema.models[relation.from].block;
        report.push(TOO_MANY.at(block.name.span, "there are more than 65,535 relations"));
    }
}

/// The name of a datasource or generator is no type of the language.
pub(crate) fn config_name(name: Name<'_>, report: &mut Report) {
    if SCALARS.contains(&name.text) {
        let title = format!("`{}` is a type of the language", name.text);
        report.push(RESERVED_NAME.at(name.span, title).help("give it another name"));
    }
}
