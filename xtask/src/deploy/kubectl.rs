//! The real kubectl, pointed at one namespace of one cluster by a kubeconfig of our own.

use super::call::Caller;
use super::failure::{Failure, Kind};
use super::objects::FIELD_MANAGER;
use crate::command::Command;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// How long one call may take; the request within it a little less, so that kubectl itself says what is wrong.
const LIMIT: Duration = Duration::from_secs(30);
const REQUEST: &str = "--request-timeout=20s";
/// The pauses between tries of a call that failed for a moment.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

/// kubectl for one namespace.
#[derive(Clone)]
pub struct Kubectl {
    caller: Caller,
    kubeconfig: PathBuf,
    namespace: String,
}

impl Kubectl {
    /// `kubeconfig` has one context only, or the right one as its current.
    pub fn new(caller: Caller, kubeconfig: PathBuf, namespace: String) -> Self {
        Self { caller, kubeconfig, namespace }
    }

    /// One object; nothing when it is not there.
    pub fn get(&self, kind: &str, name: &str) -> Result<Option<Value>, Failure> {
        let command = self.command().args(["get", kind, name, "--output=json"]);
        match self.json(&command) {
            Err(failure) if failure.kind == Kind::NotFound => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// All objects of these kinds (`deployments,pods`) with this label.
    pub fn list(&self, kinds: &str, label: &str) -> Result<Vec<Value>, Failure> {
        let command = self.command().args(["get", kinds, "--selector", label, "--output=json"]);
        let mut answer = self.json(&command)?;
        match answer["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Err(Failure::new(Kind::Tool, &command, "the answer is no list".to_owned())),
        }
    }

    /// Makes objects what they shall be, or creates them, in this order; the objects as they are then.
    ///
    /// What others have set in the same fields is taken over: the manifests say how the service shall be.
    pub fn apply(&self, objects: &[Value]) -> Result<Vec<Value>, Failure> {
        self.apply_with(objects, &[])
    }

    /// What [`apply`](Self::apply) would make of the objects; nothing is written.
    pub fn would_apply(&self, objects: &[Value]) -> Result<Vec<Value>, Failure> {
        self.apply_with(objects, &["--dry-run=server"])
    }

    fn apply_with(&self, objects: &[Value], more: &[&str]) -> Result<Vec<Value>, Failure> {
        let command = self.command().args(["apply", "--server-side", "--force-conflicts", "--output=json"]);
        let command = command.arg(format!("--field-manager={FIELD_MANAGER}")).args(more.iter().copied());
        let mut pauses = PAUSES.iter();
        loop {
            match (self.send(command.clone(), &list_of(objects)), pauses.next()) {
                // No field is disputed when all are taken over: somebody has written the object in the same moment.
                (Err(failure), Some(pause)) if failure.kind == Kind::Conflict => self.pause(*pause)?,
                (answer, _) => return answer,
            }
        }
    }

    /// Creates objects that are only questions, and answers what they came to.
    pub fn review(&self, questions: &[Value]) -> Result<Vec<Value>, Failure> {
        self.send(self.command().args(["create", "--output=json"]), &list_of(questions))
    }

    /// Creates an object; a conflict when it is there already.
    pub fn create(&self, object: &Value) -> Result<Value, Failure> {
        self.send(self.command().args(["create", "--output=json"]), object).map(only)
    }

    /// Replaces an object whole; a conflict when it is not the one of its `resourceVersion` any more.
    pub fn replace(&self, object: &Value) -> Result<Value, Failure> {
        self.send(self.command().args(["replace", "--output=json"]), object).map(only)
    }

    /// Deletes an object, and does not mind when it is gone already.
    pub fn delete(&self, kind: &str, name: &str) -> Result<(), Failure> {
        let command = self.command().args(["delete", kind, name, "--ignore-not-found", "--wait=false"]);
        self.ask(&command).map(drop)
    }

    /// The answer of a path of the API server: `kubectl get --raw`.
    pub fn raw(&self, path: &str) -> Result<String, Failure> {
        self.ask(&self.command().args(["get", "--raw", path]))
    }

    /// The same, for what must be done although the run was stopped.
    #[must_use]
    pub fn after_stop(&self) -> Self {
        Self { caller: self.caller.after_stop(), ..self.clone() }
    }

    /// The last lines of a pod's log; of the process before the present one with `previous`.
    pub fn log(&self, pod: &str, previous: bool) -> Result<String, Failure> {
        let command = self.command().args(["logs", pod, "--all-containers", "--tail=20"]);
        self.ask(&command.args(previous.then_some("--previous")))
    }

    /// Any other question; tried again while it fails for a moment.
    pub fn ask(&self, command: &Command) -> Result<String, Failure> {
        let mut pauses = PAUSES.iter();
        loop {
            match (self.caller.call(command, LIMIT), pauses.next()) {
                (Err(failure), Some(pause)) if failure.passes() => self.pause(*pause)?,
                (answer, _) => return answer,
            }
        }
    }

    /// `kubectl` with what points it at the namespace.
    pub fn command(&self) -> Command {
        let kubeconfig = format!("--kubeconfig={}", self.kubeconfig.display());
        let namespace = format!("--namespace={}", self.namespace);
        Command::new("kubectl", &self.caller.folder).args([kubeconfig, namespace, REQUEST.to_owned()])
    }

    fn json(&self, command: &Command) -> Result<Value, Failure> {
        self.documents(command).map(only)
    }

    /// The documents of an answer, one behind the other.
    fn documents(&self, command: &Command) -> Result<Vec<Value>, Failure> {
        let answer = self.ask(command)?;
        let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&answer).into_iter().collect();
        documents.map_err(|error| Failure::new(Kind::Tool, command, format!("the answer is no JSON: {error}")))
    }

    /// Hands an object over as a file; the objects of the answer, which kubectl says one by one or as a list.
    fn send(&self, command: Command, object: &Value) -> Result<Vec<Value>, Failure> {
        let file = self.caller.folder.join("sent.json");
        let command = command.args(["--filename", &file.to_string_lossy()]);
        let written = crate::files::write_atomic(&file, format!("{object:#}\n").as_bytes());
        written.map_err(|error| Failure::new(Kind::Tool, &command, error.line()))?;
        Ok(self.documents(&command)?.into_iter().flat_map(items).collect())
    }

    /// Waits, unless the run is stopped meanwhile.
    pub fn pause(&self, pause: Duration) -> Result<(), Failure> {
        let until = Instant::now() + pause;
        while Instant::now() < until {
            if self.caller.is_stopped() {
                return Err(Failure::new(Kind::Stopped, &self.command(), "the run was stopped".to_owned()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The path by which the API server asks a service.
    pub fn proxied(&self, service: &str, path: &str) -> String {
        format!("/api/v1/namespaces/{}/services/{service}:http/proxy/{path}", self.namespace)
    }
}

fn list_of(objects: &[Value]) -> Value {
    json!({ "apiVersion": "v1", "kind": "List", "items": objects })
}

/// The first document, which is the only one; null for none.
fn only(documents: Vec<Value>) -> Value {
    documents.into_iter().next().unwrap_or_default()
}

/// The objects of a document, which may be a list of them.
fn items(mut answer: Value) -> Vec<Value> {
    match answer["items"].take() {
        Value::Array(items) if answer["kind"] == "List" => items,
        _ => vec![answer],
    }
}
