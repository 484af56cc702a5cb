//! The client commands of a server: checking whether it is ready, and creating and dropping a service's database.
//!
//! The password is passed in the environment. A container uses its image's own client, so that the machine needs none.

use super::context::Context;
use super::find;
use super::place::Place;
use super::spec::ServerSpec;
use super::template::Template;
use std::path::PathBuf;
use std::time::Duration;
use xtask_core::command::Command;
use xtask_core::error::Result;

/// How long a client command may take.
const LIMIT: Duration = Duration::from_secs(30);

/// How to reach a server.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// Its place as the tests see it.
    pub(super) outside: Place,
    /// Where its client programs are.
    pub(super) within: Within,
}

/// Where client programs run.
#[derive(Clone, Debug)]
pub(super) enum Within {
    /// On this machine; a client next to the server's own program is preferred.
    Machine(Option<PathBuf>),
    /// In the server's container, where the server has a different address.
    Container {
        /// The container.
        name: String,
        /// The server's place as seen from inside.
        inside: Box<Place>,
    },
}

impl Client {
    /// Whether the server speaks its protocol without TLS, so that a few bytes can be exchanged with it.
    pub(super) fn is_plain(&self) -> bool {
        self.outside.url.as_ref().is_none_or(|url| url.scheme() != "rediss")
    }

    /// Runs a client command; returns why it failed, with passwords redacted.
    ///
    /// # Errors
    ///
    /// When the run is being stopped.
    pub(super) fn run(
        &self,
        context: &Context,
        spec: &ServerSpec,
        words: &[Template],
        database: &str,
    ) -> Result<Result<(), String>> {
        let Some(command) = self.command(context, spec, words, database) else {
            let program = words.first().map(|word| self.outside.fill(word, database)).unwrap_or_default();
            return Ok(Err(format!("`{program}` is neither on PATH nor beside the server")));
        };
        let ran = match context.run(&command, None, LIMIT) {
            Ok(ran) => ran,
            Err(error) => {
                context.check()?;
                return Ok(Err(self.outside.hide(&error.to_string())));
            }
        };
        Ok(if ran.success { Ok(()) } else { Err(self.outside.hide(&ran.complaint())) })
    }

    /// The command line; `None` when there is no such program.
    fn command(&self, context: &Context, spec: &ServerSpec, words: &[Template], database: &str) -> Option<Command> {
        match &self.within {
            Within::Machine(beside) => {
                let words = self.outside.fill_all(words, database);
                let (program, args) = words.split_first()?;
                let folders = spec.local.as_ref().map(|local| local.folders.as_slice()).unwrap_or_default();
                let program = find::client(program, beside.as_deref(), &context.request.path, folders)?;
                let mut command = Command::new(program.to_string_lossy(), "/").args(args.iter().cloned());
                command.env = self.outside.fill_env(&spec.client_env);
                Some(command)
            }
            Within::Container { name, inside } => {
                let mut env = inside.fill_env(&spec.client_env);
                env.retain(|_, value| !value.is_empty());
                let passed = env.keys().flat_map(|key| ["--env".to_owned(), key.clone()]);
                let mut command = context.docker()?.arg("exec").args(passed.collect::<Vec<_>>()).arg(name);
                command = command.args(inside.fill_all(words, database));
                command.env.extend(env);
                Some(command)
            }
        }
    }
}
