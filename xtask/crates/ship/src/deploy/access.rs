//! Access to a cluster: a kubeconfig of the run's own, which is removed when the run is over. The user's is only read.

use super::call::{Caller, LIMIT};
use super::kubectl::Kubectl;
use super::pull::LOGIN;
use super::request::{Cluster, Target};
use std::fs;
use std::path::PathBuf;
use xtask_core::command::Command;
use xtask_core::error::Result;
use xtask_core::files::create_private;

/// An accessible namespace.
pub struct Access {
    /// The real kubectl, pointed at it.
    pub kubectl: Kubectl,
    /// Makes the calls.
    pub caller: Caller,
    kubeconfig: PathBuf,
}

impl Access {
    /// Creates a kubeconfig that only its owner can read.
    pub fn open(caller: Caller, target: &Target) -> Result<Self> {
        let kubeconfig = caller.directory.join("kubeconfig");
        let kubectl = Kubectl::new(caller.clone(), kubeconfig.clone(), target.namespace.clone());
        let access = Self { kubectl, caller, kubeconfig };
        match &target.cluster {
            Cluster::Eks { name, region, .. } => access.of_eks(name, region)?,
            Cluster::Context(context) => access.of_context(context)?,
        }
        Ok(access)
    }

    fn of_eks(&self, name: &str, region: &str) -> Result<()> {
        // aws adds to the file, so it is created first, with the right mode.
        create_private(&self.kubeconfig, "")?;
        let command = Command::new("aws", &self.caller.directory)
            .args(["eks", "update-kubeconfig", "--name", name, "--region", region, "--kubeconfig"])
            .arg(self.kubeconfig.to_string_lossy());
        let made = self.caller.call(&command, LIMIT).map(drop);
        made.map_err(|failure| failure.error(&format!("get a kubeconfig for the cluster {name} in {region}")))
    }

    fn of_context(&self, context: &str) -> Result<()> {
        let command = Command::new("kubectl", &self.caller.directory)
            .args(["config", "view", "--minify", "--flatten", "--raw", "--output=json"])
            .arg(format!("--context={context}"));
        let what = format!("read the context `{context}` of your kubeconfig");
        let answer = self.caller.call(&command, LIMIT).map_err(|failure| {
            let known = "`kubectl config get-contexts` lists the contexts of your kubeconfig";
            failure.error(&what).hint(known)
        })?;
        create_private(&self.kubeconfig, &answer)
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        // It holds credentials. After a SIGKILL it remains, readable by its owner only; the next run removes it.
        let _ = fs::remove_file(&self.kubeconfig);
        let _ = fs::remove_file(self.caller.directory.join(LOGIN));
        let _ = fs::remove_file(self.caller.directory.join("sent.json"));
        let _ = fs::remove_dir(&self.caller.directory);
    }
}
