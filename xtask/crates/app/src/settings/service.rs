//! The settings in `[workspace.metadata.xtask.service]`: what the services of a workspace have in common.

use super::{image, keys};
use std::collections::BTreeMap;
use std::path::Path;
use xtask_core::table::{Problems, Table};
use xtask_core::workspace::Workspace;

/// The conventions of the services.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// The end of their names, which may be left out where a service is named: `-service`.
    pub suffix: String,
    /// The port of a service whose manifest sets none.
    pub port: u16,
    /// The path that answers while a service lives; `None` where there is none.
    pub health: Option<String>,
    /// The path that answers while it accepts requests.
    pub ready: Option<String>,
    /// The path that answers with JSON whose `commit` is the deployed one.
    pub version: Option<String>,
    /// Variables of every pod, with placeholders.
    pub env: BTreeMap<String, String>,
}

impl ServiceConfig {
    /// Reads the table.
    pub fn read(table: &Table<'_>, p: &mut Problems) -> Self {
        let env = table.texts_of("env", p);
        image::check_variables(&table.table("env", p), &env, p);
        Self {
            suffix: table.text("suffix", p, is_suffix).unwrap_or_default(),
            port: table.integer("port", p).unwrap_or_default(),
            health: path("health", table, p),
            ready: path("ready", table, p),
            version: path("version", table, p),
            env,
        }
    }
}

/// The end of the services' names, whatever else is wrong with the configuration.
pub(super) fn suffix(workspace: &Workspace) -> String {
    let unheard = &mut Problems::new();
    let top = Table::new(Path::new("Cargo.toml"), "", keys::WORKSPACE, &workspace.metadata, unheard);
    top.table("service", unheard).text("suffix", unheard, is_suffix).unwrap_or_default()
}

fn is_suffix(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// A path that is requested through the API server: it must not lead out of the service.
fn path(key: &'static str, table: &Table<'_>, p: &mut Problems) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~/-".contains(&byte);
    let is_path = |text: &&str| {
        text.starts_with('/') && text.bytes().all(is_plain) && !text.split('/').any(|part| matches!(part, "." | ".."))
    };
    let path = table.get(key, p, |value| match value.as_str() {
        Some(text) => Some(text).filter(is_path).map(|path| Some(path.to_owned())),
        None => Some(None),
    });
    path.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use xtask_core::table::key::Form;

    fn read(value: &Value) -> (ServiceConfig, Problems) {
        let mut problems = Problems::new();
        let table = Table::new(Path::new("Cargo.toml"), "service", Form::Table(keys::SERVICE), value, &mut problems);
        let config = ServiceConfig::read(&table, &mut problems);
        table.finish(&mut problems);
        (config, problems)
    }

    #[test]
    fn the_defaults_are_the_conventions_of_this_repository() {
        let (config, problems) = read(&Value::Null);
        assert_eq!(problems, Problems::new());
        assert_eq!((config.suffix.as_str(), config.port), ("-service", 8080));
        let paths = [&config.health, &config.ready, &config.version].map(|path| path.as_deref().unwrap_or("none"));
        assert_eq!(paths, ["/healthz", "/readyz", "/version"]);
        assert_eq!((config.env["LISTEN"].as_str(), config.env["GIT_COMMIT"].as_str()), ("0.0.0.0:{port}", "{commit}"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        #[track_caller]
        fn case(config: &Value, wanted: &str) {
            let (_, problems) = read(config);
            assert!(problems.len() == 1 && problems[0].to_string().contains(wanted), "{config}: {problems:?}");
        }
        for wrong in ["healthz", "", "/a b", "/a?b", "/../admin", "/a/./b", "/ü"] {
            case(&json!({ "health": wrong }), "a path such as \"/healthz\", or false");
        }
        case(&json!({ "ready": true }), "or false");
        case(&json!({ "suffix": " x" }), "the end of a name");
        case(&json!({ "port": 0 }), "from 1 to 65535");
        case(&json!({ "env": { "A": "{sha}" } }), "known are {commit}, {port}, {service} and {version}");
        case(&json!({ "env": { "A B": "" } }), "not a valid variable name");
    }
}
