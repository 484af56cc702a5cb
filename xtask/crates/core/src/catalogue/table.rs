//! The table of all tools: names, pins, sources and stages. A new version of a tool is one line here.

use super::{Entry, Packages, Source, Tool, Wanted};

/// Packages that carry the same name everywhere.
pub const fn everywhere(name: &'static [&'static str]) -> Packages {
    Packages { apt: name, dnf: name, apk: name, pacman: name, brew: name }
}

/// A pinned cargo subcommand, asked for its version with `ask`.
const fn cargo_tool(
    krate: &'static [&'static str; 1],
    version: &'static str,
    ask: &'static [&'static str],
    sources: &'static [Source],
) -> Entry {
    Entry {
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
pub const PYTHON: &str = "install Python 3 with its module venv";

/// The tools of the built-in stages, in the order of the tables for people.
pub(super) const BUILT_IN: [Tool; 16] = [
    Tool::RUSTFMT,
    Tool::CLIPPY,
    Tool::LLVM_COV,
    Tool::LLVM_TOOLS,
    Tool::TARPAULIN,
    Tool::AUDIT,
    Tool::DENY,
    Tool::GIT,
    Tool::POSTGRES,
    Tool::REDIS,
    Tool::DOCKER,
    Tool::BUILDKIT,
    Tool::CURL,
    Tool::SKOPEO,
    Tool::AWS,
    Tool::KUBECTL,
];

pub(super) static RUSTFMT: Entry = Entry {
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
};

pub(super) static CLIPPY: Entry = Entry {
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
};

pub(super) static LLVM_COV: Entry = Entry {
    stages: &["code-coverage"],
    ..cargo_tool(
        &["cargo-llvm-cov"],
        "0.9.1",
        &["llvm-cov", "--version"],
        &[Source::Cargo { krate: "cargo-llvm-cov", version: "0.9.1" }],
    )
};

pub(super) static LLVM_TOOLS: Entry = Entry {
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
};

pub(super) static TARPAULIN: Entry = Entry {
    stages: &["code-coverage"],
    essential: false,
    answers_as: "tarpaulin",
    ..cargo_tool(
        &["cargo-tarpaulin"],
        "0.37.5",
        VERSION,
        &[Source::Cargo { krate: "cargo-tarpaulin", version: "0.37.5" }],
    )
};

pub(super) static AUDIT: Entry = Entry {
    stages: &["security-audit"],
    ..cargo_tool(&["cargo-audit"], "0.22.2", VERSION, &[Source::Cargo { krate: "cargo-audit", version: "0.22.2" }])
};

pub(super) static DENY: Entry = Entry {
    stages: &["security-audit"],
    ..cargo_tool(&["cargo-deny"], "0.20.2", VERSION, &[Source::Cargo { krate: "cargo-deny", version: "0.20.2" }])
};

pub(super) static GIT: Entry = Entry {
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
};

pub(super) static POSTGRES: Entry = Entry {
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
    instead: &[Tool::DOCKER],
};

pub(super) static REDIS: Entry = Entry {
    id: "redis",
    programs: &["redis-server", "valkey-server"],
    ask: VERSION,
    answers_as: "server v=",
    wanted: Wanted::AtLeast("6"),
    sources: &[Source::System(Packages { apt: &["redis-server"], ..everywhere(&["redis"]) })],
    stages: &["integration-tests"],
    essential: true,
    instead: &[Tool::DOCKER],
};

pub(super) static DOCKER: Entry = Entry {
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
};

pub(super) static BUILDKIT: Entry = Entry {
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
};

pub(super) static CURL: Entry = Entry {
    id: "curl",
    programs: &["curl"],
    ask: VERSION,
    answers_as: "curl",
    wanted: Wanted::Any,
    sources: &[Source::System(everywhere(&["curl"]))],
    stages: &["smoke-test", "notify"],
    essential: false,
    instead: &[],
};

pub(super) static SKOPEO: Entry = Entry {
    id: "skopeo",
    programs: &["skopeo"],
    ask: VERSION,
    answers_as: "skopeo",
    // The first that keeps an image's bytes: `--preserve-digests`.
    wanted: Wanted::AtLeast("1.6"),
    sources: &[Source::System(everywhere(&["skopeo"]))],
    stages: &["build-and-push", "deploy-staging"],
    essential: false,
    instead: &[],
};

pub(super) static AWS: Entry = Entry {
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
    stages: &["build-and-push", "deploy-staging", "smoke-test"],
    essential: false,
    instead: &[],
};

pub(super) static KUBECTL: Entry = Entry {
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
    stages: &["deploy-staging", "smoke-test"],
    essential: false,
    instead: &[],
};
