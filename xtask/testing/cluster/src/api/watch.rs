//! `watch`: the changes after a revision, seen through selectors.

use super::read::Choice;
use crate::objects::store::Change;
use crate::objects::table::table;
use crate::request::{Request, Target};
use crate::state::State;
use crate::status::Failure;
use serde_json::{Value, json};
use std::time::Duration;

/// A watch that goes on.
#[derive(Debug)]
pub struct Watch {
    choice: Choice,
    after: u64,
    first: Vec<Value>,
    table: bool,
    whole: bool,
    bookmarks: bool,
    /// How long it may last.
    pub limit: Duration,
}

impl Watch {
    /// Begins at the revision of the query; without one, with what is there.
    pub fn start(state: &State, target: &Target, request: &Request) -> Result<Self, Failure> {
        let choice = Choice::new(target, request)?;
        let after = match request.param("resourceVersion") {
            "" | "0" => None,
            text => Some(text.parse().map_err(|_| Failure::bad_request(format!("invalid resourceVersion: {text}")))?),
        };
        let first = if after.is_none() { choice.objects(state) } else { Vec::new() };
        let seconds = request.param("timeoutSeconds").parse().unwrap_or(1_800);
        Ok(Self {
            choice,
            after: after.unwrap_or(state.store.revision()),
            first,
            table: request.wants_table(),
            whole: request.param("includeObject") == "Object",
            bookmarks: request.flag("allowWatchBookmarks"),
            limit: Duration::from_secs(seconds),
        })
    }

    /// What has happened since the last call, and whether the watch ends with it: its revision is forgotten.
    pub fn poll(&mut self, state: &State) -> (Vec<Value>, bool) {
        let first: Vec<Value> = self.first.drain(..).collect();
        let mut events: Vec<Value> = first.into_iter().map(|object| self.event("ADDED", object, state.now)).collect();
        let Some(changes) = state.store.changes_after(self.after) else {
            let gone = Failure::expired(format!("too old resource version: {}", self.after));
            events.push(json!({ "type": "ERROR", "object": gone.body }));
            return (events, true);
        };
        let seen = changes.iter().filter(|change| change.key.resource == self.choice.resource);
        events.extend(
            seen.filter_map(|change| Some(self.event(self.kind(change)?, Value::clone(&change.object), state.now))),
        );
        self.after = state.store.revision();
        (events, false)
    }

    /// The last word of a watch whose time is over, for those who asked for it: where to go on.
    pub fn bookmark(&self) -> Option<Value> {
        let resource = self.choice.resource;
        let object = json!({
            "kind": resource.kind, "apiVersion": resource.api_version(),
            "metadata": { "resourceVersion": self.after.to_string() },
        });
        self.bookmarks.then(|| json!({ "type": "BOOKMARK", "object": object }))
    }

    /// What a change is to someone who sees only what the selectors let through.
    fn kind(&self, change: &Change) -> Option<&'static str> {
        let before = change.before.as_ref().is_some_and(|object| self.choice.holds(object));
        let after = !change.deleted && self.choice.holds(&change.object);
        match (before, after) {
            (false, true) => Some("ADDED"),
            (true, true) => Some("MODIFIED"),
            (true, false) => Some("DELETED"),
            (false, false) => None,
        }
    }

    fn event(&self, kind: &str, object: Value, now: u64) -> Value {
        let object = if self.table {
            let metadata = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
            table(self.choice.resource, &[object], &metadata, self.whole, now)
        } else {
            object
        };
        json!({ "type": kind, "object": object })
    }
}
