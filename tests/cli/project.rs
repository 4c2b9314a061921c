//! A folder of its own to run `lenslet` in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A schema that is accepted, with a generator block of ours.
pub(crate) const SCHEMA: &str = r#"datasource db {
  provider = "sqlite"
  url      = env("DATABASE_URL")
}

generator client {
  provider = "lenslet"
  output   = "../db"
}

model User {
  id    Int    @id @default(autoincrement())
  email String @unique
  posts Post[]
}

model Post {
  id       Int    @id @default(autoincrement())
  title    String
  authorId Int
  author   User   @relation(fields: [authorId], references: [id])
}
"#;

/// The same with a type that does not exist.
pub(crate) fn broken_schema() -> String {
    SCHEMA.replace("  title    String\n", "  title    Strin\n")
}

pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// What a run of `lenslet` left.
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Project {
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A project with `prisma/schema.prisma`.
    pub(crate) fn with_schema(text: &str) -> Self {
        let project = Self::empty();
        project.write("prisma/schema.prisma", text);
        project
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// `lenslet` in the project's folder, with an environment of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lenslet"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        for name in ["DATABASE_URL", "DIRECT_URL", "NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::of_output(command.output().expect("lenslet starts"))
    }

    pub(crate) fn of_output(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("output is text");
        Self { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() }
    }

    /// The command succeeded and complained about nothing.
    #[track_caller]
    pub(crate) fn succeeds(&self) -> &Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self
    }

    /// The command failed with exit code 1 and said all of this on standard error, without colours and without panicking.
    #[track_caller]
    pub(crate) fn fails(&self, said: &[&str]) -> &Self {
        assert_eq!(self.code, Some(1), "{}{}", self.stdout, self.stderr);
        for piece in said {
            assert!(self.stderr.contains(piece), "`{piece}` is not in:\n{}", self.stderr);
        }
        assert!(!self.stderr.contains('\u{1b}'), "colours in a pipe:\n{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// The command ended with this exit code and complained about nothing.
    #[track_caller]
    pub(crate) fn code_is(&self, code: i32) -> &Self {
        assert_eq!((self.code, self.stderr.as_str()), (Some(code), ""), "{}", self.stdout);
        self
    }

    /// The answer to a program.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    #[track_caller]
    pub(crate) fn prints(&self, said: &str) -> &Self {
        assert!(self.stdout.contains(said), "`{said}` is not in:\n{}", self.stdout);
        self
    }
}
