//! The README tells everything that can be typed or configured, and nothing that does not exist.

use crate::sources::{below, read, root, xtask};
use clap::CommandFactory as _;
use std::collections::BTreeSet;
use xtask::cli::Cli;
use xtask::pipeline;

/// Subcommands that no test in `tests/it` calls, and why not.
const UNTESTED: [(&str, &str); 1] = [("test", "it would run the tests that it is called from")];

fn subcommands() -> Vec<String> {
    let cli = Cli::command();
    // A hidden command is what a task of a run calls, and no one types.
    let typed = cli.get_subcommands().filter(|command| !command.is_hide_set());
    typed.map(|command| command.get_name().to_owned()).collect()
}

#[test]
fn every_subcommand_is_told() {
    let readme = read("README.md");
    let (_, table) = readme.split_once("\n## Commands\n").expect("there is a part about the commands");
    let (table, _) = table.split_once("\n## ").expect("another part follows");
    for name in subcommands() {
        let told = table.contains(&format!("`{name}`")) || table.contains(&format!("`{name} "));
        assert!(told, "the README's commands lack `{name}`");
    }
}

#[test]
fn every_subcommand_is_tested() {
    let tests = below(&["xtask/tests/it"]);
    for name in subcommands() {
        let tested = tests.iter().any(|file| file.text.contains(&format!("\"{name}\"")));
        match UNTESTED.iter().find(|(untested, _)| *untested == name) {
            Some((_, why)) => assert!(!tested, "`{name}` is tested: it no longer belongs here ({why})"),
            None => assert!(tested, "no test in tests/it calls `{name}`"),
        }
    }
}

#[test]
fn every_key_of_the_configuration_is_told() {
    let readme = read("README.md");
    let forms = |key: &str| [format!("`{key}`"), format!(".{key}`"), format!(".{key}]")];
    let told = |key: &str| forms(key).iter().any(|form| readme.contains(form));
    for key in keys_of_the_tables().into_iter().chain(keys_of_a_server()) {
        assert!(told(&key), "the README lacks the key `{key}`");
    }
}

/// The keys that the settings ask their tables for.
fn keys_of_the_tables() -> BTreeSet<String> {
    let files = ["config", "environments", "image"].map(|name| read(&format!("xtask/src/settings/{name}.rs")));
    let source = files.concat();
    let asks = ["string", "strings", "word", "integer", "percent", "duration", "table", "list", "get"];
    let mut keys = BTreeSet::new();
    for ask in asks {
        let call = format!(".{ask}(\"");
        let calls = source.split(&call).skip(1);
        keys.extend(calls.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    assert!(keys.contains("exclude") && keys.contains("waivers") && keys.len() > 15, "{keys:?}");
    keys
}

/// The keys of a server's table: the public fields in `backing::spec`, as serde names them.
fn keys_of_a_server() -> BTreeSet<String> {
    let source = read("xtask/src/backing/spec.rs");
    let fields = source.lines().filter_map(|line| Some(line.strip_prefix("    pub ")?.split_once(": ")?.0));
    let keys: BTreeSet<String> =
        fields.filter(|field| *field != "name" && !field.contains('(')).map(|field| field.replace('_', "-")).collect();
    assert!(keys.contains("client-env") && keys.contains("refuses-root"), "{keys:?}");
    keys
}

#[test]
fn every_service_has_its_line() {
    let readme = read("README.md");
    let folders = std::fs::read_dir(root().join("services")).expect("there are services");
    let folders = folders.map(|folder| folder.expect("readable").file_name().to_string_lossy().into_owned());
    let services: Vec<String> = folders.filter(|folder| folder.ends_with("-service")).collect();
    assert!(services.len() >= 12, "{services:?}");
    for service in services {
        let manifest = read(&format!("services/{service}/Cargo.toml"));
        let value = |key: &str| {
            let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
            line.unwrap_or_else(|| panic!("{service} has no {key}")).trim_matches('"').to_owned()
        };
        let line = format!("\n| `{}` | {} | {} |\n", value("name"), value("port"), value("description"));
        assert!(readme.contains(&line), "the README lacks the line of a service, or it says something else:{line}");
    }
}

#[test]
fn every_variable_of_the_services_is_told() {
    let readme = read("README.md");
    let config = read("services/kit/src/config.rs");
    let variables: Vec<&str> =
        config.lines().filter_map(|line| line.strip_prefix("//! | `")?.split_once('`')).map(|(name, _)| name).collect();
    assert!(variables.contains(&"RATE_LIMIT") && variables.len() > 5, "{variables:?}");
    for variable in variables {
        assert!(readme.contains(&format!("`{variable}`")), "the README lacks the services' variable `{variable}`");
    }
}

#[test]
fn every_variable_of_xtask_is_told() {
    let readme = read("README.md");
    let mut names = BTreeSet::new();
    for source in xtask() {
        let words = source.code.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).map(str::to_owned);
        names.extend(words.filter(|word| word.starts_with("XTASK_")));
    }
    // What marks the processes of a run, and where its tests say that they cannot run, is nobody's to set.
    let internal = ["XTASK_TASK", "XTASK_NOT_TESTED"];
    assert!(internal.iter().all(|name| names.remove(*name)) && names.contains("XTASK_JOBS"), "{names:?}");
    for name in names {
        assert!(readme.contains(&format!("`{name}`")), "the README lacks `{name}`");
    }
}

#[test]
fn every_flag_that_is_told_exists() {
    // Arguments of the tools beneath.
    let mut known = BTreeSet::from(["--nocapture", "--dbpath", "--port", "--bind_ip", "--secret"].map(str::to_owned));
    let cli = Cli::command();
    for command in std::iter::once(&cli).chain(cli.get_subcommands()) {
        known.extend(command.get_opts().filter_map(|option| Some(format!("--{}", option.get_long()?))));
    }
    known.insert("--help".to_owned());
    let readme = read("README.md");
    let words = readme.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)));
    let flags: BTreeSet<&str> = words
        .filter(|word| word.strip_prefix("--").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase())))
        .collect();
    assert!(flags.len() > 15, "{flags:?}");
    for flag in flags {
        assert!(known.contains(flag), "the README tells of `{flag}`, which no command takes");
    }
}

#[test]
fn the_table_of_stages_is_the_pipeline() {
    let readme = read("README.md");
    for stage in pipeline::stages() {
        let id = stage.id.as_str();
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{id}` |")));
        let row = row.unwrap_or_else(|| panic!("the README lacks the stage `{id}`"));
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let needs: Vec<&str> = stage.needs.iter().map(xtask::ids::StageId::as_str).collect();
        let needs = if needs.is_empty() { "–".to_owned() } else { needs.join(", ") };
        assert!(cells[1].contains(&format!("`{}`", stage.subcommand)), "{row}");
        assert_eq!((cells[2], cells[3]), (stage.policy.word(), needs.as_str()), "{row}");
    }
}

#[test]
fn every_exit_code_is_told() {
    let source = read("xtask/src/error.rs");
    let readme = read("README.md");
    let (_, body) = source.split_once("pub fn code(self) -> u8").expect("the codes stand in error.rs");
    let codes = body.lines().take_while(|line| !line.starts_with("    }")).filter_map(|line| line.split_once(" => "));
    let codes: Vec<u8> = codes.filter_map(|(_, code)| code.trim_end_matches(',').parse().ok()).collect();
    assert!(codes.contains(&70), "{codes:?}");
    for code in codes {
        assert!(readme.contains(&format!("\n| {code} | ")), "the README lacks the exit code {code}");
    }
}

#[test]
fn every_module_stands_in_the_code_map() {
    let map = read("ARCHITECTURE.md");
    let lib = read("xtask/src/lib.rs");
    for module in lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        assert!(map.contains(&format!("\n| `{module}` | ")), "ARCHITECTURE.md lacks the module `{module}`");
    }
}

#[test]
fn what_the_documents_point_at_is_there() {
    for document in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = read(document);
        let links = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            assert!(crate::sources::root().join(link).exists(), "{document} points at {link}, which is not there");
        }
    }
}
