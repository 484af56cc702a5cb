//! What shall go wrong: a list of rules that requests are held against.

use crate::log::Entry;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What happens to a request that a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// It is answered with this status, and a `Retry-After` in seconds; nothing is done.
    Answer(u16, Option<u64>),
    /// It waits until [`Rule::release`], and then goes on as if nothing had been.
    Stall,
    /// The connection ends and nothing was done.
    DropBefore,
    /// It is done, and then the connection ends without an answer.
    DropAfter,
}

/// A rule in the making: which requests, which of them, and what happens. A rule is about one request unless told.
#[derive(Debug, Clone)]
pub struct Fault {
    verb: String,
    resource: String,
    name: Option<String>,
    skip: usize,
    times: usize,
    effect: Effect,
}

/// A rule that is in force.
#[derive(Debug, Clone)]
pub struct Rule {
    fault: Arc<Fault>,
    matched: Arc<(Mutex<usize>, Condvar)>,
    gate: watch::Sender<bool>,
}

/// All rules.
#[derive(Debug, Default)]
pub struct Faults(Vec<Rule>);

impl Fault {
    /// Requests with this verb of RBAC on this resource (`deployments`, `pods/log`); `*` stands for any, and the verb
    /// `write` for all that mean to change the cluster.
    pub fn on(verb: &str, resource: &str) -> Self {
        let effect = Effect::Answer(500, None);
        Self { verb: verb.to_owned(), resource: resource.to_owned(), name: None, skip: 0, times: 1, effect }
    }

    /// Only those for the object of this name. A `create` names its object in the body alone, and so is none of them.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// From the n-th such request on, counted from 1.
    #[must_use]
    pub fn nth(self, number: usize) -> Self {
        Self { skip: number.saturating_sub(1), ..self }
    }

    /// For that many requests.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// For all requests from there on.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    /// They are answered with this status.
    #[must_use]
    pub fn answer(self, status: u16) -> Self {
        Self { effect: Effect::Answer(status, None), ..self }
    }

    /// They are answered with this status and told to come again after that many seconds.
    #[must_use]
    pub fn answer_later(self, status: u16, seconds: u64) -> Self {
        Self { effect: Effect::Answer(status, Some(seconds)), ..self }
    }

    /// They get another [`Effect`].
    #[must_use]
    pub fn effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    fn is_about(&self, request: &Entry) -> bool {
        let verb = match self.verb.as_str() {
            "*" => true,
            "write" => request.is_write(),
            verb => verb == request.verb,
        };
        let resource = self.resource == "*" || self.resource == request.resource;
        verb && resource && self.name.as_ref().is_none_or(|name| *name == request.name)
    }
}

impl Rule {
    /// How many requests it has been about, those before the n-th included.
    pub fn matched(&self) -> usize {
        *self.matched.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has been about that many requests. Returns whether that came true within the limit.
    pub fn wait(&self, requests: usize, limit: Duration) -> bool {
        let matched = self.matched.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.matched.1.wait_timeout_while(matched, limit, |matched| *matched < requests);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Counts a request, and returns how many came before it.
    fn count(&self) -> usize {
        let mut matched = self.matched.0.lock().unwrap_or_else(PoisonError::into_inner);
        *matched += 1;
        self.matched.1.notify_all();
        *matched - 1
    }

    /// Lets stalled requests go on, these and all later ones.
    pub fn release(&self) {
        self.gate.send_replace(true);
    }

    /// Ends when the rule is released.
    pub(crate) async fn released(&self) {
        // The sender lives in `self`, so the only way out is the release.
        let _ = self.gate.subscribe().wait_for(|open| *open).await;
    }

    /// What happens.
    pub(crate) fn effect(&self) -> &Effect {
        &self.fault.effect
    }
}

impl Faults {
    /// Puts a rule into force.
    pub fn add(&mut self, fault: Fault) -> Rule {
        let rule = Rule { fault: Arc::new(fault), matched: Arc::default(), gate: watch::Sender::new(false) };
        self.0.push(rule.clone());
        rule
    }

    /// Ends all rules; what they stall goes on.
    pub fn clear(&mut self) {
        self.0.drain(..).for_each(|rule| rule.release());
    }

    /// The first rule that strikes this request. Every rule that is about it counts it.
    pub fn strike(&self, request: &Entry) -> Option<Rule> {
        let about = self.0.iter().filter(|rule| rule.fault.is_about(request));
        let striking = about.filter(|rule| {
            let number = rule.count();
            number >= rule.fault.skip && number - rule.fault.skip < rule.fault.times
        });
        striking.cloned().collect::<Vec<_>>().into_iter().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Request;

    fn request(line: &str) -> Entry {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let request = Request::new(method, path);
        Entry::new(&request, request.target().as_ref())
    }

    #[test]
    fn a_rule_strikes_from_the_nth_request_on_for_so_many() {
        let mut faults = Faults::default();
        let rule = faults.add(Fault::on("patch", "deployments").name("web").nth(2).times(2).answer(409));
        let strikes = |path: &str| faults.strike(&request(&format!("PATCH {path}"))).is_some();
        assert!(!strikes("/apis/apps/v1/namespaces/x/deployments/api"), "another object");
        assert!(!strikes("/apis/apps/v1/namespaces/x/deployments/web/scale"), "another resource");
        let web = [(); 4].map(|()| strikes("/apis/apps/v1/namespaces/x/deployments/web"));
        assert_eq!((web, rule.matched()), ([false, true, true, false], 4));
    }

    #[test]
    fn writes_are_what_changes_the_cluster() {
        let mut faults = Faults::default();
        faults.add(Fault::on("write", "*").always());
        let strikes = |line: &str| faults.strike(&request(line)).is_some();
        assert!(strikes("PUT /api/v1/namespaces/x/configmaps/a") && strikes("DELETE /api/v1/namespaces/x/pods/a"));
        assert!(!strikes("GET /api/v1/namespaces/x/pods") && !strikes("PATCH /api/v1/namespaces/x/pods/a?dryRun=All"));
        assert!(!strikes("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"));
    }
}
