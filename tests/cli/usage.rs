//! Arguments, help, and where the schema is looked for.

use std::process::Stdio;

use crate::project::{Project, Ran, SCHEMA};

#[test]
fn help_is_an_answer_and_lists_every_command() {
    let ran = Project::empty().run(&["--help"]);
    ran.succeeds();
    for word in
        ["gen", "validate", "format", "db", "migrate", "completions", "man", "Database:", "Examples:", "Exit codes"]
    {
        ran.prints(word);
    }
}

#[test]
fn every_command_has_help_with_examples() {
    let commands = "init, doctor, gen, validate, format, db push, db pull, db seed, db execute, migrate dev, migrate reset, \
                    migrate diff, migrate squash, migrate deploy, migrate status, migrate resolve, migrate down, pool, \
                    completions, man";
    for command in commands.split(", ") {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        Project::empty().run(&arguments).succeeds().prints("Examples:").prints(&format!("lenslet {command}"));
    }
}

#[test]
fn examples_fit_a_terminal_of_a_hundred_columns() {
    let mut commands = vec![vec![]];
    let mut seen = 0;
    while let Some(command) = commands.pop() {
        let arguments: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
        let help = Project::empty().run(&arguments).succeeds().stdout.clone();
        assert!(command.len() > 2 || help.contains("Examples:") || command == ["pool", "key"], "{command:?}\n{help}");
        // What was broken goes on at the start of a line, or with a part of a command.
        let (_, examples) = help.split_once("Examples:\n").unwrap_or_default();
        for line in examples.lines().take_while(|line| !line.trim().is_empty()) {
            let is_whole =
                ["  lenslet ", "                ", "  DIRECT_URL", "  man "].iter().any(|it| line.starts_with(it));
            assert!(is_whole && line.len() <= 100, "{command:?}: {line}");
        }
        seen += 1;
        match command.as_slice() {
            [] => commands.extend(TOP.map(|it| vec![it])),
            ["db"] => commands.extend(["push", "pull", "execute", "seed"].map(|it| vec!["db", it])),
            ["migrate"] => commands.extend(MIGRATE.map(|it| vec!["migrate", it])),
            ["pool"] => commands.push(vec!["pool", "key"]),
            ["pool", "key"] => commands.extend(["create", "list", "revoke"].map(|it| vec!["pool", "key", it])),
            _ => {}
        }
    }
    assert_eq!(seen, 27);
}

const TOP: [&str; 10] = ["init", "doctor", "gen", "validate", "format", "db", "migrate", "pool", "completions", "man"];
const MIGRATE: [&str; 8] = ["dev", "reset", "diff", "squash", "deploy", "status", "resolve", "down"];

#[test]
fn commands_of_commands_are_listed_in_groups() {
    let ran = Project::empty().run(&["migrate", "--help"]);
    ran.succeeds().prints("While developing:").prints("In production:").prints("deploy");
    Project::empty().run(&["db", "--help"]).succeeds().prints("push").prints("pull");
    Project::empty().run(&["migrate"]).fails(&["In production:"]);
}

#[test]
fn the_version_is_an_answer() {
    Project::empty().run(&["--version"]).succeeds().prints(env!("CARGO_PKG_VERSION"));
}

#[test]
fn mistakes_in_the_arguments_fail_with_one() {
    let project = Project::empty();
    project.run(&[]).fails(&["Usage"]);
    project.run(&["generat"]).fails(&["generat", "generate"]);
    project.run(&["gen", "--shema", "x"]).fails(&["--shema", "--schema"]);
    project.run(&["db"]).fails(&["push"]);
    project.run(&["validate", "--schema"]).fails(&["--schema"]);
    project.run(&["format", "--stdin", "--schema", "x"]).fails(&["--stdin", "--schema"]);
    project.run(&["validate", "--schema", "-"]).fails(&["`-` does not exist", "`lenslet format --stdin`"]);
}

#[test]
fn without_a_schema_the_places_are_named() {
    for command in ["gen", "validate", "format"] {
        Project::empty().run(&[command]).fails(&["there is no schema here", "prisma/schema.prisma", "--schema"]);
    }
}

#[test]
fn a_missing_schema_is_named() {
    for command in [&["gen"][..], &["validate"], &["format"], &["db", "push"]] {
        let arguments = [command, &["--schema", "nowhere/x.prisma"]].concat();
        Project::empty().run(&arguments).fails(&["`nowhere/x.prisma` does not exist", "help"]);
    }
}

#[test]
fn a_schema_is_found_where_prisma_finds_it() {
    for place in ["schema.prisma", "prisma/schema.prisma", "prisma/schema/main.prisma"] {
        let project = Project::empty();
        project.write(place, SCHEMA);
        project.run(&["validate"]).succeeds().prints("is valid");
    }
}

#[test]
fn the_first_place_wins() {
    let project = Project::with_schema("broken");
    project.write("schema.prisma", SCHEMA);
    project.run(&["validate"]).succeeds().prints("`schema.prisma`");
}

#[test]
fn the_place_that_a_package_names_to_prisma_is_looked_at() {
    let project = Project::with_schema("broken");
    project.write("db/shop.prisma", SCHEMA);
    project.write("package.json", r#"{ "prisma": { "schema": "./db/shop.prisma" } }"#);
    project.run(&["validate"]).succeeds().prints("db/shop.prisma");
    project.write("lenslet.toml", "schema = \"prisma\"\n");
    project.run(&["validate"]).fails(&["prisma/schema.prisma"]);
    project.write("lenslet.toml", "");
    project.write("package.json", r#"{ "prisma": { "schema": "gone.prisma" } }"#);
    project.run(&["validate"]).fails(&["gone.prisma` does not exist"]);
}

#[test]
fn a_folder_without_schema_files_is_named() {
    let project = Project::empty();
    project.write("models/readme.md", "nothing");
    project.run(&["validate", "--schema", "models"]).fails(&["`models` holds no *.prisma file"]);
}

#[test]
fn a_file_that_is_no_text_is_named() {
    let project = Project::empty();
    project.write("schema.prisma", b"model A {\xff}");
    project.run(&["validate"]).fails(&["`schema.prisma` is not UTF-8 text", "byte 9"]);
}

#[test]
fn colours_need_a_terminal_or_force() {
    let project = Project::with_schema("model");
    project.run(&["validate"]).fails(&["error"]);
    let forced = Ran::of(project.command(&["validate"]).env("CLICOLOR_FORCE", "1"));
    assert!(forced.stderr.contains('\u{1b}'), "{}", forced.stderr);
    let refused = Ran::of(project.command(&["validate"]).env("NO_COLOR", "1"));
    assert!(!refused.stderr.contains('\u{1b}'), "{}", refused.stderr);
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let project = Project::with_schema(SCHEMA);
    let mut command = project.command(&["validate", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("lenslet starts");
    drop(child.stdout.take());
    let ran = Ran::of_output(child.wait_with_output().expect("lenslet ends"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_written_is_an_error() {
    let project = Project::with_schema(SCHEMA);
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    Ran::of(project.command(&["validate"]).stdout(full)).fails(&["cannot write to standard output"]);
}

#[test]
fn odd_files_are_refused_with_a_message() {
    let nested = format!("model A {{ id Int @default({}1{}) }}", "[".repeat(20_000), "]".repeat(20_000));
    for text in ["model", "{", "}", "model A {", "\u{feff}model A", "@@", "model \0 {}", "\u{1f980}", &nested] {
        let project = Project::with_schema(text);
        for command in ["validate", "gen", "format"] {
            project.run(&[command]).fails(&["error"]);
        }
    }
}

#[test]
fn a_schema_without_models_is_valid_but_nothing_can_be_generated_without_a_datasource() {
    let project = Project::with_schema("");
    project.run(&["validate"]).succeeds();
    project.run(&["format"]).succeeds();
    project.run(&["gen", "--output", "db"]).fails(&["no datasource", "datasource db {"]);
}

#[test]
fn line_ends_of_other_systems_are_read() {
    let project = Project::with_schema(&SCHEMA.replace('\n', "\r\n"));
    project.run(&["validate"]).succeeds();
}

#[test]
fn empty_paths_are_refused() {
    let project = Project::with_schema(SCHEMA);
    project.run(&["gen", "--output", ""]).fails(&["--output"]);
    project.run(&["gen", "--schema", ""]).fails(&["--schema"]);
    project.run(&["db", "push", "--url", ""]).fails(&["--url"]);
}
