//! The checks before the first write, with all problems reported at once: who we are, where we are, what we may do, and
//! that everything exists that pods will need. Nothing here changes the cluster.

use super::access::Access;
use super::call::{Caller, LIMIT};
use super::failure::{Failure, Kind};
use super::objects::Release;
use super::pull::{self, Source};
use super::request::{Cluster, Target};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use xtask_core::command::Command;
use xtask_core::error::{Error, Result};
use xtask_core::text;

/// The verbs used on the objects that are written.
const WRITING: [&str; 5] = ["get", "list", "create", "patch", "delete"];
/// Group, resource, and the verbs used on it, besides writing.
const RIGHTS: [(&str, &str, &[&str]); 12] = [
    ("", "serviceaccounts", &WRITING),
    ("", "configmaps", &WRITING),
    ("", "services", &WRITING),
    ("apps", "deployments", &WRITING),
    ("networking.k8s.io", "networkpolicies", &WRITING),
    ("policy", "poddisruptionbudgets", &WRITING),
    ("apps", "replicasets", &["list"]),
    ("", "pods", &["list"]),
    ("", "pods/log", &["get"]),
    ("", "events", &["list"]),
    ("", "secrets", &["get"]),
    ("coordination.k8s.io", "leases", &["get", "create", "update"]),
];

/// Checks the requirements of a deployment. `releases` are those whose pods will be started from images.
pub fn check(access: &Access, target: &Target, source: &Source, releases: &[Release]) -> Result<()> {
    let mut problems: Vec<String> = identity(&access.caller, target).into_iter().collect();
    problems.extend(server(access, target));
    match namespace(access, target) {
        Ok(missing) => {
            problems.extend(missing);
            problems.extend(rights(access, target));
            problems.extend(secrets(access, releases));
        }
        // Nothing else can be queried then.
        Err(failure) if failure.is_stop() => return Err(failure.error("query the cluster")),
        Err(failure) => problems.push(format!("the cluster cannot be queried: {}", failure.line())),
    }
    problems.extend(pull::missing(&access.caller, source, releases));
    if problems.is_empty() {
        return Ok(());
    }
    Err(Error::environment(format!("deploy: the checks found {}", text::count(problems.len(), "problem")))
        .detail(problems.join("\n"))
        .hint("nothing was written: fix these, then run the same command again"))
}

/// The account that the credentials belong to.
fn identity(caller: &Caller, target: &Target) -> Option<String> {
    let Cluster::Eks { account: Some(wanted), .. } = &target.cluster else { return None };
    let command = Command::new("aws", &caller.directory).args(["sts", "get-caller-identity", "--output", "json"]);
    match caller.call(&command, LIMIT) {
        Ok(answer) => {
            let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
            let account = answer["Account"].as_str().unwrap_or("unknown");
            (account != wanted).then(|| format!("the credentials belong to the account {account}, expected {wanted}"))
        }
        Err(failure) => Some(format!("the AWS identity is unknown: {}", failure.line())),
    }
}

/// The address of the API server.
fn server(access: &Access, target: &Target) -> Option<String> {
    let wanted = target.server.as_deref()?;
    let view = ["config", "view", "--minify", "--output=jsonpath={.clusters[0].cluster.server}"];
    match access.kubectl.ask(&access.kubectl.command().args(view)) {
        Ok(server) if server.trim() == wanted => None,
        Ok(server) => Some(format!("the API server is {}, expected {wanted}", server.trim())),
        Err(failure) => Some(format!("the address of the API server is unknown: {}", failure.line())),
    }
}

fn namespace(access: &Access, target: &Target) -> Result<Option<String>, Failure> {
    let name = &target.namespace;
    match access.kubectl.get("namespace", name) {
        Ok(Some(_)) => Ok(None),
        Ok(None) => Ok(Some(format!("there is no namespace {name}: `kubectl create namespace {name}`"))),
        // An account that can only see into the namespace need not be able to see the namespace itself.
        Err(failure) if failure.kind == Kind::Forbidden => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The missing permissions, one line for each resource.
fn rights(access: &Access, target: &Target) -> Vec<String> {
    let all = RIGHTS.iter().flat_map(|(group, resource, verbs)| verbs.iter().map(move |verb| (group, resource, verb)));
    let question = |(group, resource, verb): (&&str, &&str, &&str)| {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "namespace": target.namespace, "group": group, "resource": resource, "subresource": subresource,
                "verb": verb,
            } },
        })
    };
    let questions: Vec<Value> = all.clone().map(question).collect();
    let answers = match access.kubectl.review(&questions) {
        Ok(answers) if answers.len() == questions.len() => answers,
        Ok(_) => return vec!["the permissions are unknown: some queries had no answer".to_owned()],
        Err(failure) => return vec![format!("the permissions are unknown: {}", failure.line())],
    };
    let mut missing: Vec<(&str, Vec<&str>)> = Vec::new();
    for ((_, resource, verb), _) in all.zip(&answers).filter(|(_, answer)| answer["status"]["allowed"] != true) {
        match missing.last_mut().filter(|(last, _)| last == resource) {
            Some((_, verbs)) => verbs.push(verb),
            None => missing.push((resource, vec![verb])),
        }
    }
    let line = |(resource, verbs): (&str, Vec<&str>)| {
        format!("the right to {} {resource} in {} is missing", text::list(verbs), target.namespace)
    };
    missing.into_iter().map(line).collect()
}

/// Secrets and keys that pods need and that do not exist. Only the names of keys are queried.
fn secrets(access: &Access, releases: &[Release]) -> Vec<String> {
    let mut problems = Vec::new();
    for release in releases {
        let wanted: BTreeSet<&str> = release.secret_keys().map(String::as_str).collect();
        let Some(name) = release.secret_name() else {
            if !wanted.is_empty() {
                problems.push(format!(
                    "{} needs {}, and the environment has neither a `secret` nor `variables` with it",
                    release.service,
                    text::list(wanted)
                ));
            }
            continue;
        };
        let template = "--output=go-template={{range $key, $value := .data}}{{$key}}{{\"\\n\"}}{{end}}";
        let answer = access.kubectl.ask(&access.kubectl.command().args(["get", "secret", &name, template]));
        match answer {
            Ok(keys) => {
                let there: BTreeSet<&str> = keys.lines().collect();
                let missing: Vec<&&str> = wanted.difference(&there).collect();
                if !missing.is_empty() {
                    problems.push(format!("the Secret {name} lacks {}", text::list(missing)));
                }
            }
            Err(failure) if failure.kind == Kind::NotFound => {
                problems.push(format!("{} needs the Secret {name}, which does not exist", release.service));
            }
            Err(failure) => problems.push(format!("the Secret {name} cannot be read: {}", failure.line())),
        }
    }
    problems
}
