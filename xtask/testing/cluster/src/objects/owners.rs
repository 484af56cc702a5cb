//! `metadata.managedFields`: who owns which fields of an object, how writing changes it, and what is in the way of
//! server-side apply.

use super::fields::{self, Path, Set, changed, leaves};
use super::json::{metadata, text};
use super::schema::Type;
use serde_json::{Value, json};

/// Who writes, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Writer {
    /// The field manager.
    pub manager: String,
    /// `status`, `scale`, or empty.
    pub subresource: String,
    /// With server-side apply: all fields that the manager wants. `None` for every other way to write.
    pub applied: Option<Set>,
}

/// One entry of `managedFields`.
#[derive(Debug, Clone, PartialEq)]
struct Owner {
    manager: String,
    operation: String,
    subresource: String,
    api_version: String,
    time: String,
    set: Set,
}

/// A field that somebody else owns with another value: the owner as kubectl shows it, and the path.
pub type Conflict = (String, Path);

impl Writer {
    /// One of the cluster's own controllers.
    pub fn controller(subresource: &str) -> Self {
        Self::update("kube-controller-manager", subresource)
    }

    /// Somebody who writes without apply.
    pub fn update(manager: &str, subresource: &str) -> Self {
        Self { manager: manager.into(), subresource: subresource.into(), applied: None }
    }

    fn operation(&self) -> &'static str {
        if self.applied.is_some() { "Apply" } else { "Update" }
    }

    fn is(&self, owner: &Owner) -> bool {
        owner.manager == self.manager && owner.operation == self.operation() && owner.subresource == self.subresource
    }
}

fn read(object: &Value) -> Vec<Owner> {
    let owner = |entry: &Value| Owner {
        manager: text(entry, "/manager").into(),
        operation: text(entry, "/operation").into(),
        subresource: text(entry, "/subresource").into(),
        api_version: text(entry, "/apiVersion").into(),
        time: text(entry, "/time").into(),
        set: fields::decode(&entry["fieldsV1"]),
    };
    super::json::list(object, "/metadata/managedFields").iter().map(owner).collect()
}

fn write(object: &mut Value, owners: &[Owner]) {
    let entry = |owner: &Owner| {
        let mut entry = json!({
            "manager": owner.manager, "operation": owner.operation, "apiVersion": owner.api_version,
            "time": owner.time, "fieldsType": "FieldsV1", "fieldsV1": fields::encode(&owner.set),
        });
        if !owner.subresource.is_empty() {
            entry["subresource"] = json!(owner.subresource);
        }
        entry
    };
    let entries: Vec<Value> = owners.iter().filter(|owner| !owner.set.is_empty()).map(entry).collect();
    metadata(object).insert("managedFields".into(), json!(entries));
}

/// Notes in `new` who owns what after `writer` has made it of `old`.
pub fn note(old: Option<&Value>, new: &mut Value, kind: &Type, writer: &Writer, time: &str) {
    let before = old.map(|old| leaves(old, kind)).unwrap_or_default();
    let after = leaves(new, kind);
    let changed = changed(&before, &after);
    let mut owners = old.map(read).unwrap_or_default();
    if !owners.iter().any(|owner| writer.is(owner)) {
        owners.push(Owner {
            manager: writer.manager.clone(),
            operation: writer.operation().into(),
            subresource: writer.subresource.clone(),
            api_version: text(new, "/apiVersion").into(),
            time: time.into(),
            set: Set::new(),
        });
    }
    for owner in &mut owners {
        let had = owner.set.clone();
        match (writer.is(owner), &writer.applied) {
            (true, Some(applied)) => owner.set.clone_from(applied),
            (true, None) => owner.set.extend(changed.iter().cloned()),
            (false, _) => owner.set.retain(|path| !changed.contains(path)),
        }
        owner.set.retain(|path| after.contains_key(path));
        if owner.set != had || (writer.is(owner) && !changed.is_empty()) {
            time.clone_into(&mut owner.time);
        }
    }
    write(new, &owners);
}

/// The fields that this manager has applied before, no longer applies, and that nobody else owns.
pub fn abandoned(live: &Value, writer: &Writer) -> Set {
    let owners = read(live);
    let applied = writer.applied.clone().unwrap_or_default();
    let mine = owners.iter().filter(|owner| writer.is(owner)).flat_map(|owner| owner.set.clone());
    let others: Set = owners.iter().filter(|owner| !writer.is(owner)).flat_map(|owner| owner.set.clone()).collect();
    mine.filter(|path| !applied.contains(path) && !others.contains(path)).collect()
}

/// The fields that `merged` changes and that somebody else owns.
pub fn conflicts(live: &Value, merged: &Value, kind: &Type, writer: &Writer) -> Vec<Conflict> {
    let changed = changed(&leaves(live, kind), &leaves(merged, kind));
    let others = read(live);
    let others = others.iter().filter(|owner| !writer.is(owner));
    others
        .flat_map(|owner| {
            let who = shown(owner);
            owner.set.intersection(&changed).cloned().map(move |path| (who.clone(), path)).collect::<Vec<_>>()
        })
        .collect()
}

fn shown(owner: &Owner) -> String {
    let mut who = format!("{:?}", owner.manager);
    if !owner.subresource.is_empty() {
        who = format!("{who} with subresource {:?}", owner.subresource);
    }
    if owner.operation == "Update" { format!("{who} using {}", owner.api_version) } else { who }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Type = Type::Named("ConfigMap");

    fn map(data: &Value) -> Value {
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "m" }, "data": data })
    }

    fn applier(manager: &str, config: &Value) -> Writer {
        let applied = leaves(config, &KIND).into_keys().collect();
        Writer { manager: manager.into(), subresource: String::new(), applied: Some(applied) }
    }

    #[test]
    fn who_changes_a_field_owns_it() {
        let mut first = map(&json!({ "a": "1", "b": "1" }));
        note(None, &mut first, &KIND, &applier("one", &map(&json!({ "a": "1", "b": "1" }))), "t1");
        let mut second = first.clone();
        second["data"]["a"] = json!("2");
        note(Some(&first), &mut second, &KIND, &Writer::update("two", ""), "t2");
        let owners = read(&second);
        let owned = |at: usize| owners[at].set.iter().map(fields::display).collect::<Vec<_>>();
        assert_eq!((owned(0), owned(1)), (vec![".data.b".to_owned()], vec![".data.a".to_owned()]));
        assert_eq!((owners[0].operation.as_str(), owners[1].time.as_str()), ("Apply", "t2"));
    }

    #[test]
    fn an_other_value_of_an_owned_field_is_a_conflict_and_the_same_value_is_none() {
        let mut live = map(&json!({ "a": "1" }));
        note(None, &mut live, &KIND, &Writer::update("kubectl", ""), "t");
        let with = |value: &str| {
            let config = map(&json!({ "a": value }));
            conflicts(&live, &config, &KIND, &applier("two", &config))
        };
        let path = ["f:data", "f:a"].map(str::to_owned).to_vec();
        assert_eq!((with("1"), with("2")), (vec![], vec![("\"kubectl\" using v1".to_owned(), path)]));
    }

    #[test]
    fn what_is_no_longer_applied_is_abandoned_unless_another_owns_it() {
        let config = map(&json!({ "a": "1", "b": "1" }));
        let (mut live, mut both) = (config.clone(), config.clone());
        note(None, &mut live, &KIND, &applier("one", &config), "t");
        note(Some(&live), &mut both, &KIND, &applier("two", &map(&json!({ "a": "1" }))), "t");
        let left = abandoned(&both, &applier("one", &map(&json!({}))));
        assert_eq!(left.iter().map(fields::display).collect::<Vec<_>>(), [".data.b"]);
    }
}
