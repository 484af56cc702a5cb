//! The table of a server, key by key: everything that is wrong with it is found at once.
//!
//! serde stops at the first error. So each key is put alone into an example that is valid otherwise.

use super::builtin;
use super::spec::ServerSpec;
use serde_json::{Map, Value, json};

/// A key, with the tables that hold it.
type Path<'a> = Vec<&'a str>;

/// The keys that a table must have.
const REQUIRED: [&[&str]; 5] =
    [&["env"], &["url"], &["container", "image"], &["container", "port"], &["local", "program"]];

impl ServerSpec {
    /// The servers that every workspace gets without configuration.
    pub fn defaults() -> Vec<Self> {
        builtin::NAMES.iter().map(|name| Self::built_in(name)).collect()
    }

    /// One of the built-in servers.
    ///
    /// # Panics
    ///
    /// When there is none of that name: the names are in the code.
    pub fn built_in(name: &str) -> Self {
        Self::from_table(name, &Value::Object(serde_json::Map::new())).expect("a test holds the built-in tables valid")
    }

    /// A server from its table in the manifest. What the table of a built-in server leaves out stays as it is.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, a sentence each, without the table's name.
    pub fn from_table(name: &str, table: &Value) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let whole = builtin::table(name).unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let Some(mut spec) = read(whole, table, &mut wrong) else { return Err(wrong) };
        name.clone_into(&mut spec.name);
        if spec.title.is_empty() {
            name.clone_into(&mut spec.title);
        }
        wrong.extend(spec.problems());
        if wrong.is_empty() { Ok(spec) } else { Err(wrong) }
    }
}

/// Reads `table` on top of `whole`, what is known of the server. What cannot be read is said and replaced, so that the
/// rest can be judged, too.
fn read(mut whole: Value, table: &Value, wrong: &mut Vec<String>) -> Option<ServerSpec> {
    let Value::Object(keys) = table else {
        wrong.extend(serde_json::from_value::<ServerSpec>(table.clone()).err().map(|error| error.to_string()));
        return None;
    };
    overlay(&mut whole, table);
    for (path, error) in unreadable(keys) {
        wrong.push(format!("`{}`: {error}", path.join(".")));
        remove(&mut whole, &path);
    }
    for path in REQUIRED {
        let (key, tables) = path.split_last().expect("a path has a key");
        let Some(Value::Object(table)) = find(&mut whole, tables) else { continue };
        if !table.contains_key(*key) {
            let said = wrong.iter().any(|said| said.starts_with(&format!("`{}`:", path.join("."))));
            wrong.extend((!said).then(|| format!("missing field `{}`", path.join("."))));
            table.insert((*key).to_owned(), find(&mut example(), path).expect("the example has it").take());
        }
    }
    serde_json::from_value(whole).map_err(|error| wrong.push(error.to_string())).ok()
}

/// The smallest server with all the tables that a server can have.
fn example() -> Value {
    json!({
        "env": "A",
        "url": "a://{database}",
        "files": {},
        "client-env": {},
        "container": { "image": "x", "port": 1, "env": {} },
        "local": { "program": "x" },
    })
}

/// The keys that cannot be what they say, and why not.
fn unreadable(keys: &Map<String, Value>) -> Vec<(Path<'_>, String)> {
    let mut open: Vec<(Path<'_>, &Value)> = keys.iter().rev().map(|(key, value)| (vec![key.as_str()], value)).collect();
    let mut found = Vec::new();
    while let Some((path, value)) = open.pop() {
        let mut one = example();
        if let (Some(Value::Object(_)), Value::Object(within)) = (find(&mut one, &path), value) {
            let further = |key| path.iter().copied().chain([key]).collect();
            open.extend(within.iter().rev().map(|(key, value)| (further(key.as_str()), value)));
            continue;
        }
        let (key, tables) = path.split_last().expect("a path has a key");
        if let Some(Value::Object(table)) = find(&mut one, tables) {
            table.insert((*key).to_owned(), value.clone());
        }
        found.extend(serde_json::from_value::<ServerSpec>(one).err().map(|error| (path, error.to_string())));
    }
    found
}

fn find<'a>(value: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, key| value.get_mut(*key))
}

fn remove(value: &mut Value, path: &[&str]) {
    let (key, tables) = path.split_last().expect("a path has a key");
    if let Some(Value::Object(table)) = find(value, tables) {
        table.remove(*key);
    }
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

    #[test]
    fn everything_that_is_wrong_is_found_at_once() {
        let table = json!({
            "evn": "MONGO_URL",
            "url": 3,
            "ready": "tpc",
            "drop": ["x"],
            "container": { "imagee": "mongo:6", "port": "x", "env": { "A": "{hots}" } },
            "local": { "program": "-x", "arg": [] },
        });
        let wrong = ServerSpec::from_table("mongo", &table).expect_err("the table is wrong");
        let starts = [
            "`container.env.A`: unknown placeholder",
            "`container.imagee`: unknown field `imagee`",
            "`container.port`: invalid type",
            "`evn`: unknown field `evn`",
            "`local.arg`: unknown field `arg`",
            "`ready`: unknown variant `tpc`",
            "`url`: invalid type",
            "missing field `env`",
            "missing field `container.image`",
            "`drop` needs `create`",
            "`local.program`: `-x` is none",
        ];
        assert_eq!(wrong.len(), starts.len(), "{wrong:#?}");
        for (wrong, start) in wrong.iter().zip(starts) {
            assert!(wrong.starts_with(start), "{wrong:?} is not {start:?}");
        }
    }
}
