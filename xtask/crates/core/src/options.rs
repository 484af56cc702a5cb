//! Choices that an option and a configuration key share, as both name them.

use clap::ValueEnum;

/// What measures coverage, as it is typed or configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineChoice {
    /// cargo-llvm-cov, or cargo-tarpaulin if the LLVM tools are unavailable.
    Auto,
    /// cargo-llvm-cov.
    LlvmCov,
    /// cargo-tarpaulin with its LLVM engine.
    Tarpaulin,
}

/// Which tests count for coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Counted {
    /// Unit tests.
    Unit,
    /// Unit tests and integration tests.
    All,
}

/// When to send notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NotifyOn {
    /// Always.
    Always,
    /// When a branch turns from green to red or back.
    Change,
}

/// What builds images, as it is typed or configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BuilderChoice {
    /// Docker if its engine answers and can build, else xtask itself.
    Auto,
    /// Compile in a container.
    Docker,
    /// Package the release build of this machine; needs no engine.
    Oci,
}
