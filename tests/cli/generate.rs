//! `lenslet gen`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::project::{Project, SCHEMA, broken_schema};

#[test]
fn the_client_is_written_where_the_block_says() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["gen"]).succeeds().prints("db");
    assert!(project.read("db/Cargo.toml").contains("lenslet-native"));
    assert!(project.exists("db/src/lib.rs"));
}

#[test]
#[cfg(unix)]
fn a_folder_that_is_a_link_is_left_through_where_it_leads() {
    let project = Project::empty();
    project.write("elsewhere/deep/schema.prisma", SCHEMA);
    std::os::unix::fs::symlink("elsewhere/deep", project.path("prisma")).expect("a link");
    project.run(&["gen"]).succeeds().prints("`prisma/../db`");
    assert!(project.exists("elsewhere/db/src/lib.rs") && !project.exists("db"));
}

#[test]
fn json_says_what_was_written() {
    let project = Project::with_schema(SCHEMA);
    let ran = project.run(&["gen", "--json"]);
    let client = &ran.succeeds().json()["clients"][0];
    assert_eq!(client["output"], "db");
    assert!(client["changed"].as_array().expect("a list").contains(&"db/src/user.rs".into()), "{client}");
    project.write("prisma/schema.prisma", broken_schema());
    let error = project.run(&["gen", "--json"]).fails(&["schema.prisma:19"]).json()["error"].clone();
    assert_eq!((&error["code"], &error["diagnostics"][0]["line"]), (&"P1012".into(), &19.into()));
    project.run(&["gen", "--json", "--schema", "no"]).fails(&["`no`"]);
}

#[test]
fn generate_is_the_same_command() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["generate"]).succeeds();
    assert!(project.exists("db/src/lib.rs"));
}

#[test]
fn flags_beat_the_block() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["gen", "--output", "elsewhere", "--no-engine"]).succeeds();
    assert!(project.read("elsewhere/Cargo.toml").contains("lenslet-edge"));
    assert!(!project.exists("db"));
}

#[test]
fn the_block_chooses_the_engine() {
    let project = Project::with_schema(&SCHEMA.replace("\"../db\"", "\"../db\"\n  engine   = \"none\""));
    project.run(&["gen"]).succeeds();
    assert!(project.read("db/Cargo.toml").contains("lenslet-edge"));
}

#[test]
fn an_unknown_engine_is_an_error() {
    let project = Project::with_schema(&SCHEMA.replace("\"../db\"", "\"../db\"\n  engine   = \"binary\""));
    project.run(&["gen"]).fails(&["`client`", "prisma/schema.prisma", "\"native\"", "\"none\""]);
}

#[test]
fn blocks_of_other_providers_are_left_alone() {
    let other = "generator js {\n  provider = \"prisma-client-js\"\n  output   = \"../js\"\n}\n";
    let project = Project::with_schema(&format!("{SCHEMA}\n{other}"));
    project.run(&["gen"]).succeeds();
    assert!(project.exists("db") && !project.exists("js"));
}

#[test]
fn without_a_block_it_is_written_out() {
    let schema = SCHEMA.replace("provider = \"lenslet\"", "provider = \"prisma-client-js\"");
    let project = Project::with_schema(&schema);
    project.run(&["gen"]).fails(&["prisma/schema.prisma", "generator client {", "provider = \"lenslet\"", "--output"]);
    project.run(&["gen", "--output", "db"]).succeeds();
    assert!(project.exists("db/src/lib.rs"));
}

#[test]
fn a_block_without_output_says_what_to_add() {
    let project = Project::with_schema(&SCHEMA.replace("  output   = \"../db\"\n", ""));
    project.run(&["gen"]).fails(&["`client`", "output", "\"../db\""]);
}

#[test]
fn an_output_from_the_environment_is_refused() {
    let project = Project::with_schema(&SCHEMA.replace("\"../db\"", "env(\"OUT\")"));
    project.run(&["gen"]).fails(&["`client`", "output"]);
}

#[test]
fn several_blocks_make_several_clients() {
    let second = "generator edge {\n  provider = \"lenslet\"\n  output   = \"../edge\"\n  engine   = \"none\"\n}\n";
    let project = Project::with_schema(&format!("{SCHEMA}\n{second}"));
    project.run(&["gen", "--output", "x"]).fails(&["client", "edge", "--generator"]);
    project.run(&["gen", "--generator", "nobody"]).fails(&["`nobody`"]);
    project.run(&["gen", "--generator", "edge", "--output", "x"]).succeeds();
    assert!(project.exists("x") && !project.exists("db"));
    project.run(&["gen"]).succeeds();
    assert!(project.exists("db") && project.exists("edge"));
}

#[test]
fn the_output_is_relative_to_the_file_with_the_block() {
    let project = Project::empty();
    let (config, models) = SCHEMA.split_at(SCHEMA.find("model User").expect("a model"));
    project.write("schema/config/main.prisma", config);
    project.write("schema/models.prisma", models);
    project.run(&["gen", "--schema", "schema"]).succeeds();
    assert!(project.exists("schema/db/src/lib.rs"));
}

#[test]
fn a_refused_schema_changes_nothing() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["gen"]).succeeds();
    let before = project.read("db/src/lib.rs");
    project.write("prisma/schema.prisma", broken_schema());
    project.run(&["gen"]).fails(&["prisma/schema.prisma:19"]);
    assert_eq!(project.read("db/src/lib.rs"), before);
}

#[test]
fn unchanged_files_are_not_touched_and_stale_ones_go() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["gen"]).succeeds();
    let modified = |name: &str| fs::metadata(project.path(name)).and_then(|it| it.modified()).expect("a time");
    let before = modified("db/src/user.rs");
    project.run(&["gen"]).succeeds();
    assert_eq!(modified("db/src/user.rs"), before);

    let schema = SCHEMA.replace("  posts Post[]\n", "");
    project.write("prisma/schema.prisma", &schema[..schema.find("model Post").expect("a model")]);
    project.run(&["gen"]).succeeds();
    assert!(!project.exists("db/src/post.rs"));
}

#[test]
fn files_of_others_in_the_output_are_left_alone() {
    let project = Project::with_schema(SCHEMA);
    project.write("db/src/mine.rs", "// mine");
    project.write("db/README.md", "mine");
    let _ = project.run(&["gen"]);
    assert_eq!(project.read("db/src/mine.rs"), "// mine");
    assert_eq!(project.read("db/README.md"), "mine");
}

#[test]
fn an_output_that_is_a_file_is_an_error() {
    let project = Project::with_schema(SCHEMA);
    project.write("db", "a file");
    project.run(&["gen"]).fails(&["db"]);
    assert_eq!(project.read("db"), "a file");
}

#[test]
fn neither_a_database_nor_an_environment_is_needed() {
    let project = Project::with_schema(SCHEMA);
    project.write(".env", "this is no environment file");
    project.run(&["gen"]).succeeds();
}

/// Ends `lenslet` also when a test fails.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn watching_survives_errors_and_generates_at_every_change() {
    let project = Project::with_schema(SCHEMA);
    let mut command = project.command(&["gen", "--watch"]);
    let mut child = Watching(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("lenslet starts"));
    let (sender, lines) = mpsc::channel();
    let streams: [Box<dyn std::io::Read + Send>; 2] =
        [Box::new(child.0.stdout.take().expect("piped")), Box::new(child.0.stderr.take().expect("piped"))];
    for stream in streams {
        let sender = sender.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
    }
    let wait_for = |piece: &str| loop {
        let line = lines.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("no `{piece}`"));
        if line.contains(piece) {
            return;
        }
    };
    wait_for("Generated");
    project.write("prisma/schema.prisma", broken_schema());
    wait_for("1 error");
    project.write("prisma/schema.prisma", SCHEMA.replace("model Post", "model Note").replace("Post[]", "Note[]"));
    wait_for("Generated");
    assert!(project.exists("db/src/note.rs") && !project.exists("db/src/post.rs"));
}

/// A schema whose client takes many files.
#[cfg(unix)]
fn models(field: &str) -> String {
    let model = |at: usize| format!("model M{at:03} {{\n  id Int @id\n  {field} String\n}}\n");
    let head = SCHEMA.split("model User").next().expect("a beginning").to_owned();
    (0..100).fold(head, |text, at| text + &model(at))
}

/// What the files of the client are: those of the models all with the one field or all with the other, and nothing beside.
#[cfg(unix)]
#[track_caller]
fn check_whole(project: &Project, fields: [&str; 2]) -> usize {
    let entries = fs::read_dir(project.path("db/src")).expect("the client").map(|it| it.expect("an entry").file_name());
    let names: Vec<_> = entries.map(|it| it.to_string_lossy().into_owned()).collect();
    assert_eq!(names.iter().filter(|it| !it.ends_with(".rs")).collect::<Vec<_>>(), Vec::<&String>::new());
    let has = |field: &str| {
        let texts = (0..100).map(|at| project.read(&format!("db/src/m{at:03}.rs")));
        texts.filter(|text| text.contains(&format!("pub {field}: String"))).count()
    };
    let counts = fields.map(has);
    assert!(counts == [100, 0] || counts == [0, 100], "{counts:?}");
    usize::from(counts == [0, 100])
}

#[cfg(unix)]
fn send(signal: &str, to: u32) {
    let sent = std::process::Command::new("kill").args([signal, &to.to_string()]).status();
    assert!(sent.expect("`kill` runs").success());
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_leaves_whole_files() {
    use std::os::unix::process::ExitStatusExt as _;
    let project = Project::with_schema(&models("before"));
    project.run(&["gen"]).succeeds();
    project.write("prisma/schema.prisma", models("after"));
    let started = std::time::Instant::now();
    project.run(&["gen", "--output", "elsewhere"]).succeeds();
    let usual = started.elapsed();
    let mut seen = [0, 0];
    for part in 0..14_u32 {
        let mut child = project.command(&["gen"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        std::thread::sleep(usual * part / 12);
        send(if part % 2 == 0 { "-INT" } else { "-TERM" }, child.id());
        let status = child.wait().expect("it ends");
        assert!(status.success() || matches!(status.signal(), Some(2 | 15)), "{status}");
        seen[check_whole(&project, ["before", "after"])] += 1;
        // And back.
        if seen[1] > 0 {
            project.write("prisma/schema.prisma", models("before"));
            project.run(&["gen"]).succeeds();
            project.write("prisma/schema.prisma", models("after"));
        }
    }
    assert!(seen[0] > 0, "the first are interrupted at once");
}

/// It stands still in the middle: one of the files to be written is a pipe that nobody reads.
#[test]
#[cfg(unix)]
fn an_interrupt_waits_until_files_are_replaced() {
    use std::os::unix::process::ExitStatusExt as _;
    let project = Project::with_schema(&models("before"));
    project.run(&["gen"]).succeeds();
    project.write("prisma/schema.prisma", models("after"));
    let mut child = project.command(&["gen"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let pipe = project.path(&format!("db/src/m050.lenslet-{}", child.id()));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("`mkfifo` runs").success(), "before the client was written");
    let first = project.path(&format!("db/src/m000.lenslet-{}", child.id()));
    while !first.exists() {
        assert_eq!(child.try_wait().expect("its state"), None, "it comes as far as that");
        std::thread::sleep(Duration::from_millis(1));
    }
    send("-INT", child.id());
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(child.try_wait().expect("its state"), None, "it goes on");
    let text = fs::read_to_string(&pipe).expect("what it writes there");
    assert!(text.contains("pub after: String"));
    assert_eq!(child.wait().expect("it ends").signal(), Some(2), "as it was told");
    fs::remove_file(project.path("db/src/m050.rs")).expect("the pipe");
    project.write("db/src/m050.rs", text);
    assert_eq!(check_whole(&project, ["before", "after"]), 1);
}
