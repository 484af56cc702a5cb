//! A cluster to play with: `cargo run --package test-cluster -- kubeconfig.json`, then
//! `KUBECONFIG=kubeconfig.json kubectl …`. It ends with Ctrl-C.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use test_cluster::{Cluster, Pace};

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1).map(PathBuf::from) else {
        let _ = writeln!(std::io::stderr(), "test-cluster: say where the kubeconfig shall be written");
        return ExitCode::from(2);
    };
    let cluster = Cluster::start();
    cluster.pace(Pace::Every(Duration::from_secs(1)));
    if let Err(error) = std::fs::write(&path, cluster.kubeconfig()) {
        let _ = writeln!(std::io::stderr(), "test-cluster: write {}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    let _ = writeln!(std::io::stdout(), "export KUBECONFIG={}", path.display());
    loop {
        std::thread::park();
    }
}
