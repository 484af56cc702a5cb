//! The description of a server, as data: PostgreSQL, Redis and configured servers are values of one type.
//!
//! Pure. How a server is found, started and stopped is the business of the sibling modules; none of them checks a
//! server's name.

use super::template::Template;
use std::collections::{BTreeMap, BTreeSet};
use xtask_core::text;

/// A server that integration tests talk to: `[workspace.metadata.xtask.integration.servers.NAME]`.
///
/// Placeholders: `{host}` and `{port}` of the server; `{listen}`, the address that it binds; `{dir}`, its directory;
/// `{user}`, `{password}` and `{base}`, the database to connect to when creating others; `{database}`, a service's own
/// database; `{query.NAME}`, from a given URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpec {
    /// Its name, from the table's: `postgres`.
    pub name: String,
    /// What people call it: `PostgreSQL`. The name when left out.
    pub title: String,
    /// The variable that the tests read, and that points to an existing server when set: `DATABASE_URL`.
    pub env: String,
    /// The variable's value. With `{database}` in it, every service gets its own.
    pub url: Template,
    /// The user that a server of our own is made with.
    pub user: String,
    /// The database that is there from the start.
    pub base: String,
    /// The version that is wanted, as far as it matters: `15`.
    pub version: Option<String>,
    /// The crates that talk to it: a package that links one of them gets the server unless its `needs` say otherwise.
    /// `sqlx/postgres` is the crate `sqlx` with this feature.
    pub crates: Vec<String>,
    /// When it can be used.
    pub ready: Ready,
    /// Files that it needs in `{dir}`, by name.
    pub files: BTreeMap<String, Template>,
    /// Variables for the client commands below and `ready`; one that comes out empty is not inherited.
    pub client_env: BTreeMap<String, Template>,
    /// The client command that makes `{database}`; none for servers that make databases by themselves.
    pub create: Vec<Template>,
    /// The client command that removes `{database}`.
    pub drop: Vec<Template>,
    /// How it runs in a container; without it Docker is no source.
    pub container: Option<Container>,
    /// How it runs as a process; without it this machine is no source.
    pub local: Option<Local>,
}

/// A server in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The image: `postgres:15-alpine`.
    pub image: String,
    /// The port that it listens on inside.
    pub port: u16,
    /// The container's variables.
    pub env: BTreeMap<String, Template>,
    /// What follows the image on the command line.
    pub args: Vec<Template>,
}

/// A server as a process of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// The server's program: `postgres`.
    pub program: String,
    /// Directories to look in besides `PATH`; a `*` matches one directory, the highest version first.
    pub folders: Vec<String>,
    /// What asks the program for its version.
    pub version_args: Vec<String>,
    /// Commands that run once before it starts. Their programs are looked for beside the server's first.
    pub prepare: Vec<Vec<Template>>,
    /// The server's arguments.
    pub args: Vec<Template>,
    /// The signal that stops it first; KILL follows.
    pub stop: StopSignal,
    /// Whether it is started as another user when this one is root.
    pub refuses_root: bool,
    /// The Debian package to install, for the hint.
    pub package: Option<String>,
}

/// When a server can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ready {
    /// Its port accepts a connection.
    #[default]
    Tcp,
    /// It answers PING with PONG.
    Redis,
    /// A client command succeeds.
    Command(Vec<Template>),
}

/// A signal that asks a server to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum StopSignal {
    /// The usual one for servers.
    #[default]
    Term,
    /// PostgreSQL's "fast shutdown".
    Int,
    /// For servers that dump or abort on it.
    Quit,
}

impl ServerSpec {
    /// Whether every service gets its own database, and so its own value of the variable.
    pub fn per_service(&self) -> bool {
        self.url.mentions("database")
    }

    /// Whether a package that links this crate with these features probably talks to the server.
    pub fn is_likely_for(&self, name: &str, features: &BTreeSet<String>) -> bool {
        self.crates.iter().any(|client| match client.split_once('/') {
            Some((client, feature)) => client == name && features.contains(feature),
            None => client == name,
        })
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
        assert!(errors.iter().any(|error| error.to_string().contains(message)), "{errors:?}");
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
        wrong(&json!({ "url": "a://{host}" }), "mongo.env` is missing");
        wrong(&json!({ "env": "A", "url": "a://{host}", "imagee": "x" }), "mongo.imagee` is unknown");
        wrong(&json!({ "env": "A", "url": "a://{hots}" }), "did you mean `{host}`?");
        wrong(
            &json!({ "env": "A", "url": "a://{host}", "local": { "program": "x", "arg": [] } }),
            "mongo.local.arg` is unknown: did you mean `args`?",
        );
        wrong(&json!({ "env": "1A", "url": "a://" }), "mongo.env` is \"1A\", and must be the name of a variable");
        wrong(&json!({ "env": "A", "url": "{host}" }), "must begin with its scheme");
        wrong(&json!({ "env": "A", "url": "a://{dir}" }), "know no `{dir}`");
        wrong(&json!({ "env": "A", "url": "a://", "create": ["x"] }), "mongo.create` needs `{database}`");
        wrong(&json!({ "env": "A", "url": "a://", "files": { "../x": "" } }), "is not a plain file name");
        wrong(
            &json!({ "env": "A", "url": "a://", "container": { "image": "-v/:/x", "port": 1 } }),
            "and must be the name of an image",
        );
        wrong(
            &json!({ "env": "A", "url": "a://", "crates": ["a/"] }),
            "`a/`, which is neither a crate nor `crate/feature`",
        );
        wrong(&json!({ "env": "A", "url": "a://", "ready": "tpc" }), "mongo.ready` is \"tpc\", and must be");
        wrong(&json!(3), "mongo` is a number, and must be a table");
    }

    #[test]
    fn a_name_cannot_be_a_path() {
        let table = json!({ "env": "A", "url": "a://" });
        assert!(ServerSpec::from_table("../x", &table).is_err());
    }
}
