//! What someone is told whose arguments are not understood.

use crate::project::Project;

#[track_caller]
fn check(arguments: &[&str], hint: &str) {
    Project::empty().run(arguments).fails(&[hint]);
}

#[test]
fn commands_that_are_elsewhere() {
    check(&["introspect"], "`lenslet db pull`");
    check(&["push", "--url", "file:dev.db"], "`lenslet db push --url file:dev.db`");
    check(&["fmt", "--check"], "`lenslet format --check`");
    check(&["migrate", "up"], "`lenslet migrate deploy`");
    check(&["migrate", "create", "--name", "a b"], "`lenslet migrate dev --create-only --name 'a b'`");
    check(&["db", "migrate", "--name", "x"], "`lenslet migrate dev --name x`");
}

#[test]
fn commands_that_there_are_none_of() {
    check(&["studio"], "any program for it");
    check(&["version"], "`lenslet --version`");
    check(&["-v"], "`lenslet --version`");
    check(&["db", "drop"], "`lenslet migrate reset`");
    check(&["migrate", "redo"], "`lenslet migrate down`");
    check(&["accelerate"], "`lenslet pool`");
    check(&["pool", "start", "--listen", "127.0.0.1:1"], "`lenslet pool --listen 127.0.0.1:1`");
    check(&["pool", "key", "rm", "worker"], "`lenslet pool key revoke worker`");
}

#[test]
fn words_without_their_flag() {
    check(&["migrate", "dev", "add posts"], "`lenslet migrate dev --name 'add posts'`");
    check(
        &["migrate", "dev", "add", "posts", "--create-only"],
        "`lenslet migrate dev --name 'add posts' --create-only`",
    );
    check(&["validate", "prisma/models"], "`lenslet validate --schema prisma/models`");
    check(&["gen", "x.prisma", "--no-engine"], "`lenslet gen --schema x.prisma --no-engine`");
    check(&["generate", "edge"], "`lenslet generate --generator edge`");
    check(&["db", "pull", "file:dev.db"], "`lenslet db pull --url file:dev.db`");
    check(&["db", "execute", "fix.sql"], "`lenslet db execute --file fix.sql`");
    check(&["migrate", "resolve", "20260101000000_x"], "`lenslet migrate resolve --applied 20260101000000_x`");
    check(&["init", "postgresql"], "`lenslet init --provider postgresql`");
    check(&["init", "worker"], "`lenslet init --template worker`");
    check(&["init", "postgresql://h/x"], "`lenslet init --url postgresql://h/x`");
    check(&["format", "-"], "`lenslet format --stdin`");
    check(&["man", "pages"], "`lenslet man --out pages`");
}

#[test]
fn passwords_are_not_repeated() {
    for arguments in [
        &["db", "pull", "postgresql://ada:hunter2@h/x"][..],
        &["push", "--url", "postgresql://ada:hunter2@h/x"],
        &["db", "--url=postgresql://ada:hunter2@h/x"],
        &["gen", "--nope=https://pool/?api_key=hunter2"],
        &["migrate", "dev", "https://pool/?api_key=hunter2"],
        &["init", "--provider", "postgresql://ada:hunter2@h/x"],
        &["postgresql://ada:hunter2@h/x"],
    ] {
        let ran = Project::empty().run(arguments);
        ran.fails(&["error"]);
        assert!(!ran.stderr.contains("hunter2"), "{arguments:?}: {}", ran.stderr);
    }
    check(&["db", "pull", "postgresql://ada:hunter2@h/x"], "`lenslet db pull --url 'postgresql://ada:***@h/x'`");
}

#[test]
fn flags_of_other_commands() {
    check(&["db", "push", "--force"], "`--accept-data-loss`");
    check(&["migrate", "deploy", "--force"], "it never asks");
    check(&["migrate", "reset", "-y"], "`--force`");
    check(&["pool", "--port", "4466"], "`--listen ADDRESS:PORT`");
    check(&["migrate", "diff", "--from-local-d1"], "`.wrangler/state`");
    check(&["init", "--output", "../gen"], "generator block");
    check(&["init", "--with-model"], "leave it out");
}

#[test]
fn flags_before_their_command() {
    check(&["migrate", "--name", "x"], "`lenslet migrate dev --name x`");
    check(&["--schema", "x.prisma", "gen", "--watch"], "`lenslet gen --watch --schema x.prisma`");
    check(&["db", "--accept-data-loss"], "`lenslet db push --accept-data-loss`");
    check(&["--name", "x"], "`lenslet migrate dev --name x`");
}

#[test]
fn flags_from_elsewhere() {
    check(&["gen", "--data-proxy"], "`--no-engine`");
    check(&["generate", "--engine=none"], "`--no-engine`");
    check(&["gen", "--no-hints"], "leave it out");
    check(&["migrate", "dev", "--preview-feature"], "leave it out");
}

#[test]
fn near_misses_of_spelling() {
    check(&["generat"], "'generate'");
    check(&["gen", "--shema", "x"], "'--schema'");
}

#[test]
fn nonsense_gets_no_guess() {
    let ran = Project::empty().run(&["xyzzy"]);
    ran.fails(&["xyzzy"]);
    assert!(!ran.stderr.contains("did you mean"), "{}", ran.stderr);
}
