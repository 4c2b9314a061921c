//! Bring a database to what a schema says, without a history of migrations.

use crate::database::{Database, drop_everything};
use crate::describe::describe;
use crate::diff::{Rename, Risk, diff, unknown_variants};
use crate::error::{Error, Findings};
use crate::findings;
use crate::session::{Session, Strictness};
use lenslet_core::catalog::Catalog;
use lenslet_sql::ddl::{Change, DatabaseSchema, Dialect, script};
use std::fmt;

/// What a push may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PushOptions {
    /// Lose rows and values where the schema no longer has a place for them.
    pub accept_data_loss: bool,
    /// Drop everything first, rows included.
    pub force_reset: bool,
}

/// What a push did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pushed {
    /// Whether the database was not there before.
    pub created_database: bool,
    /// What was executed, in order. Empty when the database was in sync.
    pub statements: Vec<String>,
    /// What was lost.
    pub losses: Vec<Finding>,
}

impl Pushed {
    /// Whether there was nothing to do.
    pub fn was_in_sync(&self) -> bool {
        self.statements.is_empty()
    }
}

/// A risk that the rows of the database make real.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What is at risk.
    pub risk: Risk,
    /// How many rows it concerns.
    pub rows: u64,
}

impl Finding {
    /// What to do about it, where that is not plain.
    fn next_step(&self) -> String {
        let (name, old) = match &self.risk {
            Risk::DropVariants { name, variants, .. } => {
                (name.to_string(), variants.first().map_or("OLD", String::as_str))
            }
            Risk::UnknownVariants { name, .. } => (name.clone(), "OLD"),
            Risk::ForbidNull { .. } => return "; give them a value first, or the column a `@default`".to_owned(),
            _ => return String::new(),
        };
        format!("; give them another value first, or say how it is called now (--rename {name}.{old}=NEW)")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.risk {
            Risk::DropTable { .. } => "lost",
            Risk::DropColumn { .. } => "with a value in it, which is lost",
            Risk::ChangeType { .. } => "with a value in it, which may not be readable afterwards",
            Risk::DropVariants { .. } => "with one of them",
            Risk::AddRequiredColumn { .. } => "without a value for it",
            Risk::ForbidNull { .. } => "with a null in it",
            Risk::UnknownVariants { .. } => "with another text in it",
            Risk::AddUnique { .. } => "that another one equals",
        };
        let rows = if self.rows == 1 { "row" } else { "rows" };
        write!(f, "{}: {} {rows} {what}{}", self.risk, self.rows, self.next_step())
    }
}

/// Brings the database behind a URL to what the schema says. Creates the database if it is not there; changes nothing
/// when it is in sync; changes all or nothing. Relative paths are relative to the working directory.
///
/// # Errors
/// When the change would lose what may not be lost, or the database fails.
pub fn push(url: &str, catalog: &Catalog, options: PushOptions) -> Result<Pushed, Error> {
    describe(catalog)?;
    let (mut database, created_database) = Database::create(url)?;
    Ok(Pushed { created_database, ..database.push(catalog, options)? })
}

impl Database {
    /// Brings the database to what the schema says, all or nothing.
    ///
    /// # Errors
    /// When the change would lose what may not be lost, or the database fails.
    pub fn push(&mut self, catalog: &Catalog, options: PushOptions) -> Result<Pushed, Error> {
        self.push_renamed(catalog, options, &[])
    }

    /// The same, where some tables and columns only get another name. After a reset there is nothing to rename.
    ///
    /// # Errors
    /// When the change would lose what may not be lost, or the database fails.
    pub fn push_renamed(
        &mut self,
        catalog: &Catalog,
        options: PushOptions,
        renames: &[Rename],
    ) -> Result<Pushed, Error> {
        let target = describe(catalog)?;
        let namespaces: Vec<_> = catalog.schemas.iter().map(ToString::to_string).collect();
        let renames = if options.force_reset { &[] } else { renames };
        self.alone(Strictness::Lenient, |session| bring(session, &namespaces, catalog, &target, options, renames))
    }
}

fn bring(
    session: &mut dyn Session,
    namespaces: &[String],
    catalog: &Catalog,
    target: &DatabaseSchema,
    options: PushOptions,
    renames: &[Rename],
) -> Result<Pushed, Error> {
    let mut statements = if options.force_reset { drop_everything(session, namespaces)? } else { Vec::new() };
    if !renames.is_empty() {
        let changes: Vec<_> = renames.iter().map(Rename::change).collect();
        statements.extend(run(session, &changes)?);
        if session.dialect() == Dialect::Sqlite {
            // Tables that are built again get their names back beside views on them.
            session.run("PRAGMA legacy_alter_table=on")?;
        }
    }
    // Read again: triggers and views follow a rename, too.
    let found = session.describe(namespaces)?;
    let difference = diff(session.dialect(), &found, target).filling();
    let mut risks = difference.risks;
    risks.extend(unknown_variants(session.dialect(), &found, catalog, &[]));
    let losses = permit(findings::find(session, risks)?, options)?;
    statements.extend(run(session, &difference.changes)?);
    Ok(Pushed { created_database: false, statements, losses })
}

/// Makes changes, and gives the statements that did it.
fn run(session: &mut dyn Session, changes: &[Change]) -> Result<Vec<String>, Error> {
    let script = script(session.dialect(), changes);
    for statement in script.statements() {
        let refused = |source| Error::Statement { statement: statement.to_owned(), source };
        session.run(statement).map_err(refused)?;
    }
    Ok(script.statements().map(str::to_owned).collect())
}

/// Losses that are accepted.
fn permit(findings: Vec<Finding>, options: PushOptions) -> Result<Vec<Finding>, Error> {
    let (prohibitive, losses): (Vec<_>, Vec<_>) = findings.into_iter().partition(|it| it.risk.is_prohibitive());
    if !prohibitive.is_empty() {
        return Err(Error::Impossible(Findings(prohibitive)));
    }
    if !losses.is_empty() && !options.accept_data_loss {
        return Err(Error::DataLoss(Findings(losses)));
    }
    Ok(losses)
}
