//! How far each service of a deployment has got, according to the journal. Pure.

use super::Entry;
use std::collections::BTreeMap;

/// How far a service has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing has been written.
    Untouched,
    /// Something may have been written.
    Applying,
    /// Everything has been written.
    Applied {
        /// The deployment's generation.
        generation: u64,
    },
    /// Its rollout has ended: successfully, or with this problem.
    Settled(u64, Option<String>),
    /// Something may have been rolled back.
    Restoring,
    /// It was rolled back: successfully, or with this problem.
    Restored(Option<String>),
}

impl Progress {
    /// Whether the previous state is being restored, or will be.
    pub fn is_going_back(&self) -> bool {
        matches!(self, Self::Settled(_, Some(_)) | Self::Restoring | Self::Restored(_))
    }

    /// Whether the wanted state is there.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Settled(_, None))
    }
}

/// The services that have not reached the wanted state.
pub fn unfinished(entries: &[Entry]) -> Vec<String> {
    let open = progress(entries).into_iter().filter(|(_, progress)| !progress.is_done());
    open.map(|(service, _)| service).collect()
}

/// How far each service has got.
pub fn progress(entries: &[Entry]) -> BTreeMap<String, Progress> {
    let mut all = BTreeMap::new();
    for entry in entries {
        match entry {
            Entry::Begun { services, .. } => {
                all.extend(services.iter().map(|planned| (planned.service.clone(), Progress::Untouched)));
            }
            Entry::Applying { service } => drop(all.insert(service.clone(), Progress::Applying)),
            Entry::Applied { service, generation } => {
                all.insert(service.clone(), Progress::Applied { generation: *generation });
            }
            Entry::Settled { service, failure } => {
                let generation = match all.get(service) {
                    Some(Progress::Applied { generation }) => *generation,
                    _ => 0,
                };
                all.insert(service.clone(), Progress::Settled(generation, failure.clone()));
            }
            Entry::Restoring { service } => drop(all.insert(service.clone(), Progress::Restoring)),
            Entry::Restored { service, failure } => {
                all.insert(service.clone(), Progress::Restored(failure.clone()));
            }
            Entry::Ended | Entry::Approved => {}
        }
    }
    all
}
