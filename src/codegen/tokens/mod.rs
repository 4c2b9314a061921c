//! The items of each file as tokens. Nothing is decided here.

mod enums;
mod model;
mod root;

pub(crate) use enums::enums;
pub(crate) use model::model;
pub(crate) use root::{ALLOWED_LINTS, ALLOWED_LINTS_BEYOND_ASCII, root};

use super::{
    form::{Base, Serde, Type},
    names::Prelude,
};
use lenslet_core::catalog::{Arity, ScalarType};
use proc_macro2::TokenStream;
use quote::quote;

/// A doc comment.
fn documentation(lines: &[String]) -> TokenStream {
    let lines = lines.iter().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// Attributes that concern serde.
fn serde(how: Serde, attributes: &[TokenStream]) -> TokenStream {
    match how {
        Serde::Feature => quote!(#[cfg_attr(feature = "serde", #(#attributes),*)]),
        Serde::Always => quote!(#(#[#attributes])*),
        Serde::Never => TokenStream::new(),
    }
}

/// A type, as a module inside the root spells it.
fn spell(ty: &Type, prelude: &Prelude) -> TokenStream {
    let (option, vec) = (prelude.option(), prelude.vec());
    let one = match &ty.base {
        Base::Uuid => quote!(rt::Uuid),
        Base::Enum(name) => quote!(super::#name),
        Base::Scalar(scalar) => match scalar {
            ScalarType::String => prelude.string(),
            ScalarType::Boolean => quote!(bool),
            ScalarType::Int => quote!(i32),
            ScalarType::BigInt => quote!(i64),
            ScalarType::Float => quote!(f64),
            ScalarType::Decimal => quote!(rt::BigDecimal),
            ScalarType::DateTime => quote!(rt::DateTime<rt::Utc>),
            ScalarType::Json => quote!(rt::Json),
            ScalarType::Bytes => quote!(#vec<u8>),
        },
    };
    match ty.arity {
        Arity::Required => one,
        Arity::Optional => quote!(#option<#one>),
        Arity::List => quote!(#vec<#one>),
    }
}
