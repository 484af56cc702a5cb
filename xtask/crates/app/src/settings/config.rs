//! The settings in `[workspace.metadata.xtask]` and `[package.metadata.xtask]`, and their defaults.

use super::environments::{self, Environment};
use super::image::ImageConfig;
use super::keys;
use super::service::ServiceConfig;
use cargo_metadata::semver::Version;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use xtask_cargo::backing::Source;
use xtask_cargo::backing::spec::ServerSpec;
use xtask_cargo::readers::Waiver;
use xtask_core::error::{Error, Flaw, Result};
use xtask_core::ids::StageId;
use xtask_core::options::{Counted, EngineChoice, NotifyOn};
use xtask_core::outcome::Policy;
use xtask_core::pipeline::Definition;
use xtask_core::table::{Problems, Table};
use xtask_core::text;
use xtask_core::workspace::Workspace;

/// The configuration of a workspace.
#[derive(Clone, Debug)]
pub struct Config {
    /// Packages that the stages about packages leave out.
    pub exclude: BTreeSet<String>,
    /// The directory whose packages with a program are services, relative to the root.
    pub services_dir: String,
    /// The directory that new services are copies of, absolute.
    pub template: Option<PathBuf>,
    /// The name and the port in it, which those of a new service replace.
    pub template_words: (String, u16),
    /// The branch whose pushes are deployed.
    pub main_branch: String,
    /// How many run records are kept.
    pub keep_runs: usize,
    /// How long a whole run may take.
    pub timeout: Duration,
    /// The stages, the program's and those that the workspace adds.
    pub stages: Vec<StageConfig>,
    /// What measures coverage.
    pub engine: EngineChoice,
    /// Which tests count for coverage.
    pub coverage_tests: Counted,
    /// Percent of lines that the workspace must reach, where the configuration says so.
    pub coverage_minimum: Option<f64>,
    /// Percent of lines that single packages must reach.
    pub coverage_floors: BTreeMap<String, f64>,
    /// A copy of the advisory database, relative to the root.
    pub advisory_db: Option<PathBuf>,
    /// Findings that are accepted for a while.
    pub waivers: Vec<Waiver>,
    /// Where the servers of the integration tests come from.
    pub servers_from: Source,
    /// The servers that packages may need.
    pub servers: Vec<ServerSpec>,
    /// Whether integration tests get servers at all: an empty table `integration.servers` switches them off.
    pub starts_servers: bool,
    /// What the services have in common.
    pub service: ServiceConfig,
    /// How images are made.
    pub image: ImageConfig,
    /// Where services can be deployed to, by name.
    pub environments: Vec<Environment>,
    /// When receivers outside are notified of a run.
    pub notify_on: NotifyOn,
}

/// A stage as configured.
#[derive(Clone, Debug)]
pub struct StageConfig {
    /// Its definition, as the configuration and the command line change it.
    pub definition: Definition,
    /// The id that its definition had before: `deploy-staging` of `deploy-production`.
    pub kind: StageId,
    /// The command of a stage that the workspace adds; empty for the program's.
    pub command: Vec<String>,
}

impl Config {
    /// Reads the configuration of a workspace, in a program with these stages; all problems at once.
    pub fn read(workspace: &Workspace, now: SystemTime, built_in: &[Definition]) -> Result<Self> {
        let manifest = workspace.root.join("Cargo.toml");
        let mut problems = Problems::new();
        let p = &mut problems;
        let top = Table::new(&manifest, "workspace.metadata.xtask", keys::WORKSPACE, &workspace.metadata, p);
        refuse_older(&top, p)?;
        let exclude = known_packages(&top, workspace, p);
        let services_dir = top.string("services-dir", p).unwrap_or_default();
        let new_service = top.table("new-service", p);
        let template = new_service.string("template", p).map(|path| workspace.root.join(path));
        let name = new_service.text("name", p, text::is_dns_label).unwrap_or_default();
        let template_words = (name, new_service.integer("port", p).unwrap_or_default());
        new_service.finish(p);
        let main_branch = top.string("main-branch", p).unwrap_or_default();
        let keep_runs = top.integer("keep-runs", p).unwrap_or_default();
        let timeout = top.duration("timeout", p).unwrap_or_default();
        let coverage = top.table("coverage", p);
        let engine = coverage.word("engine", p).unwrap_or(EngineChoice::Auto);
        let coverage_tests = coverage.word("tests", p).unwrap_or(Counted::All);
        let coverage_minimum = coverage.percent("minimum", p);
        let coverage_floors = floors(&coverage, workspace, p);
        coverage.finish(p);
        let audit = top.table("audit", p);
        let advisory_db = audit.string("advisory-db", p).map(|path| workspace.root.join(path));
        let waivers = waivers(&audit, now, p);
        audit.finish(p);
        let integration = top.table("integration", p);
        let servers_from = integration.word("source", p).unwrap_or(Source::Auto);
        let own_servers = integration.table("servers", p);
        let servers = servers(&own_servers, p);
        integration.finish(p);
        let services = top.table("service", p);
        let service = ServiceConfig::read(&services, p);
        services.finish(p);
        let images = top.table("image", p);
        let image = ImageConfig::read(&images, &workspace.root, p);
        images.finish(p);
        let notify = top.table("notify", p);
        let notify_on = notify.word("on", p).unwrap_or(NotifyOn::Always);
        notify.finish(p);
        let stages = stage_table(&top, built_in, p);
        let environments = environments::read(&top, p);
        top.finish(p);
        packages(workspace, p);
        if problems.is_empty() {
            return Ok(Self {
                exclude,
                services_dir,
                template,
                template_words,
                main_branch,
                keep_runs,
                timeout,
                stages,
                engine,
                coverage_tests,
                coverage_minimum,
                coverage_floors,
                advisory_db,
                waivers,
                servers_from,
                servers,
                starts_servers: !own_servers.is_empty(),
                service,
                image,
                environments,
                notify_on,
            });
        }
        Err(invalid(problems).hint("docs/configuration.md lists every key with its default"))
    }

    /// The policy of each stage.
    pub fn policies(&self) -> BTreeMap<StageId, Policy> {
        let definitions = self.stages.iter().map(|stage| &stage.definition);
        definitions.map(|stage| (stage.id.clone(), stage.policy)).collect()
    }

    /// The stage of this id.
    pub fn stage(&self, id: &StageId) -> Option<&StageConfig> {
        self.stages.iter().find(|stage| stage.definition.id == *id)
    }
}

fn invalid(problems: Problems) -> Error {
    let listed: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let count = text::count(problems.len(), "problem");
    Error::usage(format!("read the configuration of xtask: {count}\n  {}", listed.join("\n  ")))
        .at(problems.into_iter().map(Flaw::from))
}

/// Refuses a configuration for newer versions of xtask. That is its only problem then: other keys may be valid there.
fn refuse_older(top: &Table<'_>, p: &mut Problems) -> Result<()> {
    let own = env!("CARGO_PKG_VERSION");
    let minimum = top.get("min-version", p, |value| Version::parse(value.as_str()?).ok());
    match minimum {
        Some(minimum) if Version::parse(own).is_ok_and(|own| own < minimum) => {
            let mut problem = Problems::new();
            let why = format!("requires xtask {minimum} or newer, and this is xtask {own}");
            top.complain(&mut problem, Some("min-version"), &why);
            Err(invalid(problem).hint("update this xtask, or run the workspace's own: `cargo xtask` in its directory"))
        }
        _ => Ok(()),
    }
}

fn known_packages(top: &Table<'_>, workspace: &Workspace, p: &mut Problems) -> BTreeSet<String> {
    let names: BTreeSet<String> = top.strings("exclude", p).unwrap_or_default().into_iter().collect();
    for name in &names {
        check_package(top, "exclude", name, workspace, p);
    }
    names
}

fn check_package(table: &Table<'_>, key: &str, name: &str, workspace: &Workspace, p: &mut Problems) {
    if workspace.package(name).is_none() {
        let near = text::nearest(name, workspace.packages.iter().map(|package| package.name.as_str()));
        let advice = near.first().map_or(String::new(), |near| format!(": did you mean `{near}`?"));
        table.complain(p, Some(key), &format!("names `{name}`, which is not a package of this workspace{advice}"));
    }
}

fn floors(coverage: &Table<'_>, workspace: &Workspace, p: &mut Problems) -> BTreeMap<String, f64> {
    let table = coverage.table("floors", p);
    let floors: BTreeMap<String, f64> = table.entries(p, Value::as_f64).into_iter().collect();
    for name in floors.keys() {
        check_package(&table, name, name, workspace, p);
    }
    floors
}

fn waivers(audit: &Table<'_>, now: SystemTime, p: &mut Problems) -> Vec<Waiver> {
    let today = humantime::format_rfc3339_seconds(now).to_string();
    let today = today.split('T').next().unwrap_or_default();
    let mut waivers = Vec::new();
    for table in audit.list("waivers", p) {
        let id = table.string("id", p);
        let reason = table.string("reason", p);
        let expires = table.text("expires", p, |day| humantime::parse_rfc3339(&format!("{day}T00:00:00Z")).is_ok());
        if let (Some(id), Some(reason), Some(expires)) = (&id, &reason, &expires) {
            let expired = expires.as_str() < today;
            waivers.push(Waiver { id: id.clone(), reason: reason.clone(), expires: expires.clone(), expired });
        } else {
            table.complain(p, None, "needs an `id`, a `reason` and the day it `expires`");
        }
        table.finish(p);
    }
    waivers
}

fn servers(own: &Table<'_>, p: &mut Problems) -> Vec<ServerSpec> {
    let mut specs = ServerSpec::defaults();
    for (name, value) in own.entries(p, Some) {
        if let Some(spec) = ServerSpec::read(&name, value, own, p) {
            specs.retain(|known| known.name != spec.name);
            specs.push(spec);
        }
    }
    specs
}

/// The stages: the program's as the configuration changes them, and the ones that it adds.
fn stage_table(top: &Table<'_>, built_in: &[Definition], p: &mut Problems) -> Vec<StageConfig> {
    let configured = |definition: Definition, command| StageConfig { kind: definition.id.clone(), definition, command };
    let mut stages: Vec<StageConfig> =
        built_in.iter().map(|definition| configured(definition.clone(), Vec::new())).collect();
    let entries = top.table("stages", p).tables(p);
    let ids = stages.iter().map(|stage| stage.definition.id.to_string());
    let known: BTreeSet<String> = ids.chain(entries.iter().map(|(name, _)| (*name).to_owned())).collect();
    for (name, entry) in entries {
        let is_built_in = built_in.iter().any(|definition| definition.id.as_str() == name);
        let entry = if is_built_in { entry.of(keys::STAGE) } else { entry };
        let policy = entry.get("policy", p, policy);
        let timeout = entry.duration("timeout", p);
        let limit = entry.integer("max-parallel", p);
        let known_stage = stages.iter_mut().find(|stage| stage.definition.id.as_str() == name);
        let changed = |mut definition: Definition| {
            definition.policy = policy.unwrap_or(definition.policy);
            definition.timeout = timeout.unwrap_or(definition.timeout);
            definition.max_parallel = limit.or(definition.max_parallel);
            definition
        };
        if let Some(stage) = known_stage {
            stage.definition = changed(stage.definition.clone());
        } else {
            let command = entry.strings("command", p).unwrap_or_default();
            let needs = entry.strings("needs", p).unwrap_or_default();
            for need in needs.iter().filter(|need| !known.contains(*need)) {
                let advice = match text::nearest(need, known.iter().map(String::as_str)).first() {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the stages are {}", text::list(&known)),
                };
                entry.complain(p, Some("needs"), &format!("names `{need}`, which is not a stage: {advice}"));
            }
            if command.is_empty() {
                let near = text::nearest(name, built_in.iter().map(|stage| stage.id.as_str()));
                let advice = near.first().map_or(String::new(), |near| format!(", or did you mean `{near}`?"));
                entry.complain(p, None, &format!("is not a built-in stage, so it needs a `command`{advice}"));
            }
            if !is_name(name) {
                entry.complain(p, None, "is not a valid stage name: use letters, digits and dashes");
            }
            let needs = needs.iter().map(|need| StageId::new(need)).collect();
            stages.push(configured(changed(Definition { needs, ..Definition::new(name) }), command));
        }
        entry.finish(p);
    }
    stages
}

fn policy(value: &Value) -> Option<Policy> {
    serde_json::from_value(value.clone()).ok()
}

/// Whether `name` is safe in a path, an id and an argument, without being mistaken for something else.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Checks `[package.metadata.xtask]` of every package. The meaning of a service's facts is up to the stages that read
/// them; here they only must be facts that exist.
fn packages(workspace: &Workspace, p: &mut Problems) {
    for package in &workspace.packages {
        let path = "package.metadata.xtask";
        let table = Table::new(&package.manifest, path, keys::PACKAGE, &package.metadata, p);
        let service = table.table("service", p);
        service.integer::<u16>("port", p);
        service.strings("needs", p);
        service.integer::<u32>("replicas", p);
        service.flag("image", p);
        service.finish(p);
        table.finish(p);
    }
}
