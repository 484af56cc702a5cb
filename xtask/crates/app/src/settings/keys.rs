//! The keys of `[workspace.metadata.xtask]` and `[package.metadata.xtask]`: their forms, defaults and meanings, as data.
//!
//! The decoders beside this module read by it, and the schema is made from it.

use serde_json::{Map, Value, json};
use xtask_cargo::backing::{Source, keys::servers};
use xtask_core::options::{BuilderChoice, Counted, EngineChoice, NotifyOn};
use xtask_core::outcome::Policy;
use xtask_core::pipeline::Definition;
use xtask_core::registry::{self, LoginChoice};
use xtask_core::table::key::{Form, Key, NOTHING, TEXTS, words};
use xtask_core::table::schema;

/// The JSON schema of a `Cargo.toml`, as far as an xtask with these stages reads it; it allows everything else.
pub fn of_manifests(built_in: &[Definition]) -> Value {
    let table = |name: &str, of: Value| json!({ "type": "object", "properties": { name: of } });
    let holder = |schema: Value| table("metadata", table("xtask", schema));
    let mut workspace = schema(&WORKSPACE);
    let stages = built_in.iter().map(|stage| (stage.id.to_string(), schema(&STAGE)));
    workspace["properties"]["stages"]["properties"] = stages.collect::<Map<_, _>>().into();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The configuration of cargo xtask in a Cargo.toml",
        "type": "object",
        "properties": { "workspace": holder(workspace), "package": holder(schema(&PACKAGE)) },
    })
}

/// `[workspace.metadata.xtask]`.
pub const WORKSPACE: Form = Form::Table(&[
    Key::new("min-version", VERSION, "The oldest version of xtask that may run here."),
    Key::new("exclude", TEXTS, "Packages to leave out of tests, coverage and build.").or(NOTHING),
    Key::new("new-service", Form::Table(NEW_SERVICE), "How `cargo xtask new-service` makes a service."),
    Key::new("services-dir", Form::Text, "Packages in this directory that have a program are services.")
        .or(|| json!("services")),
    Key::new("main-branch", Form::Text, "The branch whose pushes are deployed.").or(|| json!("main")),
    Key::new("keep-runs", Form::Integer(1, 10_000), "How many run records to keep.").or(|| json!(20)),
    Key::new("timeout", Form::Time, "The time limit of a whole run.").or(|| json!("90m")),
    Key::new("coverage", Form::Table(COVERAGE), "How coverage is measured, and what it must reach."),
    Key::new("audit", Form::Table(AUDIT), "How dependencies are audited."),
    Key::new("integration", Form::Table(INTEGRATION), "The servers of the integration tests."),
    Key::new("service", Form::Table(SERVICE), "What the services have in common."),
    Key::new("image", Form::Table(IMAGE), "How images are made, and where they are pushed."),
    Key::new("notify", Form::Table(NOTIFY), "When notifications are sent."),
    Key::new("stages", STAGES, "Changes to the built-in stages, and further stages."),
    Key::new("environments", Form::Names(&Form::Table(ENVIRONMENT)), "Where to deploy, by name."),
]);

/// `[package.metadata.xtask]`.
pub const PACKAGE: Form = Form::Table(&[Key::new(
    "service",
    Form::Table(&[
        Key::new("port", PORT, "The port that the service listens on."),
        Key::new("needs", TEXTS, "The servers that it uses, such as `postgres`; an empty list for none."),
        Key::new("replicas", REPLICAS, "The number of replicas, unless the environment sets one; 1 by default."),
        Key::new("image", Form::Flag, "Whether to build an image of it."),
    ]),
    "Makes the package a service, wherever its directory is.",
)]);

const PORT: Form = Form::Integer(1, 65_535);
const REPLICAS: Form = Form::Integer(0, 1000);
const TEXT_BY_VARIABLE: Form = Form::Names(&Form::Text);
const VERSION: Form =
    Form::Matching("a version such as \"0.2.0\"", r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$");

const NEW_SERVICE: &[Key] = &[
    Key::new("template", Form::Text, "The directory that new services are copies of."),
    Key::new("name", PACKAGE_NAME, "The name of the package in it, which the new name replaces.")
        .or(|| json!("template-service")),
    Key::new("port", PORT, "The port in it, which the new port replaces.").or(|| json!(59_999)),
];
const PACKAGE_NAME: Form = Form::Matching("the name of a package, such as \"template-service\"", "^[a-z][a-z0-9-]*$");

/// `[workspace.metadata.xtask.service]`.
pub(super) const SERVICE: &[Key] = &[
    Key::new("suffix", SUFFIX, "The end of the services' names, which may be left out where a service is named.")
        .or(|| json!("-service")),
    Key::new("port", PORT, "The port of a service whose manifest sets none.").or(|| json!(8080)),
    Key::new("health", PATH, "The path that answers while the service lives.").or(|| json!("/healthz")),
    Key::new("ready", PATH, "The path that answers while it accepts requests.").or(|| json!("/readyz")),
    Key::new("version", PATH, "The path that answers with JSON whose `commit` is the deployed one.")
        .or(|| json!("/version")),
    Key::new(
        "env",
        TEXT_BY_VARIABLE,
        "Variables of every pod; `{commit}`, `{port}`, `{service}` and `{version}` are filled in.",
    )
    .or(|| json!({ "LISTEN": "0.0.0.0:{port}", "GIT_COMMIT": "{commit}" })),
];
const SUFFIX: Form = Form::Matching("the end of a name, such as \"-service\"", "^[A-Za-z0-9_-]*$");
const PATH: Form = Form::Either(
    "a path such as \"/healthz\", or false",
    &Form::Matching("a path such as \"/healthz\"", "^/[A-Za-z0-9._~/-]*$"),
    &Form::Off,
);

const COVERAGE: &[Key] = &[
    Key::new("engine", Form::Word(words::<EngineChoice>), "The coverage tool.").or(|| json!("auto")),
    Key::new("tests", Form::Word(words::<Counted>), "Which tests count: unit tests, or integration tests as well.")
        .or(|| json!("all")),
    Key::new("minimum", Form::Percent, "The required percentage of lines covered in the workspace."),
    Key::new("floors", Form::Names(&Form::Percent), "The required percentage for single packages."),
];

const AUDIT: &[Key] = &[
    Key::new("advisory-db", Form::Text, "A copy of the RustSec database, as a path from the root."),
    Key::new("waivers", Form::List("a list of tables", &Form::Table(WAIVER)), "Findings to accept until a date."),
];

const WAIVER: &[Key] = &[
    Key::new("id", Form::Text, "The finding, such as `RUSTSEC-2023-0071`.").required(),
    Key::new("reason", Form::Text, "Why it is accepted.").required(),
    Key::new("expires", DAY, "The last day on which it is.").required(),
];

const DAY: Form = Form::Matching("the last day it holds, such as \"2026-12-31\"", r"^\d{4}-\d{2}-\d{2}$");

const INTEGRATION: &[Key] = &[
    Key::new("source", Form::Word(words::<Source>), "Where servers come from.").or(|| json!("auto")),
    Key::new(
        "servers",
        servers(),
        "Changes to PostgreSQL and Redis, and further servers; an empty table disables all.",
    ),
];

const NOTIFY: &[Key] =
    &[Key::new("on", Form::Word(words::<NotifyOn>), "When to send notifications.").or(|| json!("always"))];

const STAGES: Form = Form::Names(&Form::Table(&[
    POLICY,
    STAGE_TIMEOUT,
    MAX_PARALLEL,
    Key::new("command", TEXTS, "The program and its arguments, run at the root without a shell.").required(),
    Key::new("needs", TEXTS, "The stages that must have ended well before.").or(NOTHING),
]));
/// `[workspace.metadata.xtask.stages.NAME]` of a stage that the program has itself.
pub(super) const STAGE: Form = Form::Table(&[POLICY, STAGE_TIMEOUT, MAX_PARALLEL]);
const POLICY: Key = Key::new("policy", Form::Word(policies), "What a failure of the stage means for the run.");
const STAGE_TIMEOUT: Key = Key::new("timeout", Form::Time, "The time limit of each of its tasks.");
const MAX_PARALLEL: Key = Key::new("max-parallel", Form::Integer(1, 1024), "How many of its tasks run at once.");

fn policies() -> Vec<String> {
    let all = [Policy::Blocking, Policy::Warning, Policy::Info, Policy::Reporting];
    all.map(|policy| policy.word().to_owned()).to_vec()
}

/// `[workspace.metadata.xtask.image]`.
pub(super) const IMAGE: &[Key] = &[
    Key::new("builder", Form::Word(words::<BuilderChoice>), "What builds images.").or(|| json!("auto")),
    Key::new("toolchain", TOOLCHAIN, "The image that compiles when Docker builds."),
    Key::new(
        "sources",
        Form::List("a list of paths within the workspace", &Form::Text),
        "Files outside the packages that the services are compiled from when Docker builds.",
    )
    .or(NOTHING),
    Key::new("base", Form::Text, "The OCI layout of the base image, as a path from the root, or `scratch`.")
        .or(|| json!("scratch")),
    Key::new("static", Form::Flag, "Whether to link release programs statically."),
    Key::new("user", USER, "The user and group that a service runs as; never root.").or(|| json!("65532:65532")),
    Key::new(
        "env",
        TEXT_BY_VARIABLE,
        "Variables of every image; `{commit}`, `{port}`, `{service}` and `{version}` are filled in.",
    ),
    Key::new("ca-bundle", Form::Text, "The CA certificates that services trust, as a path from the root."),
    Key::new("registry", REGISTRY, "Where to push images."),
    Key::new("login", Form::Word(words::<LoginChoice>), "How to log in to the registry.").or(|| json!("auto")),
    Key::new("budget", SIZE, "The maximum size of an image; a larger one is a failure."),
];

const REGISTRY: Form =
    Form::Matching(registry::FORM, "^[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*$");
const TOOLCHAIN: Form =
    Form::Matching("an image with cargo in it, such as \"rust:1.95-slim-bookworm\"", "^[A-Za-z0-9][A-Za-z0-9._:/@-]*$");
const USER: Form = Form::Matching(
    "a user and a group as numbers, such as \"65532:65532\", and not root",
    "^[1-9][0-9]*(:[1-9][0-9]*)?$",
);
const SIZE: Form = Form::Matching("a size such as \"60 MiB\"", "^[0-9]+ (B|KiB|MiB|GiB)$");

const ENVIRONMENT: &[Key] = &[
    Key::new("context", Form::Text, "The context in your kubeconfig."),
    Key::new("cluster", Form::Text, "The name of an EKS cluster, instead of a context."),
    Key::new("region", Form::Text, "Its region."),
    Key::new("account", Form::Text, "The account that the credentials must belong to."),
    Key::new("server", Form::Text, "The expected address of the API server."),
    Key::new("namespace", Form::Text, "The namespace, which must exist.").required(),
    Key::new("registry", Form::Text, "Where all images must come from."),
    Key::new("replicas", REPLICAS, "The number of replicas of each service."),
    Key::new("variables", TEXT_BY_VARIABLE, "Variables of every service."),
    Key::new("secret", SECRET, "The Secret with the remaining variables."),
    Key::new("resources", Form::Table(RESOURCES), "A pod's resource requests, and its memory limit."),
    Key::new("server-ports", Form::Names(&PORT), "The ports of further servers that services may reach, by name."),
    Key::new("callers", CALLERS, "Who may call services besides the pods of the namespace.").or(NOTHING),
    Key::new("guard", Form::Flag, "Deploy only a clean, tested checkout, and only after a confirmation.")
        .or(|| json!(false)),
    Key::new("rollback-on-smoke", Form::Flag, "Roll back when a smoke test fails.").or(|| json!(false)),
    Key::new("timeout", Form::Time, "The time limit of all rollouts.").or(|| json!("10m")),
    Key::new("rollback-timeout", Form::Time, "The time limit of the rollback.").or(|| json!("5m")),
    Key::new("soak", Form::Time, "How long a finished rollout must stay healthy.").or(|| json!("10s")),
];

const SECRET: Form = Form::Matching(
    "the name of a Secret: lower-case letters, digits, dashes and dots; `{service}` is replaced by the service's name",
    "^([a-z0-9.-]|\\{service\\})+$",
);
const CALLERS: Form = Form::List("a list of addresses as `10.0.0.0/16` and names of namespaces", &Form::Text);

const RESOURCES: &[Key] = &[
    Key::new("cpu", QUANTITY, "The CPU that is reserved for a pod.").or(|| json!("50m")),
    Key::new("memory", QUANTITY, "The memory that is reserved for a pod.").or(|| json!("64Mi")),
    Key::new("memory-limit", QUANTITY, "The memory above which a pod is killed.").or(|| json!("256Mi")),
];
const QUANTITY: Form = Form::Matching(
    "a quantity of Kubernetes, such as \"250m\" or \"64Mi\"",
    "^[0-9]+(\\.[0-9]*)?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$",
);
