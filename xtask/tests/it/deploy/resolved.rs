//! `deploy` and `rollback` look at the workspace once, and under the lock: what they check is what they deploy.

use crate::support::deploying::{Shop, meets};
use test_cluster::{Effect, Fault};

#[test]
fn cargo_is_asked_for_the_workspace_once() {
    let shop = Shop::new();
    let counted = "case $1 in metadata) echo \"$1\" >> ../metadata ;; esac";
    shop.sandbox.stub("cargo", &format!("{counted}\nPATH=${{PATH#*:}} exec cargo \"$@\""));
    let asked = || std::fs::read_to_string(shop.sandbox.beside("metadata")).expect("cargo was asked").lines().count();
    shop.deploy(&[]).exits(0);
    assert_eq!(asked(), 1);
    shop.sandbox.run(&["rollback", "staging"]).exits(0);
    assert_eq!(asked(), 2);
}

#[test]
fn a_run_that_has_waited_is_checked_by_what_is_there_then() {
    let shop = Shop::new();
    let held = shop.cluster.fault(Fault::on("create", "leases").effect(Effect::Stall));
    let first = shop.sandbox.start(&["deploy", "staging", "--images", "images.json"]);
    meets(&held, 1);
    let deploy = shop.sandbox.start(&["deploy", "staging", "--images", "images.json", "--wait"]);
    deploy.until_says("waiting for another run");
    shop.sandbox.append("Cargo.toml", "guard = true\n");
    shop.images('b');
    held.release();
    first.finish().exits(0);
    deploy.finish().exits(1).says("deploy to staging, which is guarded");
    shop.runs_all_of('a');
}
