//! Faults planted on purpose, and the outcome, the verdict and the advice that follow from them.

mod audit;
mod causes;
mod failing;
mod flags;
mod stages;
mod tests;
mod tools;

use crate::support::sandbox::{Output, Sandbox};

/// Runs the stages that matter to a test as a CI machine would, where a failure stops only what needs it; one task at a
/// time, so that the lines have an order.
fn ci(sandbox: &Sandbox, skipped: &[&str]) -> Output {
    let mut args = vec!["ci", "--keep-going", "--no-install", "-j1"];
    args.extend(skipped.iter().flat_map(|stage| ["--skip", *stage]));
    sandbox.run(&args)
}
