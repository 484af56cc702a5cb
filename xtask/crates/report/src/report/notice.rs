//! A notice of a run for receivers outside: a summary with its place in the world, as data that each kind of receiver
//! gets in its own form. Pure; knows nothing about addresses and sending.

mod json;
mod slack;

use super::counted;
use super::display::{Display, clean};
use super::next::{self, Step};
use super::summary::Summary;
use super::{markdown, verdict, words};
use std::collections::BTreeMap;
use xtask_core::outcome::TestCounts;
use xtask_core::reading::Image;

/// A run to report to receivers outside.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    /// Its result.
    pub summary: &'a Summary,
    /// Its branch, when it is known.
    pub branch: Option<String>,
    /// Where GitHub shows it.
    pub page: Option<String>,
    /// How long a green run of this branch and event usually takes.
    pub usual_ms: Option<u64>,
    /// The verdict last reported for this branch and event.
    pub before: Option<String>,
    /// Whether it was green and is red, or the other way round.
    pub changed: bool,
}

/// The facts known about a service.
#[derive(Clone, Debug, Default, PartialEq)]
struct Service<'a> {
    tests: Option<TestCounts>,
    coverage: Option<f64>,
    image: Option<&'a Image>,
}

impl Notice<'_> {
    /// The body of a request to a webhook that accepts Slack's format.
    pub fn slack(&self) -> String {
        slack::render(self).to_string()
    }

    /// The body of a request to any other webhook.
    pub fn json(&self) -> String {
        json::render(self).to_string()
    }

    /// As Markdown: the whole report, with the facts that it is compared with.
    pub fn markdown(&self) -> String {
        let branch = self.branch.as_ref().map(|branch| format!("branch {}", clean(branch)));
        markdown::render_with(self.summary, &branch.into_iter().chain(self.facts()).collect::<Vec<_>>())
    }

    /// The verdict in one line, with its mark.
    fn headline(&self) -> String {
        let line = verdict::line(self.summary, Display::default().style());
        format!("{} {line}", verdict::mark(self.summary))
    }

    /// Facts besides the stages: the duration, the counts, and the previous verdict.
    fn facts(&self) -> Vec<String> {
        let Summary { duration_ms, tests, coverage, .. } = self.summary;
        let usual = self.usual_ms.map(|usual| format!(", usually {}", words::time(usual)));
        let took = format!("took {}{}", words::time(*duration_ms), usual.unwrap_or_default());
        let mut facts: Vec<String> = (*duration_ms > 0).then_some(took).into_iter().collect();
        facts.extend((tests.ran() > 0).then(|| words::tests(*tests)));
        facts.extend(coverage.as_ref().map(|it| format!("{} of lines covered", words::percent(it.line_percent))));
        facts.extend(self.before.as_ref().map(|before| {
            let before = clean(before);
            if self.changed { format!("{before} before") } else { format!("{before} before as well") }
        }));
        facts
    }

    /// Every service and package of which something is known.
    fn services(&self) -> BTreeMap<&str, Service<'_>> {
        let Summary { services: names, coverage, images, .. } = self.summary;
        let mut services: BTreeMap<&str, Service<'_>> =
            names.iter().map(|name| (name.as_str(), Service::default())).collect();
        for (package, tests) in counted::by_package(self.summary) {
            if let Some(package) = package {
                services.entry(package).or_default().tests = Some(tests);
            }
        }
        for (service, percent) in coverage.iter().flat_map(|coverage| &coverage.services) {
            services.entry(service).or_default().coverage = Some(*percent);
        }
        for image in images {
            services.entry(&image.service).or_default().image = Some(image);
        }
        services
    }

    fn steps(&self) -> Vec<Step> {
        next::steps(self.summary)
    }
}

/// Where GitHub shows the run of a workflow, by its variables. Returns `None` for values that cannot form an address.
pub fn page(server: Option<&str>, repository: Option<&str>, run: Option<&str>) -> Option<String> {
    let (server, repository, run) = (server?, repository?, run?);
    let plain = |text: &str, more: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c) || more.contains(c);
        !text.is_empty() && text.chars().all(is_plain)
    };
    let host = server.strip_prefix("https://")?;
    let valid = plain(host, ":") && plain(repository, "/") && run.bytes().all(|byte| byte.is_ascii_digit());
    (valid && !run.is_empty()).then(|| format!("https://{host}/{repository}/actions/runs/{run}"))
}

#[cfg(test)]
mod tests;
