//! Why a stage has ended as it has, in one line made from the results of its tasks. Pure; knows nothing of the
//! schedule.

use xtask_core::outcome::Outcome;
use xtask_core::text;

/// The most reasons in a line.
const REASONS: usize = 3;

/// A task that has ended.
pub(super) struct Part<'a> {
    /// Its name within the stage.
    pub(super) name: &'a str,
    /// How it ended.
    pub(super) outcome: Outcome,
    /// Why.
    pub(super) because: Option<&'a str>,
    /// Whether it only prepares others of the stage.
    pub(super) prepares: bool,
}

/// The reason of a stage that has ended with `worst`. For a stage that could not do all of its work, also the result of
/// the rest.
pub(super) fn reason(worst: Outcome, parts: &[Part<'_>]) -> Option<String> {
    let mut reasons = vec![of_outcome(worst, parts)];
    if matches!(worst, Outcome::EnvironmentError | Outcome::TimedOut) {
        let others = [Outcome::TimedOut, Outcome::Failed].into_iter().filter(|other| *other != worst);
        reasons.extend(others.map(|other| of_outcome(other, parts)).chain([passed(parts)]));
    }
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

fn of_outcome(outcome: Outcome, parts: &[Part<'_>]) -> Option<String> {
    let speaks_for_itself = matches!(outcome, Outcome::Skipped | Outcome::Passed);
    let mut whys: Vec<String> = Vec::new();
    for Part { name, because, .. } in parts.iter().filter(|part| part.outcome == outcome) {
        let Some(because) = because else { continue };
        let why = if speaks_for_itself { (*because).to_owned() } else { format!("{name}: {because}") };
        if !whys.contains(&why) {
            whys.push(why);
        }
    }
    match whys.len() {
        0 => None,
        1..=REASONS => Some(whys.join("; ")),
        more => Some(format!("{}; and {} more", whys[..REASONS - 1].join("; "), more - (REASONS - 1))),
    }
}

fn passed(parts: &[Part<'_>]) -> Option<String> {
    let good = |part: &&Part<'_>| !part.prepares && part.outcome.meets_a_need() && part.outcome != Outcome::NothingToDo;
    let names: Vec<&str> = parts.iter().filter(good).map(|part| part.name).collect();
    match names.len() {
        0 => None,
        1..=REASONS => Some(format!("{} passed", text::list(names))),
        more => Some(format!("{more} others passed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{EnvironmentError, Failed, Passed};

    #[test]
    fn what_could_not_be_done_comes_first_and_then_what_came_of_the_rest() {
        #[track_caller]
        fn case(worst: Outcome, parts: &[(&str, Outcome, Option<&str>)], wanted: Option<&str>) {
            let part = |&(name, outcome, because)| Part { name, outcome, because, prepares: name == "compile" };
            let parts: Vec<Part<'_>> = parts.iter().map(part).collect();
            assert_eq!(reason(worst, &parts).as_deref(), wanted);
        }
        let lost = ("a", EnvironmentError, Some("no network"));
        let compile = ("compile", Passed, None);
        case(EnvironmentError, &[compile, lost], Some("a: no network"));
        case(EnvironmentError, &[("b", Passed, None), lost], Some("a: no network; b passed"));
        let found = ("b", Failed, Some("1 finding"));
        case(EnvironmentError, &[found, lost, ("c", Passed, None)], Some("a: no network; b: 1 finding; c passed"));
        case(Failed, &[found, ("c", Passed, None)], Some("b: 1 finding"));
        let others = ["b", "c", "d", "e"].map(|name| (name, Passed, None));
        case(EnvironmentError, &[&[lost][..], &others].concat(), Some("a: no network; 4 others passed"));
        case(Passed, &[("b", Passed, Some("all of it")), ("c", Passed, None)], Some("all of it"));
        let four = ["b", "c", "d", "e"].map(|name| (name, Failed, Some("x")));
        case(Failed, &four, Some("b: x; c: x; and 2 more"));
        case(Failed, &[("b", Failed, None)], None);
    }
}
