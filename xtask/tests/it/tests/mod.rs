//! The tests of a workspace: which ones run, the servers they need, coverage, and cached doc tests.

mod cached;
mod conformance;
mod coverage;
mod coverage_places;
mod integration;
