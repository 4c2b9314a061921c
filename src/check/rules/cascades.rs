//! Referential actions that would come back to where they started, or arrive by two ways.
//!
//! SQL Server refuses such tables. Without foreign keys the engine carries the actions out, and a circle of them would not
//! end.

use std::collections::HashSet;

use lenslet_core::catalog::ReferentialAction;

use crate::check::actions;
use crate::check::report::Report;
use crate::check::resolved::{ModelId, Relation, RelationKind, Resolved};
use crate::diagnostic::Rule;

pub(super) static RULES: &[&Rule] = &[&SELF_CASCADE, &CYCLE, &SEVERAL_PATHS];

static SELF_CASCADE: Rule = Rule::error(
    "self-cascade",
    "Where circles of referential actions are refused, a relation of a model to itself has none.",
    "datasource d {\n  provider = \"sqlserver\"\n}\nmodel A {\n  id Int @id\n  up A? @relation(\"x\", fields: [upId], references: [id])\n  upId Int?\n  down A[] @relation(\"x\")\n}\n",
);
static CYCLE: Rule = Rule::error(
    "cascade-cycle",
    "Referential actions do not lead back to the model where they started.",
    "datasource d {\n  provider = \"sqlserver\"\n}\nmodel A {\n  id Int @id\n  bId Int\n  b B @relation(\"x\", fields: [bId], references: [id])\n  bs B[] @relation(\"y\")\n}\nmodel B {\n  id Int @id\n  aId Int\n  a A @relation(\"y\", fields: [aId], references: [id])\n  as A[] @relation(\"x\")\n}\n",
);
static SEVERAL_PATHS: Rule = Rule::error(
    "several-cascades",
    "SQL Server lets referential actions arrive at a table by one way only.",
    "datasource d {\n  provider = \"sqlserver\"\n}\nmodel A {\n  id Int @id\n  xId Int\n  x B @relation(\"x\", fields: [xId], references: [id])\n  yId Int\n  y B @relation(\"y\", fields: [yId], references: [id])\n}\nmodel B {\n  id Int @id\n  xs A[] @relation(\"x\")\n  ys A[] @relation(\"y\")\n}\n",
);

/// Where referential actions lead.
pub(super) struct Graph {
    /// By model, the models that its rows refer to with actions that change rows.
    edges: Vec<Vec<(usize, ModelId)>>,
    refuses_cycles: bool,
    refuses_several_paths: bool,
}

impl Graph {
    /// The actions of a schema.
    pub(super) fn of(schema: &Resolved<'_>) -> Self {
        let settings = &schema.settings;
        let refuses_several_paths = !settings.connector.can.cascade_cycles && settings.uses_foreign_keys();
        let refuses_cycles = !settings.connector.can.cascade_cycles || !settings.uses_foreign_keys();
        let mut edges: Vec<Vec<(usize, ModelId)>> = vec![Vec::new(); schema.models.len()];
        if refuses_cycles {
            for (id, relation) in schema
                .relations
                .iter()
                .enumerate()
                .filter(|(_, it)| changes_rows(schema, it))
            {
                edges[relation.from].push((id, relation.to));
            }
        }
        Self {
            edges,
            refuses_cycles,
            refuses_several_paths,
        }
    }

    /// A relation's actions end, and arrive by one way.
    pub(super) fn check(&self, schema: &Resolved<'_>, relation: &Relation<'_>, report: &mut Report) {
        let Some(forward) = relation.forward else { return };
        if !self.refuses_cycles || !changes_rows(schema, relation) {
            return;
        }
        let field = schema.field(forward);
        let reached = self.reached_by(relation);
        let name = |id: ModelId| schema.models[id].name;
        if relation.from == relation.to {
            let title = format!("`{}` refers to its own model with actions that change rows", field.name);
            report.push(
                SELF_CASCADE
                    .at(field.span(), title)
                    .help("write `onDelete: NoAction, onUpdate: NoAction`"),
            );
        } else if reached.contains(&relation.from) {
            let title = format!("the actions of `{}` lead back to `{}`", field.name, name(relation.from));
            let help = "write `onDelete: NoAction, onUpdate: NoAction` at one relation of the circle";
            report.push(CYCLE.at(field.span(), title).help(help));
        }
        if self.refuses_several_paths
            && let Some(meeting) = self.meeting_point(schema, relation, &reached)
        {
            let title = format!(
                "changes of `{}` arrive at `{}` by several ways",
                name(meeting),
                name(relation.from)
            );
            let help = "write `onDelete: NoAction, onUpdate: NoAction` at one of the relations";
            report.push(SEVERAL_PATHS.at(field.span(), title).help(help));
        }
    }

    /// The models that a relation leads to. The way ends where it started.
    fn reached_by(&self, relation: &Relation<'_>) -> HashSet<ModelId> {
        let mut reached = HashSet::from([relation.to]);
        let mut waiting = vec![relation.to];
        while let Some(model) = waiting.pop() {
            if model == relation.from {
                continue;
            }
            waiting.extend(
                self.edges[model]
                    .iter()
                    .map(|(_, to)| *to)
                    .filter(|to| reached.insert(*to)),
            );
        }
        reached
    }

    /// A model that another relation of the same model leads to as well.
    fn meeting_point(
        &self,
        schema: &Resolved<'_>,
        relation: &Relation<'_>,
        reached: &HashSet<ModelId>,
    ) -> Option<ModelId> {
        let others = self.edges[relation.from].iter().map(|(id, _)| &schema.relations[*id]);
        let others = others.filter(|other| other.forward != relation.forward);
        let mut meetings: Vec<ModelId> = others
            .flat_map(|other| self.reached_by(other))
            .filter(|model| *model != relation.from && reached.contains(model))
            .collect();
        meetings.sort_unstable();
        meetings.first().copied()
    }
}

fn changes_rows(schema: &Resolved<'_>, relation: &Relation<'_>) -> bool {
    use ReferentialAction::{Cascade, SetDefault, SetNull};
    let is_inline = matches!(relation.kind, RelationKind::OneToOne | RelationKind::OneToMany);
    let is_complete = relation.forward.is_some() && relation.back.is_some();
    let actions = actions::of(schema, relation);
    let changes = |action| matches!(action, Cascade | SetNull | SetDefault);
    is_inline && is_complete && (changes(actions.on_delete) || changes(actions.on_update))
}
