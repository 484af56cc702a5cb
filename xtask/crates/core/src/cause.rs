//! Why something ended as it did, as far as advice depends on it. The sentence beside it, `because`, is for people; a
//! cause is made where it is known, and nothing looks for it in the sentence.

use serde::{Deserialize, Serialize};

/// Why a task or a stage ended as it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Cause {
    /// A task or a stage that it needs did not end well.
    Need {
        /// Its id.
        id: String,
    },
    /// The run was asked to leave it out.
    LeftOut,
    /// Line coverage of the workspace is below the configured minimum.
    BelowMinimum,
    /// Line coverage of a package is below the package's floor.
    BelowFloor,
    /// A server died while its tests ran.
    ServerDied,
    /// The advisory database could not be read or fetched, so nothing was compared with it.
    NoAdvisories,
    /// A disk was full.
    DiskFull,
    /// An image is larger than the configured budget.
    OverBudget,
    /// A deployment or a smoke test failed, and the previous version runs again.
    RolledBack,
    /// A deployment failed, and some services run neither the new nor the previous version.
    NeedsHuman,
    /// A cause that this program does not know, from the record of a newer one.
    #[serde(other)]
    Unknown,
}
