//! Which tables and columns only get another name: what the arguments say, and what someone at the terminal answers.

use lenslet_core::catalog::Catalog;
use lenslet_migrate::{Rename, ask_renames, renames};
use lenslet_sql::ddl::{DatabaseSchema, Dialect};

use super::error::Error;
use super::terminal;

/// What only gets another name.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Renames {
    /// A table or column that only gets another name (User=Person, User.name=fullName); may be repeated
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
        let said = renames(&self.written, from, to, catalog).map_err(Error::Rename)?;
        ask_renames(dialect, from, to, said, |rename| match terminal::is_interactive() {
            true => terminal::confirm(&question(rename)),
            false => {
                terminal::message(&hint(rename));
                Ok(false)
            }
        })
    }
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
    }
}

fn hint(rename: &Rename) -> String {
    format!("this looks like a rename: {}; to keep what is in it, say `--rename {rename}`", rename.sentence())
}
