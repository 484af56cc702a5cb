//! How images and programs behave: the registry that nodes pull from, and the scripts of what runs.

use crate::objects::json::{list, name, text};
use crate::registry::{self, Image};
use crate::sha::hex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What a workload's pods do.
#[derive(Debug, Clone, PartialEq)]
pub enum Behaviour {
    /// They start and become ready.
    Healthy,
    /// Their image cannot be pulled, with this message.
    PullError(String),
    /// They end with this exit code, again and again, having logged this.
    CrashLoop(i64, String),
    /// Their program is made for another machine.
    ExecFormatError,
    /// They run and never become ready.
    NeverReady,
    /// No node takes them for that many ticks; then they are healthy.
    Unschedulable(u64),
    /// They become ready, and unready again after that many ticks.
    UnreadyAfter(u64),
}

/// All scripts. A workload is known by its name (that of its Deployment) or by its image's reference.
#[derive(Debug, Default)]
pub struct Workloads {
    images: BTreeMap<String, Image>,
    only_known: bool,
    /// The registry of this machine that images are really pulled from, and what that came to.
    registry: Option<String>,
    pulled: Mutex<BTreeMap<String, Image>>,
    behaviours: Vec<(String, Behaviour)>,
    answers: BTreeMap<(String, String), (u16, String)>,
    logs: BTreeMap<String, String>,
}

impl Workloads {
    /// Puts an image into the registry: `repository:tag`, found by its digest as well.
    pub fn push(&mut self, reference: &str, digest: &str, version: Value) {
        let image = Image { digest: digest.to_owned(), version };
        self.images.insert(format!("{}@{digest}", repository(reference)), image.clone());
        self.images.insert(reference.to_owned(), image);
    }

    /// From now on what is not in the registry cannot be pulled. Before, any image could.
    pub fn only_known_images(&mut self) {
        self.only_known = true;
    }

    /// From now on images of this registry, `127.0.0.1:PORT`, are pulled from there.
    pub fn pull_from(&mut self, host: &str) {
        self.registry = Some(host.to_owned());
    }

    /// Sets how a workload behaves. What was set last for its name or one of its images holds.
    pub fn behave(&mut self, workload: &str, behaviour: Behaviour) {
        self.behaviours.retain(|(known, _)| known != workload);
        self.behaviours.push((workload.to_owned(), behaviour));
    }

    /// Sets what a workload answers at a path.
    pub fn answer_at(&mut self, workload: &str, path: &str, status: u16, body: &str) {
        self.answers.insert((workload.to_owned(), path.to_owned()), (status, body.to_owned()));
    }

    /// Sets what a workload logs.
    pub fn log(&mut self, workload: &str, text: &str) {
        self.logs.insert(workload.to_owned(), text.to_owned());
    }

    /// The image of a reference, or the message of a node that cannot pull it.
    pub fn pull(&self, reference: &str) -> Result<Image, String> {
        if let Some(image) = self.images.get(reference) {
            return Ok(image.clone());
        }
        let really = self.registry.as_ref().is_some_and(|host| reference.starts_with(&format!("{host}/")));
        if really {
            let mut pulled = self.pulled.lock().unwrap_or_else(PoisonError::into_inner);
            return match pulled.get(reference) {
                Some(image) => Ok(image.clone()),
                None => {
                    registry::pull(reference).inspect(|image| drop(pulled.insert(reference.to_owned(), image.clone())))
                }
            };
        }
        if self.only_known {
            return Err(format!(
                "rpc error: code = NotFound desc = failed to pull and unpack image \"{reference}\": failed to resolve \
                 reference \"{reference}\": {reference}: not found"
            ));
        }
        let of_reference = reference.split_once('@').map(|(_, digest)| digest.to_owned());
        let digest = of_reference.unwrap_or_else(|| format!("sha256:{}", hex(reference)));
        Ok(Image { digest, version: Value::Null })
    }

    /// How a pod behaves.
    pub fn behaviour(&self, pod: &Value) -> Behaviour {
        let names = names(pod);
        let found = self.behaviours.iter().rev().find(|(known, _)| names.contains(&known.as_str()));
        found.map_or(Behaviour::Healthy, |(_, behaviour)| behaviour.clone())
    }

    /// What a pod has logged.
    pub fn logged(&self, pod: &Value) -> String {
        match self.behaviour(pod) {
            Behaviour::CrashLoop(_, text) => text,
            Behaviour::ExecFormatError => format!("exec /{}: exec format error\n", workload(pod)),
            _ => {
                let set = names(pod).into_iter().find_map(|name| self.logs.get(name));
                set.cloned().unwrap_or_else(|| format!("{} is listening\n", workload(pod)))
            }
        }
    }

    /// What a pod answers at a path: what was set; its image's version; or whether it is ready.
    pub fn answer(&self, pod: &Value, path: &str) -> (u16, String) {
        let set = names(pod).into_iter().find_map(|name| self.answers.get(&(name.to_owned(), path.to_owned())));
        if let Some(answer) = set {
            return answer.clone();
        }
        let image = self.pull(text(pod, "/spec/containers/0/image")).ok();
        match (path, image) {
            ("/version", Some(image)) if !image.version.is_null() => (200, image.version.to_string()),
            ("/healthz", _) => (200, "ok".to_owned()),
            ("/readyz", _) if crate::objects::json::condition(pod, "Ready") == "True" => (200, "ready".to_owned()),
            ("/readyz", _) => (503, json!({ "title": "not ready", "status": 503 }).to_string()),
            _ => (404, json!({ "title": "not found", "status": 404 }).to_string()),
        }
    }
}

/// `repository` of `repository:tag` and of `repository@digest`.
pub fn repository(reference: &str) -> &str {
    let reference = reference.split('@').next().unwrap_or(reference);
    match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => reference,
    }
}

/// What a pod is known by.
fn names(pod: &Value) -> Vec<&str> {
    let images = list(pod, "/spec/containers").iter().map(|container| text(container, "/image"));
    std::iter::once(workload(pod)).chain(images).collect()
}

/// The name of the Deployment that a pod comes from, or its own.
pub fn workload(pod: &Value) -> &str {
    let hash = text(pod, "/metadata/labels/pod-template-hash");
    let of_set = text(pod, "/metadata/generateName").strip_suffix('-').and_then(|set| set.strip_suffix(hash));
    of_set.filter(|_| !hash.is_empty()).map_or_else(|| name(pod), |name| name.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(image: &str) -> Value {
        json!({
            "metadata": { "name": "web-5f-x", "generateName": "web-5f-", "labels": { "pod-template-hash": "5f" } },
            "spec": { "containers": [{ "name": "web", "image": image }] },
        })
    }

    #[test]
    fn images_are_found_by_tag_and_by_digest() {
        let mut workloads = Workloads::default();
        workloads.push("127.0.0.1:5000/web:1", "sha256:aa", json!({ "commit": "c" }));
        assert_eq!(workloads.pull("127.0.0.1:5000/web@sha256:aa").expect("it is there").digest, "sha256:aa");
        assert!(workloads.pull("other:1").expect("any image can be had").digest.starts_with("sha256:"));
        workloads.only_known_images();
        assert!(workloads.pull("127.0.0.1:5000/web@sha256:bb").is_err());
        assert_eq!(workloads.answer(&pod("127.0.0.1:5000/web:1"), "/version"), (200, r#"{"commit":"c"}"#.into()));
    }

    #[test]
    fn a_workload_is_known_by_its_name_and_its_image_and_the_last_word_holds() {
        let mut workloads = Workloads::default();
        workloads.behave("web", Behaviour::NeverReady);
        workloads.behave("web:2", Behaviour::ExecFormatError);
        assert_eq!(workloads.behaviour(&pod("web:1")), Behaviour::NeverReady);
        assert_eq!(workloads.behaviour(&pod("web:2")), Behaviour::ExecFormatError);
        assert_eq!(workloads.logged(&pod("web:2")), "exec /web: exec format error\n");
    }
}
