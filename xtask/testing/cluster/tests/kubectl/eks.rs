//! The real `aws` makes a kubeconfig for this cluster, and kubectl gets its token from it.

use crate::rig::{Rig, ended, find};
use test_cluster::User;

#[test]
fn aws_makes_a_kubeconfig_whose_tokens_are_known() {
    let (Some(rig), Some(aws)) = (Rig::new(), find("aws")) else { return };
    rig.cluster.grant("k8s-aws-v1.*", User::admin("arn:aws:iam::123456789012:role/deploy"));
    let authority = rig.file("authority.pem", &rig.cluster.authority());
    let authority = authority.to_string_lossy();
    let endpoint = rig.cluster.endpoint();
    let update = ["eks", "update-kubeconfig", "--name", "staging", "--kubeconfig", "kubeconfig-of-aws"];
    let surroundings = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL_EKS", &endpoint),
        ("AWS_CA_BUNDLE", &authority),
    ];
    let made = ended(rig.command(&aws, &update).envs(surroundings).spawn().expect("aws starts"));
    assert_eq!(made.code, Some(0), "{made:?}");
    let kubectl = find("kubectl").expect("the rig has found it");
    let args = ["--kubeconfig", "kubeconfig-of-aws", "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];
    let who = ended(rig.command(&kubectl, &args).envs(surroundings).spawn().expect("kubectl starts"));
    assert_eq!((who.stdout.as_str(), who.code), ("arn:aws:iam::123456789012:role/deploy", Some(0)), "{who:?}");
}
