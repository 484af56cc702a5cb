//! The keys of a server's table, `[workspace.metadata.xtask.integration.servers.NAME]`, as data.

use super::builtin;
use super::spec::StopSignal;
use serde_json::json;
use xtask_core::table::key::{Form, Key, NOTHING, TEXTS, words};

/// The table of all servers: a built-in one is changed, any other is new.
pub const fn servers() -> Form {
    Form::NamesBeside(|| builtin::NAMES.map(str::to_owned).to_vec(), &Form::Change(SERVER), &Form::Table(SERVER))
}

const TEXT_BY_NAME: Form = Form::Names(&Form::Text);

const SERVER: &[Key] = &[
    Key::new("title", Form::Text, "The display name of the server; its key by default."),
    Key::new("env", VARIABLE, "The variable that the tests read, and that points to an existing server.").required(),
    Key::new("url", Form::Text, "The value of the variable; with `{database}` in it, every service gets its own.")
        .required(),
    Key::new("user", Form::Text, "The user that a server of xtask's own is made with."),
    Key::new("base", Form::Text, "The database that exists from the start."),
    Key::new("version", Form::Text, "The expected version or its first part, such as `15`."),
    Key::new("crates", TEXTS, "The crates that talk to it, such as `sqlx/postgres`: a package that links one gets it.")
        .or(NOTHING),
    Key::new("ready", READY, "When it can be used.").or(|| json!("tcp")),
    Key::new("files", TEXT_BY_NAME, "Files that it needs in `{dir}`, by name."),
    Key::new("client-env", TEXT_BY_NAME, "Variables for the client commands and `ready`."),
    Key::new("create", TEXTS, "The client command that makes `{database}`.").or(NOTHING),
    Key::new("drop", TEXTS, "The client command that removes `{database}`.").or(NOTHING),
    Key::new("container", Form::Table(CONTAINER), "How it runs in a container."),
    Key::new("local", Form::Table(LOCAL), "How it runs as a process of this machine."),
];

const VARIABLE: Form = Form::Matching("the name of a variable", "^[A-Za-z_][A-Za-z0-9_]*$");

const READY: Form = Form::Either(
    "\"tcp\", \"redis\" or a table with a `command`",
    &Form::Word(|| ["tcp", "redis"].map(str::to_owned).to_vec()),
    &Form::Table(&[Key::new("command", TEXTS, "The client command that succeeds once it can be used.").required()]),
);

const CONTAINER: &[Key] = &[
    Key::new("image", IMAGE, "The image.").required(),
    Key::new("port", Form::Integer(1, 65_535), "The port that it listens on inside.").required(),
    Key::new("env", TEXT_BY_NAME, "The container's variables."),
    Key::new("args", TEXTS, "What follows the image on the command line.").or(NOTHING),
];

const IMAGE: Form = Form::Matching("the name of an image", "^[A-Za-z0-9_./:@][A-Za-z0-9_./:@-]*$");

const LOCAL: &[Key] = &[
    Key::new("program", PROGRAM, "The server's program.").required(),
    Key::new("folders", TEXTS, "Directories to look in besides `PATH`; a `*` matches one directory.").or(NOTHING),
    Key::new("version-args", TEXTS, "The arguments that make it print its version.").or(|| json!(["--version"])),
    Key::new("prepare", COMMANDS, "Commands that prepare `{dir}` before its start.").or(NOTHING),
    Key::new("args", TEXTS, "The arguments that it starts with.").or(NOTHING),
    Key::new("stop", Form::Word(words::<StopSignal>), "The signal that asks it to end.").or(|| json!("TERM")),
    Key::new("refuses-root", Form::Flag, "Whether it must be started as another user than root.").or(|| json!(false)),
    Key::new("package", Form::Text, "The system package that installs it."),
];

const PROGRAM: Form = Form::Matching("the name of a program", "^[^-]");
const COMMANDS: Form = Form::List("a list of commands, each a list of strings", &TEXTS);
