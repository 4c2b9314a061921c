//! Referential actions.

use lenslet_core::catalog::{Provider, ReferentialAction};

use crate::check::report::Report;
use crate::check::resolved::{Field, Relation, RelationKind, Resolved};
use crate::diagnostic::Rule;

pub(super) static RULES: &[&Rule] = &[&UNSUPPORTED, &SET_DEFAULT_MYSQL, &SIDE, &SET_NULL, &SET_NULL_POSTGRESQL];

static UNSUPPORTED: Rule = Rule::error(
    "unsupported-action",
    "A referential action is one that the database, or the engine in its stead, has.",
    "datasource d {\n  provider = \"sqlserver\"\n}\nmodel A {\n  id Int @id\n  bId Int\n  b B @relation(fields: [bId], references: [id], onDelete: Restrict)\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static SET_DEFAULT_MYSQL: Rule = Rule::warning(
    "set-default-on-mysql",
    "MySQL accepts `SetDefault` and then does `NoAction`.",
    "datasource d {\n  provider = \"mysql\"\n}\nmodel A {\n  id Int @id\n  bId Int? @default(1)\n  b B? @relation(fields: [bId], references: [id], onDelete: SetDefault)\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static SIDE: Rule = Rule::error(
    "action-side",
    "Referential actions stand where the columns of the relation stand.",
    "model A {\n  id Int @id\n  bs B[] @relation(onDelete: Cascade)\n}\nmodel B {\n  id Int @id\n  aId Int\n  a A @relation(fields: [aId], references: [id])\n}\n",
);
static SET_NULL: Rule = Rule::error(
    "set-null-on-required",
    "Only columns that may be absent can become absent.",
    "model A {\n  id Int @id\n  bId Int\n  b B @relation(fields: [bId], references: [id], onDelete: SetNull)\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);
static SET_NULL_POSTGRESQL: Rule = Rule::warning(
    "set-null-on-required-postgresql",
    "PostgreSQL accepts `SetNull` on required columns, and fails when it should happen.",
    "datasource d {\n  provider = \"postgresql\"\n}\nmodel A {\n  id Int @id\n  bId Int\n  b B @relation(fields: [bId], references: [id], onDelete: SetNull)\n}\nmodel B {\n  id Int @id\n  as A[]\n}\n",
);

/// The actions of a field are ones that the database has.
pub(super) fn supported(schema: &Resolved<'_>, field: &Field<'_>, report: &mut Report) {
    let supported = schema.settings.actions();
    let given = [("onDelete", field.relation.on_delete), ("onUpdate", field.relation.on_update)];
    for (argument, (action, span)) in given.into_iter().filter_map(|(name, action)| Some((name, action?))) {
        if !supported.contains(&action) {
            let names: Vec<String> = supported.iter().map(|it| format!("`{it:?}`")).collect();
            let title = format!("{} has no `{argument}: {action:?}`", holder(schema));
            report.push(UNSUPPORTED.at(span, title).note(format!("it has {}", names.join(", "))));
        } else if action == ReferentialAction::SetDefault
            && schema.settings.connector.provider == Some(Provider::Mysql)
            && schema.settings.uses_foreign_keys()
        {
            let title = "MySQL does not carry out `SetDefault`";
            report.push(SET_DEFAULT_MYSQL.at(span, title).help("choose another action"));
        }
    }
}

fn holder(schema: &Resolved<'_>) -> String {
    match schema.settings.uses_foreign_keys() {
        true => schema.settings.connector.name.to_owned(),
        false => format!("the engine, in the stead of {}'s foreign keys,", schema.settings.connector.name),
    }
}

fn has_actions(field: &Field<'_>) -> bool {
    field.relation.on_delete.is_some() || field.relation.on_update.is_some()
}

/// Actions stand where the columns stand.
pub(super) fn side(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    let (Some(forward), Some(back)) = (relation.forward, relation.back) else {
        return;
    };
    let (field, other) = (schema.field(forward), schema.field(back));
    if !has_actions(other) {
        return;
    }
    let title = |field: &Field<'_>| format!("`{}` has referential actions, but not the columns", field.name);
    report.push(SIDE.at(other.span(), title(other)).help(format!("move them to `{}`", field.name)));
    if relation.kind == RelationKind::OneToOne && has_actions(field) {
        let title = format!("`{}` and `{}` both have referential actions", field.name, other.name);
        report.push(SIDE.at(field.span(), title).help("keep those where the columns are"));
    }
}

/// `SetNull` stands at columns that may be null.
pub(super) fn set_null(schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
    let Some(forward) = relation.forward else { return };
    let (model, field) = (&schema.models[forward.model], schema.field(forward));
    let columns = field.relation.fields.as_deref().unwrap_or_default();
    let required: Vec<usize> = columns.iter().copied().filter(|column| model.fields[*column].is_required()).collect();
    if required.is_empty() {
        return;
    }
    let is_postgresql = schema.settings.connector.provider == Some(Provider::Postgresql);
    let rule = if is_postgresql && schema.settings.uses_foreign_keys() { &SET_NULL_POSTGRESQL } else { &SET_NULL };
    for (argument, given) in [("onDelete", field.relation.on_delete), ("onUpdate", field.relation.on_update)] {
        if matches!(given, Some((ReferentialAction::SetNull, _))) {
            let title = format!("`{argument}: SetNull` needs columns that may be null: {}", model.names(&required));
            report.push(rule.at(field.span(), title).help("make them optional, or choose another action"));
        }
    }
}
