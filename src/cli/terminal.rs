//! What is shown, and where: answers on standard output, everything else on standard error.
//!
//! `anstream` removes the colours where the stream is no terminal or `NO_COLOR` is set.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Style};
use lenslet::{Diagnostic, Severity, Sources};

use super::error::Error;

/// A line of the answer of a command.
pub(super) fn answer(line: &str) -> Result<(), Error> {
    text(&format!("{line}\n"))
}

/// An answer as it is. A reader that has gone is no error: it has seen what it wanted.
pub(super) fn text(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(Error::Stdout { source }),
        _ => Ok(()),
    }
}

/// An answer for programs.
pub(super) fn json(value: &serde_json::Value) -> Result<(), Error> {
    answer(&value.to_string())
}

/// The title of a part of an answer.
pub(super) fn section(title: &str, is_first: bool) -> Result<(), Error> {
    let bold = Style::new().bold();
    coloured(format_args!("{}{bold}{title}{bold:#}\n", if is_first { "" } else { "\n" }))
}

/// A line of such a part: how it is, and what.
pub(super) fn fact(word: &str, text: &str) -> Result<(), Error> {
    let colour = match word {
        "error" => AnsiColor::Red,
        "warning" => AnsiColor::Yellow,
        _ => AnsiColor::Green,
    };
    let style = colour.on_default();
    coloured(format_args!("  {style}{word:7}{style:#}  {text}\n"))
}

/// An answer for people, without colours where there is no terminal.
fn coloured(text: impl Display) -> Result<(), Error> {
    let mut stdout = anstream::stdout().lock();
    match write!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(Error::Stdout { source }),
        _ => Ok(()),
    }
}

/// A line of a message. Where nobody can be told, nobody can be told that either.
fn say(line: impl Display) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// What happens meanwhile: on a terminal only, since nobody watches a pipe.
pub(super) fn progress(line: &str) {
    if std::io::stderr().is_terminal() {
        let dim = Style::new().dimmed();
        say(format_args!("{dim}{line}{dim:#}"));
    }
}

/// A line for people about what was done, where standard output is not for it.
pub(super) fn message(line: &str) {
    say(line);
}

/// Whether someone is there to answer a question. Nobody is in continuous integration, whatever its terminal.
pub(super) fn is_interactive() -> bool {
    let automatic = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0");
    io::stdin().is_terminal() && io::stderr().is_terminal() && !automatic
}

/// Asks for a line.
pub(super) fn ask(question: &str) -> Result<String, Error> {
    let bold = Style::new().bold();
    let mut stderr = anstream::stderr();
    // Where the question cannot be seen, the answer is empty.
    let _ = write!(stderr, "{bold}{question}{bold:#} ").and_then(|()| stderr.flush());
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|source| Error::Stdin { source })?;
    Ok(line.trim().to_owned())
}

/// Asks for a yes; everything else is a no.
pub(super) fn confirm(question: &str) -> Result<bool, Error> {
    let answer = ask(&format!("{question} [y/N]"))?;
    Ok(["y", "yes"].contains(&answer.to_lowercase().as_str()))
}

/// Something that the user should know, though the command succeeds.
pub(super) fn warning(line: &str) {
    let yellow = AnsiColor::Yellow.on_default().bold();
    say(format_args!("{yellow}warning{yellow:#}: {line}"));
}

/// Why a command could not do its work, and the next step.
pub(super) fn error(error: &Error) {
    match (error, error.code()) {
        (Error::Refused(refused), _) => diagnostics(&refused.diagnostics, &refused.sources),
        (_, Some(code)) => say_coded_error(code, &error.to_string()),
        (_, None) => say_error(&error.to_string()),
    }
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        say(format_args!("  cause: {error}"));
        cause = error.source();
    }
    if let Some(help) = error.help() {
        say_help(&help);
    }
}

/// The same on standard output, for the program that waits for an answer there.
pub(super) fn error_as_json(error: &Error) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let mut object =
        serde_json::json!({ "code": error.code(), "message": error.to_string(), "cause": cause, "help": error.help() });
    if let Error::Refused(refused) = error {
        object["diagnostics"] = diagnostics_as_json(&refused.diagnostics, &refused.sources);
    }
    // It has been said on standard error, so nothing is lost where nobody reads this.
    let _ = json(&serde_json::json!({ "error": object }));
}

/// What a command found to be wrong, and the next step.
pub(super) fn complaint(line: &str, help: &str) {
    say_error(line);
    say_help(help);
}

fn say_error(line: &str) {
    let red = AnsiColor::Red.on_default().bold();
    say(format_args!("{red}error{red:#}: {line}"));
}

fn say_coded_error(code: &str, line: &str) {
    let red = AnsiColor::Red.on_default().bold();
    say(format_args!("{red}error[{code}]{red:#}: {line}"));
}

fn say_help(line: &str) {
    let cyan = AnsiColor::Cyan.on_default().bold();
    say(format_args!("{cyan}help{cyan:#}: {line}"));
}

/// What is wrong with a schema, each with a marked excerpt, and how much it is.
pub(super) fn diagnostics(diagnostics: &[Diagnostic], sources: &Sources) {
    for diagnostic in diagnostics {
        say(format_args!("{}\n", diagnostic.render(sources, true)));
    }
    if let Some(summary) = summary(diagnostics) {
        say(format_args!("{summary}"));
    }
}

/// The same for programs: a JSON list.
pub(super) fn diagnostics_as_json(diagnostics: &[Diagnostic], sources: &Sources) -> serde_json::Value {
    // The library writes JSON without a crate for it; what it wrote is JSON.
    diagnostics
        .iter()
        .map(|it| serde_json::from_str::<serde_json::Value>(&it.to_json(sources)).unwrap_or_default())
        .collect()
}

fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let count = |severity| diagnostics.iter().filter(|it| it.severity == severity).count();
    let parts = [(count(Severity::Error), "error"), (count(Severity::Warning), "warning")];
    let parts: Vec<String> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| counted(n, word)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `1 file`, `2 files`.
pub(super) fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// A duration for people.
pub(super) fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}
