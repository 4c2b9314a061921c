//! The syntax tree: what stands in a schema, with every span and comment, and without any meaning.

use std::borrow::Cow;

/// A file of the schema: its position in [`Sources`](crate::Sources).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A piece of a file, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file it is in.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// From the start of this span to the end of the other.
    pub fn to(self, other: Span) -> Span {
        Span { end: other.end, ..self }
    }

    /// The empty span behind this one.
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }
}

/// A file.
#[derive(Debug, Default)]
pub struct Tree<'a> {
    /// What stands in it, in order.
    pub items: Vec<Item<'a>>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Something that stands outside of blocks.
#[derive(Debug)]
pub enum Item<'a> {
    /// A model, view, composite type or enum.
    Block(Block<'a>),
    /// A datasource or generator.
    Config(Config<'a>),
    /// `type X = …`.
    TypeAlias(TypeAlias<'a>),
    /// A block that is none of the above.
    Unknown(UnknownBlock<'a>),
    /// A comment.
    Comment(Comment<'a>),
    /// An empty line.
    Blank,
    /// A line that could not be read.
    Junk(Junk<'a>),
}

/// A name where it is defined or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// Its text.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
}

/// What a block with fields or values defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// `model`.
    Model,
    /// `view`.
    View,
    /// `type`.
    Composite,
    /// `enum`.
    Enum,
}

impl BlockKind {
    /// Its keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            BlockKind::Model => "model",
            BlockKind::View => "view",
            BlockKind::Composite => "type",
            BlockKind::Enum => "enum",
        }
    }
}

/// A model, view, composite type or enum.
#[derive(Debug)]
pub struct Block<'a> {
    /// Which of them.
    pub kind: BlockKind,
    /// Its name.
    pub name: Name<'a>,
    /// The comment behind the opening brace.
    pub opening_comment: Option<Comment<'a>>,
    /// Its lines, in order.
    pub lines: Vec<Line<'a>>,
    /// The `///` lines above it.
    pub documentation: Option<String>,
    /// The keyword to the closing brace.
    pub span: Span,
}

impl<'a> Block<'a> {
    /// Its fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = &Field<'a>> {
        self.lines.iter().filter_map(|line| if let Line::Field(it) = line { Some(it) } else { None })
    }

    /// Whether an unreadable line of it starts with that name: then what is said of the name cannot be judged.
    pub fn has_unreadable(&self, name: &str) -> bool {
        let starts = |text: &str| text.split(|it: char| !it.is_alphanumeric() && it != '_').next() == Some(name);
        self.lines.iter().any(|line| matches!(line, Line::Junk(junk) if starts(junk.text)))
    }

    /// Its block attributes, in order.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute<'a>> {
        self.lines.iter().filter_map(|line| if let Line::Attribute(it) = line { Some(&it.attribute) } else { None })
    }
}

/// A line of a block.
#[derive(Debug)]
pub enum Line<'a> {
    /// A field of a model, or a value of an enum (which has no type).
    Field(Field<'a>),
    /// `@@map("x")`.
    Attribute(BlockAttribute<'a>),
    /// A comment.
    Comment(Comment<'a>),
    /// An empty line.
    Blank,
    /// A line that could not be read.
    Junk(Junk<'a>),
}

/// A field of a model, or a value of an enum.
#[derive(Debug)]
pub struct Field<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its type; values of enums have none.
    pub ty: Option<FieldType<'a>>,
    /// Its attributes, in order.
    pub attributes: Vec<Attribute<'a>>,
    /// The comment at its end.
    pub comment: Option<Comment<'a>>,
    /// The `///` lines above it, and the one behind it.
    pub documentation: Option<String>,
    /// The name to the last attribute.
    pub span: Span,
}

/// The type of a field, as it is written.
#[derive(Debug)]
pub struct FieldType<'a> {
    /// Its name; of `Unsupported("…")` the text between the quotes.
    pub name: Name<'a>,
    /// Whether it is `Unsupported("…")`.
    pub is_unsupported: bool,
    /// `?`, `[]`, or neither.
    pub modifier: Modifier,
    /// All of it, modifier included.
    pub span: Span,
}

/// What follows the name of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// Nothing.
    None,
    /// `?`.
    Optional,
    /// `[]`.
    List,
}

/// `@@map("x")`, on a line of its own.
#[derive(Debug)]
pub struct BlockAttribute<'a> {
    /// The attribute.
    pub attribute: Attribute<'a>,
    /// The comment at its end.
    pub comment: Option<Comment<'a>>,
}

/// An attribute of a field or block.
#[derive(Debug)]
pub struct Attribute<'a> {
    /// Its name without `@`: `id`, `db.VarChar`.
    pub name: Name<'a>,
    /// What stands in its parentheses, when it has some.
    pub arguments: Option<Arguments<'a>>,
    /// The name to the closing parenthesis. The `@` is part of it.
    pub span: Span,
}

/// What stands between parentheses.
#[derive(Debug)]
pub struct Arguments<'a> {
    /// In order.
    pub list: Vec<Argument<'a>>,
    /// A comma with nothing behind it.
    pub trailing_comma: Option<Span>,
    /// Parentheses included.
    pub span: Span,
}

/// An argument of an attribute or function.
#[derive(Debug)]
pub struct Argument<'a> {
    /// What stands before its colon.
    pub name: Option<Name<'a>>,
    /// Its value; absent in `map: )`.
    pub value: Option<Value<'a>>,
    /// Label and value.
    pub span: Span,
}

/// A value, as it is written.
#[derive(Debug)]
pub struct Value<'a> {
    /// What it is.
    pub kind: ValueKind<'a>,
    /// Where it stands.
    pub span: Span,
}

/// What a value is.
#[derive(Debug)]
pub enum ValueKind<'a> {
    /// `"text"`, escapes resolved.
    String(Cow<'a, str>),
    /// `-1.5`, as written.
    Number(&'a str),
    /// `true`, `Cascade`, `id`, `address.street`.
    Constant(&'a str),
    /// `now()`.
    Call(Name<'a>, Arguments<'a>),
    /// `[a, b]`.
    Array(Vec<Value<'a>>),
    /// `{ a: true }`.
    Object(Vec<(Name<'a>, Value<'a>)>),
}

/// A datasource or generator.
#[derive(Debug)]
pub struct Config<'a> {
    /// Whether it is a datasource.
    pub is_datasource: bool,
    /// Its name.
    pub name: Name<'a>,
    /// The comment behind the opening brace.
    pub opening_comment: Option<Comment<'a>>,
    /// Its lines, in order.
    pub lines: Vec<ConfigLine<'a>>,
    /// The keyword to the closing brace.
    pub span: Span,
}

impl<'a> Config<'a> {
    /// Its properties, in order.
    pub fn properties(&self) -> impl Iterator<Item = &Property<'a>> {
        self.lines.iter().filter_map(|line| if let ConfigLine::Property(it) = line { Some(it) } else { None })
    }

    /// The property of that name.
    pub fn property(&self, name: &str) -> Option<&Property<'a>> {
        self.properties().find(|it| it.name.text == name)
    }
}

/// A line of a datasource or generator.
#[derive(Debug)]
pub enum ConfigLine<'a> {
    /// `provider = "sqlite"`.
    Property(Property<'a>),
    /// A comment.
    Comment(Comment<'a>),
    /// An empty line.
    Blank,
    /// A line that could not be read.
    Junk(Junk<'a>),
}

/// `provider = "sqlite"`.
#[derive(Debug)]
pub struct Property<'a> {
    /// What stands before the equals sign.
    pub name: Name<'a>,
    /// What stands behind it.
    pub value: Option<Value<'a>>,
    /// The comment at its end.
    pub comment: Option<Comment<'a>>,
    /// The name to the value.
    pub span: Span,
}

/// `type X = String @db.ObjectId`.
#[derive(Debug)]
pub struct TypeAlias<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// What it stands for.
    pub ty: FieldType<'a>,
    /// The attributes it stands for.
    pub attributes: Vec<Attribute<'a>>,
    /// The comment at its end.
    pub comment: Option<Comment<'a>>,
    /// All of it.
    pub span: Span,
}

/// A block with a keyword that the language does not have.
#[derive(Debug)]
pub struct UnknownBlock<'a> {
    /// The word before its name.
    pub keyword: Name<'a>,
    /// Its name, when it has one.
    pub name: Option<Name<'a>>,
    /// All of it, as written.
    pub text: &'a str,
    /// All of it.
    pub span: Span,
}

/// A comment, as written, with its slashes.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'a> {
    /// Its text.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
}

impl<'a> Comment<'a> {
    /// What `///` documents: the text behind the slashes.
    pub fn documentation(&self) -> Option<&'a str> {
        self.text.strip_prefix("///").map(|text| text.trim())
    }
}

/// A line that could not be read, as written.
#[derive(Clone, Copy, Debug)]
pub struct Junk<'a> {
    /// Its text, without the line's end.
    pub text: &'a str,
    /// Where it stands.
    pub span: Span,
}

/// Something that could not be read, or that is read only to be refused.
#[derive(Debug)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// Where it stands.
    pub span: Span,
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A line outside of blocks that starts with no keyword.
    UnknownLine,
    /// A line in a block that is none of its lines.
    UnreadableLine {
        /// The keyword of the block.
        block: &'static str,
        /// Whether the line looks like the head of another block, so that a brace may be missing above.
        opens_block: bool,
    },
    /// A block of that keyword.
    UnknownBlock(String),
    /// A block without a closing brace, by its keyword.
    UnclosedBlock(&'static str),
    /// A comment without an end.
    UnclosedComment,
    /// The file nests brackets deeper than anything sensible.
    TooDeep,
    /// `field:` with a colon.
    LegacyColon,
    /// `Type!`.
    LegacyRequired {
        /// The type without the mark.
        name: String,
    },
    /// `[Type]`.
    LegacyList {
        /// The type between the brackets.
        name: String,
    },
    /// `Type[]?`.
    OptionalList,
    /// A field without a type.
    MissingType {
        /// The field.
        field: String,
        /// The model or type that it is in.
        block: String,
    },
    /// `map:` without a value.
    MissingValue,
    /// A comma with nothing behind it.
    TrailingComma,
    /// `type X = …`.
    TypeAlias,
    /// A backslash that starts no escape of JSON.
    BadEscape,
    /// `\u` that is no character.
    BadUnicodeEscape,
}
