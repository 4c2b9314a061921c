//! What can be read at all.

use crate::check::report::Report;
use crate::diagnostic::{Diagnostic, Rule};
use crate::syntax::tree::{Problem, ProblemKind, Tree};

pub(super) static RULES: &[&Rule] = &[
    &UNKNOWN_LINE,
    &UNREADABLE_LINE,
    &UNKNOWN_BLOCK,
    &UNCLOSED_BLOCK,
    &UNCLOSED_COMMENT,
    &TOO_DEEP,
    &LEGACY_SYNTAX,
    &OPTIONAL_LIST,
    &MISSING_TYPE,
    &BAD_ESCAPE,
    &MISSING_VALUE,
    &TRAILING_COMMA,
    &TYPE_ALIAS,
];

static UNKNOWN_LINE: Rule =
    Rule::error("unknown-line", "Outside of blocks there are only blocks and comments.", "this is no block\n");
static UNREADABLE_LINE: Rule = Rule::error(
    "unreadable-line",
    "A line of a block is a field, an attribute, a property or a value, as the block's keyword says.",
    "model A {\n  id Int @id @\n}\n",
);
static UNKNOWN_BLOCK: Rule = Rule::error(
    "unknown-block",
    "A block starts with `model`, `view`, `type`, `enum`, `datasource` or `generator`, and a name.",
    "table A {\n  id Int @id\n}\n",
);
static UNCLOSED_BLOCK: Rule =
    Rule::error("unclosed-block", "A block ends with `}` on a line of its own.", "model A {\n  id Int @id\n");
static UNCLOSED_COMMENT: Rule =
    Rule::error("unclosed-comment", "A comment that `/*` opens ends with `*/`.", "/* open\n");
static TOO_DEEP: Rule = Rule::error(
    "too-deep",
    "Brackets nest a hundred levels at most.",
    "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((\n",
);
static LEGACY_SYNTAX: Rule = Rule::error(
    "legacy-syntax",
    "Early versions of the language wrote `name: Type`, `Type!` and `[Type]`.",
    "model A {\n  id: Int @id\n}\n",
);
static OPTIONAL_LIST: Rule = Rule::error(
    "optional-list",
    "A list is empty or not; it cannot be absent.",
    "model A {\n  id Int @id\n  tags String[]?\n}\n",
);
static MISSING_TYPE: Rule = Rule::error("missing-type", "A field has a type.", "model A {\n  id Int @id\n  name\n}\n");
static BAD_ESCAPE: Rule = Rule::error(
    "bad-escape",
    "Strings have the escapes of JSON: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX.",
    "model A {\n  id String @id @default(\"\\x\")\n}\n",
);
static MISSING_VALUE: Rule = Rule::error(
    "missing-value",
    "A named argument has a value.",
    "model A {\n  a Int\n  b Int\n  @@id([a, b], name: )\n}\n",
);
static TRAILING_COMMA: Rule = Rule::error(
    "trailing-comma",
    "Arguments do not end with a comma.",
    "model A {\n  id Int @id\n  @@map(\"a\",)\n}\n",
);
static TYPE_ALIAS: Rule =
    Rule::error("type-alias", "`type X = …` was an experiment that the language gave up.", "type Key = String\n");

/// Reports what could not be read.
pub(crate) fn problems(trees: &[Tree<'_>], report: &mut Report) {
    for problem in trees.iter().flat_map(|tree| &tree.problems) {
        report.push(diagnostic(problem));
    }
}

fn diagnostic(problem: &Problem) -> Diagnostic {
    let at = problem.span;
    match &problem.kind {
        ProblemKind::UnknownLine => UNKNOWN_LINE
            .at(at, "this line belongs to no block")
            .help("start a block with `model`, `enum`, `view`, `type`, `datasource` or `generator`, its name and `{`"),
        ProblemKind::UnreadableLine { block, opens_block: true } => {
            UNREADABLE_LINE.at(at, format!("a block cannot start inside of a {block}")).help("is a `}` missing above?")
        }
        ProblemKind::UnreadableLine { block: "enum", .. } => UNREADABLE_LINE
            .at(at, "this is no value of an enum")
            .help("write one name a line, starting with a letter; `@map(\"…\")` gives it another name in the database"),
        ProblemKind::UnreadableLine { block: block @ ("datasource" | "generator"), .. } => {
            UNREADABLE_LINE.at(at, format!("this is no property of a {block}")).help("write `name = value`")
        }
        ProblemKind::UnreadableLine { block, .. } => UNREADABLE_LINE
            .at(at, format!("this is no field or attribute of a {block}"))
            .help("write `name Type @attribute`, or `@@attribute`"),
        ProblemKind::UnknownBlock(keyword) => UNKNOWN_BLOCK
            .at(at, format!("there is no block `{keyword}`"))
            .suggest(keyword, ["model", "view", "type", "enum", "datasource", "generator"]),
        ProblemKind::UnclosedBlock(keyword) => {
            UNCLOSED_BLOCK.at(at, format!("this {keyword} is not closed")).help("end it with `}` on a line of its own")
        }
        ProblemKind::UnclosedComment => UNCLOSED_COMMENT.at(at, "this comment is not closed").help("end it with `*/`"),
        ProblemKind::TooDeep => TOO_DEEP.at(at, "brackets nest too deep"),
        ProblemKind::LegacyColon => {
            LEGACY_SYNTAX.at(at, "a field and its type are not separated by a colon").help("remove the colon")
        }
        ProblemKind::LegacyRequired { name } => LEGACY_SYNTAX
            .at(at, "fields are required by default")
            .help(format!("write `{name}`; without `?` it is required")),
        ProblemKind::LegacyList { name } => {
            LEGACY_SYNTAX.at(at, "a list is not written with the brackets around it").help(format!("write `{name}[]`"))
        }
        ProblemKind::OptionalList => {
            OPTIONAL_LIST.at(at, "a list cannot be optional").help("remove the `?`; a list without values is empty")
        }
        ProblemKind::MissingType { field, block } => MISSING_TYPE
            .at(at, format!("`{field}` of `{block}` has no type"))
            .help(format!("write its type behind it, as in `{field} String`")),
        ProblemKind::BadEscape => {
            BAD_ESCAPE.at(at, "unknown escape").help("write `\\\\` for a backslash; the escapes are those of JSON")
        }
        ProblemKind::BadUnicodeEscape => {
            BAD_ESCAPE.at(at, "this escape is no character").help("write `\\u` and four hexadecimal digits")
        }
        ProblemKind::MissingValue => MISSING_VALUE.at(at, "this argument has no value"),
        ProblemKind::TrailingComma => TRAILING_COMMA.at(at, "nothing follows this comma").help("remove the comma"),
        ProblemKind::TypeAlias => TYPE_ALIAS
            .at(at, "the language has no type aliases")
            .help("write the type and its attributes at each field"),
    }
}
