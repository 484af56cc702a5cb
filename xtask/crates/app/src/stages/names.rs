//! The names that a registry accepts for an image, and Kubernetes for its objects and for the needs of a service.
//! Invalid ones are refused before anything is made, and all at once: later it would fail in the middle, or silently do
//! less.

use crate::settings::environments::Environment;
use serde_json::Value;
use xtask_core::error::{Error, Result};
use xtask_core::text;
use xtask_core::workspace::Package;

/// Whether these services can have images.
pub fn check_images(services: &[&Package]) -> Result<()> {
    let mut problems = Vec::new();
    for (index, service) in services.iter().enumerate() {
        let name = service.name.to_lowercase();
        if !is_repository(&name) {
            problems.push(format!(
                "no registry takes the name `{}`: it needs letters and digits of ASCII in words with `-`, `_` or `.` between \
                 them; rename the package, or set `image = false` in its `[package.metadata.xtask.service]`",
                service.name
            ));
        }
        if let Some(other) = services[..index].iter().find(|other| other.name.to_lowercase() == name) {
            let names = format!("`{}` and `{}`", other.name, service.name);
            problems.push(format!(
                "{names} are the same name in a registry, which has lower case only: rename one of them"
            ));
        }
        if main_program(service).is_none() {
            let programs = text::list(service.programs.iter().map(|program| format!("`{program}`")));
            problems.push(format!(
                "`{}` has the programs {programs}, and none is named like it: set `default-run` in its Cargo.toml",
                service.name
            ));
        }
    }
    refuse("make images of the services", &problems)
}

/// Whether these services can run in an environment.
pub fn check_manifests(services: &[&Package], environment: &Environment) -> Result<()> {
    let known = &environment.place.server_ports;
    let mut problems = Vec::new();
    for service in services {
        if !text::is_dns_label(&service.name) {
            problems.push(format!(
                "Kubernetes does not take the name `{}`: it needs lower-case letters, digits and dashes, a letter first, at \
                 most 63; rename the package, or set `image = false` in its `[package.metadata.xtask.service]`",
                service.name
            ));
        }
        let unknown = needs(service).filter(|need| !known.contains_key(*need));
        problems.extend(unknown.map(|need| {
            let near = text::nearest(need, known.keys().map(String::as_str));
            let near = near.first().map_or(String::new(), |near| format!("did you mean `{near}`? If not, "));
            format!(
                "`{}` needs `{need}`, whose port is unknown: {near}add it to \
                 `[workspace.metadata.xtask.environments.{}.server-ports]`",
                service.name, environment.name
            )
        }));
    }
    refuse(&format!("make the manifests for {}", environment.name), &problems)
}

/// The names of the servers that a service uses.
pub fn needs(service: &Package) -> impl Iterator<Item = &str> {
    service.service_fact("needs").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The program that an image starts: `default-run`, the only one, or the one that is named like the package, which the
/// others then help.
pub fn main_program(package: &Package) -> Option<&str> {
    let only = package.programs.first().filter(|_| package.programs.len() == 1);
    let named = package.programs.iter().find(|program| **program == package.name);
    package.default_run.as_ref().or(only).or(named).map(String::as_str)
}

fn refuse(what: &str, problems: &[String]) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!("{what}: {}\n  {}", text::count(problems.len(), "problem"), problems.join("\n  "))))
}

/// A path component of <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>: words of
/// lower-case letters and digits with `.`, `_`, `__` or dashes between them.
fn is_repository(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_separator = |text: &str| matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    name.starts_with(is_word)
        && name.ends_with(is_word)
        && name.chars().all(|c| is_word(c) || "._-".contains(c))
        && name.split(is_word).all(is_separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_takes_words_with_single_separators() {
        for name in ["a", "auth-service", "auth_service", "a__b", "a---b", "7a", "a.b"] {
            assert!(is_repository(name), "{name}");
        }
        for name in ["", "_a", "a_", "a-", "a___b", "a-_b", "größe", "Auth", "a..b"] {
            assert!(!is_repository(name), "{name}");
        }
    }
}
