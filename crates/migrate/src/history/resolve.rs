//! Set the record right after something was done by hand.

use super::files::Migration;
use crate::error::Error;
use crate::sqlite::{self, Alone, RecordState, alone, records};

/// Records a migration as applied without running it: a database that was there before its history, or a failed migration
/// that was finished by hand.
pub fn mark_applied(url: &str, migrations: &[Migration], name: &str) -> Result<(), Error> {
    let unknown = || Error::UnknownMigration(name.to_owned());
    let migration = migrations.iter().find(|migration| migration.name == name).ok_or_else(unknown)?;
    let (mut connection, _) = sqlite::open(url)?;
    alone(&mut connection, Alone::STRICT, |transaction| {
        records::create(transaction)?;
        let records = records::read(transaction)?.unwrap_or_default();
        if records.iter().any(|it| it.name == name && it.state == RecordState::Applied) {
            return Err(Error::AlreadyApplied(name.to_owned()));
        }
        records::roll_back(transaction, name)?;
        let id = records::begin(transaction, name, &migration.checksum())?;
        Ok(records::finish(transaction, &id)?)
    })
}

/// Records that nothing is left of what a failed migration did, so that it can be applied again.
pub fn mark_rolled_back(url: &str, name: &str) -> Result<(), Error> {
    let unseen = || Error::NeverApplied(name.to_owned());
    let mut connection = sqlite::open_existing(url)?.ok_or_else(unseen)?;
    alone(&mut connection, Alone::STRICT, |transaction| {
        let records = records::read(transaction)?.unwrap_or_default();
        if !records.iter().any(|it| it.name == name) {
            return Err(unseen());
        }
        match records::roll_back(transaction, name)? {
            0 => Err(Error::NotFailed(name.to_owned())),
            _ => Ok(()),
        }
    })
}
