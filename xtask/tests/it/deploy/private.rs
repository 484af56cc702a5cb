//! Images in registries that want to know who asks: a deployment logs in by itself, and nobody sees with what.

use crate::support::deploying::Shop;
use crate::support::private::own_temp;
use std::fs;

const ECR: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const WORD: &str = "canary-registry-4711";

/// A shop whose registry knows one password, and who does not say who they are gets nothing.
fn private(registry: &str) -> Shop {
    let mut shop = Shop::new();
    own_temp(&mut shop.sandbox);
    let log = shop.sandbox.root().with_file_name("skopeo.log").display().to_string();
    let skopeo = format!(
        "echo \"$*\" >> '{log}'
case \"$1\" in
    login) read -r word; [ \"$word\" = {WORD} ] || {{ echo 'invalid username/password' >&2; exit 1; }}
        echo '{{\"auths\":{{}}}}' > \"$3\" ;;
    inspect) grep -q auths \"${{3#--authfile=}}\" 2>/dev/null || {{ echo 'authentication required' >&2; exit 1; }} ;;
    *) echo skopeo version 1.18.0 ;;
esac"
    );
    shop.sandbox.stub("skopeo", &skopeo);
    shop.images_in(registry, 'a');
    shop
}

/// Fails where the password lies around, or the login does after the run.
#[track_caller]
fn keeps_it(shop: &Shop, told: &str) {
    assert!(!told.contains(WORD) && !shop.left_behind().contains(WORD), "{told}");
    let left = fs::read_dir(shop.sandbox.beside("tmp")).expect("a directory").count();
    assert_eq!(left, 0, "the login goes with the deployment");
}

#[test]
fn a_password_lets_a_deployment_in() {
    let mut shop = private("registry.test");
    shop.deploy(&[]).exits(3).says("the image of auth-service is not available: authentication required");
    shop.sandbox.var("XTASK_REGISTRY_USER", "ada").var("XTASK_REGISTRY_PASSWORD", WORD);
    let output = shop.deploy(&[]).exits(0);
    keeps_it(&shop, &output.stderr);
    let calls = shop.sandbox.read("../skopeo.log");
    assert_eq!(calls.matches("--username ada --password-stdin registry.test").count(), 1, "one login: {calls}");
    assert!(!calls.contains(WORD), "{calls}");
    shop.deploy(&["--plan"]).exits(0);
    shop.sandbox.var("XTASK_REGISTRY_PASSWORD", "canary-wrong-word");
    shop.deploy(&[]).exits(3).says("registry.test denies access: ").says("invalid username/password");
}

#[test]
fn the_registry_of_amazon_is_logged_in_to_by_aws() {
    let shop = private(ECR);
    let log = shop.sandbox.root().with_file_name("aws.log").display().to_string();
    let aws = format!("echo \"$*\" >> '{log}'\ncase \"$1\" in ecr) echo {WORD} ;; *) echo aws-cli/2.0.0 ;; esac");
    shop.sandbox.stub("aws", &aws);
    let output = shop.deploy(&[]).exits(0);
    keeps_it(&shop, &output.stderr);
    assert!(shop.sandbox.read("../aws.log").contains("ecr get-login-password --region eu-central-1"));
    assert!(shop.sandbox.read("../skopeo.log").contains(&format!("--username AWS --password-stdin {ECR}")));
}
