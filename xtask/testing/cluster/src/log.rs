//! What was asked of the server, in the order of arrival.

use crate::request::{Request, Target};

/// A request, as tests read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// Who called, `kubectl/v1.32…`.
    pub user_agent: String,
    /// The verb of RBAC: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// `deployments`, `deployments/scale`; empty for paths that name no resource.
    pub resource: String,
    /// The namespace, or an empty text.
    pub namespace: String,
    /// The object's name, or an empty text.
    pub name: String,
    /// Whether the answer would not have been stored.
    pub dry_run: bool,
    /// The HTTP status; none while it is unanswered, and for ever when its connection was dropped.
    pub status: Option<u16>,
}

/// All requests so far.
#[derive(Debug, Default)]
pub struct Log(Vec<Entry>);

impl Entry {
    /// A request that has just arrived.
    pub(crate) fn new(request: &Request, target: Option<&Target>) -> Self {
        Self {
            method: request.method.clone(),
            path: request.path.clone(),
            user_agent: request.user_agent.clone(),
            verb: request.verb(target).to_owned(),
            resource: target.map(Target::resource_name).unwrap_or_default(),
            namespace: target.map(|target| target.namespace.clone()).unwrap_or_default(),
            name: target.map(|target| target.name.clone()).unwrap_or_default(),
            dry_run: request.is_dry_run(),
            status: None,
        }
    }

    /// Whether it meant to change the cluster. Dry runs and questions about one's own rights do not.
    pub fn is_write(&self) -> bool {
        !matches!(self.verb.as_str(), "get" | "list" | "watch")
            && !self.dry_run
            && !self.resource.starts_with("selfsubject")
    }
}

impl Log {
    /// Notes a request, and returns its number.
    pub fn arrived(&mut self, request: Entry) -> usize {
        self.0.push(request);
        self.0.len() - 1
    }

    /// Notes how it was answered.
    pub fn answered(&mut self, number: usize, status: u16) {
        if let Some(entry) = self.0.get_mut(number) {
            entry.status = Some(status);
        }
    }

    /// All of them.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
