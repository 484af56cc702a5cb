//! Choices that an option and a configuration key share, as both name them.

use clap::ValueEnum;

/// What measures coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// cargo-llvm-cov, or cargo-tarpaulin where no LLVM tools can be had.
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

/// When somebody outside is told of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tell {
    /// Always.
    Always,
    /// When it was green and is red, or the other way round.
    Change,
}

/// What makes images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Builder {
    /// Docker where its engine answers and can build, else xtask itself.
    Auto,
    /// Docker: the services are compiled in a container.
    Docker,
    /// xtask itself, of what cargo has built on this machine.
    Oci,
}
