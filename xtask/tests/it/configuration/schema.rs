//! The schema of the configuration: a JSON-schema validator and xtask's own decoder accept and refuse the same.

#![expect(clippy::disallowed_methods, reason = "a test starts the validator itself")]

use crate::support::sandbox::Sandbox;
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;
use xtask_app::settings::config::Config;
use xtask_app::settings::keys;
use xtask_app::stages::Pipeline;
use xtask_core::table::key::{Form, Key};
use xtask_core::workspace::{Package, Workspace};

/// Validates documents against a schema: an object with both on stdin, the values and their problems on stdout.
const VALIDATOR: &str = r#"
import json, sys, tomllib
from jsonschema import Draft7Validator
given = json.load(sys.stdin)
Draft7Validator.check_schema(given["schema"])
validator = Draft7Validator(given["schema"])
values = [tomllib.loads(it) if isinstance(it, str) else it for it in given["documents"]]
problems = lambda value: [error.json_path + ": " + error.message for error in validator.iter_errors(value)]
json.dump([{"value": value, "problems": problems(value)} for value in values], sys.stdout)
"#;

/// Each document, which is TOML if it is a text, as a value and with what is wrong with it. `None`, and loudly, without
/// jsonschema.
fn validated(documents: &[Value]) -> Option<Vec<(Value, Vec<String>)>> {
    // The Python of the tool's own environment is beside it.
    let Ok(tool) = which::which("jsonschema") else {
        test_cluster::not_tested("there is no jsonschema");
        return None;
    };
    let mut command = Command::new(tool.with_file_name("python3"));
    let mut python =
        command.args(["-c", VALIDATOR]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("runs");
    let input =
        json!({ "schema": keys::of_manifests(&Pipeline::default().definitions()), "documents": documents }).to_string();
    python.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads all of it");
    let output = python.wait_with_output().expect("it ends");
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).expect("it prints a list");
    assert_eq!(found.len(), documents.len());
    let problems = |it: &Value| serde_json::from_value(it["problems"].clone()).expect("a list of texts");
    Some(found.iter().map(|it| (it["value"].clone(), problems(it))).collect())
}

/// Reads a manifest as xtask does, in a workspace of these packages; what is wrong with it.
fn decoded(manifest: &Value, packages: &[&str]) -> Result<(), String> {
    let package = |name: &&str| Package {
        name: (*name).to_owned(),
        manifest: PathBuf::from("/w/Cargo.toml"),
        metadata: manifest["package"]["metadata"]["xtask"].clone(),
        ..Package::default()
    };
    let workspace = Workspace {
        root: PathBuf::from("/w"),
        metadata: manifest["workspace"]["metadata"]["xtask"].clone(),
        packages: packages.iter().map(package).collect(),
        ..Workspace::default()
    };
    Config::read(&workspace, SystemTime::UNIX_EPOCH, &Pipeline::default().definitions())
        .map(drop)
        .map_err(|error| error.to_string())
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository")
}

#[test]
fn the_checked_in_schema_is_current() {
    let text = fs::read_to_string(repository().join("docs/schema.json")).expect("it is checked in");
    let checked_in: Value = serde_json::from_str(&text).expect("JSON");
    assert!(
        checked_in == keys::of_manifests(&Pipeline::default().definitions()),
        "it is stale: run `cargo xtask schema > docs/schema.json`"
    );
}

#[test]
fn the_schema_is_printed_anywhere() {
    let printed = Sandbox::with_services(&[]).run(&["schema"]).exits(0);
    let schema: Value = serde_json::from_str(&printed.stdout).expect("JSON");
    assert_eq!(schema["title"], "The configuration of cargo xtask in a Cargo.toml");
    assert_eq!(printed.stderr, "");
}

/// The manifests of this repository, and the blocks of configuration in its documents.
fn used() -> Vec<Value> {
    let root = repository();
    let inside =
        |directory: &str| fs::read_dir(root.join(directory)).unwrap_or_else(|error| panic!("{directory}: {error}"));
    let members = ["services", "xtask/crates", "xtask/testing"].into_iter().flat_map(inside);
    let members = members.map(|entry| entry.expect("readable").path()).chain([root.to_owned(), root.join("xtask")]);
    let manifests = members.map(|directory| directory.join("Cargo.toml"));
    let manifests = manifests.map(|path| fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display())));
    let documents = fs::read_dir(root.join("docs")).expect("docs").map(|entry| entry.expect("readable").path());
    let documents = documents.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let texts = documents.map(|path| fs::read_to_string(path).expect("readable"));
    let blocks = texts.flat_map(|text| {
        let blocks = text.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0.to_owned()));
        blocks.filter(|block| block.contains("metadata.xtask")).collect::<Vec<_>>()
    });
    manifests.chain(blocks).map(Value::from).collect()
}

#[test]
fn every_manifest_and_every_documented_example_is_valid() {
    let documents = used();
    assert!(documents.len() > 24, "{} manifests and examples", documents.len());
    let Some(found) = validated(&documents) else { return };
    for ((value, problems), text) in found.iter().zip(&documents) {
        assert_eq!(*problems, Vec::<String>::new(), "{text}");
        let names = |key: &Value| -> Vec<String> { serde_json::from_value(key.clone()).unwrap_or_default() };
        let xtask = &value["workspace"]["metadata"]["xtask"];
        let mut packages = names(&xtask["exclude"]);
        packages.extend(xtask["coverage"]["floors"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        packages.push("some-service".to_owned());
        packages.sort_unstable();
        packages.dedup();
        let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
        assert_eq!(decoded(value, &packages), Ok(()), "{text}");
    }
}

/// A place in the fixture with every key.
struct Place {
    /// As in a JSON pointer.
    pointer: String,
    /// The same with `*` for the names that the user chooses.
    key: String,
    form: Form,
    /// Whether the table around it may not be without it.
    required: bool,
}

/// Every key of the description within `value`, whose form is `form`, whether it is written there or not.
fn places(form: &Form, value: &Value, pointer: &str, key: &str, found: &mut Vec<Place>) {
    let mut place = |name: &str, shown: &str, form: &Form, required: bool| {
        let (pointer, key) = (format!("{pointer}/{name}"), format!("{key}.{shown}"));
        found.push(Place { pointer: pointer.clone(), key: key.clone(), form: *form, required });
        places(form, &value[name], &pointer, &key, found);
    };
    match form {
        Form::Table(keys) => {
            keys.iter().for_each(|Key { name, form, required, .. }| place(name, name, form, *required));
        }
        Form::Change(keys) => keys.iter().for_each(|Key { name, form, .. }| match form {
            Form::Table(keys) => place(name, name, &Form::Change(keys), false),
            form => place(name, name, form, false),
        }),
        Form::Names(_) | Form::NamesBeside(..) => {
            for name in value.as_object().into_iter().flatten().map(|(name, _)| name) {
                place(name, "*", form.within(name).expect("every name has a form"), false);
            }
        }
        Form::List(_, item @ Form::Table(_)) => places(item, &value[0], &format!("{pointer}/0"), key, found),
        Form::Either(_, one, other) => {
            let table = [one, other].into_iter().find(|form| !form.keys().is_empty());
            if let Some(form) = table {
                places(form, value, pointer, key, found);
            }
        }
        _ => {}
    }
}

/// The values that no key of this form may have.
fn wrong(form: &Form) -> Vec<Value> {
    let mut wrong = vec![json!(-1.5)];
    match form {
        Form::Integer(least, most) => wrong.extend([json!(i128::from(*least) - 1), json!(most + 1), json!("1")]),
        Form::Percent => wrong.extend([json!(100.1), json!("50")]),
        Form::Word(_) => wrong.push(json!("nothing-like-this")),
        Form::Time => wrong.extend(["", "10", "ten minutes", "0s", "m"].map(Value::from)),
        Form::Flag | Form::Off => wrong.push(json!("true")),
        Form::List(..) => wrong.extend([json!("x"), json!({}), json!([true])]),
        Form::Matching(..) => wrong.extend([json!(true), json!("-\u{7}")]),
        Form::Text => wrong.push(json!(["x"])),
        Form::Table(_) | Form::Change(_) => wrong.extend([json!([]), json!({ "no-such-key": 1 })]),
        Form::Names(_) | Form::NamesBeside(..) => wrong.push(json!("x")),
        Form::Either(..) => wrong.extend([json!("neither"), json!(true), json!({ "no-such-key": 1 })]),
    }
    wrong
}

#[test]
fn schema_and_decoder_accept_and_refuse_the_same_values_of_every_key() {
    let Some(valid) = validated(&[Value::from(include_str!("every_key.toml"))]) else { return };
    let (whole, problems) = &valid[0];
    assert_eq!(*problems, Vec::<String>::new());
    assert_eq!(decoded(whole, &["auth-service"]), Ok(()));
    let cases = broken(whole);
    assert!(cases.len() > 300, "{} cases", cases.len());
    let documents: Vec<Value> = cases.iter().map(|(_, broken)| broken.clone()).collect();
    let found = validated(&documents).expect("it did before");
    for ((key, broken), (_, problems)) in cases.iter().zip(&found) {
        let decoded = decoded(broken, &["auth-service"]);
        assert!(!problems.is_empty(), "the schema accepts a wrong `{key}`, which xtask refuses: {decoded:?}");
        assert!(decoded.is_err(), "xtask accepts a wrong `{key}`, which the schema refuses: {problems:?}");
    }
}

/// The fixture with one wrong value each, and the key that has it.
fn broken(whole: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (table, form) in [("workspace", keys::WORKSPACE), ("package", keys::PACKAGE)] {
        let pointer = format!("/{table}/metadata/xtask");
        places(&form, whole.pointer(&pointer).expect("it is written"), &pointer, table, &mut all);
    }
    let (written, missing): (Vec<Place>, Vec<Place>) =
        all.into_iter().partition(|place| whole.pointer(&place.pointer).is_some());
    for Place { key, .. } in missing {
        assert!(written.iter().any(|place| place.key == key), "every_key.toml lacks `{key}`");
    }
    let mut cases = Vec::new();
    for Place { pointer, key, form, required } in written {
        for value in wrong(&form) {
            let mut broken = whole.clone();
            *broken.pointer_mut(&pointer).expect("it is written") = value;
            cases.push((key.clone(), broken));
        }
        if required {
            let (table, name) = pointer.rsplit_once('/').expect("a pointer");
            let mut broken = whole.clone();
            let table = broken.pointer_mut(table).and_then(Value::as_object_mut).expect("it is a table");
            table.remove(name).expect("it is written");
            cases.push((key, broken));
        }
    }
    cases
}

/// Texts that xtask accepts for keys whose form is a regular expression in the schema.
const GOOD: [(&str, &[&str]); 14] = [
    ("/workspace/metadata/xtask/new-service/name", &["a", "my-template"]),
    ("/workspace/metadata/xtask/service/suffix", &["", "-service", "_svc"]),
    ("/workspace/metadata/xtask/service/health", &["/", "/healthz", "/api/v1/health.json", "/~x/_y-z/"]),
    ("/workspace/metadata/xtask/min-version", &["0.0.1", "0.1.0", "0.0.1-alpha.1+x"]),
    ("/workspace/metadata/xtask/timeout", &["90s", "1h 30m", "1day", "2weeks 3 hours", "1ms", "100µs", "1M"]),
    ("/workspace/metadata/xtask/image/toolchain", &["rust", "rust:1", "r.example/rust@sha256:00"]),
    ("/workspace/metadata/xtask/image/user", &["1", "65532:65532"]),
    ("/workspace/metadata/xtask/image/registry", &["localhost:5000", "ghcr.io/acme/shop", "a"]),
    ("/workspace/metadata/xtask/image/budget", &["1 B", "60 MiB", "2 GiB"]),
    ("/workspace/metadata/xtask/environments/staging/secret", &["a", "{service}", "{service}-secrets.v1"]),
    ("/workspace/metadata/xtask/environments/staging/resources/cpu", &["0", "0.5", "1.", "100k", "1e3", "2E-1", "1Ki"]),
    ("/workspace/metadata/xtask/integration/servers/mongo/env", &["A", "_A1"]),
    ("/workspace/metadata/xtask/integration/servers/mongo/container/image", &["mongo", "a/b-c:1@sha256:0"]),
    ("/workspace/metadata/xtask/integration/servers/mongo/local/program", &["mongod", "/opt/mongo"]),
];

#[test]
fn the_schema_refuses_no_text_that_xtask_accepts() {
    let Some(valid) = validated(&[Value::from(include_str!("every_key.toml"))]) else { return };
    let cases = GOOD.iter().flat_map(|(pointer, texts)| texts.iter().map(move |text| (pointer, text)));
    let documents = cases.clone().map(|(pointer, text)| {
        let mut document = valid[0].0.clone();
        *document.pointer_mut(pointer).expect("it is written") = Value::from(*text);
        document
    });
    let documents: Vec<Value> = documents.collect();
    for ((value, problems), (pointer, text)) in validated(&documents).expect("it did before").iter().zip(cases) {
        assert_eq!(decoded(value, &["auth-service"]), Ok(()), "{pointer} = {text}");
        assert_eq!(*problems, Vec::<String>::new(), "{pointer} = {text}");
    }
}
