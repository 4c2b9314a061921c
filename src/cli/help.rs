//! The list of commands in the help, in groups. clap itself knows one list only.

use std::fmt::Write as _;

use clap::Command;
use clap::builder::StyledStr;

/// A heading, and the commands below it.
type Group = (&'static str, &'static [&'static str]);

const LENSLET: &[Group] = &[
    ("Begin", &["init", "doctor"]),
    ("Schema and client", &["gen", "validate", "format"]),
    ("Database", &["db", "migrate"]),
    ("Pool", &["pool"]),
    ("This program", &["completions", "man"]),
];

const MIGRATE: &[Group] = &[
    ("While developing", &["dev", "reset", "diff", "squash"]),
    ("In production", &["deploy", "status", "resolve", "down"]),
];

const DB: &[Group] = &[("Commands", &["push", "pull", "seed", "execute"])];

/// The command line with its commands in groups.
pub(super) fn grouped(command: Command) -> Command {
    let command = command.mut_subcommand("db", |it| with_groups(it, DB));
    let command = command.mut_subcommand("migrate", |it| with_groups(it, MIGRATE));
    with_groups(command, LENSLET)
}

fn with_groups(command: Command, groups: &[Group]) -> Command {
    let mut template = StyledStr::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for (heading, names) in groups {
        let lines = lines(&command, names);
        if !lines.is_empty() {
            write_group(&mut template, &command, heading, &lines);
        }
    }
    write_heading(&mut template, &command, "Options");
    let _ = template.write_str("{options}{after-help}");
    command.help_template(template)
}

/// Name and description of those commands that there are.
fn lines<'c>(command: &'c Command, names: &[&str]) -> Vec<(&'c str, String)> {
    let found = names.iter().filter_map(|name| command.find_subcommand(name));
    found.map(|it| (it.get_name(), described(it))).collect()
}

fn described(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let aliases: Vec<&str> = command.get_visible_aliases().collect();
    if aliases.is_empty() { about } else { format!("{about} [also: {}]", aliases.join(", ")) }
}

fn write_group(template: &mut StyledStr, command: &Command, heading: &str, lines: &[(&str, String)]) {
    const WIDTH: usize = 13;
    write_heading(template, command, heading);
    let style = command.get_styles().get_literal();
    for (name, about) in lines {
        // Writing to memory does not fail.
        let _ = writeln!(
            template,
            "  {style}{name}{style:#}{:padding$}{about}",
            "",
            padding = WIDTH.saturating_sub(name.len())
        );
    }
}

fn write_heading(template: &mut StyledStr, command: &Command, heading: &str) {
    let style = command.get_styles().get_header();
    let _ = writeln!(template, "\n{style}{heading}:{style:#}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[track_caller]
    fn check(command: &Command, groups: &[Group]) {
        let grouped: Vec<&str> = groups.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        for it in command.get_subcommands() {
            let times = grouped.iter().filter(|name| **name == it.get_name()).count();
            assert_eq!(times, 1, "`{}` is not in exactly one group", it.get_name());
        }
    }

    #[test]
    fn every_command_is_in_a_group() {
        let command = crate::cli::Arguments::command();
        check(&command, LENSLET);
        check(command.find_subcommand("db").expect("there is one"), DB);
        check(command.find_subcommand("migrate").expect("there is one"), MIGRATE);
    }
}
