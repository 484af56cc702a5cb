//! Which tests `cargo test` runs in which packages, and the arguments that name them.

use super::Context;
use std::collections::BTreeSet;
use xtask_core::workspace::Package;

/// The packages that have unit tests.
pub fn with_unit_tests(context: Context<'_>) -> Vec<&Package> {
    context.packages.iter().copied().filter(|package| package.has_unit_tests()).collect()
}

/// The packages that have integration tests.
pub fn with_integration_tests(context: Context<'_>) -> Vec<&Package> {
    context.packages.iter().copied().filter(|package| !package.integration_tests.is_empty()).collect()
}

/// The targets with unit tests. `--lib` and `--bins` skip targets that lack a required feature, as cargo does, but they
/// compile those that `test = false` switches off, and miss examples and benchmarks: in that case, everything that
/// `cargo test` compiles.
pub fn unit_targets(packages: &[&Package]) -> Vec<String> {
    if packages.iter().any(|package| package.has_untested_targets() || package.has_tested_examples()) {
        return Vec::new();
    }
    let library = packages.iter().any(|package| package.library_tests).then_some("--lib");
    let programs = packages.iter().any(|package| !package.programs.is_empty()).then_some("--bins");
    library.into_iter().chain(programs).map(str::to_owned).collect()
}

/// The arguments for the unit tests of `tested` in a call that selects `packages`, where no arguments would be all tests.
pub fn explicit_unit_targets(packages: &[&Package], tested: &[&Package]) -> Vec<String> {
    let simple = unit_targets(packages);
    if simple.is_empty() { named_unit_targets(tested) } else { simple }
}

/// The targets with unit tests, one by one, since all that `cargo test` compiles would be tested.
pub fn named_unit_targets(tested: &[&Package]) -> Vec<String> {
    let library = tested.iter().any(|package| package.library_tests).then(|| "--lib".to_owned());
    let programs = enabled("bin", tested, |package| &package.tested_programs);
    let examples = enabled("example", tested, |package| &package.tested_examples);
    let benches = enabled("bench", tested, |package| &package.tested_benches);
    library.into_iter().chain(programs).chain(examples).chain(benches).collect()
}

/// Whether cargo has integration tests to run in these packages. A call that names none would run all tests.
pub fn has_integration_tests(packages: &[&Package]) -> bool {
    !integration_targets(packages).is_empty()
}

/// The integration tests whose features are on.
pub fn integration_targets(packages: &[&Package]) -> Vec<String> {
    enabled("test", packages, |package| &package.integration_tests).collect()
}

/// Cargo refuses to test a target by its name when a feature that it requires is off.
fn enabled<'a>(
    kind: &'a str,
    packages: &'a [&Package],
    names: impl Fn(&'a Package) -> &'a Vec<String> + 'a,
) -> impl Iterator<Item = String> + 'a {
    let enabled = packages.iter().flat_map(move |package| {
        let is_on = |name: &&String| !package.gated_targets.contains(&format!("{kind} {name}"));
        names(package).iter().filter(is_on).collect::<Vec<_>>()
    });
    let enabled: BTreeSet<&String> = enabled.collect();
    enabled.into_iter().flat_map(move |name| [format!("--{kind}"), name.clone()])
}
