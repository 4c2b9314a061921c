//! `lenslet completions` and `lenslet man`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::project::Project;

#[test]
fn every_shell_gets_words() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = Project::empty().run(&["completions", shell]);
        ran.succeeds().prints("no-engine").prints("force-reset");
    }
    Project::empty().run(&["completions", "tcsh"]).fails(&["tcsh", "zsh"]);
}

#[test]
fn bash_completes_with_it() {
    let mut bash = Command::new("bash");
    let Ok(mut bash) = bash.args(["--norc", "-s"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        eprintln!("skipped: there is no bash");
        return;
    };
    let script = Project::empty().run(&["completions", "bash"]).succeeds().stdout.clone();
    let ask = "COMP_WORDS=(lenslet db pu); COMP_CWORD=2; _lenslet lenslet pu db; echo \"words: ${COMPREPLY[*]}\"\n";
    bash.stdin.take().expect("piped").write_all(format!("{script}\n{ask}").as_bytes()).expect("bash reads");
    let output = bash.wait_with_output().expect("bash ends");
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(answer.contains("words: push"), "{answer}");
}

#[test]
fn every_command_gets_a_page() {
    let project = Project::empty();
    project.run(&["man", "--out", "share/man1"]).succeeds().prints("share/man1");
    for command in ["lenslet", "lenslet-gen", "lenslet-db", "lenslet-db-push"] {
        let page = project.read(&format!("share/man1/{command}.1"));
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{command}: {page}");
    }
    assert!(project.read("share/man1/lenslet-gen.1").contains("no\\-engine"));
    project.write("file", "");
    project.run(&["man", "--out", "file"]).fails(&["cannot write `file`"]);
}
