//! Rows, pages, relations.

use crate::blog::{
    Blog, ID, NAME, POST, POST_AUTHOR, POST_TAGS, POST_VIEWS, TAG, USER, USER_POSTS, ask, blog, blog_with, by, columns,
    execute, filtered, find, is, related,
};
use lenslet_core::query::{Arguments, Compare, Condition, FieldId, Operator, Quantifier, Query, Selected, Sort};
use lenslet_native::{Execute, Value};

async fn check(blog: &Blog, query: Query, cells: &str, expected: &str) {
    assert_eq!(ask(&blog.engine, query, cells).await.unwrap(), expected);
}

fn page(take: Option<i64>, skip: Option<i64>) -> Arguments {
    Arguments { order: by(ID, Sort::Asc), take, skip, ..Arguments::default() }
}

#[tokio::test]
async fn pages_of_rows() {
    let blog = blog();
    let ids = |arguments| find(POST, arguments, vec![columns(&[ID])]);
    check(&blog, ids(page(None, None)), "i", "[1; 2; 3; 4]").await;
    check(&blog, ids(page(Some(2), Some(1))), "i", "[2; 3]").await;
    check(&blog, ids(page(Some(-2), None)), "i", "[3; 4]").await;
    check(&blog, ids(page(Some(-2), Some(1))), "i", "[2; 3]").await;
    check(&blog, ids(page(None, Some(3))), "i", "[4]").await;
    check(&blog, ids(page(Some(0), None)), "i", "[]").await;
}

#[tokio::test]
async fn cursors_include_their_row_and_mind_nulls() {
    let blog = blog();
    for (sort, from, expected) in [
        (Sort::Asc, 2, "[2; 4; 1; 3]"),
        (Sort::Asc, 1, "[1; 3]"),
        (Sort::Desc, 1, "[1; 4; 2]"),
        (Sort::Desc, 2, "[2]"),
        (Sort::Asc, 99, "[]"),
    ] {
        let arguments = Arguments {
            order: by(POST_VIEWS, sort),
            cursor: Some(Box::new(is(ID, Value::Int(from)))),
            ..Arguments::default()
        };
        check(&blog, find(POST, arguments, vec![columns(&[ID])]), "i", expected).await;
    }
}

#[tokio::test]
async fn distinct_keeps_the_first_of_each() {
    let blog = blog();
    let arguments = Arguments { order: by(ID, Sort::Desc), distinct: vec![FieldId::at(3)], ..Arguments::default() };
    check(&blog, find(POST, arguments, vec![columns(&[ID])]), "i", "[4; 3]").await;
}

#[tokio::test]
async fn relations_below_relations() {
    let blog = blog();
    let tags =
        related(POST_TAGS, Arguments { order: by(NAME, Sort::Asc), ..Arguments::default() }, vec![columns(&[NAME])]);
    let posts = related(USER_POSTS, page(None, None), vec![columns(&[NAME]), tags]);
    let query = find(USER, page(None, None), vec![columns(&[NAME]), posts]);
    check(&blog, query, "t(t(t))", "[ada [a1 [blue; red]; a2 []; a3 [red]]; bob [b1 []]; eve []]").await;
}

#[tokio::test]
async fn a_row_is_shared_by_those_that_refer_to_it() {
    let blog = blog();
    let posts = related(USER_POSTS, page(Some(1), None), vec![columns(&[ID])]);
    let author = related(POST_AUTHOR, Arguments::default(), vec![columns(&[NAME]), posts]);
    let query = find(POST, page(None, None), vec![columns(&[ID]), author]);
    let expected = "[1 [ada [1]]; 2 [ada [1]]; 3 [ada [1]]; 4 [bob [4]]]";
    check(&blog, query, "i(t(i))", expected).await;
}

#[tokio::test]
async fn rows_are_joined_where_nothing_is_in_the_way() {
    let blog = blog();
    let author = || related(POST_AUTHOR, Arguments::default(), vec![columns(&[NAME])]);
    let query = find(POST, page(Some(3), Some(1)), vec![author(), columns(&[ID]), author()]);
    check(&blog, query, "(t)i(t)", "[[ada] 2 [ada]; [ada] 3 [ada]; [bob] 4 [bob]]").await;

    // Users without posts, first, in between and last; and posts of which a filter leaves some.
    blog.engine.execute(execute("INSERT INTO users VALUES (0, 'zoe'), (9, 'max')")).await.unwrap();
    let posts = |arguments| related(USER_POSTS, arguments, vec![columns(&[ID, NAME])]);
    let users = |selection| find(USER, Arguments::default(), selection);
    let query = users(vec![columns(&[ID]), posts(Arguments::default())]);
    check(&blog, query, "i(it)", "[0 []; 1 [1 a1; 2 a2; 3 a3]; 2 [4 b1]; 3 []; 9 []]").await;
    let query = users(vec![columns(&[ID]), posts(filtered(is(NAME, Value::Text("a2".into()))))]);
    check(&blog, query, "i(it)", "[0 []; 1 [2 a2]; 2 []; 3 []; 9 []]").await;
    // Cells after the rows of a relation to many, and a limit: not in one statement.
    let query = users(vec![posts(Arguments::default()), columns(&[ID])]);
    check(&blog, query, "(it)i", "[[] 0; [1 a1; 2 a2; 3 a3] 1; [4 b1] 2; [] 3; [] 9]").await;
    let query = find(USER, page(Some(2), None), vec![columns(&[ID]), posts(Arguments::default())]);
    check(&blog, query, "i(it)", "[0 []; 1 [1 a1; 2 a2; 3 a3]]").await;
}

#[tokio::test]
async fn a_page_of_each_parent() {
    for indexed in [true, false] {
        let blog = blog_with("", indexed);
        for (take, skip, expected) in [
            (Some(2), None, "[1 [1; 2]; 2 [4]; 3 []]"),
            (Some(2), Some(1), "[1 [2; 3]; 2 []; 3 []]"),
            (Some(-1), None, "[1 [3]; 2 [4]; 3 []]"),
            (Some(-2), None, "[1 [2; 3]; 2 [4]; 3 []]"),
            (None, Some(2), "[1 [3]; 2 []; 3 []]"),
        ] {
            let posts = related(USER_POSTS, page(take, skip), vec![columns(&[ID])]);
            let query = find(USER, page(None, None), vec![columns(&[ID]), posts]);
            check(&blog, query, "i(i)", expected).await;
        }
    }
}

#[tokio::test]
async fn a_cursor_among_the_rows_of_one_parent() {
    for indexed in [true, false] {
        let blog = blog_with("", indexed);
        let mut arguments = page(Some(2), None);
        arguments.cursor = Some(Box::new(is(ID, Value::Int(2))));
        let posts = related(USER_POSTS, arguments.clone(), vec![columns(&[ID])]);
        let query = find(USER, page(None, None), vec![columns(&[ID]), posts]);
        check(&blog, query, "i(i)", "[1 [2; 3]; 2 []; 3 []]").await;

        arguments.cursor = Some(Box::new(is(ID, Value::Int(1))));
        let posts = related(FieldId::at(2), arguments, vec![columns(&[ID])]);
        let query = find(TAG, page(None, None), vec![columns(&[ID]), posts]);
        check(&blog, query, "i(i)", "[1 [1; 3]; 2 [1]]").await;
    }
}

#[tokio::test]
async fn distinct_rows_of_each_parent() {
    let blog = blog();
    let arguments = Arguments { distinct: vec![FieldId::at(3)], ..page(Some(5), None) };
    let posts = related(USER_POSTS, arguments, vec![columns(&[ID])]);
    let query = find(USER, page(None, None), vec![columns(&[ID]), posts]);
    check(&blog, query, "i(i)", "[1 [1]; 2 [4]; 3 []]").await;
}

#[tokio::test]
async fn conditions_on_relations() {
    let blog = blog();
    let views = |operator, value| Condition::Compare(Compare::new(POST_VIEWS, operator, Value::Int(value)));
    for (quantifier, condition, expected) in [
        (Quantifier::Some, views(Operator::Gt, 5), "[1]"),
        (Quantifier::Every, views(Operator::Gt, 5), "[1; 3]"),
        (Quantifier::None, views(Operator::Gt, 5), "[2; 3]"),
        (Quantifier::Some, Condition::All(vec![]), "[1; 2]"),
        (Quantifier::None, Condition::All(vec![]), "[3]"),
    ] {
        let filter = Condition::Related(USER_POSTS, quantifier, Box::new(condition));
        let arguments = Arguments { filter: Some(filter), ..page(None, None) };
        check(&blog, find(USER, arguments, vec![columns(&[ID])]), "i", expected).await;
    }
}

#[tokio::test]
async fn lists_are_one_parameter() {
    let blog = blog();
    let among = |operator, ids: Vec<i64>| {
        let list = Value::List(ids.into_iter().map(Value::Int).collect());
        find(POST, filtered(Condition::Compare(Compare::new(ID, operator, list))), vec![columns(&[ID])])
    };
    check(&blog, among(Operator::In, vec![]), "i", "[]").await;
    check(&blog, among(Operator::In, vec![3, 1, 7]), "i", "[1; 3]").await;
    check(&blog, among(Operator::NotIn, vec![]), "i", "[1; 2; 3; 4]").await;
    check(&blog, among(Operator::NotIn, (2..100_000).collect()), "i", "[1]").await;
}

#[tokio::test]
async fn counts_of_relations() {
    let blog = blog();
    let counts = Selected::RelationCounts(vec![(USER_POSTS, None), (USER_POSTS, Some(is(POST_VIEWS, Value::Int(10))))]);
    let query = find(USER, page(None, None), vec![columns(&[ID]), counts]);
    check(&blog, query, "iii", "[1 3 1; 2 1 0; 3 0 0]").await;
}
