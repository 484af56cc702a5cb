//! Carries out a recipe, or its fallback when it fails.

use super::consent::Consent;
use super::install::Recipe;
use super::places::Places;
use xtask_core::command::Command;
use xtask_core::error::Result;

/// Carries out a recipe, and its fallback when it fails: a toolchain's component cannot be had without its server, say,
/// and the distribution has a package. `run` carries out one command.
pub fn carry_out(
    recipe: &Recipe,
    places: &Places,
    consent: Consent,
    run: &mut dyn FnMut(&Command) -> Result<()>,
) -> Result<()> {
    let Err(error) = recipe.steps.iter().try_for_each(&mut *run) else { return Ok(()) };
    match &recipe.otherwise {
        Some(other) if consent.may(other, places).is_ok() && consent.ask(other).is_ok() => {
            carry_out(other, places, consent, run)
        }
        _ => Err(error),
    }
}
