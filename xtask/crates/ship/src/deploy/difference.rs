//! The changes that a deployment has to make: the wanted objects compared with the existing ones.

use super::failure::Failure;
use super::journal::{Change, Planned};
use super::kubectl::Kubectl;
use super::live::{Live, cleaned, digest, generation, is_as_wanted, is_same, name};
use super::objects::{COMMIT, FIELD_MANAGER, MANAGED_BY, RESTARTED, RUN, Release};
use super::rollout::Verdict;
use serde_json::{Value, json};

/// The services that change, and those that need not.
#[derive(Debug, Default)]
pub struct Difference {
    /// The services that change.
    pub planned: Vec<Planned>,
    /// The services that already run as wanted.
    pub left_alone: Vec<String>,
}

/// The changes that releases make. The cluster itself computes the result of the manifests, and so validates them
/// before anything is written. `run` marks the deployments; with `restart`, pods are replaced in any case.
pub fn of_releases(kubectl: &Kubectl, releases: &[Release], run: &str, restart: bool) -> Result<Difference, Failure> {
    let wanted: Vec<Vec<Value>> = releases.iter().map(Release::objects).collect();
    let would_be = Live::from(kubectl.would_apply(&wanted.concat())?);
    let now = Now::look(kubectl)?;
    let mut difference = Difference::default();
    for (release, wanted) in releases.iter().zip(wanted) {
        let service = &release.service;
        let stays = |object: &Value| {
            let would_be = would_be.same_as(object).map(|object| unmarked(cleaned(object)));
            now.written.same_as(object).zip(would_be).is_some_and(|(live, would_be)| is_as_wanted(live, &would_be))
        };
        let unwanted = now.unwanted_budgets(service, &wanted);
        let same = unwanted.is_empty() && wanted.iter().all(stays) && now.is_good(service, Some(release.digest()));
        if same && !restart {
            difference.left_alone.push(service.clone());
            continue;
        }
        let stale = unwanted.into_iter().chain(now.unread_configs(service, &wanted));
        let stale = stale.map(|object| Change { wanted: None, before: Some(object) });
        let change = |wanted: Value| {
            let before = now.written.same_as(&wanted).map(cleaned);
            Change { wanted: Some(wanted), before }
        };
        let changes = stale.chain(marked(wanted, service, run, restart).into_iter().map(change)).collect();
        difference.planned.push(now.planned(service, changes));
    }
    Ok(difference)
}

/// The changes that recorded changes to services amount to now, whatever state they were recorded against.
pub fn of_recorded(kubectl: &Kubectl, services: Vec<(String, Vec<Change>)>) -> Result<Difference, Failure> {
    let now = Now::look(kubectl)?;
    let planned = services.into_iter().map(|(service, changes)| {
        let change = |Change { wanted, before }: Change| {
            let before = now.written.same_as(wanted.as_ref().or(before.as_ref())?).map(cleaned);
            (wanted.is_some() || before.is_some()).then_some(Change { wanted, before })
        };
        now.planned(&service, changes.into_iter().filter_map(change).collect())
    });
    Ok(Difference { planned: planned.collect(), left_alone: Vec::new() })
}

/// The cluster at one moment.
struct Now {
    written: Live,
    rollouts: Live,
}

impl Now {
    fn look(kubectl: &Kubectl) -> Result<Self, Failure> {
        Ok(Self { written: Live::written(kubectl)?, rollouts: Live::rollouts(kubectl)? })
    }

    fn is_good(&self, service: &str, digest: Option<&str>) -> bool {
        matches!(self.rollouts.judge(service, digest), Verdict::Done { .. })
    }

    fn planned(&self, service: &str, changes: Vec<Change>) -> Planned {
        let before = self.written.deployment(service);
        let was_good = before.is_some_and(|deployment| self.is_good(service, digest(deployment)));
        Planned { service: service.to_owned(), changes, generation: generation(before), was_good }
    }

    /// Budgets that the service had and is to lose: one replica with a budget would hold up the drain of a node.
    fn unwanted_budgets(&self, service: &str, wanted: &[Value]) -> Vec<Value> {
        self.beside(wanted, "PodDisruptionBudget", service).map(cleaned).collect()
    }

    /// Our `ConfigMap`s of earlier releases that no `ReplicaSet` refers to any more: kubectl cannot roll back to them.
    fn unread_configs(&self, service: &str, wanted: &[Value]) -> Vec<Value> {
        let sets: Vec<String> = self.rollouts.of_service("ReplicaSet", service).map(Value::to_string).collect();
        let ours = |map: &&Value| map["metadata"]["labels"][MANAGED_BY] == FIELD_MANAGER;
        let read = |map: &&Value| sets.iter().any(|set| set.contains(name(map)));
        self.beside(wanted, "ConfigMap", service).filter(ours).filter(|map| !read(map)).map(cleaned).collect()
    }

    /// The objects of a kind that the service has besides the wanted ones.
    fn beside<'a>(
        &'a self,
        wanted: &'a [Value],
        kind: &'a str,
        service: &'a str,
    ) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.written.of_service(kind, service).filter(|object| !wanted.iter().any(|wanted| is_same(wanted, object)))
    }
}

/// The objects with the run's mark on the deployment.
fn marked(mut objects: Vec<Value>, service: &str, run: &str, restart: bool) -> Vec<Value> {
    if let Some(deployment) = objects.last_mut() {
        deployment["metadata"]["annotations"][RUN] = run.into();
        if restart {
            let template = &mut deployment["spec"]["template"]["metadata"];
            template["annotations"] = json!({ RESTARTED: format!("{run}/{service}") });
        }
    }
    objects
}

/// The objects without the marks of runs, which record who made a change, not its content.
fn unmarked(mut object: Value) -> Value {
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations.remove(RUN);
        annotations.remove(COMMIT);
    }
    object
}
