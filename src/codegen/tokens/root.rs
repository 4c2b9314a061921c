//! `lib.rs`.

use super::super::{
    form::{Client, Model},
    print::{Item, Kind},
};
use proc_macro2::TokenStream;
use quote::quote;

/// The lints that generated code turns off for itself, each for a reason that holds for all of it: columns and relations
/// are constants that are spelled like fields; who uses a client does not use all of it; the schema is its documentation;
/// what names suggest to clippy (`new`, `next`, `into_…`) is the schema's choice.
pub(crate) const ALLOWED_LINTS: &str = "clippy::all, dead_code, missing_docs, non_upper_case_globals";

/// The lints that names beyond ASCII need: Rust's cases and look-alikes are those of Latin letters.
pub(crate) const ALLOWED_LINTS_BEYOND_ASCII: &str =
    "confusable_idents, mixed_script_confusables, non_camel_case_types, non_snake_case, uncommon_codepoints";

/// The items of `lib.rs`, without the line that says which runtime is meant.
pub(crate) fn root(client: &Client) -> Vec<Item> {
    let mut items: Vec<_> = modules(client).into_iter().map(|it| Item::Line(Kind::Modules, it)).collect();
    items.extend([client_struct(), constructors(client), methods(client)].map(Item::Block));
    items
}

fn modules(client: &Client) -> Vec<TokenStream> {
    let Client { catalog_module, enums_module, .. } = client;
    let mut items = vec![
        quote!(
            pub use rt::{Error, ErrorKind, Inherit, Isolation};
        ),
        quote!(
            pub use rt::{decrement, divide, increment, multiply, push, push_all, sql, swr, ttl};
        ),
        quote!(mod #catalog_module;),
        quote!(pub use #catalog_module::CATALOG;),
    ];
    if !client.enums.is_empty() {
        let names = client.enums.iter().map(|it| &it.name);
        items.push(quote!(mod #enums_module;));
        items.push(quote!(pub use #enums_module::{#(#names),*};));
    }
    for Model { module, row, .. } in &client.models {
        items.push(quote!(pub mod #module;));
        items.push(quote!(pub use #module::#row;));
    }
    items
}

fn client_struct() -> TokenStream {
    quote! {
        /// The database: a method a model, and what concerns them all. Cloning it is cheap; the clones share connections.
        #[derive(Clone, Debug)]
        pub struct Client<E = rt::Engine> {
            engine: E,
        }
    }
}

fn constructors(client: &Client) -> TokenStream {
    let Client { catalog_module, variable, .. } = client;
    let result = client.root.result();
    let from_env = format!(" A client for the URL in `{}`, not connected yet.", variable.escape_default());
    quote! {
        impl Client {
            /// A client for a URL, not connected yet.
            pub fn new(url: &str) -> #result<Self, rt::Error> {
                rt::Engine::new(url, &#catalog_module::CATALOG).map(Self::from_engine)
            }
            /// A client for a URL, connected.
            pub fn connect(url: &str) -> impl ::core::future::Future<Output = #result<Self, rt::Error>> + use<'_> {
                rt::connect(url, &#catalog_module::CATALOG, Self::from_engine)
            }
            #[doc = #from_env]
            pub fn from_env(env: &impl rt::Environment) -> #result<Self, rt::Error> {
                rt::Engine::from_env(env, #variable, &#catalog_module::CATALOG).map(Self::from_engine)
            }
        }
    }
}

fn methods(client: &Client) -> TokenStream {
    let accessors = client.models.iter().map(|Model { accessor, row, row_is_hidden, read_only, .. }| {
        let row = if *row_is_hidden { quote!(self::#row) } else { quote!(#row) };
        let table = if *read_only { quote!(rt::View) } else { quote!(rt::Table) };
        quote! {
            pub fn #accessor(&self) -> #table<'_, E, #row> {
                #table::new(&self.engine)
            }
        }
    });
    let result = client.root.result();
    quote! {
        impl<E: rt::Execute> Client<E> {
            /// A client on an engine.
            pub fn from_engine(engine: E) -> Self {
                Client { engine }
            }
            /// The engine underneath.
            pub fn engine(&self) -> &E {
                &self.engine
            }
            /// Several operations in one round trip and one transaction.
            pub fn batch<B: rt::Operations>(&self, operations: B) -> rt::Batch<'_, E, B> {
                rt::Batch::new(&self.engine, operations)
            }
            /// An interactive transaction.
            pub fn transaction(&self) -> rt::Transaction<'_, Self, E> {
                rt::Transaction::new(&self.engine, Self::from_engine)
            }
            /// SQL that answers rows.
            pub fn query_raw<T: rt::FromRow>(&self, sql: rt::Sql) -> rt::RawOperation<'_, E, rt::Rows<T>> {
                rt::query_raw(&self.engine, sql)
            }
            /// SQL that answers how many rows it changed.
            pub fn execute_raw(&self, sql: rt::Sql) -> rt::RawOperation<'_, E, rt::Affected> {
                rt::execute_raw(&self.engine, sql)
            }
            /// Forgets what a pool keeps of answers with these tags, or `rt::Stale::Everything`.
            pub fn invalidate(
                &self,
                stale: impl ::core::convert::Into<rt::Stale>,
            ) -> impl ::core::future::Future<Output = #result<(), rt::Error>> {
                rt::invalidate(&self.engine, stale)
            }
            #(#accessors)*
        }
    }
}
