//! A cluster to play with: `cargo run --package test-cluster -- kubeconfig.json [REGISTRY]`, then
//! `eval` what it prints: kubectl and `aws eks` find it, and it pulls from the registry. It ends with Ctrl-C.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use test_cluster::{Cluster, Pace, User};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(path) = args.next().map(PathBuf::from) else {
        let _ = writeln!(std::io::stderr(), "test-cluster: say where the kubeconfig shall be written");
        return ExitCode::from(2);
    };
    let cluster = Cluster::start();
    cluster.pace(Pace::Every(Duration::from_millis(200)));
    // What `aws eks get-token` makes.
    cluster.grant("k8s-aws-v1.*", User::admin("aws"));
    if let Some(registry) = args.next() {
        cluster.pull_from(&registry);
    }
    let authority = path.with_extension("pem");
    for (file, text) in [(&path, cluster.kubeconfig()), (&authority, cluster.authority())] {
        if let Err(error) = std::fs::write(file, text) {
            let _ = writeln!(std::io::stderr(), "test-cluster: write {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    }
    let export = |name: &str, value: &Path| {
        let _ = writeln!(std::io::stdout(), "export {name}={}", value.display());
    };
    export("KUBECONFIG", &path);
    export("AWS_ENDPOINT_URL_EKS", Path::new(&cluster.endpoint()));
    export("AWS_CA_BUNDLE", &authority);
    loop {
        std::thread::park();
    }
}
