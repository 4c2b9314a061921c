//! The file of a model.
//!
//! Constants of columns are in scope of everything in the file, and a parameter of the same name would be taken for a
//! pattern: parameters end with an underscore, as no name of a schema does.

use super::{
    super::{
        form,
        print::{Item, Kind},
    },
    documentation, serde, spell,
};
use form::{Client, Column, ColumnUse, Compound, Key, Model, New, NewField, Omitted, Relation};
use lenslet_core::catalog::Arity;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The items of a model's file.
pub(crate) fn model(client: &Client, model: &Model) -> Vec<Item> {
    let shown = || model.relations.iter().filter(|it| it.visible);
    let mut items = vec![
        Item::Line(
            Kind::Modules,
            quote!(
                use super::rt;
            ),
        ),
        Item::Block(row(client, model)),
    ];
    items.extend(accessors(model).map(Item::Block));
    items.push(Item::Block(model_impl(model)));
    let constants = model.columns.iter().map(|it| column(model, it));
    let constants = constants.chain(shown().map(relation_constant));
    let constants = constants.chain(model.compounds.iter().map(|it| compound(model, it)));
    items.extend(constants.map(|it| Item::Line(Kind::Constants, it)));
    items.extend(model.relations.iter().flat_map(relation_types).map(|it| Item::Line(Kind::Types, it)));
    items.extend(model.columns.iter().flat_map(omitted_types).map(|it| Item::Line(Kind::Types, it)));
    items.extend(model.relations.iter().map(|it| relation(model, it)));
    items.extend(model.columns.iter().filter_map(|it| omitted_column(model, it)));
    items.extend(model.new.iter().flat_map(|it| new(model, it)).map(Item::Block));
    items
}

fn row(client: &Client, model: &Model) -> TokenStream {
    let Model { row, loaded, prelude, .. } = model;
    let docs = documentation(&model.documentation);
    let derives = client.derives.iter().filter_map(|it| it.parse::<TokenStream>().ok()).collect::<Vec<_>>();
    let serialize =
        [quote!(derive(rt::serde::Serialize)), quote!(serde(crate = "rt::serde", bound = "L: rt::Entries"))];
    let serialize = serde(client.serde, &serialize);
    let names = model.camel_case.then(|| serde(client.serde, &[quote!(serde(rename_all = "camelCase"))]));
    let flatten = serde(client.serde, &[quote!(serde(flatten, serialize_with = "rt::serialize_relations"))]);
    let fields = held(model).map(|Column { name, ty, renamed, schema_name, documentation: docs, .. }| {
        let docs = documentation(docs);
        let rename = renamed.then(|| serde(client.serde, &[quote!(serde(rename = #schema_name))]));
        let ty = spell(ty, prelude);
        quote!(#docs #rename pub #name: #ty,)
    });
    let derives = (!derives.is_empty()).then(|| quote!(#[derive(#(#derives),*)]));
    quote! {
        #docs
        #derives
        #serialize
        #names
        pub struct #row<L = ()> {
            #(#fields)*
            #flatten
            #loaded: L,
        }
    }
}

fn accessors(model: &Model) -> Option<TokenStream> {
    let Model { loaded, prelude, .. } = model;
    let row_path = row_path(model);
    let option = prelude.option();
    let omitted = model.columns.iter().filter_map(|column| {
        let marker = &column.omitted.as_ref()?.marker;
        let Column { name, ty, documentation: docs, .. } = column;
        let (docs, ty) = (documentation(docs), spell(ty, prelude));
        Some(quote! {
            #docs
            pub fn #name<I>(&self) -> &#ty
            where
                L: rt::Shows<#marker, I>,
            {
                self.#loaded.shown()
            }
        })
    });
    let omitted: Vec<_> = omitted.collect();
    let shown = model.relations.iter().filter(|it| it.visible);
    let accessors = shown.map(|Relation { name, loaded: ty, target, arity, documentation: docs, .. }| {
        let docs = documentation(docs);
        let (rows, body) = match arity {
            Arity::Required => (quote!(&super::#target<P>), quote!()),
            Arity::Optional => (quote!(#option<&super::#target<P>>), quote!(.as_ref())),
            Arity::List => (quote!(&[super::#target<P>]), quote!()),
        };
        quote! {
            #docs
            pub fn #name<P, I>(&self) -> #rows
            where
                L: rt::Get<#ty<P>, I>,
            {
                self.#loaded.get().rows()#body
            }
        }
    });
    let lists = model.relations.iter().any(|it| it.visible && it.arity == Arity::List);
    let count = lists.then(|| {
        let count = &model.count;
        let docs = documentation(&["How many rows a relation has that was counted.".to_owned()]);
        quote! {
            #docs
            pub fn #count<R, I>(&self, _: rt::Related<R>) -> i64
            where
                L: rt::CountOf<R, I>,
            {
                self.#loaded.count_of()
            }
        }
    });
    let accessors: Vec<_> = accessors.chain(omitted).chain(count).collect();
    (!accessors.is_empty()).then(|| quote!(impl<L> #row_path<L> { #(#accessors)* }))
}

fn model_impl(model: &Model) -> TokenStream {
    let index = position(model.index);
    let Model { schema_name, row, loaded, prelude, .. } = model;
    let row_path = row_path(model);
    let result = prelude.result();
    let names: Vec<_> = held(model).map(|it| &it.name).collect();
    quote! {
        impl rt::Model for #row {
            const MODEL: rt::ModelId = rt::ModelId::new(#index, #schema_name);
            const COLUMNS: &'static [rt::FieldId] = &[#(#names.field()),*];
            type Row<L> = #row_path<L>;
            fn read<L: rt::Relations, C: rt::Cursor>(cursor_: &mut C) -> #result<#row_path<L>, rt::Error> {
                Ok(#row_path {
                    #(#names: rt::Scalar::read(cursor_)?,)*
                    #loaded: L::read(cursor_)?,
                })
            }
        }
    }
}

/// The columns that every row holds.
fn held(model: &Model) -> impl Iterator<Item = &Column> {
    model.columns.iter().filter(|it| it.omitted.is_none())
}

fn omitted_types(Column { omitted, .. }: &Column) -> Vec<TokenStream> {
    omitted
        .iter()
        .flat_map(|Omitted { loaded, marker }| {
            [quote!(pub type #loaded = rt::Shown<#marker>;), quote!(pub enum #marker {})]
        })
        .collect()
}

fn omitted_column(model: &Model, Column { index, schema_name, ty, omitted, .. }: &Column) -> Option<Item> {
    let marker = &omitted.as_ref()?.marker;
    let (index, row, ty) = (position(*index), &model.row, spell(ty, &model.prelude));
    Some(Item::Table(
        quote!(impl rt::OmittedColumn for #marker),
        vec![
            quote!(const FIELD: rt::FieldId = rt::FieldId::new(#index, #schema_name);),
            quote!(type From = #row; type Value = #ty;),
        ],
    ))
}

fn column(model: &Model, Column { index, schema_name, name, ty, unique, .. }: &Column) -> TokenStream {
    let index = position(*index);
    let row = &model.row;
    let ty = spell(ty, &model.prelude);
    let unique = unique.then(|| quote!(, rt::Unique));
    quote!(pub const #name: rt::Column<#row, #ty #unique> = rt::Column::new(#index, #schema_name);)
}

fn relation_constant(Relation { name, marker, .. }: &Relation) -> TokenStream {
    quote!(pub const #name: rt::Related<#marker> = rt::Related::new();)
}

fn compound(model: &Model, Compound { name, selector, columns }: &Compound) -> TokenStream {
    let row = &model.row;
    let count = Literal::usize_unsuffixed(columns.len());
    let types = columns.iter().map(|it| spell(&it.ty, &model.prelude));
    let names = columns.iter().map(|it| &it.name);
    quote! {
        pub const #name: rt::Compound<#row, (#(#types),*), #count> =
            rt::Compound::new(#selector, [#(#names.field()),*]);
    }
}

fn relation_types(Relation { marker, loaded, visible, .. }: &Relation) -> Vec<TokenStream> {
    if *visible {
        vec![quote!(pub type #loaded<L = ()> = rt::Loaded<#marker, L>;), quote!(pub enum #marker {})]
    } else {
        vec![quote!(pub enum #marker {})]
    }
}

fn relation(model: &Model, relation: &Relation) -> Item {
    let Relation { index, schema_name, marker, target, opposite: (module, opposite), .. } = relation;
    let index = position(*index);
    let row = &model.row;
    let arity = match relation.arity {
        Arity::Required => quote!(rt::One),
        Arity::Optional => quote!(rt::Maybe),
        Arity::List => quote!(rt::Many),
    };
    Item::Table(
        quote!(impl rt::Relation for #marker),
        vec![
            quote!(const FIELD: rt::FieldId = rt::FieldId::new(#index, #schema_name);),
            quote!(type From = #row; type To = super::#target;),
            quote!(type Arity = #arity; type Opposite = super::#module::#opposite;),
        ],
    )
}

fn new(model: &Model, new: &New) -> Vec<TokenStream> {
    vec![new_struct(model, new), new_methods(model, new), new_into_data(model, new)]
}

fn new_struct(model: &Model, new: &New) -> TokenStream {
    let parameters = new.fields.iter().filter_map(|NewField { column, key }| {
        let parameter = &key.as_ref()?.parameter;
        let ty = spell(&column.ty, &model.prelude);
        Some(quote!(#parameter = #ty))
    });
    let generics = generics(parameters);
    let fields = new.fields.iter().map(|NewField { column: ColumnUse { name, ty }, key }| {
        let ty = key.as_ref().map_or_else(|| spell(ty, &model.prelude), |Key { parameter, .. }| quote!(#parameter));
        quote!(pub #name: #ty,)
    });
    quote! {
        #[derive(Clone, Debug)]
        pub struct New #generics { #(#fields)* }
    }
}

fn new_methods(model: &Model, new: &New) -> TokenStream {
    let row = row_path(model);
    let parameters = generics(parameters(new));
    // In which context the row may be created depends on what is given for its keys.
    let context = parameters.as_ref().map(|_| quote!(where Self: rt::IntoData<#row, C>,));
    quote! {
        impl #parameters New #parameters {
            pub fn set<C, T, U>(self, column_: rt::Column<#row, T, U>, value_: impl rt::Given<T>) -> rt::Data<#row, C>
            #context
            {
                rt::IntoData::into_data(self).set(column_, value_)
            }
            pub fn with<C, R: rt::Relation<From = #row>, K>(self, through_: rt::Through<R, K>) -> rt::Data<#row, C>
            #context
            {
                rt::IntoData::into_data(self).with(through_)
            }
        }
    }
}

fn new_into_data(model: &Model, new: &New) -> TokenStream {
    let row = row_path(model);
    let bounds = new.fields.iter().filter_map(|NewField { column, key }| {
        let Key { parameter, relation } = key.as_ref()?;
        let ty = spell(&column.ty, &model.prelude);
        Some(quote!(#parameter: rt::ForeignKey<#relation, #ty, C>))
    });
    let parameters = generics(parameters(new));
    let fields = new.fields.iter().map(|NewField { column: ColumnUse { name, .. }, key }| {
        let verb = if key.is_some() { quote!(key) } else { quote!(set) };
        quote!(.#verb(#name, self.#name))
    });
    quote! {
        impl<C, #(#bounds),*> rt::IntoData<#row, C> for New #parameters {
            fn into_data(self) -> rt::Data<#row, C> {
                rt::Data::empty() #(#fields)*
            }
        }
    }
}

/// The struct of the rows where type parameters are in scope.
fn row_path(Model { row, row_is_hidden, .. }: &Model) -> TokenStream {
    if *row_is_hidden { quote!(super::#row) } else { quote!(#row) }
}

fn position(index: u16) -> Literal {
    Literal::u16_unsuffixed(index)
}

fn parameters(new: &New) -> impl Iterator<Item = TokenStream> {
    new.fields.iter().filter_map(|it| it.key.as_ref()).map(|Key { parameter, .. }| quote!(#parameter))
}

fn generics(parameters: impl Iterator<Item = TokenStream>) -> Option<TokenStream> {
    let parameters: Vec<_> = parameters.collect();
    (!parameters.is_empty()).then(|| quote!(<#(#parameters),*>))
}
