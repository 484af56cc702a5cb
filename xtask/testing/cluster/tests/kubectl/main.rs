//! The cluster as the real kubectl sees it. Without kubectl each test says NOT TESTED, and passes.

mod access;
mod apply;
mod eks;
mod faults;
mod leases;
mod reading;
mod rig;
mod rollout;
mod trouble;
