//! One deployment at a time: a Lease in the namespace, which expires by itself when its holder dies.

use super::failure::{Failure, Kind};
use super::kubectl::Kubectl;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use xtask_core::error::{Error, Exit, Result};

/// The Lease's name.
const NAME: &str = "xtask-deploy";
/// How long it is valid without being renewed.
const HOLDS: Duration = Duration::from_secs(60);
/// How old it may become before it is renewed.
const FRESH: Duration = Duration::from_secs(15);

/// How many times to try to take or renew it when another client writes at the same moment.
const TRIES: usize = 3;

/// The Lease, held.
pub struct Lease {
    holder: String,
    /// By the time of day, which advances while a laptop sleeps.
    renewed: SystemTime,
    now: fn() -> SystemTime,
}

impl Lease {
    /// Takes the Lease for `holder`, if it is free or its holder has not renewed it in time.
    pub fn take(kubectl: &Kubectl, holder: &str, now: fn() -> SystemTime) -> Result<Self> {
        let mut lease = Self { holder: holder.to_owned(), renewed: now(), now };
        match lease.renew(kubectl) {
            Ok(()) => Ok(lease),
            Err(failure) if failure.kind == Kind::Conflict => {
                let held = Error::new(Exit::Locked, "deploy: another deployment is in progress in this namespace");
                Err(held.detail(failure.text).hint(format!(
                    "wait for it: its lease expires {} after its holder dies; if it was yours and was killed, continue it \
                     with `--resume`",
                    xtask_core::text::duration(HOLDS)
                )))
            }
            Err(failure) => Err(failure.error("take the lease of the namespace")),
        }
    }

    /// Renews the Lease when it is due. `Err`: it may no longer be ours, and nothing may be written.
    pub fn keep(&mut self, kubectl: &Kubectl) -> Result<(), Failure> {
        let age = (self.now)().duration_since(self.renewed).unwrap_or(HOLDS);
        if age < FRESH {
            return Ok(());
        }
        match self.renew(kubectl) {
            // As long as it is valid, no one else has it.
            Err(failure) if failure.passes() && age < HOLDS / 2 => Ok(()),
            Err(failure) if failure.kind == Kind::Conflict => {
                Err(Failure { text: format!("the lease was lost: {}", failure.text), ..failure })
            }
            renewed => renewed,
        }
    }

    /// Writes ourselves into the Lease, in its current version in the cluster.
    fn renew(&mut self, kubectl: &Kubectl) -> Result<(), Failure> {
        let mut tries = 0;
        loop {
            let now = (self.now)();
            let written = match kubectl.get("lease", NAME)? {
                None => kubectl.create(&json!({
                    "apiVersion": "coordination.k8s.io/v1",
                    "kind": "Lease",
                    "metadata": { "name": NAME },
                    "spec": spec(&self.holder, now),
                })),
                Some(found) => match holds(&found, &self.holder, now) {
                    Some(text) => return Err(Failure { kind: Kind::Conflict, command: String::new(), text }),
                    None => kubectl.replace(&renewed(found, &self.holder, now)),
                },
            };
            tries += 1;
            match written {
                // Another client was faster, or a response to us was lost on its way: look again.
                Err(failure) if failure.kind == Kind::Conflict && tries < TRIES => {}
                Err(failure) => return Err(failure),
                Ok(_) => {
                    self.renewed = now;
                    return Ok(());
                }
            }
        }
    }

    /// Releases the Lease, unless someone else has it by now.
    pub fn release(self, kubectl: &Kubectl) -> Result<(), Failure> {
        match kubectl.get("lease", NAME)? {
            Some(mut lease) if lease["spec"]["holderIdentity"] == self.holder.as_str() => {
                lease["spec"]["holderIdentity"] = "".into();
                kubectl.replace(&lease).map(drop)
            }
            _ => Ok(()),
        }
    }
}

fn renewed(mut lease: Value, holder: &str, now: SystemTime) -> Value {
    lease["spec"] = spec(holder, now);
    lease
}

fn spec(holder: &str, now: SystemTime) -> Value {
    let now = humantime::format_rfc3339_micros(now).to_string();
    json!({ "holderIdentity": holder, "leaseDurationSeconds": HOLDS.as_secs(), "renewTime": now })
}

/// The other holder of the Lease, in a sentence.
fn holds(lease: &Value, holder: &str, now: SystemTime) -> Option<String> {
    let spec = &lease["spec"];
    let other = spec["holderIdentity"].as_str().filter(|other| !other.is_empty() && *other != holder)?;
    let renewed = spec["renewTime"].as_str().and_then(|time| humantime::parse_rfc3339_weak(time).ok())?;
    let duration = Duration::from_secs(spec["leaseDurationSeconds"].as_u64().unwrap_or(0));
    // A clock that is behind the other's makes the lease look younger: the wait is then a little longer.
    let age = now.duration_since(renewed).unwrap_or(Duration::ZERO);
    (age < duration).then(|| format!("{other} renewed its lease {} ago", xtask_core::text::duration(age)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: &str, age_s: u64) -> (Value, SystemTime) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        (json!({ "spec": spec(holder, now - Duration::from_secs(age_s)) }), now)
    }

    #[test]
    fn somebody_elses_lease_counts_until_it_expires() {
        let (fresh, now) = lease("ada", 59);
        assert_eq!(holds(&fresh, "bob", now).as_deref(), Some("ada renewed its lease 59.0s ago"));
        assert_eq!(holds(&fresh, "ada", now), None);
        let (old, now) = lease("ada", 60);
        assert_eq!(holds(&old, "bob", now), None);
        let (given_back, now) = lease("", 0);
        assert_eq!(holds(&given_back, "bob", now), None);
    }

    #[test]
    fn a_lease_of_the_future_is_somebodys() {
        let (lease, now) = lease("ada", 0);
        assert!(holds(&lease, "bob", now - Duration::from_secs(3600)).is_some());
    }
}
