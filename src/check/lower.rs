//! Last pass: from the resolved schema, which has no errors now, to the catalog.

use std::collections::HashMap;

use lenslet_core::catalog::{
    Arity, Catalog, Column, ColumnType, Enum, Extension, Field, FieldKind, ForeignKey, Index, IndexField, IndexKind,
    JoinTable, List, Model, ModelKind, NativeType, Relation, RelationEnd, RelationField, RelationKind, Side, Text,
    Variant,
};

use super::connector::Connector;
use super::constraint_name;
use super::predicate;
use super::resolved::{self, FieldId, FieldRef, FieldType, Meaning, OperatorClass, Resolved};
use crate::syntax::tree::Modifier;

/// The catalog; absent when the schema is for no database that Lenslet knows.
pub(super) fn catalog(schema: &Resolved<'_>, extensions: &[Extension]) -> Option<Catalog> {
    let provider = schema.settings.connector.provider?;
    let ends = relation_ends(schema);
    let schemas = schema.settings.schemas.iter().flatten().map(|(name, _)| text(name));
    Some(Catalog {
        provider,
        relation_mode: schema.settings.relation_mode,
        schemas: schemas.collect(),
        extensions: extensions.to_vec().into(),
        models: schema.models.iter().enumerate().map(|(id, it)| model(schema, id, it, &ends)).collect(),
        enums: schema.enums.iter().map(enumeration).collect(),
        relations: schema.relations.iter().map(|relation| lower_relation(schema, relation)).collect(),
    })
}

fn text(text: &str) -> Text {
    Text::Owned(text.to_owned())
}

/// A position in the catalog. The rules refuse schemas with more things than fit.
fn index(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

fn indexes(fields: &[FieldId]) -> List<u16> {
    fields.iter().map(|field| index(*field)).collect()
}

/// Which relation each relation field is an end of.
fn relation_ends(schema: &Resolved<'_>) -> HashMap<FieldRef, RelationEnd> {
    let mut ends = HashMap::new();
    for (at, relation) in schema.relations.iter().enumerate() {
        let (Some(forward), Some(back)) = (relation.forward, relation.back) else {
            continue;
        };
        let mut add = |from: FieldRef, to: FieldRef, side| {
            let end = RelationEnd { relation: index(at), model: index(to.model), opposite: index(to.field), side };
            ends.insert(from, end);
        };
        add(forward, back, Side::From);
        add(back, forward, Side::To);
    }
    ends
}

fn model(
    schema: &Resolved<'_>,
    id: usize,
    model: &resolved::Model<'_>,
    ends: &HashMap<FieldRef, RelationEnd>,
) -> Model {
    let connector = schema.settings.connector;
    let fields = model.fields.iter().enumerate();
    let fields = fields.filter_map(|(at, it)| field(schema, FieldRef { model: id, field: at }, it, ends)).collect();
    let lower = |it: &resolved::Index<'_>| lower_index(connector, model, it);
    let (uniques, rest): (Vec<_>, Vec<_>) = model.indexes.iter().partition(|it| it.kind == IndexKind::Unique);
    Model {
        name: text(model.name),
        db_name: text(model.db_name()),
        schema: model.schema.map(|schema| text(schema.text)),
        kind: if model.is_view { ModelKind::View } else { ModelKind::Table },
        documentation: model.block.documentation.as_deref().map(text),
        ignored: model.ignored,
        fields,
        primary_key: model.primary_key.as_ref().map(lower),
        indexes: uniques.into_iter().chain(rest).map(lower).collect(),
    }
}

fn field(
    schema: &Resolved<'_>,
    at: FieldRef,
    field: &resolved::Field<'_>,
    ends: &HashMap<FieldRef, RelationEnd>,
) -> Option<Field> {
    let ty = match field.ty {
        FieldType::Scalar(scalar) => Some(ColumnType::Scalar(scalar)),
        FieldType::Enum(id) => Some(ColumnType::Enum(index(id))),
        FieldType::Unsupported(name) => Some(ColumnType::Unsupported(text(name))),
        FieldType::Model(_) | FieldType::Composite(_) | FieldType::Unknown => None,
    };
    let kind = match ty {
        Some(ty) => FieldKind::Column(column(field, ty)),
        None => FieldKind::Relation(ends.get(&at)?.clone()),
    };
    let points_to_ignored = field.related_model().is_some_and(|id| schema.models[id].ignored);
    Some(Field {
        name: text(field.name),
        documentation: field.tree.documentation.as_deref().map(text),
        arity: match field.modifier {
            Modifier::None => Arity::Required,
            Modifier::Optional => Arity::Optional,
            Modifier::List => Arity::List,
        },
        ignored: field.ignored.is_some() || points_to_ignored,
        kind,
    })
}

fn column(field: &resolved::Field<'_>, ty: ColumnType) -> Column {
    let native_type = field.native.as_ref().map(|native| NativeType {
        name: text(native.name),
        arguments: native.arguments.iter().map(|argument| text(argument)).collect(),
    });
    let default = field.default.as_ref().and_then(|default| match &default.meaning {
        Meaning::Default(default) => Some(default.clone()),
        Meaning::Auto | Meaning::Wrong => None,
    });
    Column { db_name: text(field.db_name()), ty, native_type, default, updated_at: field.updated_at.is_some() }
}

fn lower_index(connector: &Connector, model: &resolved::Model<'_>, it: &resolved::Index<'_>) -> Index {
    let is_compound = it.fields.len() > 1;
    let selects = matches!(it.kind, IndexKind::PrimaryKey | IndexKind::Unique);
    let name = it.name.map(str::to_owned).or_else(|| (selects && is_compound).then(|| joined_names(model, it)));
    Index {
        kind: it.kind,
        name: name.map(Text::Owned),
        db_name: constraint_name::of_index(connector, model, it).map(|name| Text::Owned(name.into_owned())),
        fields: it.fields.iter().map(index_field).collect(),
        algorithm: it.algorithm.map(|(algorithm, _)| algorithm),
        clustered: it.clustered,
        predicate: it.predicate.and_then(|value| predicate::sql(connector, model, value)).map(Text::Owned),
    }
}

/// `a_b`, the selector's name when none is given.
pub(super) fn joined_names(model: &resolved::Model<'_>, it: &resolved::Index<'_>) -> String {
    let names: Vec<&str> = it.fields.iter().map(|field| model.fields[field.field].name).collect();
    names.join("_")
}

fn index_field(it: &resolved::IndexField<'_>) -> IndexField {
    IndexField {
        field: index(it.field),
        sort: it.sort,
        length: it.length,
        operator_class: it.operator_class.map(|class| match class {
            OperatorClass::Known(class) => text(class.sql),
            OperatorClass::Raw(raw) => text(raw),
        }),
    }
}

fn enumeration(it: &resolved::Enum<'_>) -> Enum {
    let variants = it.variants.iter().zip(&it.mapped_variants).map(|(variant, mapped)| Variant {
        name: text(variant.name.text),
        db_name: text(mapped.map_or(variant.name.text, |mapped| mapped.text)),
        documentation: variant.documentation.as_deref().map(text),
    });
    Enum {
        name: text(it.name),
        db_name: text(it.mapped.map_or(it.name, |mapped| mapped.text)),
        schema: it.schema.map(|schema| text(schema.text)),
        documentation: it.block.documentation.as_deref().map(text),
        variants: variants.collect(),
    }
}

fn lower_relation(schema: &Resolved<'_>, relation: &resolved::Relation<'_>) -> Relation {
    let end = |at: Option<FieldRef>, model: usize| RelationField {
        model: index(model),
        field: index(at.map_or(usize::MAX, |at| at.field)),
    };
    let name = schema.relation_name(relation);
    let kind = match relation.kind {
        resolved::RelationKind::OneToOne | resolved::RelationKind::OneToMany => {
            RelationKind::ForeignKey(foreign_key(schema, relation))
        }
        resolved::RelationKind::ManyToMany | resolved::RelationKind::EmbeddedManyToMany => {
            RelationKind::ManyToMany(JoinTable {
                db_name: Text::Owned(format!("_{name}")),
                schema: schema.models[relation.from].schema.map(|schema| text(schema.text)),
            })
        }
    };
    Relation {
        name: Text::Owned(name),
        from: end(relation.forward, relation.from),
        to: end(relation.back, relation.to),
        kind,
    }
}

fn foreign_key(schema: &Resolved<'_>, relation: &resolved::Relation<'_>) -> ForeignKey {
    let field = relation.forward.map(|at| schema.field(at));
    let attribute = field.map(|field| &field.relation);
    let list = |list: Option<&Vec<FieldId>>| list.map(|list| indexes(list)).unwrap_or_default();
    let actions = super::actions::of(schema, relation);
    ForeignKey {
        fields: list(attribute.and_then(|it| it.fields.as_ref())),
        references: list(attribute.and_then(|it| it.references.as_ref())),
        one_to_one: relation.kind == resolved::RelationKind::OneToOne,
        on_delete: actions.on_delete,
        on_update: actions.on_update,
        db_name: Text::Owned(constraint_name::of_foreign_key(schema, relation).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use lenslet_core::catalog::{
        Catalog, FieldKind, IndexKind, Model, ReferentialAction, Relation, RelationKind, Side,
    };

    use crate::{Sources, check};

    fn catalog(provider: &str, models: &str) -> Catalog {
        let text = format!("datasource db {{\n  provider = \"{provider}\"\n}}\n{models}");
        let sources = Sources::single("schema.prisma", text);
        let checked = check(&sources);
        let messages: Vec<String> = checked.diagnostics.iter().map(|it| it.render(&sources, false)).collect();
        checked.schema.unwrap_or_else(|| panic!("{}", messages.join("\n"))).catalog
    }

    fn model<'c>(catalog: &'c Catalog, name: &str) -> &'c Model {
        catalog.model(name).expect("the model is there").1
    }

    fn names(model: &Model) -> Vec<Option<&str>> {
        model.primary_key.iter().chain(model.indexes.iter()).map(|it| it.db_name.as_deref()).collect()
    }

    fn foreign_key(relation: &Relation) -> (&str, ReferentialAction, ReferentialAction) {
        match &relation.kind {
            RelationKind::ForeignKey(key) => (&key.db_name, key.on_delete, key.on_update),
            RelationKind::ManyToMany(table) => panic!("`{}` is a join table", table.db_name),
        }
    }

    const INDEXES: &str = "model User {\n  id Int @id\n  email String @unique @map(\"mail\")\n  a Int\n  b Int\n\
        \n  @@index([b])\n  @@unique([a, b])\n  @@unique([b, a], name: \"ba\", map: \"own\")\n  @@map(\"users\")\n}\n";

    #[test]
    fn constraints_are_named_as_the_database_knows_the_columns() {
        let postgresql = catalog("postgresql", INDEXES);
        let user = model(&postgresql, "User");
        let expected = ["users_pkey", "users_mail_key", "users_a_b_key", "own", "users_b_idx"];
        assert_eq!(names(user), expected.map(Some));
        let selectors: Vec<Option<&str>> = user.indexes.iter().map(|it| it.name.as_deref()).collect();
        assert_eq!(selectors, [None, Some("a_b"), Some("ba"), None]);
        assert_eq!(user.indexes[3].kind, IndexKind::Plain);
        assert_eq!(names(model(&catalog("sqlite", INDEXES), "User"))[0], None);
    }

    #[test]
    fn long_names_are_cut_before_their_suffix() {
        let long = "a".repeat(70);
        let text = format!("model {long} {{\n  id Int @id\n  x Int @unique\n}}\n");
        let cut = |provider: &str| names(model(&catalog(provider, &text), &long))[1].map(str::to_owned);
        assert_eq!(cut("postgresql"), Some(format!("{}_key", &long[..59])));
        assert_eq!(cut("mysql"), Some(format!("{}_key", &long[..60])));
        assert_eq!(cut("sqlite"), Some(format!("{long}_x_key")));
    }

    const RELATIONS: &str = "model Post {\n  id Int @id\n  author User @relation(fields: [authorId], references: [id])\n\
        \n  authorId Int\n  editor User? @relation(\"e\", fields: [editorId], references: [id], onUpdate: Restrict)\n\
        \n  editorId Int?\n  tags Tag[]\n}\nmodel User {\n  id Int @id\n  posts Post[]\n  edited Post[] @relation(\"e\")\n}\n\
        model Tag {\n  id Int @id\n  posts Post[]\n}\n";

    #[test]
    fn relations_have_their_names_ends_and_actions() {
        use ReferentialAction::{Cascade, Restrict, SetNull};
        let catalog = catalog("mysql", RELATIONS);
        let found: Vec<&str> = catalog.relations.iter().map(|it| &*it.name).collect();
        assert_eq!(found, ["PostToUser", "e", "PostToTag"]);
        assert_eq!(foreign_key(&catalog.relations[0]), ("Post_authorId_fkey", Restrict, Cascade));
        assert_eq!(foreign_key(&catalog.relations[1]), ("Post_editorId_fkey", SetNull, Restrict));
        let RelationKind::ManyToMany(table) = &catalog.relations[2].kind else { panic!("tags are a join table") };
        assert_eq!(table.db_name, "_PostToTag");
        let (_, posts) = model(&catalog, "User").field("posts").expect("it is there");
        let FieldKind::Relation(end) = &posts.kind else { panic!("posts are a relation") };
        assert_eq!((end.relation, end.model, end.opposite, end.side), (0, 0, 1, Side::To));
    }

    #[test]
    fn defaults_of_actions_are_those_of_the_database() {
        use ReferentialAction::{Cascade, NoAction, Restrict};
        let text = "model A {\n  id Int @id\n  bId Int\n  b B @relation(fields: [bId], references: [id])\n}\n\
            model B {\n  id Int @id\n  as A[]\n}\n";
        let actions = |provider: &str| {
            let catalog = catalog(provider, text);
            let (_, on_delete, on_update) = foreign_key(&catalog.relations[0]);
            (on_delete, on_update)
        };
        assert_eq!(actions("sqlite"), (Restrict, Cascade));
        assert_eq!(actions("sqlserver"), (NoAction, Cascade));
    }

    #[test]
    fn what_refers_to_ignored_models_is_ignored() {
        let catalog = catalog(
            "sqlite",
            "model A {\n  id Int @id\n  bs B[] @ignore\n}\nmodel B {\n  aId Int\n  a A @relation(fields: [aId], references: [id])\n  @@ignore\n}\n",
        );
        assert!(model(&catalog, "B").ignored);
        assert!(model(&catalog, "A").field("bs").is_some_and(|(_, field)| field.ignored));
    }

    #[test]
    fn documentation_stands_above_and_behind() {
        let catalog = catalog(
            "sqlite",
            "/// One.\n//  not this\n/// Two.\nmodel A {\n  /// Above.\n  id Int @id /// Behind.\n}\n",
        );
        let a = model(&catalog, "A");
        assert_eq!(a.documentation.as_deref(), Some("One.\nTwo."));
        assert_eq!(a.fields[0].documentation.as_deref(), Some("Above.\nBehind."));
    }

    #[test]
    fn conditions_of_partial_indexes_are_sql() {
        let generator = "generator g {\n  provider = \"x\"\n  previewFeatures = [\"partialIndexes\"]\n}\n";
        let text = format!(
            "{generator}model A {{\n  id Int @id\n  on Boolean @map(\"is on\")\n  name String?\n\
             \n  @@index([id], where: {{ on: true, name: {{ not: null }} }})\n  @@index([name], where: raw(\"id > 3\"))\n\
             \n  @@index([on], where: {{ name: \"it's\" }})\n}}\n"
        );
        let catalog = catalog("postgresql", &text);
        let conditions: Vec<_> = model(&catalog, "A").indexes.iter().map(|it| it.predicate.as_deref()).collect();
        let expected = ["\"is on\" = true AND \"name\" IS NOT NULL", "id > 3", "\"name\" = 'it''s'"];
        assert_eq!(conditions, expected.map(Some));
    }
}
