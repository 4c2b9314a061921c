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
