//! What each database can hold: a row of a table a database, so that no rule asks which one it is.

use lenslet_core::catalog::{IndexAlgorithm, Provider, ReferentialAction};

use super::native_type::{self, NativeType};

/// A database, as far as a schema is concerned.
#[derive(Debug)]
pub(crate) struct Connector {
    /// As the datasource and messages name it.
    pub(crate) name: &'static str,
    pub(crate) provider: Option<Provider>,
    /// The longest name of a constraint.
    pub(crate) max_identifier: usize,
    pub(crate) native_types: &'static [NativeType],
    pub(crate) foreign_key_actions: &'static [ReferentialAction],
    pub(crate) emulated_actions: &'static [ReferentialAction],
    pub(crate) algorithms: &'static [IndexAlgorithm],
    /// Within which constraints must not share a name.
    pub(crate) scopes: &'static [Scope],
    pub(crate) can: Capabilities,
}

/// What a database can do.
#[derive(Debug)]
pub(crate) struct Capabilities {
    pub(crate) autoincrement: Autoincrement,
    pub(crate) clustering: bool,
    pub(crate) composite_types: bool,
    pub(crate) decimal: bool,
    pub(crate) enums: bool,
    pub(crate) fulltext: bool,
    pub(crate) index_length: bool,
    pub(crate) json: bool,
    /// Lists of scalars and enums.
    pub(crate) lists: bool,
    pub(crate) named_defaults: bool,
    pub(crate) named_foreign_keys: bool,
    pub(crate) named_primary_keys: bool,
    pub(crate) operator_classes: bool,
    pub(crate) partial_indexes: bool,
    pub(crate) primary_key_sort: bool,
    /// `fields` may follow the order of another unique than `references` does.
    pub(crate) references_in_any_order: bool,
    pub(crate) schemas: bool,
    pub(crate) sequences: bool,
    pub(crate) json_key: bool,
    /// Several paths of cascading actions may lead from one table to another.
    pub(crate) cascade_cycles: bool,
}

/// Where the database can count up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Autoincrement {
    pub(crate) multiple: bool,
    pub(crate) outside_of_id: bool,
    pub(crate) without_index: bool,
}

/// Constraints that must not share a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Indexes and uniques of a schema.
    GlobalKeyIndex,
    /// Foreign keys of a schema.
    GlobalForeignKey,
    /// Primary keys, uniques and indexes of a schema.
    GlobalPrimaryKeyKeyIndex,
    /// Primary keys, foreign keys and defaults of a schema.
    GlobalPrimaryKeyForeignKeyDefault,
    /// Uniques and indexes of a table.
    ModelKeyIndex,
    /// Primary key, uniques and indexes of a table.
    ModelPrimaryKeyKeyIndex,
    /// Primary key, uniques, indexes and foreign keys of a table.
    ModelPrimaryKeyKeyIndexForeignKey,
}

/// The connector that a datasource's `provider` names.
pub(crate) fn find(provider: &str) -> Option<&'static Connector> {
    Some(match provider {
        "sqlite" => &SQLITE,
        "postgresql" | "postgres" => &POSTGRESQL,
        "mysql" => &MYSQL,
        "cockroachdb" => &COCKROACHDB,
        "sqlserver" => &SQLSERVER,
        "mongodb" => &MONGODB,
        _ => return None,
    })
}

/// The names that `provider` may have.
pub(crate) const NAMES: [&str; 5] = ["sqlite", "postgresql", "mysql", "cockroachdb", "sqlserver"];

use IndexAlgorithm::{BTree, Brin, Gin, Gist, Hash, SpGist};
use ReferentialAction::{Cascade, NoAction, Restrict, SetDefault, SetNull};

const ANYWHERE: Autoincrement = Autoincrement { multiple: true, outside_of_id: true, without_index: true };

static SQLITE: Connector = Connector {
    name: "sqlite",
    provider: Some(Provider::Sqlite),
    max_identifier: 10_000,
    native_types: &[],
    foreign_key_actions: &[Cascade, Restrict, NoAction, SetNull, SetDefault],
    emulated_actions: &[Cascade, Restrict, SetNull],
    algorithms: &[BTree],
    scopes: &[Scope::GlobalKeyIndex],
    can: Capabilities {
        autoincrement: Autoincrement { multiple: false, outside_of_id: false, without_index: false },
        clustering: false,
        composite_types: false,
        decimal: true,
        enums: true,
        fulltext: false,
        index_length: false,
        json: true,
        lists: false,
        named_defaults: false,
        named_foreign_keys: false,
        named_primary_keys: false,
        operator_classes: false,
        partial_indexes: true,
        primary_key_sort: false,
        references_in_any_order: true,
        schemas: false,
        sequences: false,
        json_key: true,
        cascade_cycles: true,
    },
};

static POSTGRESQL: Connector = Connector {
    name: "postgresql",
    provider: Some(Provider::Postgresql),
    max_identifier: 63,
    native_types: native_type::POSTGRESQL,
    foreign_key_actions: &[Cascade, Restrict, NoAction, SetNull, SetDefault],
    emulated_actions: &[Cascade, Restrict, SetNull],
    algorithms: &[BTree, Hash, Gist, Gin, SpGist, Brin],
    scopes: &[Scope::GlobalPrimaryKeyKeyIndex, Scope::ModelPrimaryKeyKeyIndexForeignKey],
    can: Capabilities {
        autoincrement: ANYWHERE,
        clustering: false,
        composite_types: false,
        decimal: true,
        enums: true,
        fulltext: false,
        index_length: false,
        json: true,
        lists: true,
        named_defaults: false,
        named_foreign_keys: true,
        named_primary_keys: true,
        operator_classes: true,
        partial_indexes: true,
        primary_key_sort: false,
        references_in_any_order: true,
        schemas: true,
        sequences: false,
        json_key: true,
        cascade_cycles: true,
    },
};

static MYSQL: Connector = Connector {
    name: "mysql",
    provider: Some(Provider::Mysql),
    max_identifier: 64,
    native_types: native_type::MYSQL,
    foreign_key_actions: &[Cascade, Restrict, NoAction, SetNull, SetDefault],
    emulated_actions: &[Cascade, Restrict, NoAction, SetNull],
    algorithms: &[BTree],
    scopes: &[Scope::GlobalForeignKey, Scope::ModelKeyIndex],
    can: Capabilities {
        autoincrement: Autoincrement { multiple: false, outside_of_id: true, without_index: false },
        clustering: false,
        composite_types: false,
        decimal: true,
        enums: true,
        fulltext: true,
        index_length: true,
        json: true,
        lists: false,
        named_defaults: false,
        named_foreign_keys: true,
        named_primary_keys: false,
        operator_classes: false,
        partial_indexes: false,
        primary_key_sort: false,
        references_in_any_order: false,
        schemas: false,
        sequences: false,
        json_key: false,
        cascade_cycles: true,
    },
};

static COCKROACHDB: Connector = Connector {
    name: "cockroachdb",
    provider: Some(Provider::Cockroachdb),
    max_identifier: 63,
    native_types: native_type::COCKROACHDB,
    foreign_key_actions: &[Cascade, Restrict, NoAction, SetNull, SetDefault],
    emulated_actions: &[Cascade, Restrict, NoAction, SetNull],
    algorithms: &[BTree, Gin],
    scopes: &[Scope::ModelPrimaryKeyKeyIndexForeignKey],
    can: Capabilities {
        autoincrement: ANYWHERE,
        clustering: false,
        composite_types: false,
        decimal: true,
        enums: true,
        fulltext: false,
        index_length: false,
        json: true,
        lists: true,
        named_defaults: false,
        named_foreign_keys: true,
        named_primary_keys: true,
        operator_classes: false,
        partial_indexes: true,
        primary_key_sort: false,
        references_in_any_order: true,
        schemas: true,
        sequences: true,
        json_key: false,
        cascade_cycles: true,
    },
};

static SQLSERVER: Connector = Connector {
    name: "sqlserver",
    provider: Some(Provider::Sqlserver),
    max_identifier: 128,
    native_types: native_type::SQLSERVER,
    foreign_key_actions: &[Cascade, NoAction, SetNull, SetDefault],
    emulated_actions: &[Cascade, Restrict, NoAction, SetNull],
    algorithms: &[BTree],
    scopes: &[Scope::GlobalPrimaryKeyForeignKeyDefault, Scope::ModelPrimaryKeyKeyIndex],
    can: Capabilities {
        autoincrement: Autoincrement { multiple: false, outside_of_id: true, without_index: true },
        clustering: true,
        composite_types: false,
        decimal: true,
        enums: false,
        fulltext: false,
        index_length: false,
        json: false,
        lists: false,
        named_defaults: true,
        named_foreign_keys: true,
        named_primary_keys: true,
        operator_classes: false,
        partial_indexes: true,
        primary_key_sort: true,
        references_in_any_order: false,
        schemas: true,
        sequences: false,
        json_key: true,
        cascade_cycles: false,
    },
};

/// Read, so that it can be refused by one message.
static MONGODB: Connector = Connector { name: "mongodb", ..ANY };

/// A schema without a datasource: what some database can hold is not refused.
pub(crate) static NONE: Connector = ANY;

const ANY: Connector = Connector {
    name: "none",
    provider: None,
    max_identifier: usize::MAX,
    native_types: &[],
    foreign_key_actions: &[Cascade, Restrict, NoAction, SetNull, SetDefault],
    emulated_actions: &[Cascade, Restrict, NoAction, SetNull],
    algorithms: &[BTree, Hash, Gist, Gin, SpGist, Brin],
    scopes: &[],
    can: Capabilities {
        autoincrement: ANYWHERE,
        clustering: true,
        composite_types: true,
        decimal: false,
        enums: true,
        fulltext: true,
        index_length: true,
        json: true,
        lists: true,
        named_defaults: true,
        named_foreign_keys: true,
        named_primary_keys: true,
        operator_classes: true,
        partial_indexes: true,
        primary_key_sort: true,
        references_in_any_order: true,
        schemas: true,
        sequences: true,
        json_key: true,
        cascade_cycles: true,
    },
};
