//! The names that SQLite columns declare, brought to one spelling.
//!
//! SQLite takes any word for a type. These are the words that mean a type of the schema language.

/// The name that the schema language's type has, where the declared one means the same; else the name as declared.
pub(crate) fn canonical(declared: &str) -> String {
    let declared = declared.trim();
    let lower = declared.to_ascii_lowercase();
    let word = lower.split('(').next().unwrap_or_default().trim();
    match word {
        "int" | "integer" | "int2" | "int4" | "tinyint" | "smallint" | "mediumint" => "INTEGER",
        "bigint" | "int8" | "unsigned big int" => "BIGINT",
        "real" | "double" | "double precision" | "float" => "REAL",
        "decimal" | "numeric" => "DECIMAL",
        "boolean" | "bool" => "BOOLEAN",
        "datetime" | "timestamp" | "date" => "DATETIME",
        "blob" | "binary" | "varbinary" => "BLOB",
        "json" | "jsonb" => "JSONB",
        "text" | "clob" => "TEXT",
        _ if word.contains("char") => "TEXT",
        _ => declared,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn words_of_one_meaning_have_one_spelling() {
        let cases = [
            ("integer", "INTEGER"),
            ("VARCHAR(255)", "TEXT"),
            ("numeric(10, 2)", "DECIMAL"),
            ("Timestamp", "DATETIME"),
            ("unsigned big int", "BIGINT"),
            ("geometry", "geometry"),
            ("", ""),
        ];
        for (declared, expected) in cases {
            assert_eq!(canonical(declared), expected, "{declared}");
        }
    }
}
