//! Referential actions that would come back to where they started, or arrive by two ways.
//!
//! SQL Server refuses such tables. Without foreign keys the engine carries the actions out, and a circle of them would not
//! end.

use std::collections::{HashMap, HashSet};

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
            for (id, relation) in schema.relations.iter().enumerate().filter(|(_, it)| changes_rows(schema, it)) {
                edges[relation.from].push((id, relation.to));
            }
        }
        Self { edges, refuses_cycles, refuses_several_paths }
    }

    /// The actions of each model's relations end, and arrive at each other model by one way.
    pub(super) fn check(&self, schema: &Resolved<'_>, report: &mut Report) {
        for edges in self.edges.iter().filter(|_| self.refuses_cycles) {
            let ways: Vec<(&Relation<'_>, HashSet<ModelId>)> =
                edges.iter().map(|(id, _)| (&schema.relations[*id], self.reached_by(&schema.relations[*id]))).collect();
            let mut arrivals: HashMap<ModelId, usize> = HashMap::new();
            for model in ways.iter().flat_map(|(_, reached)| reached) {
                *arrivals.entry(*model).or_default() += 1;
            }
            for (relation, reached) in &ways {
                report_circle(schema, relation, reached, report);
                let meets = |model: &&ModelId| **model != relation.from && arrivals.get(*model) > Some(&1);
                if let Some(meeting) = reached.iter().filter(meets).min()
                    && self.refuses_several_paths
                {
                    report_meeting(schema, relation, *meeting, report);
                }
            }
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
            waiting.extend(self.edges[model].iter().map(|(_, to)| *to).filter(|to| reached.insert(*to)));
        }
        reached
    }
}

fn report_circle(schema: &Resolved<'_>, relation: &Relation<'_>, reached: &HashSet<ModelId>, report: &mut Report) {
    let Some(field) = relation.forward.map(|at| schema.field(at)) else {
        return;
    };
    if relation.from == relation.to {
        let title = format!("`{}` refers to its own model with actions that change rows", field.name);
        report.push(SELF_CASCADE.at(field.span(), title).help("write `onDelete: NoAction, onUpdate: NoAction`"));
    } else if reached.contains(&relation.from) {
        let title = format!("the actions of `{}` lead back to `{}`", field.name, schema.models[relation.from].name);
        let help = "write `onDelete: NoAction, onUpdate: NoAction` at one relation of the circle";
        report.push(CYCLE.at(field.span(), title).help(help));
    }
}

fn report_meeting(schema: &Resolved<'_>, relation: &Relation<'_>, meeting: ModelId, report: &mut Report) {
    let Some(field) = relation.forward.map(|at| schema.field(at)) else {
        return;
    };
    let name = |id: ModelId| schema.models[id].name;
    let title = format!("changes of `{}` arrive at `{}` by several ways", name(meeting), name(relation.from));
    let help = "write `onDelete: NoAction, onUpdate: NoAction` at one of the relations";
    report.push(SEVERAL_PATHS.at(field.span(), title).help(help));
}

fn changes_rows(schema: &Resolved<'_>, relation: &Relation<'_>) -> bool {
    use ReferentialAction::{Cascade, SetDefault, SetNull};
    let is_inline = matches!(relation.kind, RelationKind::OneToOne | RelationKind::OneToMany);
    let is_complete = relation.forward.is_some() && relation.back.is_some();
    let actions = actions::of(schema, relation);
    let changes = |action| matches!(action, Cascade | SetNull | SetDefault);
    is_inline && is_complete && (changes(actions.on_delete) || changes(actions.on_update))
}
