//! What README.md shows compiles, runs, and is true.
#![allow(clippy::print_stdout, clippy::items_after_statements, reason = "the code is README.md's")]

use lenslet::Sources;
use lenslet_migrate::PushOptions;

lenslet_native::include_client!(mod db);
include!(concat!(env!("OUT_DIR"), "/tour.rs"));

const SCHEMA: &str = include_str!(concat!(env!("OUT_DIR"), "/schema.prisma"));

#[tokio::test]
async fn the_tour_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    std::env::set_current_dir(&folder).expect("the folder");
    let schema = lenslet::check(&Sources::single("README.md", SCHEMA)).schema.expect("a schema");
    lenslet_migrate::push("file:dev.db", &schema.catalog, PushOptions::default()).expect("tables");
    tour().await.expect("what README.md shows runs");
}

#[test]
fn the_schema_is_formatted() {
    let sources = Sources::single("README.md", SCHEMA);
    assert_eq!(lenslet::format(&sources), sources);
}

mod build_script {
    #![allow(dead_code, reason = "a build script has its own main")]
    include!(concat!(env!("OUT_DIR"), "/build_script.rs"));
}
