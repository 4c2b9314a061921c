//! What someone may have meant whose arguments are not understood: words and flags of Prisma's, and flags before their command.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

use super::secret::redacted;

/// Words that people try where a command stands, and the command they mean.
const WORDS: &[(&[&str], &str, &str)] = &[
    (&[], "introspect", "db pull"),
    (&[], "pull", "db pull"),
    (&[], "push", "db push"),
    (&[], "seed", "db seed"),
    (&[], "execute", "db execute"),
    (&[], "deploy", "migrate deploy"),
    (&[], "diff", "migrate diff"),
    (&[], "status", "migrate status"),
    (&[], "reset", "migrate reset"),
    (&[], "dev", "migrate dev"),
    (&[], "codegen", "gen"),
    (&[], "build", "gen"),
    (&[], "check", "validate"),
    (&[], "lint", "validate"),
    (&[], "fmt", "format"),
    (&[], "new", "init"),
    (&[], "debug", "doctor"),
    (&[], "completion", "completions"),
    (&[], "serve", "pool"),
    (&[], "accelerate", "pool"),
    (&[], "key", "pool key"),
    (&[], "keys", "pool key"),
    (&[], "up", "migrate deploy"),
    (&[], "down", "migrate down"),
    (&[], "resolve", "migrate resolve"),
    (&[], "squash", "migrate squash"),
    (&["db"], "migrate", "migrate dev"),
    (&["db"], "init", "init"),
    (&["db"], "introspect", "db pull"),
    (&["db"], "reset", "migrate reset"),
    (&["db"], "diff", "migrate diff"),
    (&["db"], "deploy", "migrate deploy"),
    (&["db"], "status", "migrate status"),
    (&["db"], "drop", "migrate reset"),
    (&["db"], "create", "db push"),
    (&["db"], "setup", "migrate dev"),
    (&["db"], "generate", "gen"),
    (&["migrate"], "up", "migrate deploy"),
    (&["migrate"], "apply", "migrate deploy"),
    (&["migrate"], "run", "migrate deploy"),
    (&["migrate"], "save", "migrate dev"),
    (&["migrate"], "create", "migrate dev --create-only"),
    (&["migrate"], "new", "migrate dev --create-only"),
    (&["migrate"], "revert", "migrate down"),
    (&["migrate"], "rollback", "migrate down"),
    (&["migrate"], "push", "db push"),
    (&["migrate"], "generate", "gen"),
    (&["migrate"], "redo", "migrate down"),
    (&["migrate"], "seed", "db seed"),
    (&["migrate"], "pull", "db pull"),
    (&["pool"], "create", "pool key create"),
    (&["pool"], "list", "pool key list"),
    (&["pool"], "revoke", "pool key revoke"),
    (&["pool"], "start", "pool"),
    (&["pool"], "run", "pool"),
    (&["pool"], "serve", "pool"),
    (&["pool", "key"], "add", "pool key create"),
    (&["pool", "key"], "new", "pool key create"),
    (&["pool", "key"], "delete", "pool key revoke"),
    (&["pool", "key"], "remove", "pool key revoke"),
    (&["pool", "key"], "rm", "pool key revoke"),
    (&["pool", "key"], "ls", "pool key list"),
];

/// Commands of Prisma's that there are none of, and what to do instead.
const NONE: &[(&str, &str)] = &[
    ("studio", "there is none; what shows the rows of the database is any program for it"),
    ("version", "say `lenslet --version`"),
    ("telemetry", "there is no telemetry"),
    ("platform", "there is no service to log in to: `lenslet pool` runs anywhere"),
    ("mcp", "there is none; `lenslet --help` lists the commands, and most take `--json`"),
];

/// The flag that someone left out before a word, of the command with this path; first those whose words are told by a look.
const POSITIONS: &[(&[&str], fn(&str) -> bool, &str)] = &[
    (&["format"], |word| word == "-", "--stdin"),
    (&["init"], |word| ["service", "worker"].contains(&word), "--template"),
    (&["init"], is_url, "--url"),
    (&["init"], |_| true, "--provider"),
    (&["migrate", "dev"], |_| true, "--name"),
    (&["migrate", "squash"], |_| true, "--name"),
    (&["migrate", "resolve"], |_| true, "--applied"),
    (&["db", "execute"], |_| true, "--file"),
    (&["pool", "key", "create"], |_| true, "--name"),
    (&["man"], |_| true, "--out"),
    (&[], is_url, "--url"),
    (&[], |word| word.ends_with(".prisma") || word.contains('/'), "--schema"),
    (&["gen"], |_| true, "--generator"),
];

fn is_url(word: &str) -> bool {
    word.split_once(':').is_some_and(|(scheme, _)| scheme.chars().all(|it| it.is_ascii_alphanumeric() || it == '+'))
}

/// Flags that people bring from elsewhere, and what to do without them.
const FLAGS: &[(&str, &str)] = &[
    ("--data-proxy", "`--no-engine` writes the client that talks to a pool"),
    ("--accelerate", "`--no-engine` writes the client that talks to a pool"),
    ("--engine", "`--no-engine`, or `engine = \"none\"` in the generator block"),
    ("--no-hints", "leave it out: there are none to turn off"),
    ("--sql", "leave it out: SQL is written with `sql!` in the program"),
    ("--allow-no-models", "leave it out: a schema without models is fine"),
    ("--config", "leave it out: settings are in `lenslet.toml` of the working directory"),
    ("--preview-feature", "leave it out"),
    ("--early-access-feature", "leave it out"),
    ("--telemetry-information", "leave it out: there is no telemetry"),
    ("--with-model", "leave it out: the schema begins with two models"),
    ("--generator-provider", "leave it out: the schema's generator is Lenslet's"),
    ("--write", "leave it out: files are written unless `--check` is said"),
    ("--host", "say `--listen ADDRESS:PORT`"),
    ("--port", "say `--listen ADDRESS:PORT`"),
    ("--from-local-d1", "`--from-url file:PATH`, with the file below `.wrangler/state`"),
    ("--to-local-d1", "`--to-url file:PATH`, with the file below `.wrangler/state`"),
    ("-v", "say `lenslet --version`"),
];

/// Flags that other commands have, of the command with this path.
const FLAGS_OF: &[(&[&str], &str, &str)] = &[
    (
        &["db", "push"],
        "--force",
        "`--accept-data-loss` loses what has no place, `--force-reset` drops everything first",
    ),
    (
        &["migrate", "dev"],
        "--force",
        "`--accept-data-loss` loses what has no place; `lenslet migrate reset --force` drops everything",
    ),
    (&["migrate", "deploy"], "--force", "leave it out: it never asks"),
    (&["migrate", "reset"], "--yes", "say `--force`"),
    (&["migrate", "reset"], "-y", "say `--force`"),
    (&["migrate", "down"], "--yes", "say `--force`"),
    (&["migrate", "down"], "-y", "say `--force`"),
    (&["init"], "--output", "leave it out: `output` stands in the schema's generator block"),
];

/// Puts into an error of the parser what was probably meant. `words` are the arguments after the program's name.
pub(super) fn add(error: &mut Error, command: &Command, words: &[String]) {
    let place = place(command, words);
    let suggestion = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            invalid(error, ContextKind::InvalidSubcommand).and_then(|it| word(&place, &it, words))
        }
        ErrorKind::UnknownArgument => {
            invalid(error, ContextKind::InvalidArg).and_then(|it| match it.starts_with("-") && it != "-" {
                true => flag(&place, &it, words),
                false => position(&place, &it, words),
            })
        }
        _ => None,
    };
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue] {
        if let Some(wrong) = invalid(error, kind) {
            error.insert(kind, ContextValue::String(without_secret(&wrong)));
        }
    }
    if let Some(suggestion) = suggestion {
        for kind in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::Suggested] {
            error.remove(kind);
        }
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(suggestion)]));
    }
}

/// How far the words name commands.
struct Place<'c> {
    path: Vec<&'c str>,
    command: &'c Command,
}

fn place<'c>(command: &'c Command, words: &[String]) -> Place<'c> {
    let mut place = Place { path: Vec::new(), command };
    while let Some(next) = words.get(place.path.len()).and_then(|word| place.command.find_subcommand(word)) {
        place.path.push(next.get_name());
        place.command = next;
    }
    place
}

fn invalid(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn word(place: &Place<'_>, wrong: &str, words: &[String]) -> Option<String> {
    if let Some((_, instead)) = NONE.iter().find(|(word, _)| place.path.is_empty() && *word == wrong) {
        return Some((*instead).to_owned());
    }
    let (_, _, meant) = WORDS.iter().find(|(path, word, _)| *path == place.path && *word == wrong)?;
    Some(meant_by(meant, words.get(place.path.len() + 1..).unwrap_or_default()))
}

/// A word without the flag that it belongs to.
fn position(place: &Place<'_>, wrong: &str, words: &[String]) -> Option<String> {
    let fits = |path: &[&str], flag: &str| (path.is_empty() || path == place.path) && knows(place.command, flag);
    let (_, _, flag) = POSITIONS.iter().find(|(path, is, flag)| fits(path, flag) && is(wrong))?;
    let at = words.iter().skip(place.path.len()).position(|it| it == wrong)? + place.path.len();
    let (before, after) = words.split_at_checked(at)?;
    // A name of several words is one; the word for standard input is its flag alone.
    let words = after.iter().take_while(|it| *flag == "--name" && !it.starts_with('-')).count().max(1);
    let (value, after) = after.split_at_checked(words)?;
    let value = (wrong != "-").then(|| value.join(" "));
    let line = before.iter().cloned().chain([(*flag).to_owned()]).chain(value).chain(after.iter().cloned());
    Some(meant_by("", &line.collect::<Vec<_>>()))
}

/// A flag that stands before the command that knows it, or that no command knows.
fn flag(place: &Place<'_>, wrong: &str, words: &[String]) -> Option<String> {
    let name = wrong.split('=').next()?;
    if let Some((_, _, instead)) = FLAGS_OF.iter().find(|(path, flag, _)| *path == place.path && *flag == name) {
        return Some((*instead).to_owned());
    }
    if let Some((_, instead)) = FLAGS.iter().find(|(flag, _)| *flag == name) {
        return Some((*instead).to_owned());
    }
    let rest = words.get(place.path.len()..).unwrap_or_default();
    if let Some(at) = rest.iter().position(|it| place.command.find_subcommand(it).is_some()) {
        // It stands before its command.
        let below = place.command.find_subcommand(rest.get(at)?)?;
        let (flags, command) = rest.split_at(at);
        let (command, more) = command.split_first()?;
        let line = [&words[..place.path.len()], std::slice::from_ref(command), more, flags].concat();
        return knows(below, name).then(|| meant_by(&line.join(" "), &[]));
    }
    let below =
        place.command.get_subcommands().find(|it| knows(it, name) || it.get_subcommands().any(|it| knows(it, name)))?;
    let mut path = [place.path.as_slice(), &[below.get_name()]].concat();
    if !knows(below, name) {
        path.push(below.get_subcommands().find(|it| knows(it, name))?.get_name());
    }
    Some(meant_by(&path.join(" "), rest))
}

fn knows(command: &Command, flag: &str) -> bool {
    let long = flag.strip_prefix("--");
    command.get_arguments().any(|it| long.is_some() && it.get_long() == long)
}

fn meant_by(command: &str, rest: &[String]) -> String {
    let rest: String = rest.iter().map(|word| format!(" {}", quoted(word))).collect();
    format!("did you mean `lenslet {}`?", format!("{command}{rest}").trim_start())
}

/// A word that may be shown, also in the log of someone's continuous integration.
fn without_secret(word: &str) -> String {
    let (flag, url) = match word.split_once('=') {
        Some((flag, url)) if flag.starts_with("--") => (format!("{flag}="), url),
        _ => (String::new(), word),
    };
    let may_hold_one = url.contains("://") && (url.contains('@') || url.contains("key="));
    if may_hold_one { format!("{flag}{}", redacted(url)) } else { word.to_owned() }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let word = without_secret(word);
    let is_plain = !word.is_empty() && word.chars().all(|it| it.is_ascii_alphanumeric() || "-_./:=@,+".contains(it));
    if is_plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_suggestion_is_understood() {
        let command = crate::cli::Arguments::command();
        for (path, wrong, meant) in WORDS {
            let words: Vec<String> = meant.split(' ').map(str::to_owned).collect();
            let place = place(&command, &words);
            let flags = &words[place.path.len()..];
            assert!(flags.iter().all(|it| knows(place.command, it)), "`{path:?} {wrong}` leads to `{meant}`");
        }
    }
}
