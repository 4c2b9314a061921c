//! Which file feeds which variable of what.

use lenslet::check::Url;
use lenslet::codegen::is_ours;

use super::wrangler::{Source, Variable, Worker};
use super::{Level, Section};
use crate::cli::project::Project;
use crate::cli::terminal;

/// What the commands that need a URL read.
pub(super) fn of_command_line(project: &Project) -> Section {
    let mut section = Section::new("Commands that need a database: db, migrate, doctor, pool");
    let datasource = &project.schema.datasource;
    let url = project.url();
    let has_url = url.is_ok();
    match url {
        Ok(url) => {
            let origin = url.origin().trim_matches('`').to_owned();
            let source = project.environment.source(&origin).map_or_else(String::new, |it| format!(", from {it}"));
            section.say(Level::Good, format!("the URL is {}{source}", url.origin()));
        }
        Err(error) => {
            let help = error.help().map_or_else(String::new, |help| format!("; {help}"));
            section.say(Level::Wrong, format!("{error}{help}"));
        }
    }
    for (property, url) in [
        ("url", &datasource.url),
        ("directUrl", &datasource.direct_url),
        ("shadowDatabaseUrl", &datasource.shadow_database_url),
    ] {
        let Some(url) = url else { continue };
        match url {
            Url::Literal(_) => section.say(Level::Good, format!("`{property}` stands in the schema")),
            Url::Env(name) => match project.environment.source(name) {
                Some(source) => section.say(Level::Good, format!("`{property}` is `{name}`, from {source}")),
                None if property == "url" && has_url => {
                    section.say(
                        Level::Good,
                        format!("`{property}` is `{name}`, which is not set, and which nothing here needs"),
                    );
                }
                None => section.say(Level::Warning, format!("`{property}` is `{name}`, which is not set")),
            },
        }
    }
    section.say(Level::Good, "gen, validate and format read no variables");
    section
}

/// What a program with a native client reads.
pub(super) fn of_program(project: &Project) -> Section {
    let mut section = Section::new("A program with the client");
    let text = "what it passes to `Client::connect`, or `DATABASE_URL` of its environment with `Client::from_env`";
    section.say(Level::Good, format!("it reads no file: the URL is {text}"));
    let generates = project.schema.generators.iter().any(is_ours);
    if !generates {
        section.say(Level::Warning, "the schema has no generator block with `provider = \"lenslet\"`");
    }
    section
}

/// What `wrangler dev` gives the Worker.
pub(super) fn of_worker(worker: &Worker, project: &Project) -> Section {
    let mut section =
        Section::new(format!("The Worker of `{}`, as `wrangler dev` runs it", worker.configuration.display()));
    if let Some(name) = &worker.unknown_environment {
        section.say(Level::Wrong, format!("there is no environment `{name}` in `{}`", worker.configuration.display()));
    }
    let mut of_process = 0;
    for (name, variable) in &worker.variables {
        match judge(name, variable, project) {
            (Level::Wrong, remark) => section.say(Level::Wrong, said(name, variable, &remark)),
            // Most of them mean nothing to the Worker, and they are many.
            _ if variable.source == Source::Process && name != "DATABASE_URL" => of_process += 1,
            (level, remark) => section.say(level, said(name, variable, &remark)),
        }
    }
    if of_process > 0 {
        let count = terminal::counted(of_process, "variable");
        section.say(Level::Warning, format!("{count} of the environment of `wrangler`, which gives it all of them"));
    }
    if !worker.variables.contains_key("DATABASE_URL") {
        let how = "write the URL of the pool into `.dev.vars`";
        section.say(Level::Warning, format!("`DATABASE_URL`, which `Client::from_env` reads, is not set; {how}"));
    }
    section.say(Level::Good, "deployed, it has the variables of the configuration and what `wrangler secret put` set");
    section
}

fn said(name: &str, variable: &Variable, remark: &str) -> String {
    match &variable.source {
        Source::Process => format!("`{name}` is from the environment{remark}"),
        source => format!("`{name}` is from `{}`{remark}", source.name()),
    }
}

/// Whether a Worker should have a variable.
fn judge(name: &str, variable: &Variable, project: &Project) -> (Level, String) {
    let scheme = variable.value.split(':').next().unwrap_or_default();
    let is_database = ["postgresql", "postgres", "mysql", "sqlserver"].contains(&scheme);
    let is_key = variable.value.contains("api_key=");
    if is_database && name == "DATABASE_URL" {
        return (Level::Wrong, "; it is the URL of a database, and a Worker wants that of the pool".to_owned());
    }
    if is_database || names_the_database(name, project) {
        let leaks = "; it leaks the database into the Worker";
        let how = match variable.source {
            Source::CommandLine(_) => "; give the Worker a `.dev.vars`, then `.env` is not read",
            Source::Process => "; leave out CLOUDFLARE_INCLUDE_PROCESS_ENV, or give the Worker a `.dev.vars`",
            Source::Configuration(_) | Source::Secrets(_) | Source::Flag => "",
        };
        return (Level::Wrong, format!("{leaks}{how}"));
    }
    match variable.source {
        Source::Configuration(_) if is_key => {
            let how = "put it into `.dev.vars`, and `npx wrangler secret put` it";
            (Level::Wrong, format!("; it holds a key, and the file is in version control: {how}"))
        }
        Source::CommandLine(_) => {
            (Level::Warning, "; a file of the command line, read because there is no `.dev.vars`".to_owned())
        }
        Source::Configuration(_) | Source::Secrets(_) | Source::Process | Source::Flag => (Level::Good, String::new()),
    }
}

/// Whether a variable is one that only commands about structure need.
fn names_the_database(name: &str, project: &Project) -> bool {
    let datasource = &project.schema.datasource;
    let urls = [&datasource.direct_url, &datasource.shadow_database_url];
    name == "DIRECT_URL" || urls.into_iter().flatten().any(|url| matches!(url, Url::Env(env) if env == name))
}
