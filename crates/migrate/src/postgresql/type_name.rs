//! The names of PostgreSQL's types, in Prisma's spelling.

/// The spelling of a live type: its internal name (`int4`) and how PostgreSQL writes it (`character varying(20)`).
pub(super) fn of(internal: &str, spelled: &str) -> String {
    match word(internal) {
        Some(word) => with_arguments(word, arguments(spelled)),
        None => spelled.to_owned(),
    }
}

/// One spelling for all that mean the same: `TIMESTAMP(6)` and `timestamp`, `vector(3)` and `extensions.vector( 3 )`.
pub(crate) fn canonical(name: &str) -> String {
    let lower = name.trim().to_ascii_lowercase();
    let (head, rest) = lower.split_once('(').unwrap_or((&lower, ""));
    let tail = rest.split_once(')').map_or("", |(_, tail)| tail.trim());
    let head = [head.trim(), tail].join(" ");
    let head = head.trim();
    let arguments = arguments(&lower);
    match word(head) {
        Some(word) => with_arguments(word, usual(word, arguments)),
        None => with_arguments(head.rsplit('.').next().unwrap_or(head), arguments),
    }
}

/// What a type has when nothing is said.
fn usual(word: &str, arguments: Option<String>) -> Option<String> {
    let usual = match word {
        "TIMESTAMP" | "TIMESTAMPTZ" | "TIME" | "TIMETZ" => "6",
        "CHAR" | "BIT" => "1",
        _ => "",
    };
    match arguments {
        // A precision without a scale means that there is none.
        Some(it) if word == "DECIMAL" => Some(it.strip_suffix(",0").map(str::to_owned).unwrap_or(it)),
        it => it.filter(|it| it != usual),
    }
}

fn with_arguments(word: &str, arguments: Option<String>) -> String {
    arguments.map_or_else(|| word.to_owned(), |arguments| format!("{word}({arguments})"))
}

/// What stands in parentheses, without spaces.
fn arguments(spelled: &str) -> Option<String> {
    let (_, rest) = spelled.split_once('(')?;
    let (inside, _) = rest.split_once(')')?;
    Some(inside.chars().filter(|it| !it.is_whitespace()).collect())
}

fn word(name: &str) -> Option<&'static str> {
    Some(match name {
        "int2" | "smallint" => "SMALLINT",
        "int4" | "int" | "integer" => "INTEGER",
        "int8" | "bigint" => "BIGINT",
        "float4" | "real" => "REAL",
        "float8" | "double precision" => "DOUBLE PRECISION",
        "numeric" | "decimal" => "DECIMAL",
        "money" => "MONEY",
        "bool" | "boolean" => "BOOLEAN",
        "text" => "TEXT",
        "varchar" | "character varying" => "VARCHAR",
        "bpchar" | "char" | "character" => "CHAR",
        "citext" => "CITEXT",
        "bytea" => "BYTEA",
        "timestamp" | "timestamp without time zone" => "TIMESTAMP",
        "timestamptz" | "timestamp with time zone" => "TIMESTAMPTZ",
        "date" => "DATE",
        "time" | "time without time zone" => "TIME",
        "timetz" | "time with time zone" => "TIMETZ",
        "json" => "JSON",
        "jsonb" => "JSONB",
        "uuid" => "UUID",
        "inet" => "INET",
        "oid" => "OID",
        "xml" => "XML",
        "bit" => "BIT",
        "varbit" | "bit varying" => "VARBIT",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_types_have_prismas_spelling() {
        let cases = [
            ("varchar", "character varying(20)", "VARCHAR(20)"),
            ("numeric", "numeric(65,30)", "DECIMAL(65,30)"),
            ("timestamptz", "timestamp(3) with time zone", "TIMESTAMPTZ(3)"),
            ("vector", "vector(1536)", "vector(1536)"),
            ("int4", "integer", "INTEGER"),
        ];
        for (internal, spelled, expected) in cases {
            assert_eq!(of(internal, spelled), expected);
        }
    }

    #[test]
    fn spellings_of_one_type_are_one() {
        let same = [
            ("TIMESTAMP(6)", "timestamp without time zone"),
            ("timestamp(3) with time zone", "TIMESTAMPTZ(3)"),
            ("CHAR", "character(1)"),
            ("DECIMAL(10)", "numeric(10, 0)"),
            ("VARCHAR( 20 )", "character varying(20)"),
            ("extensions.vector(3)", "vector( 3 )"),
            ("TSVECTOR", "tsvector"),
        ];
        for (a, b) in same {
            assert_eq!(canonical(a), canonical(b));
        }
        assert_ne!(canonical("TIMESTAMP(3)"), canonical("TIMESTAMP"));
        assert_ne!(canonical("DECIMAL"), canonical("DECIMAL(65,30)"));
    }
}
