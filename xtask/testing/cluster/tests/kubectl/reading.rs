//! Lists, tables, pages and watches.

use crate::rig::{Rig, config, service, web};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};

#[test]
fn tables_look_as_everybody_knows_them() {
    let Some(rig) = Rig::new() else { return };
    rig.apply(&web("web:1"));
    rig.apply(&service());
    rig.apply(&config("info"));
    rig.cluster.settle();
    let head = |what: &str| rig.ok(&["get", what, "-o", "wide"]).lines().next().unwrap_or_default().to_owned();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(&head("pods")), "NAME READY STATUS RESTARTS AGE IP NODE");
    assert_eq!(words(&head("deploy")), "NAME READY UP-TO-DATE AVAILABLE AGE CONTAINERS IMAGES SELECTOR");
    assert_eq!(words(&head("rs")), "NAME DESIRED CURRENT READY AGE CONTAINERS IMAGES SELECTOR");
    assert_eq!(words(&head("svc")), "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE SELECTOR");
    let all = rig.ok(&["get", "all"]);
    assert!(all.contains("deployment.apps/web   2/2     2            2"), "{all}");
    let described = rig.ok(&["describe", "deployment", "web"]);
    assert!(described.contains("2 desired | 2 updated | 2 total | 2 available | 0 unavailable"), "{described}");
    assert_eq!(rig.fails(&["get", "pod", "nobody"]), "Error from server (NotFound): pods \"nobody\" not found\n");
    assert!(rig.fails(&["get", "horses"]).contains("the server doesn't have a resource type \"horses\""));
}

#[test]
fn a_list_comes_in_pages_until_its_beginning_is_forgotten() {
    let Some(rig) = Rig::new() else { return };
    for name in ["a", "b", "c"] {
        let mut map = config("info");
        map["metadata"]["name"] = json!(name);
        rig.apply(&map);
    }
    assert_eq!(rig.ok(&["get", "configmaps", "--chunk-size=2", "-o", "name"]).lines().count(), 3);
    let page =
        |query: &str| rig.kubectl(&["get", "--raw", &format!("/api/v1/namespaces/shop/configmaps?limit=2{query}")]);
    let first: Value = serde_json::from_str(&page("").stdout).expect("it is JSON");
    let token = first["metadata"]["continue"].as_str().expect("there is more");
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    let next = format!("&continue={token}");
    let second: Value = serde_json::from_str(&page(&next).stdout).expect("it is JSON");
    assert_eq!(second["items"][0]["metadata"]["name"], "c");
    rig.apply(&config("info"));
    rig.cluster.forget_history();
    let late = page(&next);
    assert!(late.code == Some(1) && late.stderr.contains("continue parameter is too old"), "{late:?}");
}

#[test]
fn a_watch_shows_what_happens_and_what_leaves_its_selector() {
    let Some(rig) = Rig::new() else { return };
    let mut map = config("info");
    map["metadata"]["labels"] = json!({ "on": "1" });
    rig.apply(&map);
    let mut watch = rig.start(&["get", "configmaps", "-l", "on=1", "--watch", "--output-watch-events"]);
    let mut lines = BufReader::new(watch.stdout.take().expect("it is piped")).lines();
    let mut next = || lines.next().expect("there is a line").expect("it is text");
    let words = |line: String| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words(next()), ["EVENT", "NAME"]);
    assert_eq!(words(next()), ["ADDED", "settings"]);
    rig.ok(&["patch", "configmap", "settings", "--type=merge", "-p", r#"{"data":{"LOG":"debug"}}"#]);
    assert_eq!(words(next()), ["MODIFIED", "settings"]);
    rig.ok(&["label", "configmap", "settings", "on-"]);
    assert_eq!(words(next()), ["DELETED", "settings"]);
    watch.kill().expect("it runs");
    watch.wait().expect("it ends");
}

#[test]
fn a_watch_from_a_forgotten_revision_is_gone() {
    let Some(rig) = Rig::new() else { return };
    rig.apply(&config("info"));
    rig.cluster.forget_history();
    let path = "/api/v1/namespaces/shop/configmaps?watch=true&resourceVersion=1&timeoutSeconds=60";
    let event: Value = serde_json::from_str(&rig.ok(&["get", "--raw", path])).expect("one event");
    assert_eq!((&event["type"], &event["object"]["code"]), (&json!("ERROR"), &json!(410)));
}

#[test]
fn a_watch_whose_time_is_over_says_where_to_go_on() {
    let Some(rig) = Rig::new() else { return };
    let path = "/api/v1/namespaces/shop/configmaps?watch=true&allowWatchBookmarks=true&timeoutSeconds=0";
    let event: Value = serde_json::from_str(&rig.ok(&["get", "--raw", path])).expect("one event");
    assert_eq!((&event["type"], &event["object"]["kind"]), (&json!("BOOKMARK"), &json!("ConfigMap")));
}
