//! `[workspace.metadata.xtask.environments.NAME]`: where services can be deployed to.

use core::net::IpAddr;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use xtask_core::table::{Problems, Table};
use xtask_core::text;
use xtask_ship::deploy::objects::{Peer, Place, Resources};
use xtask_ship::deploy::request::{Cluster, Target};

/// A place to deploy to.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// Its name: `staging`.
    pub name: String,
    /// Its cluster and namespace.
    pub target: Target,
    /// The settings that all services share there.
    pub place: Place,
    /// Where all images must come from, with the path above the repositories: `registry.example/shop`.
    pub registry: Option<String>,
    /// How many of each service run there, whatever their manifests say.
    pub replicas: Option<u32>,
    /// Whether it is guarded: a clean tree, a green run, and a confirmation.
    pub guard: bool,
    /// Whether a smoke test that fails rolls back the deployment.
    pub rollback_on_smoke: bool,
    /// How long all rollouts together may take.
    pub timeout: Duration,
    /// How long rolling back may take.
    pub rollback_timeout: Duration,
    /// How long a finished rollout has to remain unchanged to count.
    pub soak: Duration,
}

/// The environments, by name.
pub(super) fn read(top: &Table<'_>, p: &mut Problems) -> Vec<Environment> {
    let table = top.table("environments", p);
    table.tables(p).into_iter().filter_map(|(name, entry)| environment(name, entry, p)).collect()
}

fn environment(name: &str, table: Table<'_>, p: &mut Problems) -> Option<Environment> {
    if !text::is_dns_label(name) {
        table.complain(p, None, "is not a valid environment name: use lower-case letters, digits and dashes");
    }
    let cluster = cluster(&table, p);
    let namespace = table.string("namespace", p);
    if namespace.as_deref().is_none_or(|namespace| !text::is_dns_label(namespace)) {
        table.complain(p, None, "needs a `namespace`: lower-case letters, digits and dashes, at most 63");
    }
    let server = table.string("server", p);
    let registry = table.string("registry", p);
    let replicas = table.integer("replicas", p);
    let guard = table.flag("guard", p).unwrap_or_default();
    let rollback_on_smoke = table.flag("rollback-on-smoke", p).unwrap_or_default();
    let timeout = table.duration("timeout", p).unwrap_or_default();
    let rollback_timeout = table.duration("rollback-timeout", p).unwrap_or_default();
    let soak = table.duration("soak", p).unwrap_or_default();
    let variables = table.table("variables", p);
    let given = variables.texts(p);
    for name in given.keys().filter(|name| !is_variable(name)) {
        variables.complain(p, Some(name), "is not a valid variable name: use letters, digits, `_`, `-` and `.`");
    }
    let secret = table.text("secret", p, is_secret);
    let resources = resources(table.table("resources", p), p);
    let server_ports = server_ports(&table.table("server-ports", p), p);
    let callers = table.get("callers", p, |value| value.as_array()?.iter().map(peer).collect());
    table.finish(p);
    let namespace = namespace?;
    Some(Environment {
        name: name.to_owned(),
        target: Target { cluster: cluster?, server, namespace: namespace.clone() },
        place: Place {
            namespace,
            variables: given,
            secret,
            resources,
            server_ports,
            callers: callers.unwrap_or_default(),
        },
        registry,
        replicas,
        guard,
        rollback_on_smoke,
        timeout,
        rollback_timeout,
        soak,
    })
}

fn cluster(table: &Table<'_>, p: &mut Problems) -> Option<Cluster> {
    let (name, region) = (table.string("cluster", p), table.string("region", p));
    let account = table.string("account", p);
    match (name, region, table.string("context", p)) {
        (Some(name), Some(region), None) => Some(Cluster::Eks { name, region, account }),
        (None, None, Some(context)) if account.is_none() => Some(Cluster::Context(context)),
        _ => {
            table.complain(p, None, "needs either a `cluster` and its `region`, or a `context` of the kubeconfig");
            None
        }
    }
}

fn resources(table: Table<'_>, p: &mut Problems) -> Resources {
    let mut text = |key| table.text(key, p, |text| quantity(text).is_some()).unwrap_or_default();
    let resources = Resources { cpu: text("cpu"), memory: text("memory"), memory_limit: text("memory-limit") };
    if quantity(&resources.memory) > quantity(&resources.memory_limit) {
        let Resources { memory, memory_limit, .. } = &resources;
        table.complain(
            p,
            None,
            &format!("keeps {memory} for a pod that is limited to {memory_limit}: raise `memory-limit`"),
        );
    }
    table.finish(p);
    resources
}

/// The value of a quantity of Kubernetes, which is not negative here; `None` when the text is none:
/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.
fn quantity(text: &str) -> Option<f64> {
    const DECIMAL: [(&str, i32); 10] =
        [("", 0), ("n", -9), ("u", -6), ("m", -3), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
    const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let number: f64 = number.parse().ok().filter(|_| number.starts_with(|c: char| c.is_ascii_digit()))?;
    if let Some((_, power)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return Some(number * 10f64.powi(*power));
    }
    if let Some(power) = (1..).zip(BINARY).find_map(|(power, known)| (known == suffix).then_some(power)) {
        return Some(number * 1024f64.powi(power));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some(number * 10f64.powi(exponent))
}

/// Whether a name can be the key of a `ConfigMap` and a variable of a pod.
fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && (1..=253).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        && name != "."
        && !name.starts_with("..")
}

/// Whether a name, with `{service}` in it or not, can be that of a Secret.
fn is_secret(name: &str) -> bool {
    let part = |part: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(plain) && part.ends_with(plain) && part.chars().all(|c| plain(c) || c == '-')
    };
    name.len() <= 253 && name.replace("{service}", "service").split('.').all(part)
}

/// The ports of the servers that services may reach: the two that every service of this kind knows, and further ones.
fn server_ports(table: &Table<'_>, p: &mut Problems) -> BTreeMap<String, u16> {
    let mut ports = BTreeMap::from([("postgres".to_owned(), 5432), ("redis".to_owned(), 6379)]);
    ports.extend(table.entries(p, |value| u16::try_from(value.as_u64()?).ok()));
    ports
}

/// `10.0.0.0/16`, or the name of a namespace.
fn peer(value: &Value) -> Option<Peer> {
    let text = value.as_str()?;
    let Some((address, bits)) = text.split_once('/') else {
        return text::is_dns_label(text).then(|| Peer::Namespace(text.to_owned()));
    };
    let most = if address.parse::<IpAddr>().ok()?.is_ipv4() { 32 } else { 128 };
    (bits.parse::<u8>().ok()? <= most).then(|| Peer::Addresses(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::keys;
    use serde_json::json;
    use std::path::Path;

    fn read(value: &Value) -> (Vec<Environment>, Problems) {
        let mut problems = Problems::new();
        let top = json!({ "environments": value });
        let path = "workspace.metadata.xtask";
        let top = Table::new(Path::new("Cargo.toml"), path, keys::WORKSPACE, &top, &mut problems);
        (super::read(&top, &mut problems), problems)
    }

    #[test]
    fn a_cluster_and_a_namespace_are_enough() {
        let (environments, problems) = read(&json!({ "staging": { "context": "kind", "namespace": "shop" } }));
        assert_eq!(problems, Problems::new());
        let [staging] = &environments[..] else { panic!("{environments:?}") };
        assert_eq!(staging.target.cluster, Cluster::Context("kind".to_owned()));
        assert_eq!(staging.place.server_ports["postgres"], 5432);
        assert!(!staging.guard && !staging.rollback_on_smoke);
    }

    #[test]
    fn callers_are_addresses_and_namespaces() {
        let callers = |callers: Value| {
            let (environments, problems) =
                read(&json!({ "staging": { "context": "kind", "namespace": "shop", "callers": callers } }));
            (environments.into_iter().flat_map(|environment| environment.place.callers).collect(), problems.len())
        };
        let known = vec![Peer::Addresses("fd00::/8".to_owned()), Peer::Namespace("ingress".to_owned())];
        assert_eq!(callers(json!(["fd00::/8", "ingress"])), (known, 0));
        for wrong in ["10.0.0.0/33", "10.0.0/8", "10.0.0.0", "10.0.0.0/", "In gress", ""] {
            assert_eq!(callers(json!([wrong])), (Vec::new(), 1), "{wrong}");
        }
    }

    #[test]
    fn what_kubernetes_would_refuse_is_refused() {
        #[track_caller]
        fn case(key: &str, value: &Value, wanted: Option<&str>) {
            let (_, problems) = read(&json!({ "staging": { "context": "kind", "namespace": "shop", key: value } }));
            assert_eq!(problems.len(), usize::from(wanted.is_some()), "{value}: {problems:?}");
            assert!(wanted.is_none_or(|wanted| problems[0].to_string().contains(wanted)), "{value}: {problems:?}");
        }
        for good in ["0", "1", "0.5", "1.", "250m", "100k", "1e3", "2E-1"] {
            case("resources", &json!({ "cpu": good }), None);
        }
        for bad in ["50 apples", "", "m", "-1", "+1", "1..2", ".", "1 m", "1mi", "1KiB", "1e", "ten", "NaN", "inf"] {
            case("resources", &json!({ "cpu": bad }), Some("a quantity of Kubernetes, such as"));
        }
        case("resources", &json!({ "memory": "1Gi", "memory-limit": "1Gi" }), None);
        case("resources", &json!({ "memory": "1Gi" }), Some("keeps 1Gi for a pod that is limited to 256Mi"));
        case("variables", &json!({ "A_b-c.d": "" }), None);
        for bad in ["A B", "", "1A", "A=B", "ü"] {
            case("variables", &json!({ bad: "" }), Some("is not a valid variable name"));
        }
        case("secret", &json!("{service}-secrets.v1"), None);
        for bad in ["", "Secret", "{name}-secrets", "a b", "a..b", "-a"] {
            case("secret", &json!(bad), Some("the name of a Secret"));
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let (environments, problems) = read(&json!({
            "Prod": { "cluster": "c", "namespace": "../x", "replica": 2 },
            "both": { "context": "a", "cluster": "b", "region": "r", "namespace": "n", "server-ports": { "mongo": 0 } },
        }));
        assert_eq!(environments, []);
        let wanted = [
            "`workspace.metadata.xtask.environments.Prod` is not a valid environment name",
            "`workspace.metadata.xtask.environments.Prod` needs either a `cluster` and its `region`, or a `context`",
            "`workspace.metadata.xtask.environments.Prod` needs a `namespace`",
            "`workspace.metadata.xtask.environments.Prod.replica` is unknown: did you mean `replicas`?",
            "`workspace.metadata.xtask.environments.both` needs either",
            "`workspace.metadata.xtask.environments.both.server-ports.mongo` is 0, and must be a whole number from 1 to 65535",
        ];
        assert_eq!(problems.len(), wanted.len(), "{problems:#?}");
        for (problem, wanted) in problems.iter().zip(wanted) {
            assert!(problem.to_string().starts_with(&format!("Cargo.toml: {wanted}")), "{problem}");
        }
    }
}
