//! The real kubectl, pointed at one namespace of one cluster by a kubeconfig of our own.

use super::call::Caller;
use super::failure::{Failure, Kind};
use super::objects::FIELD_MANAGER;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};
use xtask_core::command::Command;

/// How long one call may take; the request within it gets a little less, so that kubectl itself reports the timeout.
const LIMIT: Duration = Duration::from_secs(30);
const REQUEST: &str = "--request-timeout=20s";
/// The delays between retries of a call that failed with a transient error.
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
    /// `kubeconfig` has only one context, or the right one as its current.
    pub fn new(caller: Caller, kubeconfig: PathBuf, namespace: String) -> Self {
        Self { caller, kubeconfig, namespace }
    }

    /// One object; `None` when it does not exist.
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
            _ => Err(Failure::new(Kind::Tool, &command, "the answer is not a list".to_owned())),
        }
    }

    /// Updates objects to their desired state or creates them, in this order; returns the objects as they are then.
    ///
    /// Fields that others have set are taken over: the manifests define the service.
    pub fn apply(&self, objects: &[Value]) -> Result<Vec<Value>, Failure> {
        self.apply_with(objects, &[])
    }

    /// The objects that [`apply`](Self::apply) would produce; nothing is written.
    pub fn would_apply(&self, objects: &[Value]) -> Result<Vec<Value>, Failure> {
        self.apply_with(objects, &["--dry-run=server"])
    }

    fn apply_with(&self, objects: &[Value], more: &[&str]) -> Result<Vec<Value>, Failure> {
        let command = self.command().args(["apply", "--server-side", "--force-conflicts", "--output=json"]);
        let command = command.arg(format!("--field-manager={FIELD_MANAGER}")).args(more.iter().copied());
        let mut pauses = PAUSES.iter();
        loop {
            match (self.send(command.clone(), &list_of(objects)), pauses.next()) {
                // There are no field conflicts when all are taken over: another client wrote at the same moment.
                (Err(failure), Some(pause)) if failure.kind == Kind::Conflict => self.pause(*pause)?,
                (answer, _) => return answer,
            }
        }
    }

    /// Creates objects that are only queries, and returns their answers.
    pub fn review(&self, questions: &[Value]) -> Result<Vec<Value>, Failure> {
        self.send(self.command().args(["create", "--output=json"]), &list_of(questions))
    }

    /// Creates an object; a conflict when it already exists.
    pub fn create(&self, object: &Value) -> Result<Value, Failure> {
        self.send(self.command().args(["create", "--output=json"]), object).map(only)
    }

    /// Replaces an object as a whole; a conflict when its `resourceVersion` has changed.
    pub fn replace(&self, object: &Value) -> Result<Value, Failure> {
        self.send(self.command().args(["replace", "--output=json"]), object).map(only)
    }

    /// Deletes an object; it is no error when it is already gone.
    pub fn delete(&self, kind: &str, name: &str) -> Result<(), Failure> {
        let command = self.command().args(["delete", kind, name, "--ignore-not-found", "--wait=false"]);
        self.ask(&command).map(drop)
    }

    /// The response of the API server for a path: `kubectl get --raw`.
    pub fn raw(&self, path: &str) -> Result<String, Failure> {
        self.ask(&self.command().args(["get", "--raw", path]))
    }

    /// The same, for calls that must be made even though the run was stopped.
    #[must_use]
    pub fn after_stop(&self) -> Self {
        Self { caller: self.caller.after_stop(), ..self.clone() }
    }

    /// The last lines of a pod's log; with `previous`, those of the process before the current one.
    pub fn log(&self, pod: &str, previous: bool) -> Result<String, Failure> {
        let command = self.command().args(["logs", pod, "--all-containers", "--tail=20"]);
        self.ask(&command.args(previous.then_some("--previous")))
    }

    /// Any other query; retried on transient errors.
    pub fn ask(&self, command: &Command) -> Result<String, Failure> {
        let mut pauses = PAUSES.iter();
        loop {
            match (self.caller.call(command, LIMIT), pauses.next()) {
                (Err(failure), Some(pause)) if failure.passes() => self.pause(*pause)?,
                (answer, _) => return answer,
            }
        }
    }

    /// `kubectl` with the arguments that point it at the namespace.
    pub fn command(&self) -> Command {
        let kubeconfig = format!("--kubeconfig={}", self.kubeconfig.display());
        let namespace = format!("--namespace={}", self.namespace);
        Command::new("kubectl", &self.caller.directory).args([kubeconfig, namespace, REQUEST.to_owned()])
    }

    fn json(&self, command: &Command) -> Result<Value, Failure> {
        self.documents(command).map(only)
    }

    /// The documents of a response, one after the other.
    fn documents(&self, command: &Command) -> Result<Vec<Value>, Failure> {
        let answer = self.ask(command)?;
        let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&answer).into_iter().collect();
        documents.map_err(|error| Failure::new(Kind::Tool, command, format!("the answer is not JSON: {error}")))
    }

    /// Passes an object as a file; returns the objects of the response, which kubectl prints one by one or as a list.
    fn send(&self, command: Command, object: &Value) -> Result<Vec<Value>, Failure> {
        let file = self.caller.directory.join("sent.json");
        let command = command.args(["--filename", &file.to_string_lossy()]);
        let written = xtask_core::files::write_atomic(&file, format!("{object:#}\n").as_bytes());
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

    /// The path under which the API server proxies to a service.
    pub fn proxied(&self, service: &str, path: &str) -> String {
        format!("/api/v1/namespaces/{}/services/{service}:http/proxy{path}", self.namespace)
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
