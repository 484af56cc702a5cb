//! `deploy`, `rollback`, `smoke` and `status`: environments on a Kubernetes API server, through the real kubectl.

mod back;
mod checked;
mod confirmed;
mod conventions;
mod eks;
mod fails;
mod faults;
mod good;
mod guarded;
mod judged;
mod killed;
mod killed_watching;
mod manifests;
mod private;
mod pushed;
mod resolved;
mod smoke;
