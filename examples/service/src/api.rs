//! What can be asked of the service.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Json;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::db::{self, Account, Client, Isolation, Transfer, account, decrement, increment, transfer};
use crate::problem::Problem;

/// How often a transfer is tried that others get in the way of.
const ATTEMPTS: u32 = 10;
const PAGE: u32 = 20;
const LARGEST_PAGE: u32 = 100;

/// Its addresses.
pub(crate) fn routes(client: Client) -> Router {
    Router::new()
        .route("/accounts", post(open))
        .route("/transfers", post(transfer_money).get(transfers))
        .route("/totals", get(totals))
        .with_state(client)
}

#[derive(Deserialize)]
struct Opening {
    owner: String,
    balance: i32,
}

async fn open(State(db): State<Client>, Json(opening): Json<Opening>) -> Result<(StatusCode, Json<Account>), Problem> {
    if opening.balance < 0 {
        return Err(Problem::Request("an account begins with nothing or more"));
    }
    let account =
        db.account().create(account::New { owner: opening.owner }).set(account::balance, opening.balance).await?;
    Ok((StatusCode::CREATED, Json(account)))
}

#[derive(Deserialize)]
struct Order {
    from: i32,
    to: i32,
    amount: i32,
}

/// Reads the balance and writes by what it read: only serializable transactions are safe to do that, and PostgreSQL refuses
/// one of two that get in each other's way. That one is tried again.
async fn transfer_money(
    State(db): State<Client>,
    Json(order): Json<Order>,
) -> Result<(StatusCode, Json<Transfer>), Problem> {
    let Order { from, to, amount } = order;
    if amount <= 0 || from == to {
        return Err(Problem::Request("an amount above zero goes from one account to another"));
    }
    let transaction = db.transaction().isolation(Isolation::Serializable);
    let made = transaction
        .run_with_retry(ATTEMPTS, async move |tx: &Client| {
            let payer = tx.account().find_unique(account::id.eq(from)).await?.ok_or(Problem::NoAccount)?;
            if payer.balance < amount {
                return Err(Problem::TooLittle);
            }
            if tx.account().find_unique(account::id.eq(to)).await?.is_none() {
                return Err(Problem::NoAccount);
            }
            tx.account().update(account::id.eq(from)).set(account::balance, decrement(amount)).await?;
            tx.account().update(account::id.eq(to)).set(account::balance, increment(amount)).await?;
            Ok(tx.transfer().create(transfer::New { amount, from_id: from, to_id: to }).await?)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(made)))
}

#[derive(Deserialize)]
struct Page {
    after: Option<i32>,
    limit: Option<u32>,
}

/// The newest first. The next page begins after the last one of this, however many have come meanwhile.
async fn transfers(State(db): State<Client>, Query(page): Query<Page>) -> Result<Json<Value>, Problem> {
    let limit = page.limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let mut query = db.transfer().find_many().order_by(transfer::id.desc()).take(limit.into());
    if let Some(after) = page.after {
        query = query.cursor(transfer::id.eq(after)).skip(1);
    }
    let found = query.await?;
    let next = found.last().map(|it| it.id).filter(|_| found.len() == limit as usize);
    Ok(Json(json!({ "transfers": found, "next": next })))
}

/// Where SQL is the better language.
async fn totals(State(db): State<Client>) -> Result<Json<Value>, Problem> {
    let least = 0;
    let rows: Vec<(String, i32, i64)> = db
        .query_raw(db::sql!(
            r#"SELECT a.owner, a.balance, count(t.id)
               FROM "Account" a LEFT JOIN "Transfer" t ON a.id IN (t."fromId", t."toId")
               WHERE a.balance >= {} GROUP BY a.id ORDER BY a.owner"#,
            least
        ))
        .await?;
    let total = |(owner, balance, transfers)| json!({ "owner": owner, "balance": balance, "transfers": transfers });
    Ok(Json(rows.into_iter().map(total).collect()))
}
