//! A guarded environment from its first refusal to a deployment and back: the green run, and the name that is typed.

use crate::support::deploying::{NAMESPACE, Shop};
use crate::support::terminal::{answer_on_a_terminal, on_a_terminal};

const DEPLOY: [&str; 4] = ["deploy", "staging", "--images", "target/images.json"];

/// A guarded environment, a clean checkout, and images of its commit in `target/images.json`; and the commit.
fn committed() -> (Shop, String) {
    let mut shop = Shop::with("guard = true");
    shop.sandbox.var("TERM", "xterm");
    shop.sandbox.lock();
    shop.sandbox.commit();
    let commit = shop.sandbox.paste("git rev-parse HEAD").stdout.trim().to_owned();
    let images = shop.sandbox.read("images.json").replace(&"a".repeat(40), &commit);
    shop.sandbox.file("target/images.json", &images);
    (shop, commit)
}

#[test]
fn a_green_commit_and_a_typed_name_open_a_guarded_environment() {
    let (shop, commit) = committed();
    let deploy = [&DEPLOY[..], &["--yes"]].concat();
    let why = format!("no recorded run of all stages of {commit} has passed: `cargo xtask ci`");
    shop.sandbox.run(&deploy).exits(1).says(&why);
    // One that leaves out what blocks a pull request is none of all stages.
    let most = ["ci", "--skip", "audit", "--skip", "deps", "--skip", "coverage"];
    shop.sandbox.run(&most).exits(0);
    shop.sandbox.run(&deploy).exits(1).says(&why);
    shop.sandbox.run(&most[..5]).exits(0);
    shop.sandbox.run(&deploy[..4]).exits(2).says("pass `--yes` to confirm without one");
    assert_eq!(shop.writes(), [""; 0]);
    shop.sandbox.run(&deploy).exits(0);
    shop.runs_all_of('a');
    shop.cluster.clear_requests();
    let (output, told) = on_a_terminal(&shop.sandbox, &["rollback", "staging"], Some("stagin\n"));
    assert!(told.contains("this changes staging; type its name to continue"), "{told}");
    assert!(told.contains("its name was not typed"), "{told}");
    output.exits(1);
    assert_eq!(shop.writes(), [""; 0]);
    let (output, _) = on_a_terminal(&shop.sandbox, &["rollback", "staging"], Some("staging\n"));
    output.exits(0);
    assert_eq!(shop.cluster.objects("deployments", NAMESPACE).len(), 0, "there were none before");
}

#[test]
fn what_was_confirmed_is_deployed_whatever_changes_before_the_answer() {
    let (shop, commit) = committed();
    shop.sandbox.run(&["ci", "--skip", "audit", "--skip", "deps"]).exits(0);
    let (output, sent) = answer_on_a_terminal(&shop.sandbox, &DEPLOY, "type its name", || {
        shop.images('b');
        shop.sandbox.file("target/images.json", &shop.sandbox.read("images.json"));
        shop.sandbox.append("Cargo.toml", "replicas = 3\n").append("services/auth-service/src/lib.rs", "// Changed.\n");
        assert_eq!(shop.sandbox.run(&["rollback", "staging", "--yes"]).code, 6, "the one that asks has the checkout");
        assert_eq!(shop.sandbox.paste("git -c user.name=t -c user.email=t@example.org commit -qam later").code, 0);
        "staging\n"
    });
    output.exits(0);
    shop.runs_all_of('a');
    let deployment = shop.cluster.object("deployments", NAMESPACE, "auth-service").expect("it was deployed");
    assert_eq!(deployment["spec"]["replicas"], 1, "{sent}");
    let started = &shop.sandbox.events(&shop.sandbox.latest(), "run-started")[0];
    assert_eq!(started["commit"], commit.as_str(), "the record names the commit that was confirmed");
}
