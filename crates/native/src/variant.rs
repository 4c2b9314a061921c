//! Variants of enums, as databases name them.

use lenslet_core::{
    catalog::Catalog,
    error::{Error, ErrorKind},
};

/// The name in the schema of a variant.
pub(crate) fn variant<'a>(text: &[u8], at: u16, catalog: &'a Catalog) -> Result<&'a str, Error> {
    let variants = catalog.enums.get(usize::from(at)).map(|it| &it.variants);
    let found = variants.and_then(|variants| variants.iter().find(|it| it.db_name.as_bytes() == text));
    match found {
        Some(variant) => Ok(&variant.name),
        None => Err(no_variant(text, at, catalog)),
    }
}

#[cold]
fn no_variant(text: &[u8], at: u16, catalog: &Catalog) -> Error {
    let name = catalog.enums.get(usize::from(at)).map_or("?", |it| it.name.as_ref());
    Error::new(
        ErrorKind::ColumnDataInvalid,
        format!(
            "the database holds `{}`, which is not a variant of the enum `{name}`; add it to the schema or change the row",
            String::from_utf8_lossy(text)
        ),
    )
}
