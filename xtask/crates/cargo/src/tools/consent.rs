//! Who may install what: the rules of `--no-install`, of root, and of asking first.

use super::install::{Recipe, Touches};
use super::packages::{Rights, sudo_is_free};
use super::places::Places;
use super::state::State;
use std::fmt;

/// How far an installation may go.
#[derive(Clone, Copy)]
pub enum Consent<'a> {
    /// `--no-install`: nothing at all.
    Refused,
    /// No user can be asked: xtask's own cache and the pinned toolchain, but not the operating system.
    Unasked,
    /// A person at a terminal answers for each command that changes the operating system.
    Ask(&'a dyn Fn(&Recipe) -> bool),
    /// Consent was given beforehand: `--yes`.
    Given,
}

const FORBIDDEN: &str = "`--no-install` forbids installing it";

impl Consent<'_> {
    /// Whether a recipe may be carried out, as far as that is known without asking. `Err` says why not.
    pub fn may(&self, recipe: &Recipe, places: &Places) -> Result<(), String> {
        let Touches::System(rights) = recipe.touches else {
            return match self {
                Self::Refused => Err(FORBIDDEN.to_owned()),
                _ => Ok(()),
            };
        };
        match self {
            Self::Refused => Err(FORBIDDEN.to_owned()),
            Self::Unasked => Err("it needs a system package, and there is no terminal to ask for consent".to_owned()),
            Self::Ask(_) | Self::Given if rights == Rights::Sudo && !sudo_is_free(places) => {
                Err("it needs a system package, and this user is not root and has no password-less sudo".to_owned())
            }
            Self::Ask(_) | Self::Given => Ok(()),
        }
    }

    /// Asks for consent, where the recipe needs it and a user is there. `Err` says who declined.
    pub fn ask(&self, recipe: &Recipe) -> Result<(), String> {
        match (self, recipe.touches) {
            (Self::Ask(question), Touches::System(_)) if !question(recipe) => {
                Err("its installation was declined".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Whether installing a tool can be expected to fix its state.
///
/// A tool in xtask's own cache is replaced. A component that rustup believes to be there is not put back by adding it,
/// and a package manager has nothing newer than the version it has installed.
pub fn cures(recipe: &Recipe, state: &State) -> bool {
    match recipe.touches {
        Touches::Cache => true,
        Touches::Toolchain => matches!(state, State::Missing | State::WrongVersion { .. }),
        Touches::System(_) => matches!(state, State::Missing),
    }
}

impl fmt::Debug for Consent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "Refused",
            Self::Unasked => "Unasked",
            Self::Ask(_) => "Ask",
            Self::Given => "Given",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::install::recipe;
    use super::super::testbed::Testbed;
    use super::*;
    use xtask_core::catalogue::Tool;

    /// Whether a system package may be installed, and whether a cargo tool may.
    #[track_caller]
    fn case(bed: &Testbed, consent: Consent, package: bool, cargo: bool) {
        for (tool, wanted) in [(Tool::REDIS, package), (Tool::DENY, cargo)] {
            let recipe = recipe(tool, &bed.places).expect("there is a way");
            assert_eq!(consent.may(&recipe, &bed.places).is_ok(), wanted, "{consent:?} {tool}");
        }
    }

    #[test]
    fn the_system_is_changed_only_with_leave_and_rights() {
        let mut bed = Testbed::new();
        bed.program("bin/apk", "");
        let yes: &dyn Fn(&Recipe) -> bool = &|_| true;
        for (is_root, sudo, able) in [(false, "exit 1", false), (false, "exit 0", true), (true, "exit 1", true)] {
            bed.places.is_root = is_root;
            bed.program("bin/sudo", sudo);
            case(&bed, Consent::Refused, false, false);
            case(&bed, Consent::Unasked, false, true);
            case(&bed, Consent::Ask(yes), able, true);
            case(&bed, Consent::Given, able, true);
        }
    }

    #[test]
    fn only_the_system_is_asked_about() {
        let mut bed = Testbed::new();
        bed.program("bin/apk", "");
        bed.places.is_root = true;
        let no = Consent::Ask(&|_| false);
        assert!(no.ask(&recipe(Tool::REDIS, &bed.places).expect("a package")).is_err());
        assert!(no.ask(&recipe(Tool::DENY, &bed.places).expect("a crate")).is_ok());
    }
}
