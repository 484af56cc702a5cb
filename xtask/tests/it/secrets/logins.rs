//! Logins and kubeconfigs while a run lasts, and after it was killed: never where CI uploads or caches files.

use crate::support::deploying::{Shop, kill, meets};
use crate::support::peers::Registry;
use crate::support::private::{own_temp, private};
use crate::support::pushing::{PASSWORD, SHOP, files, holds_the_login, to_push};
use crate::support::sandbox::Sandbox;
use rustix::process::Signal;
use std::fs;
use std::path::Path;
use test_cluster::ADMIN_TOKEN;

/// Fails if the next run does not remove what is left in `temp`.
#[track_caller]
fn goes_with_the_next_run(sandbox: &Sandbox, temp: &Path) {
    sandbox.run(&["fmt"]).exits(0).says("cleaned up: ").says("removed the private directory /sandbox/tmp/xtask-");
    assert_eq!(fs::read_dir(temp).expect("a directory").count(), 0);
}

#[test]
fn a_push_keeps_its_login_away_from_what_ci_uploads_even_when_it_is_killed() {
    let Some(registry) = Registry::start(Some(SHOP)) else { return };
    let mut sandbox = to_push();
    let temp = own_temp(&mut sandbox);
    sandbox.var("XTASK_REGISTRY_USER", "shop").var("XTASK_REGISTRY_PASSWORD", PASSWORD);
    let stop =
        "stat -c %a \"${REGISTRY_AUTH_FILE%/*}\" \"$REGISTRY_AUTH_FILE\" >../modes; : >../ready; exec sleep 1000";
    let skopeo = format!("if [ \"$1\" = copy ]; then {stop}; fi\nPATH=\"${{PATH#*:}}\" exec skopeo \"$@\"");
    sandbox.stub("skopeo", &skopeo);
    let run = sandbox.start(&["docker", "a", "--push", "--registry", &registry.host]);
    run.until_there("ready");
    assert_eq!(sandbox.read("../modes"), "700\n600\n");
    let holding = |at: &Path| {
        let files = files(at).into_iter();
        files.filter(|(_, text)| holds_the_login(text)).map(|(path, _)| path).collect::<Vec<_>>()
    };
    let login = private(&temp).join("registry-login.json");
    let target = sandbox.root().join("target");
    assert_eq!((holding(&target), holding(&temp)), (vec![], vec![login.clone()]), "while it is under way");
    run.signal(Signal::KILL);
    run.finish().exits(137);
    assert_eq!((holding(&target), holding(&temp)), (vec![], vec![login]), "after the kill");
    goes_with_the_next_run(&sandbox, &temp);
}

#[test]
fn a_deployment_keeps_its_kubeconfig_away_from_what_ci_uploads_even_when_it_is_killed() {
    let mut shop = Shop::new();
    let temp = own_temp(&mut shop.sandbox);
    let place = shop.stall("patch", "user-service", 2);
    let child = shop.begin();
    meets(&place, 2);
    let kubeconfig = private(&temp).join("deploy/kubeconfig");
    let keeps_it = || {
        assert!(!shop.left_behind().contains(ADMIN_TOKEN));
        assert!(fs::read_to_string(&kubeconfig).expect("it is there").contains(ADMIN_TOKEN));
    };
    keeps_it();
    kill(child);
    keeps_it();
    shop.cluster.clear_faults();
    goes_with_the_next_run(&shop.sandbox, &temp);
    shop.resume().exits(0);
    shop.runs_all_of('a');
}
