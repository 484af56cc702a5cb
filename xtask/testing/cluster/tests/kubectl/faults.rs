//! Everything that can go wrong between kubectl and the cluster, on order.

use crate::rig::{Rig, config, ended, web};
use std::time::Duration;
use test_cluster::{Effect, Fault};

#[test]
fn scripted_answers_reach_kubectl_as_the_real_ones_do() {
    let Some(rig) = Rig::new() else { return };
    let cases = [
        (401, "You must be logged in to the server"),
        (403, "Error from server (Forbidden)"),
        (404, "Error from server (NotFound)"),
        (409, "Error from server (Conflict)"),
        (410, "Error from server (Expired)"),
        (429, "Error from server (TooManyRequests)"),
        (500, "Error from server (InternalError)"),
    ];
    for (code, wanted) in cases {
        let rule = rig.cluster.fault(Fault::on("get", "configmaps").always().answer(code));
        let why = rig.fails(&["get", "configmap", "settings"]);
        assert!(why.contains(wanted) && rule.matched() >= 1, "{code}: {why}");
        rig.cluster.clear_faults();
    }
}

#[test]
fn a_client_that_is_told_to_come_later_does() {
    let Some(rig) = Rig::new() else { return };
    rig.apply(&config("info"));
    let rule = rig.cluster.fault(Fault::on("get", "configmaps").name("settings").answer_later(429, 1));
    rig.ok(&["get", "configmap", "settings"]);
    assert_eq!(rule.matched(), 2);
    let statuses =
        rig.cluster.requests().into_iter().filter(|request| request.name == "settings" && request.verb == "get");
    assert_eq!(statuses.map(|request| request.status).collect::<Vec<_>>(), [Some(429), Some(200)]);
}

#[test]
fn the_nth_request_is_struck_and_no_other() {
    let Some(rig) = Rig::new() else { return };
    rig.cluster.fault(Fault::on("patch", "configmaps").nth(2).answer(500));
    rig.apply(&config("1"));
    let path = rig.file("object.json", &config("2").to_string());
    let again = ["apply", "--server-side", "--field-manager=ci", "-f", &path.to_string_lossy()];
    assert!(rig.fails(&again).contains("InternalError"));
    rig.ok(&again);
}

#[test]
fn a_connection_dropped_before_the_write_leaves_nothing() {
    let Some(rig) = Rig::new() else { return };
    rig.cluster.fault(Fault::on("patch", "configmaps").effect(Effect::DropBefore));
    let path = rig.file("object.json", &config("1").to_string());
    let why = rig.fails(&["apply", "--server-side", "-f", &path.to_string_lossy()]);
    assert!(why.contains("EOF"), "{why}");
    assert_eq!(rig.cluster.object("configmaps", "shop", "settings"), None);
}

#[test]
fn a_connection_dropped_after_the_write_leaves_the_object() {
    let Some(rig) = Rig::new() else { return };
    rig.cluster.fault(Fault::on("patch", "configmaps").effect(Effect::DropAfter));
    let path = rig.file("object.json", &config("1").to_string());
    let why = rig.fails(&["apply", "--server-side", "-f", &path.to_string_lossy()]);
    assert!(why.contains("EOF"), "{why}");
    assert!(rig.cluster.object("configmaps", "shop", "settings").is_some());
    let write = rig.cluster.requests().into_iter().find(test_cluster::Entry::is_write).expect("it was asked");
    assert_eq!((write.verb.as_str(), write.status), ("patch", None), "nobody heard how it ended");
}

#[test]
fn a_stalled_write_waits_for_its_release() {
    let Some(rig) = Rig::new() else { return };
    let rule = rig.cluster.fault(Fault::on("patch", "deployments").name("web").effect(Effect::Stall));
    let path = rig.file("web.json", &web("web:1").to_string());
    let apply = rig.start(&["apply", "--server-side", "-f", &path.to_string_lossy()]);
    assert!(rule.wait(1, Duration::from_secs(60)), "kubectl never asked");
    assert_eq!(rig.cluster.object("deployments", "shop", "web"), None);
    rule.release();
    assert_eq!(ended(apply).code, Some(0));
    assert!(rig.cluster.object("deployments", "shop", "web").is_some());
}

#[test]
fn requests_are_told_in_their_order() {
    let Some(rig) = Rig::new() else { return };
    rig.ok(&["get", "pods"]);
    rig.apply(&config("1"));
    let requests = rig.cluster.requests();
    let of = |resource: &str| requests.iter().position(|request| request.resource == resource).expect("it was asked");
    assert!(of("pods") < of("configmaps") && requests[of("pods")].user_agent.starts_with("kubectl/"), "{requests:?}");
    assert!(requests[..of("configmaps")].iter().all(|request| !request.is_write()));
}
