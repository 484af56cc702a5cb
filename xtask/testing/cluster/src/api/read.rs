//! `get` and `list`: objects as they are or as tables, chosen by selectors, page by page.

use super::Answer;
use crate::objects::json::{name, namespace};
use crate::objects::kinds::Resource;
use crate::objects::selector::Selector;
use crate::objects::store::Key;
use crate::objects::table::table;
use crate::request::{Request, Target};
use crate::state::State;
use crate::status::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// What a list or a watch is about.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The resource.
    pub resource: &'static Resource,
    /// Empty for all.
    pub namespace: String,
    labels: Selector,
    fields: Selector,
}

impl Choice {
    /// From a target and its query.
    pub fn new(target: &Target, request: &Request) -> Result<Self, Failure> {
        let parse = |name: &str| Selector::parse(request.param(name)).map_err(Failure::bad_request);
        let (labels, fields) = (parse("labelSelector")?, parse("fieldSelector")?);
        Ok(Self { resource: target.resource, namespace: target.namespace.clone(), labels, fields })
    }

    /// Whether an object of the resource belongs to it.
    pub fn holds(&self, object: &Value) -> bool {
        let here = self.namespace.is_empty() || namespace(object) == self.namespace;
        here && self.labels.meets_labels(object) && self.fields.meets_fields(object)
    }

    /// The objects, in order.
    pub fn objects(&self, state: &State) -> Vec<Value> {
        let all = state.store.list(self.resource, &self.namespace).map(|(_, object)| object);
        all.filter(|object| self.holds(object)).map(|object| Value::clone(object)).collect()
    }
}

/// The object of that name.
pub fn stored<'a>(state: &'a State, target: &Target) -> Result<&'a Value, Failure> {
    let key = Key::new(target.resource, &target.namespace, &target.name);
    state.store.get(&key).ok_or_else(|| Failure::not_found(target.resource, &target.name))
}

/// One object.
pub fn get(state: &State, target: &Target, request: &Request) -> Result<Answer, Failure> {
    let object = stored(state, target)?;
    if !request.wants_table() {
        return Ok(Answer::ok(object.clone()));
    }
    let metadata = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
    let whole = request.param("includeObject") == "Object";
    Ok(Answer::ok(table(target.resource, std::slice::from_ref(object), &metadata, whole, state.now)))
}

/// Many objects; with a limit, a page and where the next one starts.
pub fn list(state: &State, target: &Target, request: &Request) -> Result<Answer, Failure> {
    let mut objects = Choice::new(target, request)?.objects(state);
    let mut metadata = json!({ "resourceVersion": state.store.revision().to_string() });
    if let Some(place) = continued(state, request)? {
        objects.retain(|object| place_of(object) > place);
    }
    let limit: usize = request.param("limit").parse().unwrap_or(0);
    if limit > 0 && objects.len() > limit {
        let (namespace, name) = place_of(&objects[limit - 1]);
        let token = json!([state.store.revision(), namespace, name]).to_string();
        metadata["continue"] = json!(URL_SAFE_NO_PAD.encode(token));
        metadata["remainingItemCount"] = json!(objects.len() - limit);
        objects.truncate(limit);
    }
    if request.wants_table() {
        let whole = request.param("includeObject") == "Object";
        return Ok(Answer::ok(table(target.resource, &objects, &metadata, whole, state.now)));
    }
    Ok(Answer::ok(json!({
        "kind": format!("{}List", target.resource.kind), "apiVersion": target.resource.api_version(),
        "metadata": metadata, "items": objects,
    })))
}

fn place_of(object: &Value) -> (String, String) {
    (namespace(object).to_owned(), name(object).to_owned())
}

/// Where the page before ended.
fn continued(state: &State, request: &Request) -> Result<Option<(String, String)>, Failure> {
    let token = request.param("continue");
    if token.is_empty() {
        return Ok(None);
    }
    let token = URL_SAFE_NO_PAD.decode(token).ok().and_then(|token| serde_json::from_slice(&token).ok());
    let Some((revision, namespace, name)) = token else {
        return Err(Failure::bad_request("continue key is not valid"));
    };
    if state.store.changes_after(revision).is_none() {
        return Err(Failure::expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list \
             without the continue parameter.",
        ));
    }
    Ok(Some((namespace, name)))
}
