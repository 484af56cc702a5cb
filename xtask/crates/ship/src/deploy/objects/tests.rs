use super::*;

pub(in crate::deploy) fn release() -> Release {
    Release {
        service: "auth-service".to_owned(),
        version: "0.1.0".to_owned(),
        commit: "c".repeat(40),
        image: format!("registry.example/auth-service@sha256:{}", "d".repeat(64)),
        port: 8081,
        replicas: 2,
        needs: vec!["postgres".to_owned(), "redis".to_owned()],
        requires: vec!["DATABASE_URL".to_owned(), "REDIS_URL".to_owned()],
        conventions: Conventions {
            health: Some("/healthz".to_owned()),
            ready: Some("/readyz".to_owned()),
            variables: [("LISTEN", "0.0.0.0:{port}"), ("GIT_COMMIT", "{commit}")]
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into(),
            ids: (65_532, 65_532),
        },
        place: Place {
            namespace: "shop-staging".to_owned(),
            variables: BTreeMap::from([("LOG".to_owned(), "info".to_owned())]),
            secret: Some("{service}-secrets".to_owned()),
            resources: Resources { cpu: "50m".to_owned(), memory: "64Mi".to_owned(), memory_limit: "256Mi".to_owned() },
            server_ports: BTreeMap::from([("postgres".to_owned(), 5432), ("redis".to_owned(), 6379)]),
            callers: Vec::new(),
        },
    }
}

fn of_kind(release: &Release, kind: &str) -> Value {
    release.objects().into_iter().find(|object| object["kind"] == kind).unwrap_or_default()
}

#[test]
fn the_same_release_makes_the_same_objects_in_the_order_they_need() {
    let kinds: Vec<String> =
        release().objects().iter().map(|object| object["kind"].as_str().expect("a kind").to_owned()).collect();
    let wanted = ["ServiceAccount", "ConfigMap", "NetworkPolicy", "Service", "PodDisruptionBudget", "Deployment"];
    assert_eq!(kinds, wanted);
    assert_eq!(release().objects(), release().objects());
    assert!(release().objects().iter().all(|object| object["metadata"]["namespace"] == "shop-staging"));
}

#[test]
fn one_replica_has_no_budget_that_would_hold_up_a_node() {
    let single = Release { replicas: 1, ..release() };
    assert_eq!(of_kind(&single, "PodDisruptionBudget"), Value::Null);
}

#[test]
fn another_content_of_the_config_map_is_another_name_and_so_another_rollout() {
    let (one, mut other) = (release(), release());
    other.place.variables.insert("LOG".to_owned(), "debug".to_owned());
    assert_ne!(one.config_name(), other.config_name());
    assert_eq!(of_kind(&one, "ConfigMap")["metadata"]["name"], one.config_name().as_str());
    assert_eq!(of_kind(&one, "ConfigMap")["data"]["GIT_COMMIT"], one.commit.as_str());
    let template = |release: &Release| of_kind(release, "Deployment")["spec"]["template"].clone();
    assert_ne!(template(&one), template(&other));
}

#[test]
fn the_selector_holds_only_what_never_changes() {
    let newer = Release { version: "0.2.0".to_owned(), commit: "e".repeat(40), ..release() };
    for kind in ["Deployment", "Service", "PodDisruptionBudget"] {
        let selector = |release| of_kind(&release, kind)["spec"]["selector"].clone();
        assert_eq!(selector(release()), selector(newer.clone()), "{kind}");
    }
}

#[test]
fn pods_fulfil_the_restricted_standard() {
    let pod = of_kind(&release(), "Deployment")["spec"]["template"]["spec"].clone();
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    let container = &pod["containers"][0];
    assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
    assert_eq!(container["securityContext"]["capabilities"]["drop"], json!(["ALL"]));
    assert_eq!(container["image"], release().image.as_str());
    assert_eq!(container["envFrom"][1]["secretRef"]["name"], "auth-service-secrets");
    assert_eq!(pod["automountServiceAccountToken"], false);
}

#[test]
fn a_service_reaches_the_servers_that_it_needs_and_no_others() {
    let lonely = Release { needs: vec!["redis".to_owned()], ..release() };
    let egress = of_kind(&lonely, "NetworkPolicy")["spec"]["egress"].clone();
    assert_eq!(egress[1]["ports"], json!([{ "protocol": "TCP", "port": 6379 }]));
    let alone = Release { needs: Vec::new(), ..release() };
    assert_eq!(of_kind(&alone, "NetworkPolicy")["spec"]["egress"].as_array().map(Vec::len), Some(1));
}

#[test]
fn callers_come_from_the_namespace_and_from_where_the_environment_says() {
    let from = |callers: Vec<Peer>| {
        let mut release = release();
        release.place.callers = callers;
        of_kind(&release, "NetworkPolicy")["spec"]["ingress"][0]["from"].clone()
    };
    assert_eq!(from(Vec::new()), json!([{ "podSelector": {} }]));
    let wanted = json!([
        { "podSelector": {} },
        { "ipBlock": { "cidr": "10.0.0.0/16" } },
        { "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "ingress" } } },
    ]);
    let callers = vec![Peer::Addresses("10.0.0.0/16".to_owned()), Peer::Namespace("ingress".to_owned())];
    assert_eq!(from(callers), wanted);
}
