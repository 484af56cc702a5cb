//! Deployments that are killed while they watch, while they go back, when all is over, or more than once; and ways back
//! that are killed.

use crate::support::deploying::{NAMESPACE, Shop, hears, kill, meets};
use test_cluster::{Behaviour, Effect, Fault};

const DEPLOYMENT: &str = "deploy.ndjson";

/// Two commits; the second one's `user-service` behaves so.
fn second(behaviour: Behaviour) -> Shop {
    let shop = Shop::new().deployed();
    shop.images('b');
    shop.cluster.behave(&Shop::image("user-service", 'b'), behaviour);
    shop
}

/// A look at how rollouts stand, the n-th from now on.
fn look(nth: usize) -> Fault {
    Fault::on("list", "replicasets").nth(nth).effect(Effect::Stall)
}

/// It comes to the end that an undisturbed deployment of healthy or crashing services comes to.
#[track_caller]
fn ends_as_undisturbed(shop: &Shop, code: i32) {
    shop.cluster.clear_faults();
    shop.resume().exits(code);
    let undisturbed = second(if code == 0 { Behaviour::Healthy } else { crash() });
    undisturbed.deploy(&[]).exits(code);
    assert_eq!(shop.state(), undisturbed.state());
    shop.runs_all_of(if code == 0 { 'b' } else { 'a' });
    shop.resume().exits(2).says("the last one has ended");
}

fn crash() -> Behaviour {
    Behaviour::CrashLoop(1, String::new())
}

#[test]
fn killed_while_it_watches() {
    for (behaviour, code) in [(Behaviour::Healthy, 0), (crash(), 7)] {
        let shop = second(behaviour);
        // The first look was for the plan.
        let place = shop.cluster.fault(look(2));
        let child = shop.begin();
        meets(&place, 2);
        kill(child);
        assert_eq!(shop.journal(DEPLOYMENT), ["begun", "applying", "applied", "applying", "applied"]);
        ends_as_undisturbed(&shop, code);
    }
}

#[test]
fn killed_when_one_rollout_has_ended_and_the_other_goes_on() {
    let shop = second(Behaviour::NeverReady);
    let mut child = shop.begin();
    hears(&mut child, "auth-service: done", 1);
    let place = shop.cluster.fault(look(1));
    meets(&place, 1);
    kill(child);
    assert_eq!(shop.journal(DEPLOYMENT), ["begun", "applying", "applied", "applying", "applied", "settled"]);
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::Healthy);
    ends_as_undisturbed(&shop, 0);
}

#[test]
fn killed_when_all_rollouts_have_ended() {
    let shop = second(Behaviour::Healthy);
    shop.deploy(&[]).exits(0);
    // Nothing is asked between the last steps, so what a kill there leaves behind is made: the last line is half there.
    let path = "target/xtask/runs/latest/deploy.ndjson";
    let journal = shop.sandbox.read(path);
    let whole = journal.strip_suffix("{\"step\":\"ended\"}\n").expect("it has ended");
    shop.sandbox.file(path, &format!("{whole}{{\"step\":\"en"));
    ends_as_undisturbed(&shop, 0);
}

#[test]
fn killed_when_all_is_over_leaves_nothing_but_a_lease_that_expires() {
    let shop = second(Behaviour::Healthy);
    // It is taken, and given back.
    let place = shop.cluster.fault(Fault::on("update", "leases").nth(2).effect(Effect::Stall));
    let child = shop.begin();
    meets(&place, 2);
    kill(child);
    assert_eq!(shop.journal(DEPLOYMENT).last().map(String::as_str), Some("ended"));
    shop.resume().exits(2).says("the last one has ended");
    shop.runs_all_of('b');
    shop.deploy(&[]).exits(6).says("ada (run RUN) renewed its lease").says("continue it with `--resume`");
}

#[test]
fn killed_while_it_watches_the_way_back() {
    let shop = second(crash());
    let last_write = shop.stall("patch", "user-service", 3);
    let child = shop.begin();
    meets(&last_write, 3);
    let place = shop.cluster.fault(look(1));
    last_write.release();
    meets(&place, 1);
    kill(child);
    assert_eq!(shop.journal(DEPLOYMENT)[5..], ["settled", "settled", "restoring", "restoring"]);
    ends_as_undisturbed(&shop, 7);
}

#[test]
fn killed_when_one_service_is_back_and_the_other_is_not() {
    let shop = second(crash());
    let last_write = shop.stall("patch", "user-service", 3);
    let mut child = shop.begin();
    meets(&last_write, 3);
    let before = Shop::image("user-service", 'a');
    shop.cluster.behave(&before, Behaviour::NeverReady);
    last_write.release();
    hears(&mut child, "auth-service: done", 2);
    let place = shop.cluster.fault(look(1));
    meets(&place, 1);
    kill(child);
    assert_eq!(shop.journal(DEPLOYMENT)[7..], ["restoring", "restoring", "restored"]);
    shop.cluster.behave(&before, Behaviour::Healthy);
    ends_as_undisturbed(&shop, 7);
}

#[test]
fn killed_again_while_it_is_gone_on_with() {
    let shop = second(Behaviour::Healthy);
    let first = shop.stall("get", "user-service", 1);
    let child = shop.begin();
    meets(&first, 1);
    kill(child);
    shop.cluster.clear_faults();
    let second = shop.cluster.fault(look(1));
    let child = shop.start(&["deploy", "staging", "--resume"]);
    meets(&second, 1);
    kill(child);
    ends_as_undisturbed(&shop, 0);
}

/// A rollback that is killed at this place comes to the same end as one that was not.
#[track_caller]
fn a_rollback_survives(place: Fault, nth: usize, steps: &[&str]) {
    let shop = second(Behaviour::Healthy);
    shop.deploy(&[]).exits(0);
    let place = shop.cluster.fault(place.nth(nth).effect(Effect::Stall));
    let child = shop.start(&["rollback", "staging"]);
    meets(&place, nth);
    kill(child);
    assert_eq!(shop.journal("rollback.ndjson"), steps);
    shop.cluster.clear_faults();
    shop.resume().exits(0);
    let undisturbed = second(Behaviour::Healthy);
    undisturbed.deploy(&[]).exits(0);
    undisturbed.sandbox.run(&["rollback", "staging"]).exits(0);
    assert_eq!(shop.state(), undisturbed.state());
    shop.runs_all_of('a');
    let lease = shop.cluster.object("leases", NAMESPACE, "xtask-deploy").expect("there is a lease");
    assert_eq!(lease["spec"]["holderIdentity"], "", "it was given back");
}

#[test]
fn a_rollback_that_is_killed_while_it_writes() {
    let place = Fault::on("patch", "deployments").name("user-service");
    a_rollback_survives(place, 1, &["begun", "applying", "applied", "applying"]);
}

#[test]
fn a_rollback_that_is_killed_while_it_watches() {
    a_rollback_survives(look(1), 2, &["begun", "applying", "applied", "applying", "applied"]);
}
