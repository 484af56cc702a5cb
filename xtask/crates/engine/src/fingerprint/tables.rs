//! The manifest at the workspace's root as inputs: its tables, rather than the whole file. Pure: a text in, names and
//! values out.

use std::collections::BTreeMap;
use toml::{Table, Value};

/// The tables of a root manifest that cargo or the compiler reads, by path (`profile`, `workspace.dependencies`), each
/// as JSON with sorted keys, so that neither comments nor order count. `[workspace.metadata]` is not among them: it is
/// for other programs, and what xtask takes from it is in a task's command and variables. An error is TOML's grammar
/// as the parser sees it.
pub fn tables(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut manifest: Table = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let workspace = match manifest.remove("workspace") {
        Some(Value::Table(workspace)) => workspace,
        Some(_) => return Err("`workspace` is no table".to_owned()),
        None => Table::new(),
    };
    let within = workspace.into_iter().filter(|(key, _)| key != "metadata");
    let all = within.map(|(key, value)| (format!("workspace.{key}"), value)).chain(manifest);
    Ok(all.map(|(name, value)| (name, canonical(&value))).collect())
}

/// The same text for the same content.
fn canonical(value: &Value) -> String {
    match value {
        // A table of `toml` has its keys sorted.
        Value::Table(table) => {
            let fields = table.iter().map(|(key, value)| format!("{key:?}:{}", canonical(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(is_so) => is_so.to_string(),
        Value::Datetime(time) => time.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_its_tables_without_comments_order_and_metadata() {
        let text = r#"
            [workspace]
            members = ["services/*"] # all
            [workspace.metadata.xtask.coverage]
            minimum = 50
            [workspace.dependencies]
            serde = { version = "1", features = ["derive"] }
            log = "0.4"
            [profile.dev]
            debug = 1
        "#;
        let wanted = [
            ("profile", r#"{"dev":{"debug":1}}"#),
            ("workspace.dependencies", r#"{"log":"0.4","serde":{"features":["derive"],"version":"1"}}"#),
            ("workspace.members", r#"["services/*"]"#),
        ];
        let wanted: BTreeMap<String, String> = wanted.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(tables(text), Ok(wanted.clone()));
        let reordered = "profile.dev.debug = 1\nworkspace.members = ['services/*']\nworkspace.dependencies.log = '0.4'\n\
                         workspace.dependencies.serde = { features = ['derive'], version = '1' }\n";
        assert_eq!(tables(reordered), Ok(wanted));
    }

    #[test]
    fn what_is_no_manifest_is_an_error() {
        assert!(tables("[workspace").is_err());
        assert_eq!(tables("workspace = 1"), Err("`workspace` is no table".to_owned()));
    }
}
