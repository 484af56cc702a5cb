//! The settings in `[workspace.metadata.xtask.image]`.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use xtask_core::options::BuilderChoice;
use xtask_core::registry::{LoginChoice, Registry};
use xtask_core::table::{Problems, Table};
use xtask_core::text::{self, PLACEHOLDERS};

/// How images are made, and where they go.
#[derive(Clone, Debug)]
pub struct ImageConfig {
    /// What makes them.
    pub builder: BuilderChoice,
    /// The image whose toolchain compiles the services; `None` for that of the workspace's version of Rust.
    pub toolchain: Option<String>,
    /// Files and directories that services are compiled from besides their packages, relative to the root.
    pub sources: Vec<PathBuf>,
    /// The layout of the base image, absolute; `None` for `scratch`.
    pub base: Option<PathBuf>,
    /// Whether release programs are linked statically; `None` leaves it to the target that they are built for.
    pub links_statically: Option<bool>,
    /// User and group, as numbers.
    pub user: String,
    /// The certificates that programs trust, absolute; `None` for those of the build machine.
    pub ca_bundle: Option<PathBuf>,
    /// The most bytes that an image may have.
    pub budget: Option<u64>,
    /// Variables of every image, with placeholders.
    pub env: BTreeMap<String, String>,
    /// Where images go.
    pub registry: Option<Registry>,
    /// How to log in there.
    pub login: LoginChoice,
}

impl ImageConfig {
    /// Reads the table; `root` is the workspace's.
    pub fn read(table: &Table<'_>, root: &Path, p: &mut Problems) -> Self {
        let path = |text: String| root.join(text);
        let base = table.string("base", p).filter(|base| base != "scratch").map(path);
        let user = table.text("user", p, is_user);
        let env = table.table("env", p);
        let variables = env.texts(p);
        check_variables(&env, &variables, p);
        let builder = table.word("builder", p).unwrap_or(BuilderChoice::Auto);
        if base.is_some() && builder == BuilderChoice::Docker {
            table.complain(p, Some("builder"), "makes images on `scratch` only: with a `base` it must be \"oci\"");
        }
        let inside = |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        let sources = table.get("sources", p, |value| {
            let paths = value.as_array()?.iter().map(|path| path.as_str().filter(|path| inside(path)));
            paths.map(|path| Some(PathBuf::from(path?))).collect::<Option<Vec<_>>>()
        });
        Self {
            // A base is a layout on this machine, which an engine cannot read.
            builder: if base.is_some() && builder == BuilderChoice::Auto { BuilderChoice::Oci } else { builder },
            toolchain: table.text("toolchain", p, is_reference),
            sources: sources.unwrap_or_default(),
            base,
            links_statically: table.flag("static", p),
            user: user.unwrap_or_default(),
            ca_bundle: table.string("ca-bundle", p).map(path),
            budget: table.get("budget", p, |value| text::parse_bytes(value.as_str()?)).filter(|budget| *budget > 0),
            env: variables,
            registry: table.get("registry", p, |value| Registry::parse(value.as_str()?)),
            login: table.word("login", p).unwrap_or(LoginChoice::Auto),
        }
    }

    /// Whether release programs are linked statically, in a run that makes images or does not: those for `scratch` are.
    pub fn links_statically(&self, makes_images: bool) -> bool {
        self.links_statically.unwrap_or(makes_images && self.base.is_none())
    }

    /// The variables, with every placeholder replaced by what `value` returns for it.
    pub fn variables(&self, value: impl Fn(&str) -> String) -> BTreeMap<String, String> {
        self.env.iter().map(|(name, text)| (name.clone(), text::fill(text, &value))).collect()
    }

    /// The numbers of the user and of its group; a user without a group is one of its own.
    pub fn ids(&self) -> (u32, u32) {
        let (user, group) = self.user.split_once(':').unwrap_or((&self.user, &self.user));
        let number = |text: &str| text.parse().unwrap_or(65_532);
        (number(user), number(group))
    }
}

/// Complains about variables that cannot be: their names, and the placeholders in their values.
pub(super) fn check_variables(table: &Table<'_>, variables: &BTreeMap<String, String>, p: &mut Problems) {
    for (name, value) in variables {
        if let Some(unknown) = unknown_placeholder(value) {
            let known = text::list(PLACEHOLDERS.map(|known| format!("{{{known}}}")));
            table.complain(p, Some(name), &format!("has the unknown placeholder `{{{unknown}}}`: known are {known}"));
        }
        if !is_variable(name) {
            table.complain(p, Some(name), "is not a valid variable name: use letters, digits and `_`");
        }
    }
}

fn is_user(user: &str) -> bool {
    let is_number = |part: &str| part.parse::<u32>().is_ok_and(|id| id > 0 && part == id.to_string());
    user.split(':').count() <= 2 && user.split(':').all(is_number)
}

/// Whether a text names an image; nothing in it could be taken for another instruction.
fn is_reference(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:/@".contains(&byte))
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn unknown_placeholder(value: &str) -> Option<&str> {
    let names = value.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    names.into_iter().find(|name| !PLACEHOLDERS.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::keys::IMAGE;
    use serde_json::{Value, json};
    use xtask_core::table::key::Form;

    fn read(value: &Value) -> (ImageConfig, Problems) {
        let mut problems = Vec::new();
        let table = Table::new(Path::new("Cargo.toml"), "image", Form::Table(IMAGE), value, &mut problems);
        let config = ImageConfig::read(&table, Path::new("/w"), &mut problems);
        table.finish(&mut problems);
        (config, problems)
    }

    #[test]
    fn without_configuration_images_are_for_scratch_and_not_for_root() {
        let (config, problems) = read(&Value::Null);
        assert_eq!((config.base, config.user.as_str(), config.budget), (None, "65532:65532", None));
        assert_eq!(problems, Problems::new());
    }

    #[test]
    fn programs_for_scratch_are_static_unless_somebody_says_otherwise() {
        #[track_caller]
        fn case(config: &Value, makes_images: bool, wanted: bool) {
            assert_eq!(read(config).0.links_statically(makes_images), wanted, "{config} {makes_images}");
        }
        case(&json!({}), true, true);
        case(&json!({}), false, false);
        case(&json!({ "base": "bases/cc" }), true, false);
        case(&json!({ "static": true }), false, true);
        case(&json!({ "static": false }), true, false);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        #[track_caller]
        fn case(config: &Value, wanted: &str) {
            let (_, problems) = read(config);
            assert!(problems.len() == 1 && problems[0].to_string().contains(wanted), "{config}: {problems:?}");
        }
        for user in ["root", "0", "65532:0", "1:2:3", "", "+5", "nonroot:nonroot"] {
            case(&json!({ "user": user }), "and not root");
        }
        case(&json!({ "registry": "https://example.org" }), "such as");
        case(&json!({ "login": "token" }), "\"password\"");
        case(&json!({ "builder": "podman" }), "\"docker\"");
        case(&json!({ "builder": "docker", "base": "bases/cc" }), "makes images on `scratch` only");
        case(&json!({ "toolchain": "rust:1\nRUN evil" }), "an image with cargo in it");
        case(&json!({ "sources": ["../elsewhere"] }), "within the workspace");
        case(&json!({ "budget": "60 megs" }), "a size such as");
        case(&json!({ "env": { "A": "{sha}" } }), "known are {commit}, {port}, {service} and {version}");
        case(&json!({ "env": { "A B": "" } }), "not a valid variable name");
        case(&json!({ "bugdet": "1 MiB" }), "did you mean `budget`?");
    }

    #[test]
    fn placeholders_are_filled() {
        let (config, _) = read(&json!({ "env": { "ABOUT": "{service} {version} of {commit}" } }));
        let filled = config.variables(|name| format!("<{name}>"));
        assert_eq!(filled["ABOUT"], "<service> <version> of <commit>");
    }
}
