//! The table of a server, read by the decoder of all tables: everything that is wrong with it is found at once.

use super::builtin;
use super::keys::servers;
use super::spec::{Container, Local, Ready, ServerSpec, StopSignal};
use super::template::Template;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use xtask_core::table::{Problems, Table};

impl ServerSpec {
    /// The servers that every workspace gets without configuration.
    pub fn defaults() -> Vec<Self> {
        builtin::NAMES.iter().map(|name| Self::built_in(name)).collect()
    }

    /// One of the built-in servers.
    ///
    /// # Panics
    ///
    /// When there is none of that name: the names are hard-coded.
    pub fn built_in(name: &str) -> Self {
        Self::from_table(name, &Value::Object(Map::new())).expect("a test holds the built-in tables valid")
    }

    /// A server from a table that is in no manifest.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn from_table(name: &str, value: &Value) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let servers = Table::new(Path::new("Cargo.toml"), "servers", servers(), &Value::Null, &mut problems);
        Self::read(name, value, &servers, &mut problems).ok_or(problems)
    }

    /// A server from `value`, its entry in `table` of the manifest; `None` when something is wrong with it. What the
    /// table of a built-in server leaves out stays as it is.
    pub fn read(name: &str, value: &Value, table: &Table<'_>, p: &mut Problems) -> Option<Self> {
        let mut whole = builtin::table(name).unwrap_or_else(|| Value::Object(Map::new()));
        overlay(&mut whole, value);
        let before = p.len();
        let spec = spec(name, table.holding(name, &whole, p), p);
        (p.len() == before).then_some(spec)
    }
}

/// What can be read of the table; what cannot is a problem, and empty here.
fn spec(name: &str, table: Table<'_>, p: &mut Problems) -> ServerSpec {
    if !is_word(name, "-_") {
        table.complain(p, None, "is not a valid server name: use letters, digits, `-` and `_`");
    }
    let title = table.string("title", p).filter(|title| !title.is_empty());
    let env = table.text("env", p, is_variable);
    let env = table.required("env", env, p);
    let url = url(&table, p);
    let (create, drop) = databases(&table, url.as_ref(), p);
    let spec = ServerSpec {
        name: name.to_owned(),
        title: title.unwrap_or_else(|| name.to_owned()),
        env: env.unwrap_or_default(),
        url: url.unwrap_or_default(),
        user: table.string("user", p).unwrap_or_default(),
        base: table.string("base", p).unwrap_or_default(),
        version: table.string("version", p),
        crates: crates(&table, p),
        ready: ready(&table, p),
        files: files(&table.table("files", p), p),
        client_env: by_name(&table.table("client-env", p), p),
        create,
        drop,
        container: container(table.table("container", p), p),
        local: local(table.table("local", p), p),
    };
    table.finish(p);
    spec
}

fn url(table: &Table<'_>, p: &mut Problems) -> Option<Template> {
    let text = table.string("url", p);
    let url = template(table, "url", &table.required("url", text, p)?, p)?;
    if !url.start().contains("://") {
        table.complain(p, Some("url"), "must begin with its scheme, as in `redis://`");
    }
    for hole in ["dir", "listen", "base"].iter().filter(|hole| url.mentions(hole)) {
        table.complain(p, Some("url"), &format!("is for clients, who know no `{{{hole}}}`"));
    }
    Some(url)
}

/// What makes a service's database, and what removes it.
fn databases(table: &Table<'_>, url: Option<&Template>, p: &mut Problems) -> (Vec<Template>, Vec<Template>) {
    let (create, drop) = (templates(table, "create", p), templates(table, "drop", p));
    if !drop.is_empty() && !table.has("create") {
        table.complain(p, Some("drop"), "needs `create`");
    }
    if !create.is_empty() && url.is_some_and(|url| !url.mentions("database")) {
        table.complain(p, Some("create"), "needs `{database}` in `url`: no service would use what it makes");
    }
    (create, drop)
}

fn crates(table: &Table<'_>, p: &mut Problems) -> Vec<String> {
    let crates = table.strings("crates", p).unwrap_or_default();
    for client in &crates {
        let (name, feature) = client.split_once('/').unwrap_or((client, "default"));
        if !(is_word(name, "-_") && is_word(feature, "-_+.")) {
            table.complain(
                p,
                Some("crates"),
                &format!("names `{client}`, which is neither a crate nor `crate/feature`"),
            );
        }
    }
    crates
}

fn ready(table: &Table<'_>, p: &mut Problems) -> Ready {
    let ready = table.get("ready", p, |value| match value {
        Value::Object(_) => Some(Ready::Command(Vec::new())),
        value if value == "tcp" => Some(Ready::Tcp),
        value if value == "redis" => Some(Ready::Redis),
        _ => None,
    });
    let Some(Ready::Command(_)) = ready else { return ready.unwrap_or_default() };
    let table = table.table("ready", p);
    let command = templates(&table, "command", p);
    table.required("command", Some(()), p);
    table.finish(p);
    Ready::Command(command)
}

fn files(table: &Table<'_>, p: &mut Problems) -> BTreeMap<String, Template> {
    let files = by_name(table, p);
    for file in files.keys().filter(|file| !is_word(file, "-_.") || file.starts_with('.')) {
        table.complain(p, Some(file), "is not a plain file name: use letters, digits, `-`, `_` and `.`");
    }
    files
}

fn container(table: Table<'_>, p: &mut Problems) -> Option<Container> {
    let is_image = |image: &str| is_word(image, "-_./:@") && !image.starts_with('-');
    let image = table.text("image", p, is_image);
    let image = table.required("image", image, p);
    let port = table.integer("port", p);
    let port = table.required("port", port, p);
    let env = by_name(&table.table("env", p), p);
    let args = templates(&table, "args", p);
    table.finish(p);
    Some(Container { image: image?, port: port?, env, args })
}

fn local(table: Table<'_>, p: &mut Problems) -> Option<Local> {
    let is_program = |program: &str| !program.is_empty() && !program.starts_with('-');
    let program = table.text("program", p, is_program);
    let program = table.required("program", program, p);
    let prepare = table.get("prepare", p, |value| serde_json::from_value::<Vec<Vec<String>>>(value.clone()).ok());
    let prepare = prepare.into_iter().flatten();
    let prepare = prepare.map(|words| each(&table, "prepare", words.iter().map(String::as_str), p)).collect();
    let is_there = program.is_some();
    let local = Local {
        program: program.unwrap_or_default(),
        folders: table.strings("folders", p).unwrap_or_default(),
        version_args: table.strings("version-args", p).unwrap_or_default(),
        prepare,
        args: templates(&table, "args", p),
        stop: table.word::<StopSignal>("stop", p).unwrap_or_default(),
        refuses_root: table.flag("refuses-root", p).unwrap_or_default(),
        package: table.string("package", p),
    };
    table.finish(p);
    is_there.then_some(local)
}

/// A list of texts with placeholders.
fn templates(table: &Table<'_>, key: &'static str, p: &mut Problems) -> Vec<Template> {
    let texts = table.strings(key, p).unwrap_or_default();
    each(table, key, texts.iter().map(String::as_str), p)
}

/// A table of texts with placeholders, whose keys are names that the user gives.
fn by_name(table: &Table<'_>, p: &mut Problems) -> BTreeMap<String, Template> {
    let texts = table.entries(p, Value::as_str).into_iter();
    texts.filter_map(|(name, text)| template(table, &name, text, p).map(|template| (name, template))).collect()
}

fn each<'t>(table: &Table<'_>, key: &str, texts: impl IntoIterator<Item = &'t str>, p: &mut Problems) -> Vec<Template> {
    texts.into_iter().filter_map(|text| template(table, key, text, p)).collect()
}

fn template(table: &Table<'_>, key: &str, text: &str, p: &mut Problems) -> Option<Template> {
    Template::try_from(text.to_owned()).map_err(|why| table.complain(p, Some(key), &format!("is wrong: {why}"))).ok()
}

/// Whether a text is made of letters, digits and these further characters alone.
fn is_word(text: &str, also: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

fn is_variable(name: &str) -> bool {
    is_word(name, "_") && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Tables are merged key by key, everything else is replaced.
fn overlay(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                overlay(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn problems(name: &str, table: &Value, wanted: &[&str]) {
        let problems = ServerSpec::from_table(name, table).expect_err("the table is wrong");
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let wanted: Vec<String> = wanted.iter().map(|wanted| format!("Cargo.toml: `servers.{wanted}")).collect();
        assert_eq!(problems, wanted);
    }

    #[test]
    fn everything_that_is_wrong_is_found_at_once() {
        let table = json!({
            "envv": "MONGO_URL",
            "url": 3,
            "ready": "tpc",
            "drop": ["x"],
            "container": { "imagee": "mongo:6", "port": "x", "env": { "A": "{hots}" } },
            "local": { "program": "-x", "arg": [], "stop": "KILL", "prepare": ["initdb"] },
        });
        problems(
            "mongo",
            &table,
            &[
                "mongo.env` is missing",
                "mongo.url` is 3, and must be a string",
                "mongo.drop` needs `create`",
                "mongo.ready` is \"tpc\", and must be \"tcp\", \"redis\" or a table with a `command`",
                "mongo.container.image` is missing",
                "mongo.container.port` is \"x\", and must be a whole number from 1 to 65535",
                "mongo.container.env.A` is wrong: unknown placeholder `{hots}`: did you mean `{host}`?",
                "mongo.container.imagee` is unknown: did you mean `image`?",
                "mongo.local.program` is \"-x\", and must be the name of a program",
                "mongo.local.prepare` is a list, and must be a list of commands, each a list of strings",
                "mongo.local.stop` is \"KILL\", and must be one of \"TERM\", \"INT\", \"QUIT\"",
                "mongo.local.arg` is unknown: did you mean `args`?",
                "mongo.envv` is unknown: did you mean `env`?",
            ],
        );
    }

    #[test]
    fn a_built_in_server_is_judged_with_what_the_table_leaves_out() {
        let table = json!({ "url": "postgres://{host}", "ready": { "comand": [] }, "container": 3 });
        problems(
            "postgres",
            &table,
            &[
                "postgres.create` needs `{database}` in `url`: no service would use what it makes",
                "postgres.ready.comand` is unknown: did you mean `command`?",
                "postgres.container` is a number, and must be a table",
            ],
        );
    }
}
