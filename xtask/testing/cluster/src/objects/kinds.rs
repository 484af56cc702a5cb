//! The kinds that are served, one row each: discovery, paths and printing all read this table.

/// A resource: the name of a kind in paths, and what can be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// Empty for the core.
    pub group: &'static str,
    /// The only version that is served.
    pub version: &'static str,
    /// Its name in paths.
    pub plural: &'static str,
    /// Its name for people.
    pub singular: &'static str,
    /// What objects say in `kind`.
    pub kind: &'static str,
    /// Whether objects lie in namespaces.
    pub namespaced: bool,
    /// Abbreviations that kubectl takes.
    pub short: &'static [&'static str],
    /// `status`, `scale`, `log`, `proxy`.
    pub subresources: &'static [&'static str],
}

const fn row(
    group: &'static str,
    plural: &'static str,
    singular: &'static str,
    kind: &'static str,
    short: &'static [&'static str],
    subresources: &'static [&'static str],
) -> Resource {
    Resource { group, version: "v1", plural, singular, kind, namespaced: true, short, subresources }
}

const fn cluster_wide(resource: Resource) -> Resource {
    Resource { namespaced: false, ..resource }
}

/// Everything that is served.
pub static RESOURCES: [Resource; 18] = [
    cluster_wide(row("", "namespaces", "namespace", "Namespace", &["ns"], &["status"])),
    cluster_wide(row("", "nodes", "node", "Node", &["no"], &[])),
    row("", "configmaps", "configmap", "ConfigMap", &["cm"], &[]),
    row("", "endpoints", "endpoints", "Endpoints", &["ep"], &[]),
    row("", "events", "event", "Event", &["ev"], &[]),
    row("", "pods", "pod", "Pod", &["po"], &["status", "log", "proxy"]),
    row("", "secrets", "secret", "Secret", &[], &[]),
    row("", "serviceaccounts", "serviceaccount", "ServiceAccount", &["sa"], &[]),
    row("", "services", "service", "Service", &["svc"], &["status", "proxy"]),
    row("apps", "deployments", "deployment", "Deployment", &["deploy"], &["status", "scale"]),
    row("apps", "replicasets", "replicaset", "ReplicaSet", &["rs"], &["status", "scale"]),
    row("coordination.k8s.io", "leases", "lease", "Lease", &[], &[]),
    row("discovery.k8s.io", "endpointslices", "endpointslice", "EndpointSlice", &[], &[]),
    row("networking.k8s.io", "networkpolicies", "networkpolicy", "NetworkPolicy", &["netpol"], &[]),
    row("policy", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget", &["pdb"], &["status"]),
    cluster_wide(row(
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "selfsubjectaccessreview",
        "SelfSubjectAccessReview",
        &[],
        &[],
    )),
    cluster_wide(row(
        "authorization.k8s.io",
        "selfsubjectrulesreviews",
        "selfsubjectrulesreview",
        "SelfSubjectRulesReview",
        &[],
        &[],
    )),
    cluster_wide(row(
        "authentication.k8s.io",
        "selfsubjectreviews",
        "selfsubjectreview",
        "SelfSubjectReview",
        &[],
        &[],
    )),
];

impl Resource {
    /// `deployments.apps`, and `pods` for the core: the name in error texts.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `apps/v1`, and `v1` for the core.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether objects are only asked about and never stored.
    pub fn is_review(&self) -> bool {
        self.plural.starts_with("selfsubject")
    }

    /// Whether its objects count the changes of their `spec`.
    pub fn counts_generations(&self) -> bool {
        matches!(self.kind, "Deployment" | "ReplicaSet" | "PodDisruptionBudget" | "NetworkPolicy")
    }

    /// What can be done with it.
    pub fn verbs(&self) -> &'static [&'static str] {
        match self.plural {
            "nodes" => &["get", "list", "watch"],
            _ if self.is_review() => &["create"],
            _ => &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        }
    }
}

/// The resource of that name in that group.
pub fn find(group: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.group == group && resource.plural == plural)
}

/// The resource of that name in any group. Names are unique here.
///
/// # Panics
///
/// When there is none: a mistake of the caller.
pub fn named(plural: &str) -> &'static Resource {
    let found = RESOURCES.iter().find(|resource| resource.plural == plural);
    found.unwrap_or_else(|| panic!("{plural} is no resource of this server"))
}

/// The resource of a kind.
///
/// # Panics
///
/// When there is none: a mistake of the caller.
pub fn of_kind(kind: &str) -> &'static Resource {
    let found = RESOURCES.iter().find(|resource| resource.kind == kind);
    found.unwrap_or_else(|| panic!("{kind:?} is no kind of this server"))
}

/// The groups, the core left out.
pub fn groups() -> Vec<&'static str> {
    let mut groups: Vec<&str> =
        RESOURCES.iter().map(|resource| resource.group).filter(|group| !group.is_empty()).collect();
    groups.dedup();
    groups
}
