//! Decide what the things of a schema are called in Rust. Nothing else in the generator makes up a name.
//!
//! Names become idiomatic: fields and modules `snake_case`, types and variants `PascalCase`. Where two of one scope would
//! be the same, the one that already is idiomatic keeps the name, then the one that comes first in the schema; the others
//! get a suffix (`Model`, `_2`). So every valid schema has names, and which ones never depends on anything but the schema.

use lenslet_core::catalog::{Catalog, Field, FieldKind, Model, RelationKind};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use std::collections::{BTreeMap, BTreeSet};

/// A name in Rust, without the `r#` of a keyword.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(String);

impl Name {
    /// The name as text, without `r#`: what files are called.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }
}

impl ToTokens for Name {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let ident = if KEYWORDS.contains(&self.text()) {
            Ident::new_raw(&self.0, Span::call_site())
        } else {
            Ident::new(&self.0, Span::call_site())
        };
        ident.to_tokens(tokens);
    }
}

/// Keywords of every edition, reserved ones included, that may be written with `r#`.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
/// Keywords that may not.
const PATH_KEYWORDS: [&str; 4] = ["Self", "crate", "self", "super"];

/// Types that the root of a client has itself, the struct beside every row, and the type parameter of every row.
const ROOT_TYPES: [&str; 7] = ["Client", "Error", "ErrorKind", "Inherit", "Isolation", "L", "New"];
/// Methods that a client has itself.
const CLIENT_METHODS: [&str; 11] = [
    "batch",
    "clone",
    "connect",
    "engine",
    "execute_raw",
    "from_engine",
    "from_env",
    "invalidate",
    "new",
    "query_raw",
    "transaction",
];
/// Modules that would hide the runtime or a type of the language, or whose file means something to cargo or to Windows.
const ROOT_MODULES: [&str; 43] = [
    "aux", "bool", "char", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con", "f32", "f64",
    "i128", "i16", "i32", "i64", "i8", "isize", "lib", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8",
    "lpt9", "main", "mod", "nul", "prn", "rt", "str", "u128", "u16", "u32", "u64", "u8", "usize",
];
/// Type parameters of generated code.
const PARAMETERS: [&str; 9] = ["C", "E", "I", "K", "L", "P", "R", "T", "U"];
/// Names of the prelude that generated code uses.
const PRELUDE: [&str; 4] = ["Option", "Result", "String", "Vec"];

/// What everything in a catalog is called, in the order of the catalog.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) models: Vec<ModelNames>,
    pub(crate) enums: Vec<EnumNames>,
    /// The module of the enums.
    pub(crate) enums_module: Name,
    /// The module of the embedded catalog.
    pub(crate) catalog_module: Name,
    /// The prelude as the root of the client sees it.
    pub(crate) root: Prelude,
    /// The prelude as the module of the enums sees it.
    pub(crate) within_enums: Prelude,
    /// Whether every name is ASCII. Rust warns of some others.
    pub(crate) is_ascii: bool,
}

/// What a model and the things in it are called.
#[derive(Debug)]
pub(crate) struct ModelNames {
    /// The struct of its rows.
    pub(crate) row: Name,
    /// Whether a type parameter hides the struct where it is called by its bare name.
    pub(crate) row_is_hidden: bool,
    pub(crate) module: Name,
    /// The client's method.
    pub(crate) accessor: Name,
    pub(crate) fields: Vec<FieldNames>,
    /// The constants of the compound unique selectors, by selector.
    pub(crate) compounds: BTreeMap<String, Name>,
    /// The struct's field of loaded relations.
    pub(crate) loaded: Name,
    /// The row's method for the number of rows of a relation.
    pub(crate) count: Name,
    /// The prelude as the model's module sees it.
    pub(crate) prelude: Prelude,
}

/// What a field is called.
#[derive(Debug)]
pub(crate) struct FieldNames {
    /// The field of the struct, the constant of the module, the accessor of a relation.
    pub(crate) field: Name,
    /// The type of a loaded relation, or of an omitted column that was asked for.
    pub(crate) loaded: Name,
    /// The type that stands for a relation, or an omitted column.
    pub(crate) marker: Name,
    /// The type parameter of a foreign key's column in `New`.
    pub(crate) parameter: Name,
}

/// What an enum and its variants are called.
#[derive(Debug)]
pub(crate) struct EnumNames {
    pub(crate) name: Name,
    pub(crate) variants: Vec<Name>,
}

impl Names {
    /// Names everything.
    pub(crate) fn of(catalog: &Catalog, omitted: &[String]) -> Self {
        let mut root = Namespace::reserving(&ROOT_TYPES);
        let models: Vec<_> = catalog.models.iter().map(|it| &*it.name).collect();
        let rows = root.claim_all(&models, pascal, pascal, Suffix::Model);
        let enums: Vec<_> = catalog.enums.iter().map(|it| &*it.name).collect();
        let enums = root.claim_all(&enums, pascal, pascal, Suffix::Enum);
        let types = root.prelude();
        root.taken.extend(ROOT_MODULES.map(String::from));
        // In the order of the types, so that a model has both its names or neither.
        let modules = root.claim_all(&models, pascal, snake, Suffix::LowerModel);
        let enums_module = root.claim("enums", Suffix::Number);
        let catalog_module = root.claim("catalog", Suffix::Number);
        let accessors = Namespace::reserving(&CLIENT_METHODS).claim_all(&models, pascal, snake, Suffix::Table);
        let models = (catalog.models.iter().zip(rows).zip(modules).zip(accessors))
            .map(|(((model, row), module), accessor)| {
                let omits = |field: &Field| is_listed(omitted, model, field);
                ModelNames::of(catalog, model, (row, module, accessor), omits)
            })
            .collect::<Vec<_>>();
        let enums = (catalog.enums.iter().zip(enums))
            .map(|(it, name)| EnumNames {
                name,
                variants: {
                    let variants: Vec<_> = it.variants.iter().map(|it| &*it.name).collect();
                    Namespace::default().claim_all(&variants, pascal, pascal, Suffix::Number)
                },
            })
            .collect::<Vec<_>>();
        Names {
            within_enums: Namespace::of(enums.iter().map(|it| &it.name)).prelude(),
            is_ascii: models.iter().all(ModelNames::is_ascii) && enums.iter().all(EnumNames::is_ascii),
            models,
            enums,
            enums_module,
            catalog_module,
            root: types,
        }
    }

    /// The model at a position of the catalog.
    pub(crate) fn model(&self, at: u16) -> Option<&ModelNames> {
        self.models.get(usize::from(at))
    }

    /// The field at a position of a model of the catalog.
    pub(crate) fn field(&self, model: u16, at: u16) -> Option<&FieldNames> {
        self.model(model)?.fields.get(usize::from(at))
    }
}

impl ModelNames {
    fn of(
        catalog: &Catalog,
        model: &Model,
        (row, module, accessor): (Name, Name, Name),
        omits: impl Fn(&Field) -> bool,
    ) -> Self {
        let mut values = Namespace::default();
        let names: Vec<_> = model.fields.iter().map(|it| &*it.name).collect();
        let fields = values.claim_all(&names, snake, snake, Suffix::Number);
        let mut members = values.clone();
        let is_method = |field: &Field| matches!(field.kind, FieldKind::Relation(_)) || omits(field);
        let mut methods = Namespace::of(model.fields.iter().zip(&fields).filter(|it| is_method(it.0)).map(|it| it.1));
        let mut compounds = BTreeMap::new();
        for selector in model.uniques().filter_map(|index| index.name.as_deref()) {
            // The same columns may be unique twice, as key and as constraint.
            let name = || values.claim(&snake(selector), Suffix::Number);
            compounds.entry(selector.to_owned()).or_insert_with(name);
        }
        let mut types = Namespace::of([&row]);
        types.taken.extend(["New".to_owned()]);
        types.taken.extend(PARAMETERS.map(String::from));
        let mut relation = |field: &Field, ending| match field.kind {
            FieldKind::Relation(_) => types.claim(&(pascal(&field.name) + ending), Suffix::Relation),
            FieldKind::Column(_) if omits(field) => types.claim(&(pascal(&field.name) + ending), Suffix::Number),
            FieldKind::Column(_) => Name(String::new()),
        };
        let loaded: Vec<_> = model.fields.iter().map(|it| relation(it, "")).collect();
        let markers: Vec<_> = model.fields.iter().map(|it| relation(it, "Field")).collect();
        let prelude = types.prelude();
        types.taken.extend(PRELUDE.map(String::from));
        let keys = key_columns(catalog, model);
        let mut parameter = |(name, at): (&&str, u16)| match keys.contains(&at) {
            true => types.claim(&pascal(name), Suffix::Key),
            false => Name(String::new()),
        };
        let parameters: Vec<_> = names.iter().zip(0..).map(&mut parameter).collect();
        let fields = fields.into_iter().zip(loaded).zip(markers).zip(parameters);
        ModelNames {
            row_is_hidden: PARAMETERS.contains(&row.text()),
            row,
            module,
            accessor,
            fields: fields
                .map(|(((field, loaded), marker), parameter)| FieldNames { field, loaded, marker, parameter })
                .collect(),
            compounds,
            loaded: members.claim("loaded", Suffix::Number),
            count: methods.claim("count", Suffix::Number),
            prelude,
        }
    }

    fn is_ascii(&self) -> bool {
        self.row.is_ascii() && self.fields.iter().all(|it| it.field.is_ascii())
    }
}

/// Whether `Model.field` is in a list.
fn is_listed(list: &[String], model: &Model, field: &Field) -> bool {
    let named = |it: &String| it.split_once('.').is_some_and(|it| it == (&*model.name, &*field.name));
    list.iter().any(named)
}

/// The columns of a model that belong to foreign keys.
fn key_columns(catalog: &Catalog, model: &Model) -> BTreeSet<u16> {
    let ends = model.relations().filter(|(_, _, end)| end.holds_key(catalog));
    let keys = ends.filter_map(|(_, _, end)| match &catalog.relations.get(usize::from(end.relation))?.kind {
        RelationKind::ForeignKey(key) => Some(key.fields.iter().copied()),
        RelationKind::ManyToMany(_) => None,
    });
    keys.flatten().collect()
}

impl EnumNames {
    fn is_ascii(&self) -> bool {
        self.name.is_ascii() && self.variants.iter().all(Name::is_ascii)
    }
}

/// How a module spells names of the prelude: in full where it has a type of that name itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prelude {
    hidden: BTreeSet<&'static str>,
}

impl Prelude {
    /// `Option`.
    pub(crate) fn option(&self) -> TokenStream {
        if self.hides("Option") { quote!(::core::option::Option) } else { quote!(Option) }
    }
    /// `Result`.
    pub(crate) fn result(&self) -> TokenStream {
        if self.hides("Result") { quote!(::core::result::Result) } else { quote!(Result) }
    }
    /// `String`.
    pub(crate) fn string(&self) -> TokenStream {
        if self.hides("String") { quote!(::std::string::String) } else { quote!(String) }
    }
    /// `Vec`.
    pub(crate) fn vec(&self) -> TokenStream {
        if self.hides("Vec") { quote!(::std::vec::Vec) } else { quote!(Vec) }
    }

    fn hides(&self, name: &str) -> bool {
        self.hidden.contains(name)
    }
}

/// What a name gets where it is taken.
#[derive(Clone, Copy)]
enum Suffix {
    Model,
    LowerModel,
    Enum,
    Table,
    Relation,
    Key,
    Number,
}

impl Suffix {
    const fn text(self) -> &'static str {
        match self {
            Suffix::Model => "Model",
            Suffix::LowerModel => "_model",
            Suffix::Enum => "Enum",
            Suffix::Table => "_table",
            Suffix::Relation => "Relation",
            Suffix::Key => "Key",
            Suffix::Number => "",
        }
    }
}

/// The names of one scope.
#[derive(Clone, Debug, Default)]
struct Namespace {
    taken: BTreeSet<String>,
}

impl Namespace {
    fn reserving(names: &[&str]) -> Self {
        Namespace { taken: names.iter().map(|it| (*it).to_owned()).collect() }
    }

    fn of<'n>(names: impl IntoIterator<Item = &'n Name>) -> Self {
        Namespace { taken: names.into_iter().map(|it| it.0.clone()).collect() }
    }

    /// The name, or the first free one that is made of it.
    fn claim(&mut self, wanted: &str, suffix: Suffix) -> Name {
        let mut name = wanted.to_owned();
        if self.taken.contains(&name) {
            name.push_str(suffix.text());
        }
        let stem = name.clone();
        for number in 2.. {
            if !self.taken.contains(&name) {
                break;
            }
            name = format!("{stem}_{number}");
        }
        self.taken.insert(name.clone());
        Name(name)
    }

    /// A name for each; first those that `order` does not change.
    fn claim_all(&mut self, names: &[&str], order: Case, case: Case, suffix: Suffix) -> Vec<Name> {
        let (first, then): (Vec<_>, Vec<_>) = names.iter().enumerate().partition(|(_, name)| order(name) == **name);
        let claimed = first.into_iter().chain(then).map(|(at, name)| (at, self.claim(&case(name), suffix)));
        claimed.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    fn prelude(&self) -> Prelude {
        Prelude { hidden: PRELUDE.into_iter().filter(|it| self.taken.contains(*it)).collect() }
    }
}

/// How a name is spelled in some place.
type Case = fn(&str) -> String;

/// `authorId`: `author_id`.
fn snake(name: &str) -> String {
    identifier(words(name).iter().map(|it| it.to_lowercase()).collect::<Vec<_>>().join("_"))
}

/// `in_progress`, `IN_PROGRESS`: `InProgress`. Capitals within a name stay: `OAuthToken`.
fn pascal(name: &str) -> String {
    let shouted = !name.chars().any(char::is_lowercase);
    let separated = name.chars().any(|it| !it.is_alphanumeric());
    let mut pascal = String::new();
    for word in words(name) {
        let mut rest = word.chars();
        let Some(first) = rest.next() else { continue };
        if pascal.ends_with(|it: char| it.is_ascii_digit()) && first.is_ascii_digit() {
            pascal.push('_');
        }
        pascal.extend(first.to_uppercase());
        let capitals = word.chars().all(|it| !it.is_lowercase());
        if capitals && (shouted || separated) {
            pascal.push_str(&rest.as_str().to_lowercase());
        } else {
            pascal.push_str(rest.as_str());
        }
    }
    identifier(pascal)
}

/// The words of a name, in their own case: `authorId` has `author` and `Id`, `HTTPServer` has `HTTP` and `Server`,
/// `userIDs` has `user` and `IDs`.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|it| letters.get(it)).copied().unwrap_or('_');
        let after = letters.get(at + 1).copied().unwrap_or('_');
        let is_plural = after == 's' && !letters.get(at + 2).is_some_and(|it| it.is_lowercase());
        let starts = letter.is_uppercase()
            && (before.is_lowercase()
                || before.is_numeric()
                || (before.is_uppercase() && after.is_lowercase() && !is_plural));
        if (starts || !letter.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.push(letter);
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// Text that Rust takes as an identifier, `r#` aside.
fn identifier(text: String) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        match letter {
            '_' | 'a'..='z' | 'A'..='Z' | '0'..='9' => name.push(letter),
            // Only letters that may begin a name: combining marks would be equal to other spellings of the same name.
            _ if syn::parse_str::<Ident>(letter.encode_utf8(&mut [0; 4])).is_ok() => name.push(letter),
            _ => name.push_str(&format!("u{:x}", u32::from(letter))),
        }
    }
    if name.is_empty() || name.starts_with(|it: char| it.is_ascii_digit()) {
        name.insert(0, '_');
    }
    if name == "_" || PATH_KEYWORDS.contains(&name.as_str()) {
        name.push('_');
    }
    name
}

/// The name that `rename_all = "camelCase"` of serde gives a field. It takes names that begin with a letter of ASCII only.
pub(crate) fn serde_camel_case(name: &Name) -> Option<String> {
    name.text().starts_with(|it: char| it.is_ascii()).then(|| camel(name.text()))
}

fn camel(name: &str) -> String {
    let mut camel = String::new();
    let mut capital = false;
    for letter in name.chars() {
        match letter {
            '_' => capital = true,
            _ if capital => {
                camel.push(letter.to_ascii_uppercase());
                capital = false;
            }
            _ => camel.push(letter),
        }
    }
    camel
}

/// The name of a package for a folder.
pub(crate) fn package(folder: &str) -> String {
    let name: String = (folder.chars())
        .map(|it| if it.is_ascii_alphanumeric() || it == '_' { it.to_ascii_lowercase() } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    if !name.starts_with(|it: char| it.is_ascii_alphabetic()) || KEYWORDS.contains(&name) {
        "db".into()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, as_field: &str, as_type: &str) {
        assert_eq!((snake(name).as_str(), pascal(name).as_str()), (as_field, as_type));
    }

    #[test]
    fn names_become_idiomatic() {
        check("authorId", "author_id", "AuthorId");
        check("created_at", "created_at", "CreatedAt");
        check("HTTPServer", "http_server", "HTTPServer");
        check("userIDs", "user_ids", "UserIDs");
        check("IN_PROGRESS", "in_progress", "InProgress");
        check("OAuthToken", "o_auth_token", "OAuthToken");
        check("oauth2Token", "oauth2_token", "Oauth2Token");
        check("v1_2", "v1_2", "V1_2");
        check("under_", "under", "Under");
        check("größe", "größe", "Größe");
        check("名前", "名前", "名前");
    }

    #[test]
    fn whatever_it_is_becomes_an_identifier() {
        check("self", "self_", "Self_");
        check("2fa", "_2fa", "_2fa");
        check("x²", "xub2", "Xub2");
        check("_", "__", "__");
    }

    #[test]
    fn a_name_that_is_idiomatic_is_kept() {
        let claim = |names: &[&str]| {
            let names = Namespace::reserving(&["New"]).claim_all(names, pascal, pascal, Suffix::Model);
            names.into_iter().map(|it| it.0).collect::<Vec<_>>()
        };
        assert_eq!(claim(&["user", "User"]), ["UserModel", "User"]);
        assert_eq!(claim(&["a_b", "aB", "ABModel"]), ["AB", "ABModel_2", "ABModel"]);
        assert_eq!(claim(&["New", "NewModel"]), ["NewModel", "NewModelModel"]);
    }

    #[test]
    fn a_folder_names_its_package() {
        assert_eq!(package("my db"), "my-db");
        assert_eq!(package("Db"), "db");
        assert_eq!(package("2"), "db");
        assert_eq!(package("type"), "db");
    }
}
