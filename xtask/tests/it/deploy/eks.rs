//! A cluster of EKS, which the real `aws` finds: who we are there, and how its kubeconfig is got.

use crate::support::deploying::Shop;
use crate::support::peers::Amazon;
use std::process::{Command, Stdio};
use test_cluster::User;

/// The shop in an EKS cluster of this account, as far as `aws` can tell.
fn in_eks() -> Shop {
    let mut shop = Shop::new();
    let manifest = shop.sandbox.read("Cargo.toml");
    let eks = "cluster = \"shop-cluster\"\nregion = \"eu-central-1\"";
    shop.sandbox.file("Cargo.toml", &manifest.replace("context = \"test\"", eks));
    shop.cluster.grant("k8s-aws-v1.*", User::admin("aws"));
    shop.sandbox.file("authority.pem", &shop.cluster.authority());
    let (endpoint, authority) = (shop.cluster.endpoint(), shop.sandbox.root().join("authority.pem"));
    shop.sandbox
        .var("AWS_ENDPOINT_URL_EKS", endpoint)
        .var("AWS_CA_BUNDLE", authority)
        .var("AWS_ACCESS_KEY_ID", "AKIATEST");
    shop.sandbox.var("AWS_SECRET_ACCESS_KEY", "canary-aws-secret-4711").var("AWS_DEFAULT_REGION", "eu-central-1");
    shop
}

/// Whether there is an `aws` to ask.
#[expect(clippy::disallowed_methods, reason = "a test looks for what it needs as a user would")]
fn there_is_aws() -> bool {
    let asked = Command::new("aws").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

#[test]
fn the_kubeconfig_of_a_cluster_of_eks_is_got_by_aws() {
    if !there_is_aws() {
        return test_cluster::not_tested("there is no `aws`");
    }
    let shop = in_eks();
    let output = shop.deploy(&[]).exits(0);
    shop.runs_all_of('a');
    for text in [&output.stdout, &output.stderr, &shop.left_behind()] {
        assert!(!text.contains("canary-aws-secret") && !text.contains("k8s-aws-v1"), "{text}");
    }
}

#[test]
fn the_account_of_the_credentials_is_asked_of_amazon() {
    let Some(amazon) = Amazon::start() else { return };
    // The account that moto gives everybody.
    for (account, code) in [("123456789012", 0), ("999988887777", 3)] {
        let mut shop = in_eks();
        let manifest = shop.sandbox.read("Cargo.toml");
        let region = format!("account = \"{account}\"\nregion = ");
        shop.sandbox.file("Cargo.toml", &manifest.replace("region = ", &region));
        shop.sandbox.var("AWS_ENDPOINT_URL_STS", &amazon.url);
        let output = shop.deploy(&[]).exits(code);
        if code == 3 {
            output.says("the credentials belong to the account 123456789012, expected 999988887777");
            assert_eq!(shop.writes(), [""; 0]);
        }
    }
}
