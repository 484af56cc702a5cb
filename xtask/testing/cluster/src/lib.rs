//! A Kubernetes cluster for tests: an API server with the controllers behind it, in one process, without a container.
//! The real kubectl talks to it, over TLS on the loopback.
//!
//! ```no_run
//! use test_cluster::{Behaviour, Cluster, Fault, Pace};
//!
//! let cluster = Cluster::start();
//! cluster.pace(Pace::AtOnce);
//! cluster.create_namespace("shop");
//! cluster.behave("auth-service", Behaviour::NeverReady);
//! let fault = cluster.fault(Fault::on("patch", "deployments").nth(2).answer(429));
//! let config = cluster.kubeconfig();
//! // … `KUBECONFIG=config kubectl …` …
//! assert_eq!(fault.matched(), 2);
//! assert!(cluster.requests().iter().all(|request| !request.is_write()));
//! ```
//!
//! Data flows one way: `server` (TLS and HTTP) → `request` → `api` (what is answered) → `state`, which holds the
//! objects and everything that tests script; `controllers` change the state once a tick. Only `server` and `cluster`
//! know threads, sockets and real time.
//!
//! What it does not do: `exec`, `attach` and `port-forward`, admission webhooks, custom resources, quotas, Protocol
//! Buffers, and every field that `objects/schema.txt` does not list.

mod access;
mod api;
mod clock;
mod cluster;
mod controllers;
mod faults;
mod log;
mod objects;
mod registry;
mod request;
mod server;
mod sha;
mod state;
mod status;
mod tls;
mod untested;
mod workloads;

pub use access::User;
pub use cluster::{ADMIN_TOKEN, Cluster, Pace};
pub use faults::{Effect, Fault, Rule};
pub use log::Entry;
pub use untested::not_tested;
pub use workloads::Behaviour;
