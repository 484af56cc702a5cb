use super::*;
use serde_json::json;

const DIGEST: &str = "sha256:new";

/// A deployment of two replicas, observed and complete, and the cluster's report of its pods.
struct Cluster {
    deployment: Value,
    sets: Vec<Value>,
    pods: Vec<Value>,
}

impl Cluster {
    fn done() -> Self {
        let revision = json!({ "deployment.kubernetes.io/revision": "2" });
        Self {
            deployment: json!({
                "metadata": { "uid": "d", "generation": 4, "annotations": revision },
                "spec": { "replicas": 2 },
                "status": { "observedGeneration": 4, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2 },
            }),
            sets: vec![
                json!({ "metadata": { "uid": "old", "annotations": { "deployment.kubernetes.io/revision": "1" },
                    "ownerReferences": [{ "controller": true, "uid": "d" }] } }),
                json!({ "metadata": { "uid": "new", "annotations": revision,
                    "ownerReferences": [{ "controller": true, "uid": "d" }] } }),
            ],
            pods: vec![pod("a", "new"), pod("b", "new")],
        }
    }

    fn judge(&self) -> Verdict {
        let Self { deployment, sets, pods } = self;
        super::judge(Observed { deployment, replica_sets: sets, pods }, Some(DIGEST))
    }

    #[track_caller]
    fn waits(&self, for_what: &str) {
        assert_eq!(self.judge(), Verdict::Waiting(for_what.to_owned()));
    }

    #[track_caller]
    fn is_doomed(&self, why: &str, pod: Option<&str>) {
        assert_eq!(self.judge(), Verdict::Doomed { why: why.to_owned(), pod: pod.map(str::to_owned) });
    }
}

fn pod(name: &str, set: &str) -> Value {
    json!({
        "metadata": { "name": name, "ownerReferences": [{ "controller": true, "uid": set }] },
        "status": {
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": "True" }],
            "containerStatuses": [{ "imageID": "registry/x@sha256:new", "restartCount": 0, "state": { "running": {} } }],
        },
    })
}

/// The first pod is not ready, and its container is in this state.
fn with_state(state: Value) -> Cluster {
    let mut cluster = Cluster::done();
    cluster.deployment["status"]["availableReplicas"] = 1.into();
    cluster.pods[0]["status"]["conditions"][0]["status"] = "False".into();
    cluster.pods[0]["status"]["containerStatuses"][0]["state"] = state;
    cluster
}

#[test]
fn done_is_when_every_pod_is_new_available_and_of_the_wanted_image() {
    let pods = vec![("a".to_owned(), 0), ("b".to_owned(), 0)];
    assert_eq!(Cluster::done().judge(), Verdict::Done { pods });
}

#[test]
fn a_change_that_nobody_has_seen_is_not_done_although_all_counts_are_right() {
    let mut cluster = Cluster::done();
    cluster.deployment["metadata"]["generation"] = 5.into();
    cluster.waits("the controller has not seen the change yet");
}

#[test]
fn a_paused_deployment_would_be_waited_for_in_vain() {
    let mut cluster = Cluster::done();
    cluster.deployment["spec"]["paused"] = true.into();
    cluster.is_doomed("the deployment is paused: resume it with `kubectl rollout resume`", None);
}

#[test]
fn without_pods_nothing_is_done() {
    let mut cluster = Cluster::done();
    cluster.sets.clear();
    cluster.waits("no pods have been requested yet");
    let mut cluster = Cluster::done();
    cluster.pods.clear();
    cluster.waits("0 of 2 pods are ready");
}

#[test]
fn the_counts_say_what_is_missing() {
    for (key, count, text) in [
        ("updatedReplicas", 1, "1 of 2 pods are new"),
        ("replicas", 3, "1 old pod still running"),
        ("availableReplicas", 0, "0 of 2 pods are available"),
    ] {
        let mut cluster = Cluster::done();
        cluster.deployment["status"][key] = count.into();
        cluster.waits(text);
    }
}

#[test]
fn another_image_than_the_wanted_one_is_never_done() {
    let mut cluster = Cluster::done();
    cluster.pods[1]["status"]["containerStatuses"][0]["imageID"] = "registry/x@sha256:old".into();
    cluster.is_doomed("pod b runs registry/x@sha256:old instead of the image sha256:new", Some("b"));
}

#[test]
fn doomed_pods_are_known_by_their_reasons() {
    let waiting =
        |reason: &str, message: &str| with_state(json!({ "waiting": { "reason": reason, "message": message } }));
    waiting("ImagePullBackOff", "not found")
        .is_doomed("its image cannot be pulled (ImagePullBackOff): not found", Some("a"));
    waiting("CreateContainerConfigError", "configmap \"c\" not found").is_doomed(
        "a ConfigMap or Secret, or a key of it, is missing (CreateContainerConfigError): configmap \"c\" not found",
        Some("a"),
    );
    let ended = json!({ "terminated": { "reason": "StartError", "message": "exec format error", "exitCode": 128 } });
    with_state(ended).is_doomed("its program cannot be started (StartError): exec format error", Some("a"));
}

#[test]
fn a_crash_loop_is_known_before_the_kubelet_says_so_and_tells_how_it_ends() {
    let ended = json!({ "terminated": { "reason": "Error", "exitCode": 2 } });
    let mut cluster = with_state(ended.clone());
    cluster.waits("1 of 2 pods are available: its program has ended, last with exit code 2");
    cluster.pods[0]["status"]["containerStatuses"][0]["restartCount"] = 2.into();
    cluster.is_doomed("its program keeps exiting, last with exit code 2", Some("a"));
    let mut cluster = with_state(json!({ "waiting": { "reason": "CrashLoopBackOff" } }));
    cluster.pods[0]["status"]["containerStatuses"][0]["lastState"] =
        json!({ "terminated": { "reason": "OOMKilled", "exitCode": 137 } });
    cluster.is_doomed(
        "its program keeps exiting (CrashLoopBackOff), last with exit code 137, killed for its use of memory",
        Some("a"),
    );
}

#[test]
fn what_passes_by_itself_is_waited_for() {
    with_state(json!({ "waiting": { "reason": "ContainerCreating" } }))
        .waits("1 of 2 pods are available: ContainerCreating");
    with_state(json!({ "waiting": { "reason": "ErrImagePull", "message": "timeout" } }))
        .waits("1 of 2 pods are available: ErrImagePull: timeout");
    let mut cluster = with_state(json!({}));
    let unplaced = json!({ "type": "PodScheduled", "status": "False", "message": "0/3 nodes are available" });
    cluster.pods[0]["status"]["conditions"].as_array_mut().expect("conditions").push(unplaced);
    cluster.waits("1 of 2 pods are available: no node accepts it: 0/3 nodes are available");
}

#[test]
fn old_and_leaving_pods_doom_nothing() {
    let crashing = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
    let mut cluster = Cluster::done();
    let mut old = pod("c", "old");
    old["status"]["containerStatuses"][0]["state"] = crashing.clone();
    let mut leaving = pod("d", "new");
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    leaving["status"]["containerStatuses"][0]["state"] = crashing;
    cluster.pods.extend([old, leaving]);
    assert!(matches!(cluster.judge(), Verdict::Done { .. }), "{:?}", cluster.judge());
}

#[test]
fn a_pod_that_its_node_has_evicted_dooms_nothing_and_does_not_count() {
    let mut cluster = Cluster::done();
    let mut evicted = pod("c", "new");
    evicted["status"] = json!({ "phase": "Failed", "reason": "Evicted" });
    cluster.pods.push(evicted);
    let pods = vec![("a".to_owned(), 0), ("b".to_owned(), 0)];
    assert_eq!(cluster.judge(), Verdict::Done { pods });
}

#[test]
fn what_a_cluster_puts_beside_the_service_is_no_other_image() {
    let proxy = json!({ "imageID": "mesh/proxy@sha256:proxy", "restartCount": 0, "state": { "running": {} } });
    let mut cluster = Cluster::done();
    let containers = &mut cluster.pods[0]["status"]["containerStatuses"];
    containers.as_array_mut().expect("containers").insert(0, proxy);
    assert!(matches!(cluster.judge(), Verdict::Done { .. }), "{:?}", cluster.judge());
    cluster.pods[0]["status"]["containerStatuses"][1]["imageID"] = "registry/x@sha256:old".into();
    let why = "pod a runs mesh/proxy@sha256:proxy and registry/x@sha256:old instead of the image sha256:new";
    cluster.is_doomed(why, Some("a"));
}

/// A rollout that is not done, with these conditions on the deployment and on its newest `ReplicaSet`.
fn with_conditions(of_deployment: &Value, of_newest: &Value) -> Cluster {
    let mut cluster = Cluster::done();
    cluster.deployment["status"]["updatedReplicas"] = 1.into();
    cluster.deployment["status"]["conditions"] = json!([of_deployment]);
    cluster.sets[1]["metadata"]["name"] = "new".into();
    cluster.sets[1]["status"]["conditions"] = json!([of_newest]);
    cluster
}

fn late(set: &str) -> Value {
    let message = format!("ReplicaSet \"{set}\" has timed out progressing.");
    json!({ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": message })
}

fn unmade(why: &str) -> Value {
    json!({ "type": "ReplicaFailure", "status": "True", "message": why })
}

#[test]
fn conditions_end_the_waiting() {
    let why = "the deployment's deadline has passed: ReplicaSet \"new\" has timed out progressing.";
    with_conditions(&late("new"), &Value::Null).is_doomed(why, None);
    with_conditions(&Value::Null, &unmade("forbidden")).is_doomed("no pod can be created: forbidden", None);
    let mut without_sets = with_conditions(&unmade("forbidden"), &Value::Null);
    without_sets.sets.clear();
    without_sets.is_doomed("no pod can be created: forbidden", None);
}

#[test]
fn a_quota_is_waited_for_until_the_deadline() {
    let quota = || unmade("exceeded quota: pods, requested: pods=1");
    let why = "exceeded quota: pods, requested: pods=1";
    with_conditions(&Value::Null, &quota()).waits(&format!("no pod can be created yet: {why}"));
    with_conditions(&late("new"), &quota()).is_doomed(&format!("no pod can be created: {why}"), None);
}

#[test]
fn what_is_still_said_about_what_ran_before_ends_nothing() {
    with_conditions(&late("failed"), &Value::Null).waits("1 of 2 pods are new");
    with_conditions(&unmade("the failed one's quota"), &Value::Null).waits("1 of 2 pods are new");
}
