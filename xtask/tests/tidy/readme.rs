//! README.md and `docs/` document everything that can be typed or configured, and nothing that does not exist.

use crate::sources::{below, documents, read, root, xtask};
use own_tests::OwnTests;
use std::collections::BTreeSet;
use xtask_app::cli::Cli;
use xtask_app::program::Program;
use xtask_app::settings::keys;
use xtask_app::stages::Pipeline;
use xtask_core::table::key::Form;

fn subcommands() -> Vec<String> {
    let cli = Cli::program(&Program::default().command(OwnTests).commands());
    // A hidden command is what a task of a run calls, and no one types.
    let typed = cli.get_subcommands().filter(|command| !command.is_hide_set());
    typed.map(|command| command.get_name().to_owned()).collect()
}

/// README.md and `docs/` as one text.
fn everything() -> String {
    documents().iter().map(|document| document.text.as_str()).collect()
}

#[test]
fn every_subcommand_is_documented() {
    let reference = read("docs/reference.md");
    let (_, table) = reference.split_once("\n## Commands\n").expect("a section about the commands");
    let (table, _) = table.split_once("\n## ").expect("another section follows");
    for name in subcommands() {
        let found = table.contains(&format!("`{name}`")) || table.contains(&format!("`{name} "));
        assert!(found, "the commands in docs/reference.md lack `{name}`");
    }
}

#[test]
fn every_subcommand_is_tested() {
    let tests = below(&["xtask/tests/it"]);
    for name in subcommands() {
        let tested = tests.iter().any(|file| file.text.contains(&format!("\"{name}\"")));
        assert!(tested, "no test in tests/it calls `{name}`");
    }
}

#[test]
fn every_key_of_the_configuration_is_documented() {
    let text = everything();
    let forms = |key: &str| [format!("`{key}`"), format!(".{key}`"), format!(".{key}]")];
    for key in described(&[keys::WORKSPACE, keys::PACKAGE]) {
        assert!(forms(key).iter().any(|form| text.contains(form)), "README.md and docs/ lack the key `{key}`");
    }
}

/// The names of all keys within these tables.
fn described(tables: &[Form]) -> BTreeSet<&'static str> {
    let mut names = BTreeSet::new();
    let mut next = tables.to_vec();
    while let Some(form) = next.pop() {
        match form {
            Form::List(_, form) | Form::Names(form) => next.push(*form),
            Form::NamesBeside(_, form, others) => next.extend([*form, *others]),
            form => {
                names.extend(form.keys().iter().map(|key| key.name));
                next.extend(form.keys().iter().map(|key| key.form));
            }
        }
    }
    assert!(["waivers", "refuses-root", "memory-limit"].iter().all(|key| names.contains(key)), "{names:?}");
    names
}

#[test]
fn every_service_has_its_line() {
    let table = read("docs/services.md");
    let directories = std::fs::read_dir(root().join("services")).expect("there are services");
    let directories =
        directories.map(|directory| directory.expect("readable").file_name().to_string_lossy().into_owned());
    let services: Vec<String> = directories.filter(|directory| directory.ends_with("-service")).collect();
    assert!(services.len() >= 12, "{services:?}");
    for service in services {
        let manifest = read(&format!("services/{service}/Cargo.toml"));
        let value = |key: &str| {
            let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
            line.unwrap_or_else(|| panic!("{service} has no {key}")).trim_matches('"').to_owned()
        };
        let line = format!("\n| `{}` | {} | {} |\n", value("name"), value("port"), value("description"));
        assert!(table.contains(&line), "docs/services.md lacks this line of a service:{line}");
    }
}

#[test]
fn every_variable_of_the_services_is_documented() {
    let text = read("docs/services.md");
    let config = read("services/kit/src/config.rs");
    let variables: Vec<&str> =
        config.lines().filter_map(|line| line.strip_prefix("//! | `")?.split_once('`')).map(|(name, _)| name).collect();
    assert!(variables.contains(&"RATE_LIMIT") && variables.len() > 5, "{variables:?}");
    for variable in variables {
        assert!(text.contains(&format!("`{variable}`")), "docs/services.md lacks the variable `{variable}`");
    }
}

#[test]
fn every_variable_of_xtask_is_documented() {
    let reference = read("docs/reference.md");
    let (_, table) = reference.split_once("\n## Environment variables\n").expect("a section about variables");
    let (table, _) = table.split_once("\n## ").expect("another section follows");
    let mut names = BTreeSet::new();
    for source in xtask() {
        let words = source.code.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).map(str::to_owned);
        names.extend(words.filter(|word| word.starts_with("XTASK_")));
    }
    // What marks the processes of a run, and where its tests say that they cannot run, is nobody's to set.
    let internal = ["XTASK_TASK", "XTASK_NOT_TESTED"];
    assert!(internal.iter().all(|name| names.remove(*name)) && names.contains("XTASK_JOBS"), "{names:?}");
    for name in names {
        assert!(table.contains(&format!("`{name}`")), "the variables in docs/reference.md lack `{name}`");
    }
}

#[test]
fn every_documented_flag_exists() {
    // Arguments of the tools beneath.
    let mut known =
        BTreeSet::from(["--nocapture", "--dbpath", "--port", "--bind_ip", "--secret", "--locked"].map(str::to_owned));
    let cli = Cli::program(&Program::default().command(OwnTests).commands());
    for command in std::iter::once(&cli).chain(cli.get_subcommands()) {
        known.extend(command.get_opts().filter_map(|option| Some(format!("--{}", option.get_long()?))));
    }
    known.insert("--help".to_owned());
    let mut found = 0;
    for document in documents() {
        let words = document.text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)));
        let is_flag = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase());
        for flag in words.filter(|word| word.strip_prefix("--").is_some_and(is_flag)) {
            assert!(known.contains(flag), "{} names `{flag}`, which no command takes", document.path);
            found += 1;
        }
    }
    assert!(found > 15, "only {found} flags");
}

#[test]
fn the_table_of_stages_is_the_pipeline() {
    let readme = read("README.md");
    for stage in Pipeline::default().definitions() {
        let id = stage.id.as_str();
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{id}` |")));
        let row = row.unwrap_or_else(|| panic!("the README lacks the stage `{id}`"));
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let needs: Vec<&str> = stage.needs.iter().map(xtask_core::ids::StageId::as_str).collect();
        let needs = if needs.is_empty() { "–".to_owned() } else { needs.join(", ") };
        assert!(cells[1].contains(&format!("`{}`", stage.subcommand)), "{row}");
        assert_eq!((cells[2], cells[3]), (stage.policy.word(), needs.as_str()), "{row}");
    }
}

#[test]
fn every_exit_code_is_documented() {
    let source = read("xtask/crates/core/src/error.rs");
    let reference = read("docs/reference.md");
    let (_, body) = source.split_once("pub fn code(self) -> u8").expect("the codes stand in error.rs");
    let codes = body.lines().take_while(|line| !line.starts_with("    }")).filter_map(|line| line.split_once(" => "));
    let codes: Vec<u8> = codes.filter_map(|(_, code)| code.trim_end_matches(',').parse().ok()).collect();
    assert!(codes.contains(&70), "{codes:?}");
    for code in codes {
        assert!(reference.contains(&format!("\n| {code} | ")), "docs/reference.md lacks the exit code {code}");
    }
}

#[test]
fn every_module_stands_in_the_code_map() {
    let map = read("ARCHITECTURE.md");
    for lib in xtask().into_iter().filter(|source| source.place().1 == "lib.rs") {
        let (home, _) = lib.place();
        let (_, section) = map
            .split_once(&format!("\n### `{home}`\n"))
            .unwrap_or_else(|| panic!("ARCHITECTURE.md has no section `{home}`"));
        let section = section.split("\n#").next().unwrap_or_default();
        for module in lib.text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
            let row = format!("\n| `{module}` | ");
            assert!(section.contains(&row), "ARCHITECTURE.md lacks the module `{module}` of {home}");
        }
    }
}

/// The targets of a document's links, without those elsewhere on the web.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    links.filter(|link| !link.contains("://"))
}

/// The anchors that GitHub makes of a document's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings =
        text.lines().filter_map(|line| line.strip_prefix('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    headings.map(|title| title.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_link_has_a_target() {
    let others = ["ARCHITECTURE.md", "CHANGELOG.md"].map(str::to_owned);
    for document in documents().into_iter().map(|document| document.path).chain(others) {
        let text = read(&document);
        let home = std::path::Path::new(&document).parent().expect("a document has a directory");
        for link in links(&text) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { root().join(&document) } else { root().join(home).join(path) };
            assert!(target.exists(), "{document} links to {link}, which does not exist");
            if !anchor.is_empty() {
                let text = std::fs::read_to_string(&target).expect("a document with anchors is readable");
                assert!(anchors(&text).contains(anchor), "{document} links to {link}, which has no such heading");
            }
        }
    }
}

#[test]
fn the_readme_links_to_every_document() {
    let readme = read("README.md");
    let linked: BTreeSet<&str> = links(&readme).collect();
    for document in documents().iter().skip(1) {
        assert!(linked.contains(document.path.as_str()), "README.md does not link to {}", document.path);
    }
}

#[test]
fn a_newcomer_reads_the_readme_at_once() {
    let words = read("README.md").split_whitespace().count();
    assert!(words < 2000, "README.md has {words} words: move reference material to docs/");
}
