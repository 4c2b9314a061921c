//! What SQLite does not have: scalar lists, text compared without regard to case, full-text search, more than one schema.

use super::story::Seen;
use chrono::DateTime;
use golden_everything_edge::{Client, Color, native, push, push_all, rt, scalars};
use lenslet_core::{engine::Engine, error::Error};
use serde_json::json;

/// A row of every type.
fn row(text: &str, number: i32) -> scalars::New {
    scalars::New {
        string: text.into(),
        boolean: number > 1,
        int: number,
        big_int: i64::from(number) << 40,
        float: f64::from(number) / 4.0,
        decimal: "12345678901234567890.123456789".parse().unwrap(),
        date_time: DateTime::from_timestamp_millis(1_582_979_696_789).unwrap(),
        json: json!({ "n": number, "list": ["a", null] }),
        bytes: vec![0, 255, 10],
        color: Color::DarkBlue,
        uuid: "0190a9a4-4a3c-7b1e-8d2f-1234567890ab".parse().unwrap(),
    }
}

/// The whole story, on an empty database.
pub(crate) async fn play<E: Engine>(db: &Client<E>) -> Result<Vec<String>, Error> {
    let mut seen = Seen(Vec::new());
    write(db, &mut seen).await?;
    look_into_lists(db, &mut seen).await?;
    search(db, &mut seen).await?;
    fill_lists(db, &mut seen).await?;
    use_another_schema(db, &mut seen).await?;
    Ok(seen.0)
}

async fn write<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let full = db
        .scalars()
        .create(row("A Quick brown Fox", 1))
        .set(scalars::optional_string, "jumps over the lazy dog")
        .set(scalars::optional_decimal, "0.10".parse::<rt::BigDecimal>().unwrap())
        .set(scalars::strings, ["a", "b"])
        .set(scalars::booleans, [true, false])
        .set(scalars::ints, [1, 2, 3])
        .set(scalars::big_ints, [1_i64 << 60])
        .set(scalars::floats, [0.5, -0.25])
        .set(scalars::decimals, ["1.5".parse::<rt::BigDecimal>().unwrap()])
        .set(scalars::date_times, [DateTime::UNIX_EPOCH])
        .set(scalars::jsons, [json!({"a": 1}), json!("x")])
        .set(scalars::byteses, [vec![1_u8, 2], Vec::new()])
        .set(scalars::colors, [Color::Red, Color::DarkBlue])
        .set(scalars::uuids, ["0190a9a4-4a3c-7b1e-8d2f-000000000000".parse::<rt::Uuid>().unwrap()])
        .await?;
    seen.see(&full);
    seen.see(db.scalars().create(row("quick", 2)).await?);
    let pushed = db
        .scalars()
        .update(scalars::id.eq(full.id))
        .set(scalars::strings, push("c"))
        .set(scalars::colors, push(Color::Green))
        .await?;
    seen.see((&pushed.strings, &pushed.colors));
    let replaced = db.scalars().update(scalars::id.eq(full.id)).set(scalars::ints, [7]).await?;
    seen.see(&replaced.ints);
    Ok(())
}

async fn look_into_lists<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let filters = [
        scalars::strings.has("b"),
        scalars::strings.has("z"),
        scalars::strings.has_every(["a", "c"]),
        scalars::strings.has_every(["a", "z"]),
        scalars::strings.has_some(["z", "c"]),
        scalars::strings.is_empty(),
        !scalars::strings.is_empty(),
        scalars::ints.eq([7]),
        scalars::colors.has(Color::Green),
        scalars::uuids.is_empty() & scalars::decimals.is_empty(),
        scalars::decimal.gt("12345678901234567890.1".parse::<rt::BigDecimal>().unwrap()),
        scalars::color.one_of([Color::DarkBlue]) & scalars::boolean.eq(true),
        scalars::big_int.eq(1_i64 << 40),
        scalars::uuid.eq("0190a9a4-4a3c-7b1e-8d2f-1234567890ab".parse::<rt::Uuid>().unwrap()),
        scalars::bytes.eq(vec![0_u8, 255, 10]),
    ];
    for filter in filters {
        seen.see(found(db, filter).await?);
    }
    Ok(())
}

/// Lists of every type: set, appended to, and asked about.
async fn fill_lists<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let id = db.scalars().create(row("lists", 3)).await?.id;
    let update = || db.scalars().update(scalars::id.eq(id));
    macro_rules! try_lists {
        ($($column:ident $one:expr, $other:expr, $third:expr;)*) => {$(
            let column = scalars::$column;
            // Nothing was ever given: there is something to append to nevertheless.
            seen.see(update().set(column, push($one)).select(column).await?);
            seen.see(update().set(column, push_all([$other, $third])).select(column).await?);
            let empty = push_all([$one].into_iter().filter(|_| false));
            seen.see(update().set(column, empty).select(column).await?);
            let filters = [
                column.has($one),
                column.has_every([$one, $third]),
                column.has_some([$other]),
                column.eq([$one, $other, $third]),
                column.eq([$other, $one]),
                column.eq(column) & !column.is_empty(),
                column.has_every_of(column) & column.has_some_of(column),
            ];
            for filter in filters {
                seen.see(db.scalars().count().filter(filter & scalars::id.eq(id)).await?);
            }
            seen.see(update().set(column, [$third, $one]).select(column).await?);
            seen.see(update().set(column, Vec::new()).select(column).await?);
            seen.see(db.scalars().count().filter(column.is_empty() & scalars::id.eq(id)).await?);
        )*};
    }
    let decimal = |text: &str| text.parse::<rt::BigDecimal>().unwrap();
    let uuid = |digit: &str| format!("0190a9a4-4a3c-7b1e-8d2f-00000000000{digit}").parse::<rt::Uuid>().unwrap();
    let moment = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap();
    try_lists! {
        strings "it's", "{\"}", "";
        booleans true, false, true;
        ints 1, -2, 3;
        big_ints 1_i64 << 60, 0_i64, -1_i64;
        floats 0.5, -0.25, 1e300;
        decimals decimal("1.50"), decimal("-3"), decimal("0.001");
        date_times moment(0), moment(-1), moment(1_582_979_696);
        jsons json!({"a": [1]}), json!("x"), json!([1, [2]]);
        byteses vec![1_u8, 0], Vec::<u8>::new(), vec![255_u8];
        colors Color::Red, Color::DarkBlue, Color::Green;
        uuids uuid("1"), uuid("2"), uuid("3");
    }
    // Beside the row's own column that holds one value, which may be null.
    update().set(scalars::ints, [3, 4]).set(scalars::strings, ["a", "lists"]).await?;
    let filters = [
        scalars::ints.has(scalars::int),
        scalars::ints.has(scalars::optional_int),
        scalars::strings.has(scalars::string) & !scalars::strings.has("b"),
        !scalars::strings.has(scalars::optional_string),
        scalars::booleans.has(scalars::boolean) | scalars::colors.has(scalars::color),
    ];
    for filter in filters {
        seen.see(db.scalars().count().filter(filter & scalars::id.eq(id)).await?);
    }
    db.scalars().delete(scalars::id.eq(id)).await?;
    Ok(())
}

async fn search<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let text = scalars::string.insensitive();
    let filters = [
        scalars::string.contains("quick"),
        text.contains("QUICK"),
        text.starts_with("a q"),
        text.ends_with("fox"),
        text.eq("QUICK"),
        text.ne("QUICK"),
        text.one_of(["QUICK", "slow"]),
        text.none_of(["QUICK", "slow"]),
        text.lt("B"),
        text.gte("B"),
        text.gt("QUICK"),
        text.lte("QUICK"),
        scalars::json.at(["list", "0"]).insensitive().string_contains("A"),
        scalars::json.at(["list", "0"]).string_contains("A"),
        scalars::json.at(["list", "0"]).insensitive().string_starts_with("A"),
        scalars::json.at(["list", "0"]).insensitive().string_ends_with("B"),
        scalars::json.at(["list"]).array_contains(json!([null, "a"])),
        scalars::json.at(["list"]).array_starts_with("a") & scalars::json.at(["list"]).array_ends_with(json!(null)),
        scalars::json.at(["n"]).gt(1) & scalars::json.at(["n"]).insensitive().ne(3),
        scalars::string.search("quick & fox"),
        scalars::string.search("quick | fox"),
        scalars::optional_string.search("dogs"),
    ];
    for filter in filters {
        seen.see(found(db, filter).await?);
    }
    Ok(())
}

async fn found<E: Engine>(db: &Client<E>, filter: rt::Filter<scalars::Scalars>) -> Result<Vec<String>, Error> {
    db.scalars().find_many().filter(filter).order_by(scalars::id.asc()).select(scalars::string).await
}

async fn use_another_schema<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let at = DateTime::from_timestamp_millis(1_582_979_696_000).unwrap();
    let new = native::New {
        small: 3,
        oid: 7,
        text: "CITEXT".into(),
        varchar: "v".into(),
        network: "10.0.0.0/8".into(),
        money: "12.5".parse().unwrap(),
        exact: "0.25".parse().unwrap(),
        real: 0.5,
        date: DateTime::UNIX_EPOCH,
        time: DateTime::UNIX_EPOCH,
        stamp: at,
        document: json!([1]),
    };
    seen.see(db.native().create(new).await?);
    seen.see(db.native().find_many().filter(native::text.eq("citext")).select((native::small, native::stamp)).await?);
    Ok(())
}
