//! Which tables, columns, enums and values only get another name: what the arguments say, and what someone at the terminal answers.

use lenslet_core::catalog::Catalog;
use lenslet_migrate::{Rename, ask_renames, renames, turns};
use lenslet_sql::ddl::{DatabaseSchema, Dialect};

use super::error::Error;
use super::terminal;

/// What only gets another name.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Renames {
    /// A table, column, enum or value that only gets another name (User=Person, User.name=fullName, Role.ADMIN=BOSS); may be
    /// repeated
    #[arg(long = "rename", value_name = "OLD=NEW")]
    written: Vec<String>,
}

impl Renames {
    /// The renames on the way from one structure to another. Where nobody can be asked, what looks like a rename is told.
    pub(super) fn decide(
        &self,
        dialect: Dialect,
        from: &DatabaseSchema,
        to: &DatabaseSchema,
        catalog: &Catalog,
    ) -> Result<Vec<Rename>, Error> {
        if !terminal::is_interactive() {
            return self.said(dialect, from, to, catalog);
        }
        let said = renames(&self.written, from, to, catalog).map_err(Error::Rename)?;
        let asked = ask_renames(dialect, from, to, said, |rename| terminal::confirm(&question(rename)));
        asked.map(|renames| with_turns(renames, from, catalog))
    }

    /// The same without asking, also where somebody could be asked.
    pub(super) fn said(
        &self,
        dialect: Dialect,
        from: &DatabaseSchema,
        to: &DatabaseSchema,
        catalog: &Catalog,
    ) -> Result<Vec<Rename>, Error> {
        let said = renames(&self.written, from, to, catalog).map_err(Error::Rename)?;
        let hinted = ask_renames(dialect, from, to, said, |rename| {
            terminal::message(&hint(rename));
            Ok(false)
        });
        hinted.map(|renames| with_turns(renames, from, catalog))
    }
}

/// And join tables that they turn round.
fn with_turns(renames: Vec<Rename>, from: &DatabaseSchema, catalog: &Catalog) -> Vec<Rename> {
    let turns = turns(from, catalog, &renames);
    renames.into_iter().chain(turns).collect()
}

fn question(rename: &Rename) -> String {
    match rename {
        Rename::Table { from, to } => {
            format!("The table `{from}` goes, and one like it, `{to}`, comes. Is it renamed, with its rows?")
        }
        Rename::Column { table, from, to } => {
            format!(
                "The column `{from}` of `{table}` goes, and `{to}`, of its type, comes. Is it renamed, with its values?"
            )
        }
        Rename::Enum { from, to } => {
            format!(
                "The enum `{from}` goes, and one like it, `{to}`, comes. Is it renamed, with the columns of its type?"
            )
        }
        Rename::Variant { of, from, to, .. } => {
            format!("The value `{from}` of `{of}` goes, and `{to}` comes. Is it renamed, in the rows that hold it?")
        }
    }
}

fn hint(rename: &Rename) -> String {
    format!("this looks like a rename: {}; to keep what is in it, say `--rename {rename}`", rename.sentence())
}
