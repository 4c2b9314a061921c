//! What databases can do, and how they spell it: a difference between databases is a row here, or one `match` in a writer.

use lenslet_core::catalog::Provider;

/// The habits of a database.
#[derive(Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Its name in printed plans.
    pub name: &'static str,
    /// What surrounds an identifier.
    pub quote: char,
    /// How a parameter is spelled.
    pub placeholder: Placeholder,
    /// Whether averages and sums of whole numbers are decimals, which are cast to what a client reads.
    pub decimal_aggregates: bool,
    /// How a list is bound as one parameter.
    pub lists: Lists,
    /// How a page of rows is taken for each of many parents, where an index leads to the rows of a parent.
    pub pages: Pages,
    /// Whether relations are joined to the rows that they belong to where nothing is in the way, rather than read by a
    /// statement of their own.
    pub joins: bool,
    /// Whether the statements of relations can find their parents again instead of being handed their keys: a round trip that
    /// is saved is worth more than that.
    pub finds_again: bool,
    /// Whether names are qualified by a schema.
    pub schemas: bool,
    /// Whether `LIKE` minds letters' case, and `ILIKE` does not.
    pub ilike: bool,
    /// Whether `NULLS FIRST` and `NULLS LAST` exist.
    pub nulls_order: bool,
    /// Where nulls stand in an ascending order.
    pub nulls: NullPosition,
    /// How JSON documents are looked into.
    pub json: Json,
    /// Whether columns can hold lists of scalars.
    pub scalar_lists: bool,
    /// How text is searched.
    pub search: Search,
    /// Whether `INSERT`, `UPDATE` and `DELETE` can answer rows.
    pub returning: bool,
    /// What stands for "no limit" where an offset needs one.
    pub no_limit: &'static str,
    /// Whether limits of usual sizes are written into statements. A planner that plans once for all values takes a bound limit
    /// for a part of all rows, and finds planning again each time cheaper than what it expects of that.
    pub written_limits: bool,
    /// How equality that holds between nulls is spelled.
    pub null_safe_equal: &'static str,
    /// How `DEFAULT` values alone are inserted.
    pub default_values: &'static str,
    /// How a row that violates a unique constraint is skipped.
    pub conflicts: Conflicts,
    /// How long the lists of a filter may be in a query that Prisma does not split, which is the number of parameters that
    /// it takes a statement to have. Here a list is one parameter; the limit is kept so that clients of one database are
    /// answered alike.
    pub list_limit: usize,
}

/// How a parameter is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// `?1`
    NumberedQuestion,
    /// `$1`
    Dollar,
    /// `?`
    Question,
}

/// How a list is bound as one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// A table-valued function over a pointer: `rarray(?1)`; lists of tuples as a JSON document: `json_each(?1)`.
    Rarray,
    /// An array: `= ANY($1)`, `UNNEST($1, $2)`.
    Array,
    /// A JSON document: `JSON_TABLE(?, …)`.
    JsonTable,
}

/// How a page of rows is taken for each of many parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// By a sub-select with a limit, once for each parent.
    Correlated,
    /// By a lateral join with a limit.
    Lateral,
    /// By a window function over all rows of all parents.
    Windows,
}

/// Where nulls stand in an ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NullPosition {
    /// Before every value.
    First,
    /// After every value.
    Last,
}

/// How JSON documents are looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Json {
    /// `json_extract`, on text.
    Sqlite,
    /// `#>` and `@>`, on `jsonb`.
    Postgresql,
    /// `JSON_EXTRACT`, on its own type.
    Mysql,
}

/// How text is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Not at all.
    None,
    /// `to_tsvector(…) @@ to_tsquery(…)`
    Tsquery,
    /// `MATCH (…) AGAINST (… IN BOOLEAN MODE)`
    Match,
}

/// How a row that violates a unique constraint is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// `ON CONFLICT …`, after the values.
    OnConflict,
    /// `INSERT IGNORE`, `ON DUPLICATE KEY UPDATE`.
    Ignore,
}

impl Dialect {
    /// SQLite.
    pub const SQLITE: Dialect = Dialect {
        name: "sqlite",
        quote: '"',
        placeholder: Placeholder::NumberedQuestion,
        decimal_aggregates: false,
        lists: Lists::Rarray,
        pages: Pages::Correlated,
        joins: true,
        finds_again: false,
        schemas: false,
        ilike: false,
        nulls_order: true,
        nulls: NullPosition::First,
        json: Json::Sqlite,
        scalar_lists: false,
        search: Search::None,
        returning: true,
        no_limit: "-1",
        written_limits: false,
        null_safe_equal: " IS ",
        default_values: " DEFAULT VALUES",
        conflicts: Conflicts::OnConflict,
        list_limit: 999,
    };
    /// PostgreSQL.
    pub const POSTGRESQL: Dialect = Dialect {
        name: "postgresql",
        quote: '"',
        placeholder: Placeholder::Dollar,
        decimal_aggregates: true,
        lists: Lists::Array,
        pages: Pages::Lateral,
        joins: false,
        finds_again: true,
        schemas: true,
        ilike: true,
        nulls_order: true,
        nulls: NullPosition::Last,
        json: Json::Postgresql,
        scalar_lists: true,
        search: Search::Tsquery,
        returning: true,
        no_limit: "ALL",
        written_limits: true,
        null_safe_equal: " IS NOT DISTINCT FROM ",
        default_values: " DEFAULT VALUES",
        conflicts: Conflicts::OnConflict,
        list_limit: 32_766,
    };
    /// MySQL and MariaDB.
    pub const MYSQL: Dialect = Dialect {
        name: "mysql",
        quote: '`',
        placeholder: Placeholder::Question,
        decimal_aggregates: true,
        lists: Lists::JsonTable,
        // MariaDB has no lateral joins.
        pages: Pages::Windows,
        joins: false,
        finds_again: false,
        schemas: false,
        ilike: false,
        nulls_order: false,
        nulls: NullPosition::First,
        json: Json::Mysql,
        scalar_lists: false,
        search: Search::Match,
        returning: false,
        no_limit: "18446744073709551615",
        written_limits: false,
        null_safe_equal: " <=> ",
        default_values: " () VALUES ()",
        conflicts: Conflicts::Ignore,
        list_limit: 65_535,
    };

    /// The dialect of a schema's database; none where Lenslet does not execute queries.
    pub fn of(provider: Provider) -> Option<&'static Dialect> {
        match provider {
            Provider::Sqlite => Some(&Dialect::SQLITE),
            Provider::Postgresql => Some(&Dialect::POSTGRESQL),
            Provider::Mysql => Some(&Dialect::MYSQL),
            Provider::Cockroachdb | Provider::Sqlserver => None,
        }
    }
}
