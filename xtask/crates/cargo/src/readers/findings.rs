//! Collects findings: each once, with a count of all of them and a limit to what is kept.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use xtask_core::reader::LONGEST;
use xtask_core::reading::{Finding, Reading, Severity};

/// The most findings that are kept as data; the log has the others.
const KEPT: usize = 2_000;

/// The most findings that are distinguished; beyond that each counts.
const TOLD_APART: usize = 100_000;

/// The findings of one task.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    kept: Vec<Finding>,
    seen: HashSet<u64>,
    dropped: usize,
    counted: [usize; 3],
}

impl Findings {
    /// Adds a finding; `false` when the very same one is already there.
    pub(super) fn add(&mut self, mut finding: Finding) -> bool {
        let Finding { message, code, file, package, .. } = &mut finding;
        for text in [Some(message), code.as_mut(), file.as_mut(), package.as_mut()].into_iter().flatten() {
            let end = (0..=LONGEST.min(text.len())).rfind(|end| text.is_char_boundary(*end));
            text.truncate(end.unwrap_or_default());
        }
        let mut hasher = DefaultHasher::new();
        let Finding { tool, severity, code, message, file, line, column, package, .. } = &finding;
        (tool, *severity as u8, code, message, file, line, column, package).hash(&mut hasher);
        if self.seen.len() < TOLD_APART && !self.seen.insert(hasher.finish()) {
            return false;
        }
        if finding.waived.is_none() {
            self.counted[finding.severity as usize] += 1;
        }
        if self.kept.len() < KEPT {
            self.kept.push(finding);
        } else {
            self.dropped += 1;
        }
        true
    }

    /// Whether there are none, waived ones included.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many of this severity there are that no waiver covers, kept or not.
    pub(super) fn counted(&self, severity: Severity) -> usize {
        self.counted[severity as usize]
    }

    /// Those that count as errors, as far as they are kept.
    pub(super) fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.kept.iter().filter(|finding| finding.severity == Severity::Error && finding.waived.is_none())
    }

    /// Hands them over, with a note when some were too many to keep.
    pub(super) fn into_reading(self, reading: &mut Reading) {
        if self.dropped > 0 {
            let more = xtask_core::text::count(self.dropped, "more finding");
            reading.notes.push(format!("{more} only in the log"));
        }
        reading.findings = self.kept;
    }
}

/// A finding of a tool that names neither file nor package yet.
pub(super) fn finding(tool: &str, severity: Severity, message: impl Into<String>) -> Finding {
    Finding {
        tool: tool.to_owned(),
        severity,
        code: None,
        message: message.into(),
        file: None,
        line: None,
        column: None,
        end_line: None,
        end_column: None,
        package: None,
        waived: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_finding_counts_once_and_too_many_are_only_counted() {
        let mut findings = Findings::default();
        assert!(findings.add(finding("t", Severity::Error, "a")));
        assert!(!findings.add(finding("t", Severity::Error, "a")));
        for n in 0..KEPT {
            findings.add(finding("t", Severity::Warning, n.to_string()));
        }
        findings.add(finding("t", Severity::Error, "behind the limit"));
        assert_eq!(findings.counted(Severity::Error), 2);
        let mut reading = Reading::passed();
        findings.into_reading(&mut reading);
        assert_eq!(reading.findings.len(), KEPT);
        assert_eq!(reading.notes, ["2 more findings only in the log"]);
    }
}
