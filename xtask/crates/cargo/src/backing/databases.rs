//! The databases of the services: created once a server is up, and dropped where the server outlives the run.

use super::clean;
use super::client::Client;
use super::context::Context;
use super::scratch::Ledger;
use super::spec::ServerSpec;
use super::{Running, Up, names};
use std::time::{Duration, Instant};
use xtask_core::error::{Error, Result};

/// How long it may take to drop the databases of a server: one that is gone answers for none of them.
const DROP_LIMIT: Duration = Duration::from_secs(15);

/// Creates a database for each service in the server that came up last. Where they would outlive a killed run, they are
/// recorded first.
pub(super) fn make(context: &Context, all: &mut [Up]) -> Result<()> {
    let Some(up) = all.last_mut() else { return Ok(()) };
    let services = &context.request.services;
    up.databases = services.iter().map(|service| names::database(context.scratch.token(), service)).collect();
    let (spec, client) = (up.spec.clone(), up.client.clone());
    let databases = up.databases.clone();
    if matches!(up.running, Running::Given) {
        clean::drop_abandoned(context, &spec, &client);
        context.scratch.note_databases(&ledgers(all))?;
    }
    if spec.create.is_empty() {
        return Ok(());
    }
    services
        .iter()
        .zip(&databases)
        .try_for_each(|(service, database)| make_one(context, (&spec, &client), service, database))
}

fn make_one(context: &Context, (spec, client): (&ServerSpec, &Client), service: &str, database: &str) -> Result<()> {
    client.run(context, spec, &spec.create, database)?.map_err(|why| {
        Error::environment(format!("make the database of {service} in {}", spec.title))
            .detail(why)
            .hint(format!("its user must be allowed to make databases at {}", client.outside.address()))
    })
}

/// Drops the databases of a given server; those that could not be dropped stay on the list.
pub(super) fn drop_all(context: &Context, up: &mut Up, left: &mut Vec<String>) {
    if up.spec.drop.is_empty() {
        up.databases.clear();
    }
    let (spec, client) = (&up.spec, &up.client);
    let started = Instant::now();
    up.databases.retain(|database| {
        let dropped = if started.elapsed() < DROP_LIMIT {
            client.run(context, spec, &spec.drop, database)
        } else {
            Ok(Err("there was no time left".to_owned()))
        };
        let why = dropped.map_err(|error| error.to_string()).and_then(|dropped| dropped).err();
        let name = || format!("the database {database} at {}", client.outside.address());
        left.extend(why.iter().map(|why| format!("{}: {why}", name())));
        why.is_some()
    });
}

/// The databases created in other people's servers.
pub(super) fn ledgers(up: &[Up]) -> Vec<Ledger> {
    let given = up.iter().filter(|up| matches!(up.running, Running::Given) && !up.spec.drop.is_empty());
    given
        .filter(|up| !up.databases.is_empty())
        .map(|up| Ledger {
            server: up.spec.name.clone(),
            address: clean::ledger_address(&up.client),
            databases: up.databases.clone(),
        })
        .collect()
}
