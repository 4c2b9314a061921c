//! From the parser's pairs to the tree, in one walk.

use pest::iterators::{Pair, Pairs};

use super::Rule;
use super::escape::unescape;
use super::tree::*;

/// An offset in a file. Files are far smaller than what fits.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The tree of a file.
pub(super) fn tree<'a>(file: FileId, text: &'a str, schema: Pair<'a, Rule>) -> Tree<'a> {
    let mut builder = Builder { file, text, problems: Vec::new() };
    let items = builder.items(schema.into_inner());
    Tree { items, problems: builder.problems }
}

struct Builder<'a> {
    file: FileId,
    text: &'a str,
    problems: Vec<Problem>,
}

/// `///` lines that wait for what they document.
#[derive(Default)]
struct Documentation(Option<String>);

impl Documentation {
    fn add(&mut self, comment: &Comment<'_>) {
        if let Some(line) = comment.documentation() {
            match &mut self.0 {
                Some(text) => {
                    text.push('\n');
                    text.push_str(line);
                }
                None => self.0 = Some(line.to_owned()),
            }
        }
    }

    fn take(&mut self) -> Option<String> {
        self.0.take()
    }
}

impl<'a> Builder<'a> {
    fn items(&mut self, pairs: Pairs<'a, Rule>) -> Vec<Item<'a>> {
        let mut items = Vec::new();
        let mut documentation = Documentation::default();
        for pair in pairs {
            let item = match pair.as_rule() {
                Rule::comment => {
                    let comment = self.comment(&pair);
                    documentation.add(&comment);
                    items.push(Item::Comment(comment));
                    continue;
                }
                Rule::blank => Item::Blank,
                Rule::model_block | Rule::enum_block => Item::Block(self.block(pair, documentation.take())),
                Rule::config_block => Item::Config(self.config(pair)),
                Rule::type_alias => Item::TypeAlias(self.type_alias(pair)),
                Rule::other_block => Item::Unknown(self.unknown_block(pair)),
                Rule::junk => {
                    let junk = self.junk(&pair);
                    self.report(ProblemKind::UnknownLine, junk.span);
                    Item::Junk(junk)
                }
                _ => continue,
            };
            documentation.take();
            items.push(item);
        }
        items
    }

    fn block(&mut self, pair: Pair<'a, Rule>, documentation: Option<String>) -> Block<'a> {
        let whole = self.span(&pair);
        let mut kind = BlockKind::Enum;
        let mut name = Name { text: "", span: whole };
        let mut opening_comment = None;
        let mut lines = Vec::new();
        let mut waiting = Documentation::default();
        let mut end = whole;
        let head_end = self.line_end(whole.start);
        for pair in pair.into_inner() {
            let span = self.span(&pair);
            let line = match pair.as_rule() {
                Rule::model_keyword => {
                    kind = match pair.as_str() {
                        "view" => BlockKind::View,
                        "type" => BlockKind::Composite,
                        _ => BlockKind::Model,
                    };
                    continue;
                }
                Rule::identifier => {
                    name = self.name(&pair);
                    continue;
                }
                Rule::comment if span.start < head_end => {
                    opening_comment = Some(self.comment(&pair));
                    continue;
                }
                Rule::comment => {
                    let comment = self.comment(&pair);
                    waiting.add(&comment);
                    lines.push(Line::Comment(comment));
                    continue;
                }
                Rule::blank => Line::Blank,
                Rule::field => Line::Field(self.field(pair, waiting.take(), name.text)),
                Rule::variant => Line::Field(self.variant(pair, waiting.take())),
                Rule::block_attribute => Line::Attribute(self.block_attribute(pair)),
                Rule::junk => Line::Junk(self.block_junk(&pair, kind.keyword())),
                Rule::brace => {
                    end = self.closing(span, whole, head_end, kind.keyword());
                    continue;
                }
                _ => continue,
            };
            waiting.take();
            lines.push(line);
        }
        Block { kind, name, opening_comment, lines, documentation, span: whole.to(end) }
    }

    fn config(&mut self, pair: Pair<'a, Rule>) -> Config<'a> {
        let whole = self.span(&pair);
        let mut is_datasource = false;
        let mut name = Name { text: "", span: whole };
        let mut opening_comment = None;
        let mut lines = Vec::new();
        let mut end = whole;
        let head_end = self.line_end(whole.start);
        for pair in pair.into_inner() {
            let span = self.span(&pair);
            let keyword = if is_datasource { "datasource" } else { "generator" };
            match pair.as_rule() {
                Rule::config_keyword => is_datasource = pair.as_str() == "datasource",
                Rule::identifier => name = self.name(&pair),
                Rule::comment if span.start < head_end => opening_comment = Some(self.comment(&pair)),
                Rule::comment => lines.push(ConfigLine::Comment(self.comment(&pair))),
                Rule::blank => lines.push(ConfigLine::Blank),
                Rule::property => lines.push(ConfigLine::Property(self.property(pair))),
                Rule::junk => lines.push(ConfigLine::Junk(self.block_junk(&pair, keyword))),
                Rule::brace => end = self.closing(span, whole, head_end, keyword),
                _ => {}
            }
        }
        Config { is_datasource, name, opening_comment, lines, span: whole.to(end) }
    }

    fn property(&mut self, pair: Pair<'a, Rule>) -> Property<'a> {
        let whole = self.span(&pair);
        let mut name = Name { text: "", span: whole };
        let mut value = None;
        let mut comment = None;
        let mut end = whole;
        let mut inner = pair.into_inner();
        while let Some(pair) = inner.peek() {
            match pair.as_rule() {
                Rule::identifier => {
                    name = self.name(&pair);
                    end = name.span;
                }
                Rule::comment => comment = Some(self.comment(&pair)),
                _ => {
                    value = self.value(&mut inner);
                    end = value.as_ref().map_or(end, |value| value.span);
                    continue;
                }
            }
            inner.next();
        }
        Property { name, value, comment, span: whole.to(end) }
    }

    fn type_alias(&mut self, pair: Pair<'a, Rule>) -> TypeAlias<'a> {
        let span = self.trimmed(&pair);
        let mut name = Name { text: "", span };
        let mut ty = FieldType { name, is_unsupported: false, modifier: Modifier::None, span };
        let mut attributes = Vec::new();
        let mut comment = None;
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::identifier => name = self.name(&pair),
                Rule::field_type => ty = self.field_type(pair),
                Rule::attribute => attributes.push(self.attribute(pair)),
                Rule::comment => comment = Some(self.comment(&pair)),
                _ => {}
            }
        }
        self.report(ProblemKind::TypeAlias, span);
        TypeAlias { name, ty, attributes, comment, span }
    }

    fn unknown_block(&mut self, pair: Pair<'a, Rule>) -> UnknownBlock<'a> {
        let span = self.span(&pair);
        let text = pair.as_str().trim_end();
        let mut names = pair.into_inner().filter(|pair| pair.as_rule() == Rule::identifier);
        let keyword = names.next().map_or(Name { text: "", span }, |pair| self.name(&pair));
        let name = names.next().map(|pair| self.name(&pair));
        self.report(ProblemKind::UnknownBlock(keyword.text.to_owned()), span);
        UnknownBlock { keyword, name, text, span }
    }

    fn field(&mut self, pair: Pair<'a, Rule>, documentation: Option<String>, block: &str) -> Field<'a> {
        let mut field = self.member(pair, documentation);
        if field.ty.is_none() {
            let kind = ProblemKind::MissingType { field: field.name.text.to_owned(), block: block.to_owned() };
            self.report(kind, field.name.span);
        }
        if field.comment.is_some() {
            document_from_behind(&mut field);
        }
        field
    }

    fn variant(&mut self, pair: Pair<'a, Rule>, documentation: Option<String>) -> Field<'a> {
        let mut variant = self.member(pair, documentation);
        document_from_behind(&mut variant);
        variant
    }

    fn member(&mut self, pair: Pair<'a, Rule>, documentation: Option<String>) -> Field<'a> {
        let whole = self.span(&pair);
        let name = Name { text: "", span: whole };
        let mut field = Field { name, ty: None, attributes: Vec::new(), comment: None, documentation, span: whole };
        let mut end = whole;
        for pair in pair.into_inner() {
            let span = self.trimmed(&pair);
            match pair.as_rule() {
                Rule::identifier => field.name = self.name(&pair),
                Rule::legacy_colon => self.report(ProblemKind::LegacyColon, span),
                Rule::field_type => field.ty = Some(self.field_type(pair)),
                Rule::attribute => field.attributes.push(self.attribute(pair)),
                Rule::comment => {
                    field.comment = Some(self.comment(&pair));
                    continue;
                }
                _ => continue,
            }
            end = span;
        }
        field.span = whole.to(end);
        field
    }

    fn field_type(&mut self, pair: Pair<'a, Rule>) -> FieldType<'a> {
        let span = self.trimmed(&pair);
        let text = pair.as_str().trim_end();
        let mut name = Name { text: "", span };
        let mut is_unsupported = false;
        let mut is_legacy_list = false;
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::identifier => name = self.name(&pair),
                Rule::legacy_list => {
                    if let Some(inner) = pair.into_inner().next() {
                        name = self.name(&inner);
                    }
                    is_legacy_list = true;
                    self.report(ProblemKind::LegacyList { name: name.text.to_owned() }, span);
                }
                _ => {
                    is_unsupported = true;
                    let text = pair.as_str();
                    name = Name { text: text.get(1..text.len() - 1).unwrap_or(text), span: self.span(&pair) };
                }
            }
        }
        let modifier = if is_legacy_list { Modifier::List } else { self.modifier(text, name, span) };
        FieldType { name, is_unsupported, modifier, span }
    }

    fn modifier(&mut self, text: &str, name: Name<'_>, span: Span) -> Modifier {
        match text.as_bytes() {
            [.., b'[', b']'] => Modifier::List,
            [.., b']', b'?'] => {
                self.report(ProblemKind::OptionalList, span);
                Modifier::List
            }
            [.., b'?'] => Modifier::Optional,
            [.., b'!'] => {
                self.report(ProblemKind::LegacyRequired { name: name.text.to_owned() }, span);
                Modifier::None
            }
            _ => Modifier::None,
        }
    }

    fn block_attribute(&mut self, pair: Pair<'a, Rule>) -> BlockAttribute<'a> {
        let span = self.span(&pair);
        let empty = Name { text: "", span };
        let mut attribute = Attribute { name: empty, arguments: None, span };
        let mut comment = None;
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::attribute => {
                    attribute = self.attribute(pair);
                    attribute.span.start = span.start;
                }
                Rule::comment => comment = Some(self.comment(&pair)),
                _ => {}
            }
        }
        BlockAttribute { attribute, comment }
    }

    fn attribute(&mut self, pair: Pair<'a, Rule>) -> Attribute<'a> {
        let span = self.trimmed(&pair);
        let mut name = Name { text: "", span };
        let mut arguments = None;
        for pair in pair.into_inner() {
            match pair.as_rule() {
                Rule::attribute_name => name = self.name(&pair),
                _ => arguments = Some(self.arguments(pair)),
            }
        }
        Attribute { name, arguments, span }
    }

    fn arguments(&mut self, pair: Pair<'a, Rule>) -> Arguments<'a> {
        let span = self.span(&pair);
        let text = pair.as_str();
        let before_end = text.strip_suffix(')').unwrap_or(text).trim_end();
        let has_comma = before_end.ends_with(',');
        let end = span.start + offset(before_end.len());
        let list = pair.into_inner().map(|pair| self.argument(pair)).collect();
        let trailing_comma = has_comma.then_some(Span { start: end.saturating_sub(1), end, ..span });
        if let Some(comma) = trailing_comma {
            self.report(ProblemKind::TrailingComma, comma);
        }
        Arguments { list, trailing_comma, span }
    }

    fn argument(&mut self, pair: Pair<'a, Rule>) -> Argument<'a> {
        let span = self.trimmed(&pair);
        let is_lone_label = pair.as_str().trim_end().ends_with(':');
        let mut inner = pair.into_inner();
        let first = self.value(&mut inner);
        let second = self.value(&mut inner);
        if second.is_none() && !is_lone_label {
            return Argument { name: None, value: first, span };
        }
        let name = first.map(|label| Name { text: self.text_of(label.span), span: label.span });
        if let (Some(name), None) = (name, &second) {
            self.report(ProblemKind::MissingValue, name.span);
        }
        Argument { name, value: second, span }
    }

    /// All values that follow each other.
    fn values(&mut self, mut pairs: Pairs<'a, Rule>) -> Vec<Value<'a>> {
        std::iter::from_fn(|| self.value(&mut pairs)).collect()
    }

    /// The next value. A path is a function when arguments follow it.
    fn value(&mut self, pairs: &mut Pairs<'a, Rule>) -> Option<Value<'a>> {
        let pair = pairs.next()?;
        let mut span = self.span(&pair);
        let text = pair.as_str();
        let kind = match pair.as_rule() {
            Rule::path => match pairs.peek() {
                Some(next) if next.as_rule() == Rule::arguments => {
                    pairs.next();
                    let name = Name { text, span };
                    let arguments = self.arguments(next);
                    span.end = arguments.span.end;
                    ValueKind::Call(name, arguments)
                }
                _ if is_number(text) => ValueKind::Number(text),
                _ => ValueKind::Constant(text),
            },
            Rule::string => {
                let inner = Span { start: span.start + 1, ..span };
                let raw = text.get(1..text.len() - 1).unwrap_or(text);
                ValueKind::String(unescape(raw, inner, &mut self.problems))
            }
            Rule::number => ValueKind::Number(text),
            Rule::array => ValueKind::Array(self.values(pair.into_inner())),
            Rule::object => ValueKind::Object(pair.into_inner().filter_map(|entry| self.entry(entry)).collect()),
            _ => return None,
        };
        Some(Value { kind, span })
    }

    fn entry(&mut self, pair: Pair<'a, Rule>) -> Option<(Name<'a>, Value<'a>)> {
        let mut inner = pair.into_inner();
        let name = inner.next().map(|name| self.name(&name))?;
        let value = self.value(&mut inner)?;
        Some((name, value))
    }

    fn comment(&mut self, pair: &Pair<'a, Rule>) -> Comment<'a> {
        let comment = Comment { text: pair.as_str(), span: self.span(pair) };
        if comment.text.starts_with("/*") && (comment.text.len() < 4 || !comment.text.ends_with("*/")) {
            self.report(ProblemKind::UnclosedComment, comment.span);
        }
        comment
    }

    fn block_junk(&mut self, pair: &Pair<'a, Rule>, block: &'static str) -> Junk<'a> {
        let junk = self.junk(pair);
        let opens_block = junk.text.ends_with('{') && !junk.text.contains(['(', '@']);
        self.report(ProblemKind::UnreadableLine { block, opens_block }, junk.span);
        junk
    }

    fn junk(&self, pair: &Pair<'a, Rule>) -> Junk<'a> {
        let text = pair.as_str().trim_end();
        let start = offset(pair.as_span().start());
        Junk { text, span: Span { file: self.file, start, end: start + offset(text.len()) } }
    }

    /// Where a block ends. Without a brace the head of the block is what a message can point at.
    fn closing(&mut self, brace: Span, block: Span, head_end: u32, keyword: &'static str) -> Span {
        if brace.start == brace.end {
            self.report(ProblemKind::UnclosedBlock(keyword), Span { end: head_end, ..block });
        }
        brace
    }

    fn name(&self, pair: &Pair<'a, Rule>) -> Name<'a> {
        Name { text: pair.as_str(), span: self.span(pair) }
    }

    /// The span of a rule that ends with something optional: the space before what is not there belongs to the pair.
    fn trimmed(&self, pair: &Pair<'a, Rule>) -> Span {
        let span = self.span(pair);
        Span { end: span.start + offset(pair.as_str().trim_end().len()), ..span }
    }

    fn span(&self, pair: &Pair<'a, Rule>) -> Span {
        let span = pair.as_span();
        Span { file: self.file, start: offset(span.start()), end: offset(span.end()) }
    }

    fn text_of(&self, span: Span) -> &'a str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The end of the line that starts or goes on at that offset.
    fn line_end(&self, at: u32) -> u32 {
        let rest = self.text.get(at as usize..).unwrap_or_default();
        at + offset(rest.find('\n').unwrap_or(rest.len()))
    }

    fn report(&mut self, kind: ProblemKind, span: Span) {
        self.problems.push(Problem { kind, span });
    }
}

/// Whether a path is a number without a sign.
fn is_number(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A `///` comment at the end of a line documents what stands on it.
fn document_from_behind(field: &mut Field<'_>) {
    let Some(behind) = field.comment.as_ref().and_then(Comment::documentation) else {
        return;
    };
    field.documentation = Some(match field.documentation.take() {
        Some(above) => format!("{above}\n{behind}"),
        None => behind.to_owned(),
    });
}
