//! Applies the configuration's waivers to findings: a known finding does not count until its waiver is over.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use xtask_core::reading::{Finding, Reading};

/// A finding that is known and accepted for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The finding's code: `RUSTSEC-2023-0071`.
    pub id: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is valid, `YYYY-MM-DD` in UTC.
    pub expires: String,
    /// Whether that day is over; resolved with the run's clock, so that readers need none.
    pub expired: bool,
}

/// The waivers of one task and which of them were needed.
#[derive(Clone, Debug)]
pub(super) struct Waivers {
    waivers: Vec<Waiver>,
    used: BTreeSet<String>,
}

impl Waivers {
    pub(super) fn new(waivers: &[Waiver]) -> Self {
        Self { waivers: waivers.to_vec(), used: BTreeSet::new() }
    }

    /// Marks the finding as waived, or says in its message that its waiver has expired.
    pub(super) fn apply(&mut self, finding: &mut Finding) {
        let Some(code) = &finding.code else { return };
        // A valid waiver wins over an expired one: it was renewed and the old one was left in place.
        let covers = |waiver: &&Waiver| waiver.id == *code;
        let Some(waiver) = self.waivers.iter().filter(covers).min_by_key(|waiver| waiver.expired) else { return };
        self.used.insert(waiver.id.clone());
        if waiver.expired {
            let _ = write!(finding.message, " (its waiver ended on {}: {})", waiver.expires, waiver.reason);
        } else {
            finding.waived = Some(format!("{} until {}", waiver.reason, waiver.expires));
        }
    }

    /// Notes which waivers no longer cover anything, of those about advisories or of the others: two tools get the same
    /// waivers, and only one of the two can know.
    pub(super) fn note_unused(&self, about_advisories: bool, reading: &mut Reading) {
        let told = |waiver: &&Waiver| waiver.id.starts_with("RUSTSEC-") == about_advisories;
        for waiver in self.waivers.iter().filter(told).filter(|waiver| !self.used.contains(&waiver.id)) {
            reading.notes.push(format!("the waiver of {} covers nothing here", waiver.id));
        }
    }
}
