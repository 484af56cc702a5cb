//! Stage 10: whether the deployed services work: pods are ready and stay so, every Service has endpoints, the
//! configuration matches its name, and each service answers with the commit that it is deployed from.

use super::access::Access;
use super::call::Caller;
use super::failure::{Failure, Kind};
use super::kubectl::Kubectl;
use super::live::{Live, digest};
use super::objects::{COMMIT, content_name};
use super::request::{self, Said, Target};
use super::rollout::Verdict;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use xtask_core::error::Result;
use xtask_process::process::awake;

/// The interval between two checks.
const PAUSE: Duration = Duration::from_millis(500);

/// The services to test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The environment's name.
    pub environment: String,
    /// Where it is.
    pub target: Target,
    /// The services.
    pub services: Vec<String>,
    /// The path at which they answer with their commit; `None` where there is none.
    pub version: Option<String>,
    /// The rollback to perform on a failure, if one is wanted.
    pub rollback: Option<request::Request>,
    /// How long pods have to stay as they are.
    pub soak: Duration,
}

/// Runs all smoke tests; returns the problems of each service, one line each. `Err`: the tests could not be run.
pub fn smoke(request: &Request, caller: Caller, say: &mut dyn FnMut(Said)) -> Result<Vec<String>> {
    let access = Access::open(caller, &request.target)?;
    let failed = |failure: Failure| failure.error(&format!("smoke-test {}", request.environment));
    let mut problems = Vec::new();
    let mut pods = steady(request, &access.kubectl).map_err(failed)?;
    let slices = access.kubectl.list("endpointslices", "kubernetes.io/service-name").map_err(failed)?;
    let live = Live::written(&access.kubectl).map_err(failed)?;
    for service in &request.services {
        let mut found: Vec<String> = pods.remove(service).into_iter().collect();
        if found.is_empty() {
            found.extend(addresses(service, &slices));
            found.extend(configuration(service, &live));
            let commit = request.version.as_deref().map(|path| commit(service, path, &live, &access.kubectl));
            found.extend(commit.transpose().map_err(failed)?.flatten());
        }
        let line = if found.is_empty() { "works".to_owned() } else { found.join("; ") };
        say(Said::Service { service: service.clone(), line, done: true });
        problems.extend(found.into_iter().map(|problem| format!("{service}: {problem}")));
    }
    Ok(problems)
}

/// The services whose pods are not all ready, or do not stay as they are.
fn steady(request: &Request, kubectl: &Kubectl) -> Result<BTreeMap<String, String>, Failure> {
    let judge = || -> Result<BTreeMap<String, Verdict>, Failure> {
        let live = Live::rollouts(kubectl)?;
        let verdict = |service: &String| live.judge(service, live.deployment(service).and_then(digest));
        Ok(request.services.iter().map(|service| (service.clone(), verdict(service))).collect())
    };
    let first = judge()?;
    let until = awake() + request.soak;
    while awake() < until {
        kubectl.pause(PAUSE)?;
    }
    let last = judge()?;
    let problem = |(service, first): (String, Verdict)| {
        let why = match (first, last.get(&service)?) {
            (Verdict::Done { pods }, Verdict::Done { pods: later }) if pods == *later => return None,
            (Verdict::Done { .. }, Verdict::Done { .. }) => {
                "its pods are not stable: one has restarted or was replaced".to_owned()
            }
            (_, Verdict::Waiting(why) | Verdict::Doomed { why, .. }) => why.clone(),
            _ => "its pods were not ready at first".to_owned(),
        };
        Some((service, why))
    };
    Ok(first.into_iter().filter_map(problem).collect())
}

/// Whether the Service has somewhere to send requests.
fn addresses(service: &str, slices: &[Value]) -> Option<String> {
    let own = |slice: &&Value| slice["metadata"]["labels"]["kubernetes.io/service-name"] == service;
    let ready = |endpoint: &&Value| endpoint["conditions"]["ready"] != false;
    let endpoints = slices.iter().filter(own).filter_map(|slice| slice["endpoints"].as_array()).flatten();
    let count: usize =
        endpoints.filter(ready).filter_map(|endpoint| endpoint["addresses"].as_array()).map(Vec::len).sum();
    (count == 0).then(|| "its Service has no address to send requests to".to_owned())
}

/// Whether the `ConfigMap` that the pods read exists and its content matches its name.
fn configuration(service: &str, live: &Live) -> Option<String> {
    let deployment = live.deployment(service)?;
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let sources = container["envFrom"].as_array()?;
    let name = sources.iter().find_map(|source| source["configMapRef"]["name"].as_str())?;
    let key = serde_json::json!({ "kind": "ConfigMap", "metadata": { "name": name } });
    match live.same_as(&key) {
        None => Some(format!("its ConfigMap {name} does not exist")),
        Some(map) if name.ends_with(&format!("-{}", content_name(&map["data"]))) => None,
        Some(_) => Some(format!("its ConfigMap {name} is not the one that was deployed")),
    }
}

/// Whether the service returns the commit that it is deployed from, when asked through the API server.
fn commit(service: &str, path: &str, live: &Live, kubectl: &Kubectl) -> Result<Option<String>, Failure> {
    let deployment = live.deployment(service);
    let wanted = deployment.and_then(|deployment| deployment["metadata"]["annotations"][COMMIT].as_str());
    let Some(wanted) = wanted else {
        return Ok(Some("its Deployment does not name the commit that it is deployed from".to_owned()));
    };
    let answer = match kubectl.raw(&kubectl.proxied(service, path)) {
        // Without permission to ask, nothing is learned about the service.
        Err(failure) if failure.is_stop() || matches!(failure.kind, Kind::Forbidden | Kind::Unauthorized) => {
            return Err(failure);
        }
        Err(failure) => return Ok(Some(format!("{path} cannot be queried: {}{}", failure.line(), kept_out(&failure)))),
        Ok(answer) => serde_json::from_str::<Value>(&answer).unwrap_or_default(),
    };
    Ok(match answer["commit"].as_str() {
        Some(said) if said == wanted => None,
        Some(said) => Some(format!("{path} reports commit {said}, but {wanted} is deployed")),
        None => Some(format!("{path} does not report a commit")),
    })
}

/// The hint for when the API server, which makes the request for us, cannot reach the service.
fn kept_out(failure: &Failure) -> &'static str {
    let unreached = failure.text.contains("error trying to reach service");
    if unreached { " (if a NetworkPolicy keeps the API server out, `callers` lets it in)" } else { "" }
}
