//! What has no order, and lists, are compared in fewer ways.

use golden_everything_edge as db;
use db::{Color, scalars};

fn main() {
    let _ = scalars::color.lt(Color::Red);
    let _ = scalars::bytes.gte(vec![1_u8]);
    let _ = scalars::ints.ne([1]);
    let _ = scalars::json.one_of([db::rt::Json::Null]);
}
