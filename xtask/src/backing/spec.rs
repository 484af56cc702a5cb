//! What a server is, as data: PostgreSQL, Redis and what the configuration adds are values of one type.
//!
//! Pure. How a server is found, started and stopped is the business of the modules beside this one; none of them asks
//! for a server's name.

use super::template::Template;
use crate::text;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A server that integration tests talk to: `[workspace.metadata.xtask.integration.servers.NAME]`.
///
/// Placeholders: `{host}` and `{port}` of the server; `{listen}`, the address that it binds; `{dir}`, its folder;
/// `{user}`, `{password}` and `{base}`, the database to connect to for making others; `{database}`, a service's own
/// database; `{query.NAME}`, from a given URL.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServerSpec {
    /// Its name, from the table's: `postgres`.
    #[serde(skip)]
    pub name: String,
    /// What people call it: `PostgreSQL`. The name when left out.
    #[serde(default)]
    pub title: String,
    /// The variable that the tests read, and that gives a server which is there already: `DATABASE_URL`.
    pub env: String,
    /// What the variable says. With `{database}` in it every service gets a value of its own.
    pub url: Template,
    /// The user that a server of our own is made with.
    #[serde(default)]
    pub user: String,
    /// The database that is there from the start.
    #[serde(default)]
    pub base: String,
    /// The version that is wanted, as far as it matters: `15`.
    #[serde(default)]
    pub version: Option<String>,
    /// The crates that talk to it: a package that links one of them gets the server unless its `needs` say otherwise.
    /// `sqlx/postgres` is the crate `sqlx` with this feature.
    #[serde(default)]
    pub crates: Vec<String>,
    /// When it can be used.
    #[serde(default)]
    pub ready: Ready,
    /// Files that it needs in `{dir}`, by name.
    #[serde(default)]
    pub files: BTreeMap<String, Template>,
    /// Variables for the client commands below and `ready`; one that comes out empty is not inherited.
    #[serde(default)]
    pub client_env: BTreeMap<String, Template>,
    /// The client command that makes `{database}`; none for servers that make databases by themselves.
    #[serde(default)]
    pub create: Vec<Template>,
    /// The client command that removes `{database}`.
    #[serde(default)]
    pub drop: Vec<Template>,
    /// How it runs in a container; without it Docker is no source.
    #[serde(default)]
    pub container: Option<Container>,
    /// How it runs as a process; without it this machine is no source.
    #[serde(default)]
    pub local: Option<Local>,
}

/// A server in a container.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Container {
    /// The image: `postgres:15-alpine`.
    pub image: String,
    /// The port that it listens on inside.
    pub port: u16,
    /// The container's variables.
    #[serde(default)]
    pub env: BTreeMap<String, Template>,
    /// What follows the image on the command line.
    #[serde(default)]
    pub args: Vec<Template>,
}

/// A server as a process of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Local {
    /// The server's program: `postgres`.
    pub program: String,
    /// Folders to look in besides `PATH`; a `*` stands for one folder, the highest version first.
    #[serde(default)]
    pub folders: Vec<String>,
    /// What asks the program for its version.
    #[serde(default = "version_flag")]
    pub version_args: Vec<String>,
    /// Commands that run once before it starts. Their programs are looked for beside the server's first.
    #[serde(default)]
    pub prepare: Vec<Vec<Template>>,
    /// The server's arguments.
    #[serde(default)]
    pub args: Vec<Template>,
    /// The signal that stops it first; KILL follows.
    #[serde(default)]
    pub stop: StopSignal,
    /// Whether it is started as another user when this one is root.
    #[serde(default)]
    pub refuses_root: bool,
    /// The Debian package to install, for the hint.
    #[serde(default)]
    pub package: Option<String>,
}

/// When a server can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ready {
    /// Its port takes a connection.
    #[default]
    Tcp,
    /// It answers PING with PONG.
    Redis,
    /// A client command succeeds.
    Command(Vec<Template>),
}

/// A signal that asks a server to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StopSignal {
    /// What most servers take.
    #[default]
    Term,
    /// PostgreSQL's "fast shutdown".
    Int,
    /// For servers that dump or abort on it.
    Quit,
}

fn version_flag() -> Vec<String> {
    vec!["--version".to_owned()]
}

impl ServerSpec {
    /// Whether every service gets a database, and so a value of the variable, of its own.
    pub fn per_service(&self) -> bool {
        self.url.mentions("database")
    }

    /// Whether what links this crate with these features probably talks to the server.
    pub fn is_likely_for(&self, name: &str, features: &BTreeSet<String>) -> bool {
        self.crates.iter().any(|client| match client.split_once('/') {
            Some((client, feature)) => client == name && features.contains(feature),
            None => client == name,
        })
    }

    /// What is wrong with it although each key can be read, a sentence each.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut unless = |good: bool, message: String| wrong.extend((!good).then_some(message));
        let word = |text: &str, also: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
        };
        let name = &self.name;
        unless(word(name, "-_"), format!("the name `{name}` may hold only letters, digits, `-` and `_`"));
        let env = &self.env;
        let digit_first = env.starts_with(|c: char| c.is_ascii_digit());
        unless(word(env, "_") && !digit_first, format!("`env`: `{env}` is no name of a variable"));
        unless(self.url.start().contains("://"), "`url` must begin with its scheme, as in `redis://`".to_owned());
        for hole in ["dir", "listen", "base"] {
            unless(!self.url.mentions(hole), format!("`url` is for clients, who know no `{{{hole}}}`"));
        }
        unless(self.drop.is_empty() || !self.create.is_empty(), "`drop` needs `create`".to_owned());
        let unused = self.create.is_empty() || self.per_service();
        unless(unused, "`create` needs `{database}` in `url`: nobody would use what it makes".to_owned());
        for client in &self.crates {
            let (name, feature) = client.split_once('/').unwrap_or((client, "default"));
            let good = word(name, "-_") && word(feature, "-_+.");
            unless(good, format!("`crates`: `{client}` is neither a crate nor `crate/feature`"));
        }
        for file in self.files.keys() {
            unless(word(file, "-_.") && !file.starts_with('.'), format!("`files`: `{file}` is no plain file name"));
        }
        if let Some(container) = &self.container {
            let image = &container.image;
            unless(
                word(image, "-_./:@") && !image.starts_with('-'),
                format!("`container.image`: `{image}` is no image"),
            );
        }
        if let Some(local) = &self.local {
            let program = &local.program;
            unless(!program.is_empty() && !program.starts_with('-'), format!("`local.program`: `{program}` is none"));
        }
        wrong
    }

    /// The variables of these servers, for messages: `DATABASE_URL and REDIS_URL`.
    pub fn variables(servers: &[Self]) -> String {
        text::list(servers.iter().map(|server| &server.env))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[track_caller]
    fn wrong(table: &Value, message: &str) {
        let errors = ServerSpec::from_table("mongo", table).expect_err("the table is wrong");
        assert!(errors.iter().any(|error| error.contains(message)), "{errors:?}");
    }

    #[test]
    fn the_built_in_servers_are_valid_and_read_the_documented_variables() {
        assert_eq!(ServerSpec::variables(&ServerSpec::defaults()), "DATABASE_URL and REDIS_URL");
    }

    #[test]
    fn a_further_server_is_a_few_lines() {
        let table = json!({
            "env": "MONGO_URL",
            "url": "mongodb://{host}:{port}/{database}",
            "container": { "image": "mongo:6", "port": 27017 },
        });
        let mongo = ServerSpec::from_table("mongo", &table).expect("the table is valid");
        assert_eq!((mongo.name.as_str(), mongo.title.as_str()), ("mongo", "mongo"));
        assert!(mongo.per_service());
        assert_eq!(mongo.ready, Ready::Tcp);
    }

    #[test]
    fn one_key_of_a_built_in_server_can_be_changed() {
        let table = json!({ "version": "16", "container": { "image": "postgres:16" } });
        let spec = ServerSpec::from_table("postgres", &table).expect("the table is valid");
        let container = spec.container.expect("the container is still there");
        assert_eq!((container.image.as_str(), container.port), ("postgres:16", 5432));
        assert!(spec.local.is_some());
    }

    #[test]
    fn a_client_crate_makes_its_server_likely_with_the_feature_that_it_takes() {
        #[track_caller]
        fn case(server: &str, name: &str, features: &[&str], likely: bool) {
            let features = features.iter().map(|feature| (*feature).to_owned()).collect();
            assert_eq!(ServerSpec::built_in(server).is_likely_for(name, &features), likely);
        }
        case("postgres", "sqlx", &["migrate", "postgres"], true);
        case("postgres", "sqlx", &["sqlite"], false);
        case("postgres", "diesel", &["postgres_backend"], true);
        case("postgres", "diesel", &["sqlite"], false);
        case("postgres", "tokio-postgres", &[], true);
        case("postgres", "redis", &[], false);
        case("redis", "redis", &[], true);
        case("redis", "fred", &["x"], true);
        case("redis", "sqlx", &["postgres"], false);
    }

    #[test]
    fn a_wrong_table_says_what_is_wrong() {
        wrong(&json!({ "url": "a://{host}" }), "missing field `env`");
        wrong(&json!({ "env": "A", "url": "a://{host}", "imagee": "x" }), "unknown field `imagee`");
        wrong(&json!({ "env": "A", "url": "a://{hots}" }), "did you mean `{host}`?");
        wrong(
            &json!({ "env": "A", "url": "a://{host}", "local": { "program": "x", "arg": [] } }),
            "unknown field `arg`",
        );
        wrong(&json!({ "env": "1A", "url": "a://" }), "`1A` is no name of a variable");
        wrong(&json!({ "env": "A", "url": "{host}" }), "must begin with its scheme");
        wrong(&json!({ "env": "A", "url": "a://{dir}" }), "know no `{dir}`");
        wrong(&json!({ "env": "A", "url": "a://", "create": ["x"] }), "`create` needs `{database}`");
        wrong(&json!({ "env": "A", "url": "a://", "files": { "../x": "" } }), "`../x` is no plain file name");
        wrong(&json!({ "env": "A", "url": "a://", "container": { "image": "-v/:/x", "port": 1 } }), "is no image");
        wrong(&json!({ "env": "A", "url": "a://", "crates": ["a/"] }), "`a/` is neither a crate nor `crate/feature`");
        wrong(&json!({ "env": "A", "url": "a://", "ready": "tpc" }), "unknown variant `tpc`");
        wrong(&json!(3), "invalid type");
    }

    #[test]
    fn a_name_cannot_be_a_path() {
        let table = json!({ "env": "A", "url": "a://" });
        assert!(ServerSpec::from_table("../x", &table).is_err());
    }
}
