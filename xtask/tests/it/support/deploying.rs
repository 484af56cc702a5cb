//! Services, an environment that they are deployed to, and a cluster for it: what the tests of deployments begin with.

use crate::support::sandbox::{Output, Sandbox};
use serde_json::{Value, json};
use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;
use test_cluster::{ADMIN_TOKEN, Cluster, Effect, Fault, Pace, Rule};

/// The namespace.
pub const NAMESPACE: &str = "shop";
/// Long enough for anything that will happen at all.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until xtask has met the rule.
#[track_caller]
pub fn meets(rule: &Rule, requests: usize) {
    assert!(rule.wait(requests, PATIENCE), "the deployment never came there");
}

/// Kills xtask as nothing can be caught.
pub fn kill(mut child: Child) {
    child.kill().expect("it runs");
    child.wait().expect("it has ended");
}

/// Reads the output of xtask until it has this so many times. Byte by byte: the rest is for the reader that waits for its
/// end.
#[track_caller]
pub fn hears(child: &mut Child, told: &str, times: usize) {
    let stderr = child.stderr.as_mut().expect("it was piped");
    let mut text = Vec::new();
    let mut byte = [0];
    while stderr.read(&mut byte).expect("it can be read") == 1 {
        text.extend(byte);
        let is_told = || String::from_utf8_lossy(&text).matches(told).count() >= times;
        if text.ends_with(b"\n") && is_told() {
            return;
        }
    }
    panic!("{told:?} was not told {times} times:\n{}", String::from_utf8_lossy(&text));
}

/// Two services, and a cluster that knows nothing of them yet.
pub struct Shop {
    /// The workspace.
    pub sandbox: Sandbox,
    /// The cluster; its time passes quickly.
    pub cluster: Cluster,
}

impl Shop {
    /// `auth-service` and `user-service`, and the environment `staging`.
    pub fn new() -> Self {
        Self::with("")
    }

    /// The same with further lines for the environment.
    pub fn with(more: &str) -> Self {
        let mut sandbox = Sandbox::with_services(&["auth-service", "user-service"]);
        let is_given = |line: &&&str| {
            let key = line.split('=').next().unwrap_or_default();
            more.lines().any(|given| given.starts_with(key))
        };
        let defaults = ["context = \"test\"", "soak = \"100ms\"", "timeout = \"60s\"", "rollback-timeout = \"60s\""];
        let defaults: Vec<&str> = defaults.iter().filter(|line| !is_given(line)).copied().collect();
        let environment = format!(
            "\n[workspace.metadata.xtask.environments.staging]\nnamespace = \"{NAMESPACE}\"\n{}\n{more}\n",
            defaults.join("\n")
        );
        sandbox.append("Cargo.toml", &environment);
        sandbox.stub("skopeo", "echo \"skopeo version 1.18.0 $*\" >> ../skopeo.log; echo skopeo version 1.18.0");
        let cluster = Cluster::start();
        cluster.pace(Pace::AtOnce);
        cluster.create_namespace(NAMESPACE);
        sandbox.file("kubeconfig", &cluster.kubeconfig());
        let kubeconfig = sandbox.root().join("kubeconfig");
        sandbox.var("KUBECONFIG", kubeconfig).var("USER", "ada");
        let shop = Self { sandbox, cluster };
        shop.images('a');
        shop
    }

    /// Writes `images.json` with images of a commit, which are in the registry too.
    pub fn images(&self, commit: char) {
        self.images_in("registry.test", commit);
    }

    /// The same in another registry.
    pub fn images_in(&self, registry: &str, commit: char) {
        let of = |service: &str, digit: char| {
            let digest = format!("sha256:{}", format!("{commit}{digit}").repeat(32));
            let (repository, full) = (format!("{registry}/{service}"), commit.to_string().repeat(40));
            let version = json!({ "name": service, "version": "0.1.0", "commit": full });
            self.cluster.push_image(&format!("{repository}:sha-{full}"), &digest, version);
            json!({
                "service": service, "digest": digest, "bytes": 5, "repository": repository,
                "tags": [format!("sha-{full}"), "main"],
            })
        };
        let images = json!([of("auth-service", '1'), of("user-service", '2')]);
        self.sandbox.file("images.json", &images.to_string());
    }

    /// The image of a service of a commit, as a manifest has it.
    pub fn image(service: &str, commit: char) -> String {
        let digit = if service == "auth-service" { '1' } else { '2' };
        format!("registry.test/{service}@sha256:{}", format!("{commit}{digit}").repeat(32))
    }

    /// `cargo xtask deploy staging`, with the images that were written last.
    pub fn deploy(&self, more: &[&str]) -> Output {
        let args = [&["deploy", "staging", "--images", "images.json"], more].concat();
        self.sandbox.run(&args)
    }

    /// The same, begun and not waited for.
    pub fn begin(&self) -> Child {
        self.start(&["deploy", "staging", "--images", "images.json"])
    }

    /// xtask with these arguments, begun and not waited for.
    pub fn start(&self, args: &[&str]) -> Child {
        self.sandbox.command(args).spawn().expect("xtask starts")
    }

    /// Goes on with what was begun.
    pub fn resume(&self) -> Output {
        self.sandbox.run(&["deploy", "staging", "--resume"])
    }

    /// Stalls the n-th request of a kind about a service's deployment, so that xtask can be met at a known place.
    pub fn stall(&self, verb: &str, service: &str, nth: usize) -> Rule {
        self.cluster.fault(Fault::on(verb, "deployments").name(service).nth(nth).effect(Effect::Stall))
    }

    /// The steps that a journal of the newest run holds.
    pub fn journal(&self, file: &str) -> Vec<String> {
        let text = self.sandbox.read(&format!("target/xtask/runs/latest/{file}"));
        let step = |line: &str| Some(line.strip_prefix("{\"step\":\"")?.split_once('"')?.0.to_owned());
        text.lines().filter_map(step).collect()
    }

    /// A deployment of the first commit, and everything is well.
    pub fn deployed(self) -> Self {
        self.deploy(&[]).exits(0);
        self.cluster.clear_requests();
        self
    }

    /// The real kubectl, as somebody else types it.
    #[track_caller]
    pub fn kubectl(&self, args: &[&str]) {
        let line = format!("kubectl --namespace {NAMESPACE} {}", args.join(" "));
        let output = self.sandbox.paste(&line);
        assert_eq!(output.code, 0, "{line}: {}", output.stderr);
    }

    /// What the cluster has, without what differs between two that came to the same: the wanted images and the data.
    pub fn state(&self) -> Vec<(String, Value)> {
        let kinds = ["deployments", "services", "configmaps", "serviceaccounts", "networkpolicies"];
        let all =
            kinds.iter().flat_map(|kind| self.cluster.objects(kind, NAMESPACE).into_iter().map(move |it| (kind, it)));
        let told = |(kind, object): (&&str, Value)| {
            let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let told = if **kind == *"deployments" { object["spec"].clone() } else { object["data"].clone() };
            (format!("{kind}/{name}"), told)
        };
        all.map(told).collect()
    }

    /// The image that a service's deployment asks for.
    pub fn runs(&self, service: &str) -> Option<String> {
        let deployment = self.cluster.object("deployments", NAMESPACE, service)?;
        deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().map(str::to_owned)
    }

    /// How many `ConfigMap`s a service has.
    pub fn configs_of(&self, service: &str) -> usize {
        let all = self.cluster.objects("configmaps", NAMESPACE);
        all.iter().filter(|map| map["metadata"]["labels"]["app.kubernetes.io/name"] == service).count()
    }

    /// Fails unless both services run the images of this commit.
    #[track_caller]
    pub fn runs_all_of(&self, commit: char) {
        for service in ["auth-service", "user-service"] {
            assert_eq!(self.runs(service), Some(Self::image(service, commit)), "{service}");
        }
    }

    /// The writes that reached the cluster: verb and resource.
    pub fn writes(&self) -> Vec<String> {
        let writes = self.cluster.requests().into_iter().filter(test_cluster::Entry::is_write);
        writes.map(|request| format!("{} {}", request.verb, request.resource)).collect()
    }

    /// Everything that runs have left in the workspace's target directory, as one text.
    pub fn left_behind(&self) -> String {
        let mut directories: Vec<PathBuf> = vec![self.sandbox.root().join("target/xtask")];
        let mut all = String::new();
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).expect("it is there").flatten() {
                match entry.file_type().expect("a type") {
                    kind if kind.is_dir() => directories.push(entry.path()),
                    kind if kind.is_file() => all += &String::from_utf8_lossy(&fs::read(entry.path()).expect("a file")),
                    _ => {}
                }
            }
        }
        all
    }

    /// Fails when the token of the kubeconfig stands anywhere where it could be read.
    #[track_caller]
    pub fn keeps_its_token(&self, output: &Output) {
        for text in [&output.stdout, &output.stderr, &self.left_behind()] {
            assert!(!text.contains(ADMIN_TOKEN), "the token is in:\n{text}");
        }
    }
}
