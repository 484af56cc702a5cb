//! A cluster, a directory, and the real kubectl pointed at the one and living in the other.

#![expect(
    clippy::disallowed_methods,
    reason = "a test stands outside of the cluster, and starts kubectl as a user would"
)]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use test_cluster::{Cluster, Pace, not_tested};

/// A namespace `shop` in a cluster, and kubectl.
pub struct Rig {
    pub cluster: Cluster,
    directory: tempfile::TempDir,
    kubectl: PathBuf,
}

/// What a command came to.
#[derive(Debug)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

/// Finds a program. The reason why not is printed past the test harness's capture, so that a green run says it too.
#[track_caller]
pub fn find(program: &str) -> Option<PathBuf> {
    let found = which::which(program);
    if found.is_err() {
        not_tested(&format!("there is no `{program}`"));
    }
    found.ok()
}

impl Rig {
    /// Time stands still; `None` without kubectl.
    #[track_caller]
    pub fn new() -> Option<Self> {
        let kubectl = find("kubectl")?;
        let rig = Self { cluster: Cluster::start(), directory: tempfile::tempdir().expect("a directory"), kubectl };
        rig.cluster.create_namespace("shop");
        rig.file("kubeconfig", &rig.cluster.kubeconfig());
        Some(rig)
    }

    /// Time passes as fast as it can.
    #[track_caller]
    pub fn running() -> Option<Self> {
        let rig = Self::new()?;
        rig.cluster.pace(Pace::AtOnce);
        Some(rig)
    }

    /// Writes a file into the directory.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).expect("the directory can be written");
        path
    }

    /// A program that sees the directory as its home and nothing of the machine's configuration.
    pub fn command(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.directory.path()).env_clear();
        command.env("HOME", self.directory.path()).env("KUBECONFIG", self.directory.path().join("kubeconfig"));
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// kubectl in the namespace `shop`, started.
    pub fn start(&self, args: &[&str]) -> Child {
        let mut all = vec!["--namespace=shop"];
        all.extend(args);
        self.command(&self.kubectl, &all).spawn().expect("kubectl starts")
    }

    /// kubectl in the namespace `shop`, to its end.
    pub fn kubectl(&self, args: &[&str]) -> Output {
        ended(self.start(args))
    }

    /// kubectl's stdout. It must succeed.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.kubectl(args);
        assert_eq!(output.code, Some(0), "kubectl {args:?}: {output:?}");
        output.stdout
    }

    /// kubectl's stderr. It must fail.
    #[track_caller]
    pub fn fails(&self, args: &[&str]) -> String {
        let output = self.kubectl(args);
        assert_eq!(output.code, Some(1), "kubectl {args:?}: {output:?}");
        output.stderr
    }

    /// Applies an object as the manager `ci`. It must succeed.
    #[track_caller]
    pub fn apply(&self, object: &Value) -> String {
        let path = self.file("object.json", &object.to_string());
        self.ok(&["apply", "--server-side", "--field-manager=ci", "-f", &path.to_string_lossy()])
    }

    /// Applies the Deployment `web` with this image, and waits until it has rolled out.
    #[track_caller]
    pub fn roll_out(&self, image: &str) {
        self.apply(&web(image));
        self.ok(&["rollout", "status", "deployment/web"]);
    }
}

/// What a process came to.
pub fn ended(process: Child) -> Output {
    let output = process.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Output { stdout: text(&output.stdout), stderr: text(&output.stderr), code: output.status.code() }
}

/// A Deployment `web` of two replicas.
pub fn web(image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web", "namespace": "shop" },
        "spec": {
            "replicas": 2, "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [
                { "name": "web", "image": image, "ports": [{ "name": "http", "containerPort": 8080 }] },
            ] } },
        },
    })
}

/// A Service before it.
pub fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "selector": { "app": "web" }, "ports": [{ "name": "http", "port": 80, "targetPort": "http" }] },
    })
}

/// A `ConfigMap` with one key.
pub fn config(value: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings", "namespace": "shop" },
        "data": { "LOG": value } })
}
