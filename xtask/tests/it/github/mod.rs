//! GitHub Actions: the jobs of `ci.yml`, their annotations and summaries, and the report of all jobs.

mod annotations;
mod jobs;
mod matrix;
mod refused;
mod reports;
mod steps;
mod summary;
mod workflow;
