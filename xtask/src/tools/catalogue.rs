//! The tools that stages call, as data: their names, versions and how to get them.

/// A tool besides cargo itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// `cargo-fmt` and `rustfmt`, a rustup component.
    Rustfmt,
    /// `cargo-clippy`, a rustup component.
    Clippy,
    /// `cargo-llvm-cov`.
    LlvmCov,
    /// `llvm-cov` and `llvm-profdata`, which cargo-llvm-cov calls.
    LlvmTools,
    /// `cargo-tarpaulin`.
    Tarpaulin,
    /// `cargo-audit`.
    Audit,
    /// `cargo-deny`.
    Deny,
    /// `git`.
    Git,
}
