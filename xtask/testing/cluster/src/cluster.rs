//! The cluster as tests hold it: started, scripted, looked at, and gone when dropped.

use crate::access::User;
use crate::api::handle;
use crate::controllers;
use crate::faults::{Fault, Rule};
use crate::log::Entry;
use crate::objects::json::{name, namespace, text};
use crate::objects::kinds::{self, named};
use crate::objects::store::Key;
use crate::request::Request;
use crate::server::{Shared, serve};
use crate::state::State;
use crate::tls;
use crate::workloads::Behaviour;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

/// The token of the user `admin`, who may do everything; `kubeconfig` carries it.
pub const ADMIN_TOKEN: &str = "admin-token";

/// How the cluster's time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Only by [`Cluster::advance`] and [`Cluster::settle`].
    ByHand,
    /// One tick follows the other, without a pause to speak of.
    AtOnce,
    /// A tick each so much real time. A tick is a second on the cluster's clock, however long it really takes.
    Every(Duration),
}

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    shared: Arc<Shared>,
    pace: watch::Sender<Pace>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Cluster {
    /// Starts one on a free port of the loopback. Its time stands still until told otherwise.
    ///
    /// # Panics
    ///
    /// When the machine gives no port, no thread or no certificate: then no test can go on.
    pub fn start() -> Self {
        let (acceptor, authority) = tls::acceptor().expect("a certificate for the loopback can be made");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port of the loopback is free");
        listener.set_nonblocking(true).expect("a socket can be told not to block");
        let port = listener.local_addr().expect("it is bound").port();
        let mut state = State::new();
        state.access.grant(ADMIN_TOKEN, User::admin("admin"));
        (state.endpoint, state.authority) = (format!("https://127.0.0.1:{port}"), authority);
        let shared = Shared::new(state);
        let (pace, ticking) = watch::channel(Pace::ByHand);
        let (stop, stopped) = oneshot::channel::<()>();
        let of_thread = Arc::clone(&shared);
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be made").block_on(async {
                let listener = TcpListener::from_std(listener).expect("the runtime takes the socket");
                tokio::spawn(serve(listener, acceptor, Arc::clone(&of_thread)));
                tokio::spawn(tick(of_thread, ticking));
                // An error means that the cluster was dropped, which is what is waited for as well.
                let _ = stopped.await;
            });
        };
        let thread = std::thread::Builder::new().name("test-cluster".into()).spawn(run).expect("a thread can be made");
        Self { shared, pace, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens: `https://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        self.shared.with(|state| state.endpoint.clone())
    }

    /// The certificate of its authority, in PEM: `AWS_CA_BUNDLE` for the real `aws`, which finds this cluster with
    /// `aws eks update-kubeconfig --endpoint-url` and [`endpoint`](Self::endpoint).
    pub fn authority(&self) -> String {
        self.shared.with(|state| state.authority.clone())
    }

    /// A kubeconfig (JSON, which is YAML) for `admin`, with the context, cluster and user `test`.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_for(ADMIN_TOKEN)
    }

    /// A kubeconfig with another token.
    pub fn kubeconfig_for(&self, token: &str) -> String {
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{ "name": "test", "cluster": {
                "server": self.endpoint(), "certificate-authority-data": STANDARD.encode(self.authority()),
            } }],
            "users": [{ "name": "test", "user": { "token": token } }],
            "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
        })
        .to_string()
    }

    /// Sets how time passes from now on.
    pub fn pace(&self, pace: Pace) {
        self.pace.send_replace(pace);
    }

    /// Lets so many seconds pass on the cluster's clock.
    pub fn advance(&self, ticks: usize) {
        for _ in 0..ticks {
            self.shared.with(controllers::tick);
        }
    }

    /// Lets time pass until a second changes nothing, at most 100. Returns how many it took.
    pub fn settle(&self) -> usize {
        (1..=100).find(|_| !self.shared.with(controllers::tick)).unwrap_or(100)
    }

    /// Makes a namespace.
    pub fn create_namespace(&self, name: &str) {
        self.shared.with(|state| state.create_namespace(name));
    }

    /// Gives a token to a user; a `*` at its end stands for any rest (`k8s-aws-v1.*`).
    pub fn grant(&self, token: &str, user: User) {
        self.shared.with(|state| state.access.grant(token, user));
    }

    /// Makes a token worthless: its next request is answered with 401.
    pub fn revoke(&self, token: &str) {
        self.shared.with(|state| state.access.revoke(token));
    }

    /// Puts an image into the registry, for references by tag and by digest. Through the proxy its program answers
    /// `/version` with this JSON.
    pub fn push_image(&self, reference: &str, digest: &str, version: Value) {
        self.shared.with(|state| state.workloads.push(reference, digest, version));
    }

    /// From now on images of this registry on the loopback, `127.0.0.1:PORT`, are really pulled from it, and every byte is
    /// held to its digest. What such an image answers at `/version` is what its labels say.
    pub fn pull_from(&self, registry: &str) {
        self.shared.with(|state| state.workloads.pull_from(registry));
    }

    /// From now on only pushed images can be pulled. Before, any could.
    pub fn only_known_images(&self) {
        self.shared.with(|state| state.workloads.only_known_images());
    }

    /// Sets how the pods of a workload behave: by its Deployment's name, or by an image as the manifest has it.
    pub fn behave(&self, workload: &str, behaviour: Behaviour) {
        self.shared.with(|state| state.workloads.behave(workload, behaviour));
    }

    /// Sets what a workload answers at a path through the proxy.
    pub fn answer_at(&self, workload: &str, path: &str, status: u16, body: &str) {
        self.shared.with(|state| state.workloads.answer_at(workload, path, status, body));
    }

    /// Sets what a workload logs.
    pub fn log(&self, workload: &str, text: &str) {
        self.shared.with(|state| state.workloads.log(workload, text));
    }

    /// Lets something go wrong. Rules are held against requests in the order in which they were made.
    pub fn fault(&self, fault: Fault) -> Rule {
        self.shared.with(|state| state.faults.add(fault))
    }

    /// Nothing goes wrong any more; what is stalled goes on.
    pub fn clear_faults(&self) {
        self.shared.with(|state| state.faults.clear());
    }

    /// Forgets all changes so far: watches and pages from before get 410.
    pub fn forget_history(&self) {
        self.shared.with(|state| state.store.forget());
        self.shared.wake();
    }

    /// What was asked so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Entry> {
        self.shared.with(|state| state.log.entries().to_vec())
    }

    /// Forgets what was asked.
    pub fn clear_requests(&self) {
        self.shared.with(|state| state.log.clear());
    }

    /// Somebody else applies an object, by force: another pipeline, a colleague with kubectl. It is not noted as asked.
    ///
    /// # Panics
    ///
    /// When the server refuses it, with its reason.
    pub fn apply(&self, manager: &str, object: &Value) {
        let resource = kinds::of_kind(text(object, "/kind"));
        let place = match namespace(object) {
            "" => String::new(),
            namespace => format!("namespaces/{namespace}/"),
        };
        let group = if resource.group.is_empty() { "api/v1".to_owned() } else { format!("apis/{}/v1", resource.group) };
        let path = format!("/{group}/{place}{}/{}?fieldManager={manager}&force=true", resource.plural, name(object));
        let mut request = Request::new("PATCH", &path);
        (request.token, request.content_type) = (ADMIN_TOKEN.to_owned(), "application/apply-patch+yaml".to_owned());
        request.body = object.to_string().into_bytes();
        let answer = self.shared.with(|state| handle(state, &request, request.target().as_ref()));
        if let Err(failure) = answer {
            panic!("apply {object}: {}", text(&failure.body, "/message"));
        }
    }

    /// Somebody else deletes an object.
    pub fn delete(&self, resource: &str, namespace: &str, name: &str) {
        self.shared.with(|state| state.delete(&Key::new(named(resource), namespace, name), true));
    }

    /// An object as it is stored, by its resource's name in paths (`deployments`).
    pub fn object(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        let key = Key::new(named(resource), namespace, name);
        self.shared.with(|state| state.store.get(&key).cloned())
    }

    /// All objects of a resource in a namespace, in the order of their names; with an empty namespace all there are.
    pub fn objects(&self, resource: &str, namespace: &str) -> Vec<Value> {
        let list = |state: &mut State| {
            state.store.list(named(resource), namespace).map(|(_, object)| Value::clone(object)).collect()
        };
        self.shared.with(list)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; another one here would hide the test's own.
            let _ = thread.join();
        }
    }
}

/// Lets time pass at the pace that is set.
async fn tick(shared: Arc<Shared>, mut pace: watch::Receiver<Pace>) {
    loop {
        let pause = match *pace.borrow_and_update() {
            Pace::ByHand => None,
            Pace::AtOnce => Some(Duration::from_millis(1)),
            Pace::Every(pause) => Some(pause),
        };
        match pause {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                shared.with(controllers::tick);
            }
            None if pace.changed().await.is_err() => return,
            None => {}
        }
        // The cluster is gone, and the runtime ends with it.
        if pace.has_changed().is_err() {
            return;
        }
    }
}
