//! Made-up schemas of any size, for measurements.

use std::fmt::Write as _;

const HEADER: &str = r#"datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

generator client {
  provider = "lenslet"
  output   = "../db"
}
"#;

/// A schema of that many models. A model has a dozen columns and is the child of an earlier one; every tenth comes with an
/// enum. The text of a model depends on its number alone, so a larger schema begins with the smaller one.
pub(crate) fn text(models: usize) -> String {
    let mut text = HEADER.to_owned();
    for index in 0..models {
        if index % 10 == 0 {
            enumeration(index / 10, &mut text);
        }
        model(index, models, &mut text);
    }
    text
}

fn enumeration(index: usize, text: &mut String) {
    let _ = write!(text, "\nenum State{index} {{\n  DRAFT\n  ACTIVE\n  ARCHIVED @map(\"archived\")\n}}\n");
}

fn model(index: usize, models: usize, text: &mut String) {
    let state = index / 10;
    let _ = write!(
        text,
        "\n/// A made-up record, number {index}.\nmodel Record{index} {{
  id         Int       @id @default(autoincrement())
  slug       String    @unique
  title      String
  body       String?
  views      Int       @default(0)
  score      Float     @default(0)
  size       BigInt    @default(0)
  published  Boolean   @default(false)
  state      State{state} @default(DRAFT)
  labels     String[]
  metadata   Json?
  created_at DateTime  @default(now())
  updated_at DateTime  @updatedAt
"
    );
    if let Some(parent) = parent(index) {
        let _ = writeln!(text, "  parent_id  Int?");
        let _ = writeln!(
            text,
            "  parent     Record{parent}? @relation(\"Tree{index}\", fields: [parent_id], references: [id])"
        );
    }
    for child in [2 * index + 1, 2 * index + 2].into_iter().filter(|child| *child < models) {
        let _ = writeln!(text, "  records{child} Record{child}[] @relation(\"Tree{child}\")");
    }
    let _ = write!(text, "\n  @@index([state, created_at])\n  @@map(\"record_{index}\")\n}}\n");
}

/// Models form a binary tree, so that no model collects relations without bound.
fn parent(index: usize) -> Option<usize> {
    (index > 0).then(|| (index - 1) / 2)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_schema_has_as_many_models_as_asked_for() {
        assert_eq!(text(30).matches("\nmodel ").count(), 30);
        assert_eq!(text(30).matches("\nenum ").count(), 3);
        assert_eq!(text(0).matches("\nmodel ").count(), 0);
    }

    #[test]
    fn every_relation_has_both_sides() {
        let text = text(7);
        for child in 1..7 {
            assert_eq!(text.matches(&format!("\"Tree{child}\"")).count(), 2, "Tree{child}");
        }
    }
}
