//! Every operator of every type that all databases have; rows with keys of several columns that lead to each other.

use super::story::Seen;
use chrono::{DateTime, Utc};
use golden_types_edge::{Client, Mood, decrement, divide, increment, multiply, rt, seat, ticket, value};
use lenslet_core::{engine::Engine, error::Error};
use rt::{BigDecimal, Filter, Json};
use serde_json::json;

/// The whole story, on an empty database.
pub(crate) async fn play<E: Engine>(db: &Client<E>) -> Result<Vec<String>, Error> {
    let mut seen = Seen(Vec::new());
    write(db, &mut seen).await?;
    compare(db, &mut seen).await?;
    compare_without_order(db, &mut seen).await?;
    calculate(db, &mut seen).await?;
    sit(db, &mut seen).await?;
    load(db, &mut seen).await?;
    move_about(db, &mut seen).await?;
    sell(db, &mut seen).await?;
    add_up(db, &mut seen).await?;
    Ok(seen.0)
}

fn decimal(text: &str) -> BigDecimal {
    text.parse().unwrap()
}
fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 123_000_000).unwrap()
}

/// The row of a number; what may be null is absent of the second, and larger in the third.
fn row(id: i32) -> rt::Data<value::Value> {
    let new = |id: i32| value::New {
        id,
        string: format!("text {id}"),
        boolean: id > 1,
        int: id,
        big_int: i64::from(id) << 40,
        float: f64::from(id) / 4.0,
        decimal: decimal(&format!("{id}.25")),
        date_time: moment(i64::from(id) * 86_400),
        json: json!({ "id": id }),
        bytes: vec![0, id as u8],
        mood: if id > 2 { Mood::Wild } else { Mood::Calm },
    };
    let (this, other) = (new(id), if id == 3 { new(4) } else { new(id) });
    let row = rt::IntoData::into_data(this);
    if id == 2 {
        return row;
    }
    row.set(value::maybe_string, other.string)
        .set(value::maybe_boolean, other.boolean)
        .set(value::maybe_int, other.int)
        .set(value::maybe_big_int, other.big_int)
        .set(value::maybe_float, other.float)
        .set(value::maybe_decimal, other.decimal)
        .set(value::maybe_date_time, other.date_time)
        .set(value::maybe_json, other.json)
        .set(value::maybe_bytes, other.bytes)
        .set(value::maybe_mood, other.mood)
}

async fn write<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    seen.see(db.value().create_many([row(1), row(2)]).await?);
    seen.see(db.value().create(row(3)).await?);
    seen.see(db.value().find_many().order_by(value::id.asc()).await?);
    Ok(())
}

async fn ids<E: Engine>(db: &Client<E>, filter: Filter<value::Value>) -> Result<Vec<i32>, Error> {
    db.value().find_many().filter(filter).order_by(value::id.asc()).select(value::id).await
}

/// Tries what can be done with a column whose values have an order, and with its like that may be null.
macro_rules! try_ordered {
    ($db:ident, $seen:ident: $($column:ident $maybe:ident $value:expr;)*) => {$(
        let (column, maybe) = (value::$column, value::$maybe);
        let filters = [
            column.eq($value),
            column.ne($value),
            column.lt($value),
            column.lte($value),
            column.gt($value),
            column.gte($value),
            column.one_of([$value]),
            column.none_of([$value]),
            maybe.eq($value),
            maybe.ne($value),
            maybe.lt($value),
            maybe.lte($value),
            maybe.gt($value),
            maybe.gte($value),
            maybe.one_of([$value]),
            maybe.none_of([$value]),
            maybe.eq(None),
            maybe.ne(None),
            maybe.is_null(),
            maybe.is_not_null(),
            // One column beside another, whichever may be null.
            column.eq(maybe),
            column.ne(maybe),
            column.lt(maybe),
            maybe.lte(column),
            maybe.gt(column),
            maybe.gte(column) & !column.eq($value),
        ];
        for filter in filters {
            $seen.see(ids($db, filter).await?);
        }
        let summary = (column.min(), column.max(), column.count(), maybe.min(), maybe.max(), maybe.count());
        $seen.see($db.value().aggregate(summary).await?);
        let conditions = [
            column.min().eq($value),
            column.min().ne($value),
            column.max().lt($value),
            column.max().lte($value),
            maybe.min().gt($value),
            maybe.max().gte($value),
            column.max().one_of([$value]),
            column.min().none_of([$value]),
            maybe.count().eq(1),
            column.ne($value).into(),
        ];
        for condition in conditions {
            let groups = $db.value().group_by((value::id, column)).having(condition).order_by([column.min().desc()]);
            $seen.see(groups.select((value::id, column, maybe.max())).await?);
        }
        let orders = [maybe.asc().nulls_first(), maybe.desc().nulls_last(), column.desc()];
        for order in orders {
            $seen.see($db.value().find_many().order_by(order).select((value::id, column, maybe)).await?);
        }
        $seen.see($db.value().find_many().distinct(maybe).order_by(value::id.asc()).select(value::id).await?);
    )*};
}

async fn compare<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    try_ordered! { db, seen:
        string maybe_string "text 2";
        int maybe_int 2;
        big_int maybe_big_int 2_i64 << 40;
        float maybe_float 0.5;
        decimal maybe_decimal decimal("2.25");
        date_time maybe_date_time moment(2 * 86_400);
    }
    let text = [
        value::string.contains(value::maybe_string),
        value::maybe_string.starts_with(value::string),
        value::maybe_string.ends_with(value::string),
        value::maybe_string.ends_with("4"),
        Filter::none() | value::int.eq(1) | value::maybe_int.eq(4),
        Filter::none(),
    ];
    for filter in text {
        seen.see(ids(db, filter).await?);
    }
    Ok(())
}

async fn compare_without_order<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let document = json!({ "id": 2 });
    let filters = [
        value::boolean.eq(true),
        value::boolean.ne(true),
        value::boolean.one_of([false]),
        value::boolean.eq(value::maybe_boolean),
        value::maybe_boolean.none_of([false]),
        value::maybe_boolean.is_null(),
        value::bytes.eq([0_u8, 2].as_slice()),
        value::bytes.ne(vec![0, 2]),
        value::bytes.one_of([vec![0, 1], vec![0, 3]]),
        value::bytes.none_of([vec![0, 1]]),
        value::bytes.eq(value::maybe_bytes),
        value::maybe_bytes.eq([0_u8, 4].as_slice()),
        value::maybe_bytes.is_null(),
        value::mood.eq(Mood::Wild),
        value::mood.ne(Mood::Wild),
        value::mood.one_of([Mood::Calm, Mood::Wild]),
        value::mood.none_of([Mood::Calm]),
        value::mood.eq(value::maybe_mood),
        value::maybe_mood.ne(Mood::Wild),
        value::maybe_mood.eq(None),
        value::json.eq(document.clone()),
        value::json.ne(document),
        value::json.at(["id"]).gte(2),
        value::maybe_json.at(["id"]).eq(4),
        value::maybe_json.is_null(),
    ];
    for filter in filters {
        seen.see(ids(db, filter).await?);
    }
    seen.see(db.value().aggregate((value::mood.min(), value::maybe_mood.max(), value::boolean.count())).await?);
    let groups = db.value().group_by((value::mood, value::boolean)).select((value::mood, value::boolean, rt::count()));
    seen.see(groups.order_by([rt::count().desc(), value::boolean.asc(), value::mood.asc()]).await?);

    // A document that is null, and no document.
    let second = || value::id.eq(2);
    db.value().update(second()).set(value::maybe_json, Json::Null).set(value::json, Json::Null).await?;
    seen.see(ids(db, value::maybe_json.is_null()).await?);
    seen.see(ids(db, value::maybe_json.eq(Json::Null)).await?);
    seen.see(ids(db, value::maybe_json.is_null() | value::maybe_json.eq(Json::Null)).await?);
    seen.see(ids(db, value::json.eq(Json::Null)).await?);
    seen.see(db.value().update(second()).set(value::maybe_json, None).select((value::json, value::maybe_json)).await?);
    Ok(())
}

/// Calculates in the database with a column, with its like that holds a value, and with one that holds none.
macro_rules! try_numbers {
    ($db:ident, $seen:ident: $($column:ident $maybe:ident $value:expr, $average:expr;)*) => {$(
        let (column, maybe) = (value::$column, value::$maybe);
        for id in [1, 2] {
            let update = || $db.value().update(value::id.eq(id));
            $seen.see(update().set(column, increment($value)).set(maybe, increment($value)).select((column, maybe)).await?);
            $seen.see(update().set(column, multiply($value)).set(maybe, multiply($value)).select((column, maybe)).await?);
            $seen.see(update().set(column, decrement($value)).set(maybe, decrement($value)).select((column, maybe)).await?);
            $seen.see(update().set(column, divide($value)).set(maybe, divide($value)).select((column, maybe)).await?);
        }
        $seen.see($db.value().aggregate((column.sum(), column.avg(), maybe.sum(), maybe.avg())).filter(value::id.lt(3)).await?);
        let groups = $db.value().group_by(value::mood).having(column.sum().gt($value) & column.avg().lt($average));
        $seen.see(groups.order_by([column.avg().desc(), column.sum().asc()]).select((value::mood, maybe.sum())).await?);
    )*};
}

async fn calculate<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    try_numbers! { db, seen:
        int maybe_int 3, 2.5;
        big_int maybe_big_int 3_i64, 1e15;
        float maybe_float 2.0, 0.5;
        decimal maybe_decimal decimal("2"), decimal("2.5");
    }
    Ok(())
}

fn places(rows: &[(&str, i32)]) -> Vec<Filter<seat::Seat, rt::Unique>> {
    rows.iter().map(|(row, number)| seat::row_number.eq((*row, *number))).collect()
}

/// Two rows of three seats; whoever sits in the second row sees the first.
async fn sit<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    for row in ["a", "b"] {
        for number in 1..=3 {
            let mut new =
                rt::IntoData::into_data(seat::New { row: row.into(), number, code: format!("{row}{number}") })
                    .set(seat::count, number % 2);
            if number > 1 {
                new = new.with(seat::beside.connect(seat::row_number.eq((row, number - 1))));
            }
            if row == "b" {
                new = new.with(seat::sees.connect(places(&[("a", 1), ("a", 2), ("a", 3)])));
            }
            let made = db.seat().create(new).include(seat::sees.count()).include(seat::beside).await?;
            seen.see((&made.code, made.beside().map(|it| &it.code), made.count(seat::sees)));
        }
    }
    Ok(())
}

async fn load<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let one = seat::row_number.eq(("b", 2));
    seen.see(db.seat().find_unique(one.clone()).select((seat::code, seat::count)).await?);
    seen.see(db.seat().find_unique(one.clone() & seat::count.eq(1)).await?.is_none());
    seen.see(db.seat().find_unique_or_throw(seat::code.eq("a3")).select(seat::number).await?);

    // Pages from a key of two columns, both ways.
    for take in [2, -2] {
        let page = db.seat().find_many().order_by([seat::row.asc(), seat::number.asc()]).cursor(one.clone());
        seen.see(page.take(take).select(seat::code).await?);
    }
    // What can be asked of loaded rows, each.
    let by_number = seat::sees.order_by(seat::number.asc());
    let loaded = [
        by_number.clone().take(-2),
        by_number.clone().take(2).skip(1),
        by_number.clone().cursor(seat::row_number.eq(("a", 2))),
        by_number.clone().cursor(seat::row_number.eq(("a", 2))).take(-2),
        by_number.clone().distinct(seat::count),
        by_number.clone().distinct((seat::row, seat::count)).take(1),
        by_number.distinct(seat::row).filter(seat::count.eq(0)),
        seat::sees.order_by([seat::count.desc(), seat::number.desc()]).take(2),
        seat::sees.order_by(seat::beside.order(seat::code.asc().nulls_first())).skip(1),
        seat::sees.order_by([seat::seen_by.count_desc(), seat::number.desc()]),
    ];
    for sees in loaded {
        let rows = db.seat().find_many().filter(seat::row.eq("b")).order_by(seat::number.desc()).include(sees).await?;
        let codes = |row: &seat::Seat<_>| row.sees().iter().map(|it| it.code.clone()).collect::<Vec<_>>();
        seen.see(rows.iter().map(codes).collect::<Vec<_>>());
    }
    // Of a relation that may lead nowhere: only where it fulfils a filter.
    let rows = db.seat().find_many().order_by(seat::code.asc()).include(seat::beside.filter(seat::count.eq(1))).await?;
    seen.see(rows.iter().map(|it| it.beside().map(|it| &it.code)).collect::<Vec<_>>());

    // Numbers of rows beside rows, at any depth.
    let rows = db
        .seat()
        .find_many()
        .filter(seat::number.lte(2))
        .order_by(seat::code.asc())
        .include(seat::sees.filter(seat::number.gt(1) & seat::besides.some(seat::count.eq(1))).count())
        .include(
            seat::seen_by
                .order_by(seat::number.asc())
                .include(seat::sees.count())
                .include(seat::besides.filter(seat::count.eq(1)).count()),
        )
        .include(seat::besides.count())
        .await?;
    for row in &rows {
        let seen_by = row.seen_by().iter().map(|it| (it.count(seat::sees), it.count(seat::besides)));
        seen.see((&row.code, row.count, row.count(seat::sees), row.count(seat::besides), seen_by.collect::<Vec<_>>()));
    }
    seen.see(serde_json::to_string(&rows.last()).unwrap());
    let counts = (seat::code, seat::besides.count(), seat::sees.select((seat::code, seat::seen_by.count())));
    seen.see(db.seat().find_many().filter(seat::code.eq("b1")).select(counts).await?);

    let filters = [
        seat::beside.is(seat::beside.is_null()),
        seat::beside.is_not(seat::count.eq(1)),
        seat::besides.none(Filter::all()),
        seat::sees.every(seat::seen_by.some(seat::code.eq("b2"))) & seat::sees.some(Filter::all()),
    ];
    for filter in filters {
        seen.see(db.seat().find_many().filter(filter).order_by(seat::code.asc()).select(seat::code).await?);
    }
    Ok(())
}

/// Writes through a relation of one seat, and looks at the seat.
async fn change<E: Engine, R: rt::Relation<From = seat::Seat>>(
    db: &Client<E>,
    seen: &mut Seen,
    through: rt::Through<R>,
) -> Result<(), Error> {
    let change = db.seat().update(seat::row_number.eq(("b", 2))).with(through);
    let change = change.include(seat::sees.order_by(seat::code.asc())).include(seat::beside);
    match change.include(seat::besides.order_by(seat::code.asc())).await {
        Ok(it) => seen.see((
            it.sees().iter().map(|it| (&it.code, it.count)).collect::<Vec<_>>(),
            it.beside().map(|it| (&it.code, it.count)),
            it.besides().iter().map(|it| &it.code).collect::<Vec<_>>(),
        )),
        Err(error) => seen.see((error.kind(), error.get("cause"))),
    }
    Ok(())
}

async fn move_about<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let one = || seat::row_number.eq(("b", 2));
    let new = |number: i32| seat::New { row: "c".into(), number, code: format!("c{number}") };
    let sees = [
        seat::sees.disconnect(places(&[("a", 1), ("a", 3)])),
        seat::sees.set(places(&[("b", 1), ("b", 2)])),
        seat::sees.set([]),
        seat::sees.connect_or_create(seat::code.eq("c1"), new(1)),
        seat::sees.connect_or_create(seat::code.eq("c1"), new(1)),
        seat::sees.create([
            rt::IntoData::into_data(new(2)).with(seat::beside.connect_or_create(seat::code.eq("c3"), new(3)))
        ]),
        seat::sees.update(seat::code.eq("c1"), |it| it.set(seat::count, increment(5))),
        seat::sees.upsert(seat::code.eq("c1"), new(9), |it| it.set(seat::count, multiply(2))),
        seat::sees.upsert(seat::code.eq("c4"), new(4), |it| it.set(seat::count, 100)),
        seat::sees.update_many(seat::count.lt(10), |it| it.set(seat::count, 7)),
        seat::sees.delete(places(&[("c", 4)])),
        seat::sees.delete_many(seat::number.eq(2)),
    ];
    for through in sees {
        change(db, seen, through).await?;
    }
    let beside = [
        seat::beside.disconnect_one(),
        seat::beside.connect(seat::code.eq("c1")),
        // Only where the row fulfils more: this one does not, the next one does.
        seat::beside.filter(seat::count.eq(0)).update_one(|it| it.set(seat::count, 0)),
        seat::beside.filter(seat::count.gt(0)).update_one(|it| it.set(seat::count, 0)),
        seat::beside.filter(seat::count.eq(3)).disconnect_one(),
        seat::beside.filter(seat::count.eq(0)).disconnect_one(),
        seat::beside.upsert_one(new(5), |it| it.set(seat::count, 1)),
        seat::beside.filter(seat::count.eq(0)).upsert_one(new(6), |it| it.set(seat::count, 55)),
        seat::beside.filter(seat::count.eq(3)).delete_one(),
        seat::beside.filter(seat::count.eq(55)).delete_one(),
    ];
    for through in beside {
        change(db, seen, through).await?;
    }
    change(db, seen, seat::besides.set(places(&[("a", 3)]))).await?;
    // Rows that are there already are left out, or fail.
    let again = || [seat::New { row: "e".into(), ..new(1) }, new(7)];
    let many = db.seat().update(one()).with(seat::besides.create_many(again()).skip_duplicates());
    let many = many.include(seat::besides.order_by(seat::code.asc())).await?;
    seen.see(many.besides().iter().map(|it| &it.code).collect::<Vec<_>>());
    seen.fails(db.seat().update(one()).with(seat::besides.create_many(again())).await);
    // The same relation several times in one write.
    let twice = db
        .seat()
        .update(seat::code.eq("c7"))
        .with(seat::besides.connect_or_create(seat::code.eq("c8"), new(8)))
        .with(seat::besides.connect_or_create(seat::code.eq("c1"), new(1)))
        .with(seat::besides.create([new(9)]))
        .include(seat::besides.order_by(seat::code.asc()));
    seen.see(twice.await?.besides().iter().map(|it| it.code.clone()).collect::<Vec<_>>());

    // Where nothing but the row's own columns decides, the database does it in one statement.
    for count in [1, 2] {
        let upsert = db
            .seat()
            .upsert(seat::row_number.eq(("d", 1)), seat::New { row: "d".into(), number: 1, code: "d1".into() });
        let row = upsert.or_update(|it| it.set(seat::count, increment(count)));
        seen.see(row.select((seat::code, seat::count)).await?);
    }
    seen.see(db.seat().delete(seat::row_number.eq(("d", 1))).select(seat::code).await?);
    seen.fails(db.seat().delete(seat::row_number.eq(("d", 1))).await);
    Ok(())
}

/// Rows whose only key has two columns.
async fn sell<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    let new = |row: &str, number: i32| ticket::New { row: row.to_owned(), number };
    let tickets = [new("a", 1), new("a", 2), new("a", 3), new("b", 1)];
    seen.see(db.ticket().create_many_and_return(tickets).include(ticket::seat).await?.len());
    let one = || ticket::row_number.eq(("a", 2));
    seen.see(db.ticket().find_unique(one()).await?);
    seen.see(db.ticket().update(one()).set(ticket::guest, "Ada").include(ticket::seat).await?.seat().code.clone());
    for take in [2, -2] {
        let page = db.ticket().find_many().order_by([ticket::row.asc(), ticket::number.asc()]).cursor(one());
        seen.see(page.take(take).skip(1).select((ticket::row, ticket::number)).await?);
    }
    let sold = db.seat().find_many().filter(seat::ticket.is(ticket::guest.is_null())).order_by(seat::code.asc());
    seen.see(sold.select((seat::code, seat::ticket.select(ticket::guest))).await?);
    for guest in ["Bob", "Eve"] {
        let upsert = db.ticket().upsert(ticket::row_number.eq(("b", 3)), new("b", 3));
        seen.see(upsert.or_update(|it| it.set(ticket::guest, guest)).await?);
    }
    // Only while nobody else has changed it.
    let unsold = || ticket::row_number.eq(("b", 1)) & ticket::guest.is_null();
    seen.see(db.ticket().update(unsold()).set(ticket::guest, "Max").await?.guest);
    seen.fails(db.ticket().update(unsold()).set(ticket::guest, "Zoe").await);
    seen.see(db.ticket().update_many().filter(ticket::row.eq("a")).set(ticket::guest, None).limit(2).await?);
    seen.see(db.ticket().delete_many().filter(ticket::row.eq("a")).limit(2).await?);
    seen.see(db.ticket().count().await?);
    Ok(())
}

/// Sums of integers are exact, or refused where they have no place in 64 bits; over pages and groups, too.
async fn add_up<E: Engine>(db: &Client<E>, seen: &mut Seen) -> Result<(), Error> {
    db.value().delete_many().await?;
    for (id, large) in [(1, i64::MAX), (2, i64::MAX), (3, -1)] {
        db.value().create(row(id).set(value::big_int, large).set(value::int, i32::MAX)).await?;
    }
    let sums = || db.value().aggregate((value::big_int.sum(), value::int.sum()));
    let shown = || (value::mood, value::big_int.sum(), value::int.sum());
    let groups = || db.value().group_by(value::mood).select(shown());
    let having = |condition| db.value().group_by(value::mood).having(condition).select(shown());
    seen.see(sums().filter(value::id.gt(1)).await?);
    seen.see(sums().order_by(value::id.asc()).skip(1).take(2).await?);
    seen.see(sums().order_by(value::id.asc()).take(-2).await?);
    seen.see(having(value::big_int.sum().gt(0)).filter(value::id.gt(1)).await?);
    seen.see(groups().filter(value::id.gt(1)).order_by(value::big_int.sum().desc()).take(1).await?);
    seen.fails(sums().await);
    seen.fails(sums().filter(value::id.lt(3)).await);
    seen.fails(sums().order_by(value::id.asc()).take(2).await);
    seen.fails(sums().order_by(value::id.desc()).skip(1).take(2).await);
    seen.fails(groups().await);
    let condition = value::int.sum().gt(0) & value::id.count().gt(1);
    seen.fails(having(condition).order_by(value::mood.asc()).take(1).await);
    seen.fails(groups().order_by(value::big_int.sum().desc()).skip(1).take(1).await);
    // Nothing is left of it where it went along with others.
    seen.fails(db.batch((db.value().update_many().set(value::int, 1), sums())).await.map(drop));
    seen.see(db.value().aggregate(value::int.sum()).await?);
    Ok(())
}
