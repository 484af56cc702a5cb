//! Who may do what, and how kubectl hears that one may not.

use crate::rig::Rig;
use test_cluster::User;

#[test]
fn an_unknown_token_is_unauthorized() {
    let Some(rig) = Rig::new() else { return };
    rig.file("kubeconfig", &rig.cluster.kubeconfig_for("stolen"));
    let why = rig.fails(&["get", "pods"]);
    assert!(why.contains("You must be logged in to the server"), "{why}");
    rig.cluster.grant("stolen", User::admin("owner"));
    assert!(rig.ok(&["auth", "whoami"]).contains("owner"));
    rig.cluster.revoke("stolen");
    assert!(rig.fails(&["get", "pods"]).contains("logged in"));
}

#[test]
fn what_is_not_allowed_is_forbidden_in_the_real_words() {
    let Some(rig) = Rig::new() else { return };
    let jane = User::new("jane").may(&["get", "list"], &["pods", "deployments"], "shop");
    rig.cluster.grant("jane", jane);
    rig.file("kubeconfig", &rig.cluster.kubeconfig_for("jane"));
    rig.ok(&["get", "pods"]);
    let wanted = "Error from server (Forbidden): deployments.apps \"web\" is forbidden: User \"jane\" cannot delete \
                  resource \"deployments\" in API group \"apps\" in the namespace \"shop\"\n";
    assert_eq!(rig.fails(&["delete", "deployment", "web"]), wanted);
    let wanted = "Error from server (Forbidden): pods is forbidden: User \"jane\" cannot list resource \"pods\" in API \
                  group \"\" at the cluster scope\n";
    assert_eq!(rig.fails(&["get", "pods", "--all-namespaces"]), wanted);
}

#[test]
fn questions_about_rights_are_answered_from_the_same_table() {
    let Some(rig) = Rig::new() else { return };
    rig.cluster.grant("jane", User::new("jane").may(&["get", "patch"], &["deployments", "deployments/scale"], "shop"));
    rig.file("kubeconfig", &rig.cluster.kubeconfig_for("jane"));
    let can = |verb: &str, what: &str| rig.kubectl(&["auth", "can-i", verb, what]);
    assert_eq!(
        (can("patch", "deployments.apps").stdout.as_str(), can("patch", "deployments.apps").code),
        ("yes\n", Some(0))
    );
    assert_eq!(can("patch", "deployments.apps/scale").stdout, "yes\n");
    assert_eq!((can("delete", "pods").stdout.as_str(), can("delete", "pods").code), ("no\n", Some(1)));
    let list = rig.ok(&["auth", "can-i", "--list"]);
    assert!(list.contains("deployments.apps") && list.contains("[get patch]"), "{list}");
}
