//! What holds of the repository as a whole, and that no compiler checks: which module knows which, what the manifest may
//! ask for, what README.md and `docs/` document, and that the workflow runs the pipeline that xtask runs.
//!
//! The sources are read as text. That is coarse and easily understood: a rule that gets in the way is changed here.

mod circles;
mod imports;
mod manifest;
mod readme;
mod sources;
mod workflow;
mod workflow_jobs;
mod workflow_rules;
mod yaml;
