//! `enums.rs`.

use super::{
    super::{
        form,
        print::{Item, Kind},
    },
    documentation,
};
use form::{Client, Enum, Serde, Variant};
use proc_macro2::TokenStream;
use quote::quote;

/// The items of `enums.rs`.
pub(crate) fn enums(client: &Client) -> Vec<Item> {
    let mut items = vec![Item::Line(
        Kind::Modules,
        quote!(
            use super::rt;
        ),
    )];
    for it in &client.enums {
        items.extend([definition(it), enumeration(it), scalar(client, it)].map(Item::Block));
        items.extend(serialize(client, it).map(Item::Block));
    }
    items
}

fn definition(Enum { name, documentation: docs, variants }: &Enum) -> TokenStream {
    let docs = documentation(docs);
    let variants = variants.iter().map(|Variant { name, documentation: docs, .. }| {
        let docs = documentation(docs);
        quote!(#docs #name)
    });
    quote! {
        #docs
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum #name { #(#variants),* }
    }
}

fn enumeration(Enum { name, variants, .. }: &Enum) -> TokenStream {
    let pairs = variants.iter().map(|Variant { name, schema_name, .. }| quote!((Self::#name, #schema_name)));
    quote! {
        impl rt::Enumeration for #name {
            const VARIANTS: &'static [(Self, &'static str)] = &[#(#pairs),*];
        }
    }
}

fn scalar(client: &Client, Enum { name, .. }: &Enum) -> TokenStream {
    let result = client.within_enums.result();
    quote! {
        impl rt::Scalar for #name {
            fn into_value(self) -> rt::Value {
                rt::Value::Enum(rt::Enumeration::name(self).into())
            }
            fn read<C: rt::Cursor>(cursor: &mut C) -> #result<Self, rt::Error> {
                rt::read_variant(cursor)
            }
        }
    }
}

/// By the name in the schema, which the derive would have to be told variant by variant.
fn serialize(client: &Client, Enum { name, .. }: &Enum) -> Option<TokenStream> {
    let result = client.within_enums.result();
    let condition = match client.serde {
        Serde::Feature => quote!(#[cfg(feature = "serde")]),
        Serde::Always => TokenStream::new(),
        Serde::Never => return None,
    };
    Some(quote! {
        #condition
        impl rt::serde::Serialize for #name {
            fn serialize<S: rt::serde::Serializer>(&self, serializer: S) -> #result<S::Ok, S::Error> {
                serializer.serialize_str(rt::Enumeration::name(*self))
            }
        }
    })
}
