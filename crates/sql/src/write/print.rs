//! Plans of writes as text, for people and snapshots.

use super::{Answer, Check, Failure, InsertRows, Run, Step, Target, Test, WritePlan};
use lenslet_core::catalog::Catalog;
use std::fmt;

impl WritePlan {
    pub(crate) fn print(&self, catalog: &Catalog, sink: &mut impl fmt::Write) -> fmt::Result {
        if let Some(plan) = &self.at_once {
            writeln!(sink, "at once")?;
            plan.print(catalog, sink)?;
            writeln!(sink, "or")?;
        }
        if let Answer::Before(level) = &self.answer {
            writeln!(sink, "answer")?;
            level.print(catalog, 1, sink)?;
        }
        steps(&self.steps, catalog, 0, sink)?;
        match &self.answer {
            Answer::Before(_) => Ok(()),
            Answer::Count => writeln!(sink, "answer: the count"),
            Answer::Returned(level) => {
                writeln!(sink, "answer: the rows given back")?;
                level.print(catalog, 1, sink)
            }
            Answer::Held(register, level) => {
                writeln!(sink, "answer: the rows of {register}")?;
                level.print(catalog, 1, sink)
            }
            Answer::After(level) => {
                writeln!(sink, "answer{}", if self.required { ", or P2025" } else { "" })?;
                level.print(catalog, 1, sink)
            }
        }
    }
}

fn steps(list: &[Step], catalog: &Catalog, depth: usize, sink: &mut impl fmt::Write) -> fmt::Result {
    let indent = depth * 2;
    for step in list {
        match step {
            Step::Run(it) => run(it, catalog, depth, sink)?,
            Step::Insert(it) => insert(it, catalog, depth, sink)?,
            Step::Fail(failure) => writeln!(sink, "{:indent$}fail: {failure}", "")?,
            Step::Branch { test, then, otherwise } => {
                writeln!(sink, "{:indent$}if {test}", "")?;
                steps(then, catalog, depth + 1, sink)?;
                if !otherwise.is_empty() {
                    writeln!(sink, "{:indent$}else", "")?;
                    steps(otherwise, catalog, depth + 1, sink)?;
                }
            }
        }
    }
    Ok(())
}

fn run(run: &Run, catalog: &Catalog, depth: usize, sink: &mut impl fmt::Write) -> fmt::Result {
    let indent = depth * 2;
    if let Some(register) = run.each {
        writeln!(sink, "{:indent$}each {register}:", "")?;
    }
    run.statement.print(catalog, depth, sink)?;
    target(run.into, depth, sink)?;
    match &run.check {
        Some((check, failure)) => writeln!(sink, "{:indent$}  {check}, or {failure}", ""),
        None => Ok(()),
    }
}

fn insert(insert: &InsertRows, catalog: &Catalog, depth: usize, sink: &mut impl fmt::Write) -> fmt::Result {
    let indent = depth * 2;
    writeln!(sink, "{:indent$}rows of parameter {}", "", insert.list)?;
    for variant in &insert.variants {
        if !variant.lacks.is_empty() {
            writeln!(sink, "{:indent$}those without {:?}", "", variant.lacks)?;
        }
        writeln!(sink, "{:indent$}{}…{}", "", variant.head, variant.tail)?;
        for cell in &variant.cells {
            let bind = cell.bind.print(catalog);
            match cell.given {
                Some(field) => writeln!(sink, "{:indent$}  ← field {field}, or {bind}", "")?,
                None => writeln!(sink, "{:indent$}  ← {bind}", "")?,
            }
        }
        if let Some(statement) = &variant.lists {
            writeln!(sink, "{:indent$}or a list a column", "")?;
            statement.print(catalog, depth, sink)?;
        }
    }
    target(insert.into, depth, sink)
}

fn target(target: Target, depth: usize, sink: &mut impl fmt::Write) -> fmt::Result {
    let indent = depth * 2;
    match target {
        Target::Nothing => Ok(()),
        Target::Register(register) => writeln!(sink, "{:indent$}  into {register}", ""),
        Target::Answer => writeln!(sink, "{:indent$}  into the answer", ""),
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Test::Found(register) => write!(f, "{register} has a row"),
            Test::Equal(pairs) => {
                for (at, (one, other)) in pairs.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { " and " })?;
                    write!(f, "parameter {one} = parameter {other}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Check::Some => f.write_str("a row"),
            Check::None => f.write_str("no row"),
            Check::Selected(selectors) => write!(f, "a row for each of {} selectors", selectors.len()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind().code())
    }
}
