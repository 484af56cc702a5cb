//! Options of single stages that several commands take.

use super::STAGE;
use xtask_cargo::backing::Source;
use xtask_core::options::{BuilderChoice, EngineChoice};
use xtask_core::registry::{self, Registry};

use clap::Args;
use std::path::PathBuf;

/// Options of single stages that `ci` and `plan` take as well.
#[derive(Args, Clone, Debug, Default)]
pub struct StageOptions {
    #[command(flatten)]
    pub engine: EngineOption,
    #[command(flatten)]
    pub database: DatabaseOption,
    #[command(flatten)]
    pub servers: ServersOption,
    #[command(flatten)]
    pub builder: BuilderOption,
    #[command(flatten)]
    pub registry: RegistryOption,
}

#[derive(Args, Clone, Debug, Default)]
pub struct EngineOption {
    /// Choose the coverage tool [default: as configured, else auto]
    #[arg(long, value_name = "ENGINE", env = "XTASK_COVERAGE_ENGINE", hide_env_values = true, help_heading = STAGE)]
    pub engine: Option<EngineChoice>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct DatabaseOption {
    /// Use a copy of the RustSec advisory database [default: as configured, else fetch the latest]
    #[arg(long, value_name = "DIR", env = "XTASK_ADVISORY_DB", hide_env_values = true, help_heading = STAGE)]
    pub advisory_db: Option<PathBuf>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct ServersOption {
    /// Choose where the tests' servers come from [default: as configured, else auto]
    #[arg(long, value_name = "SOURCE", env = "XTASK_SERVERS", hide_env_values = true, help_heading = STAGE)]
    pub servers: Option<Source>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct BuilderOption {
    /// Choose what builds images [default: as configured, else auto]
    #[arg(long, value_name = "BUILDER", env = "XTASK_BUILDER", hide_env_values = true, help_heading = STAGE)]
    pub builder: Option<BuilderChoice>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct RegistryOption {
    /// Push images to this registry, such as `registry.example.org/shop` [default: as configured]
    #[arg(long, value_name = "REGISTRY", env = "XTASK_REGISTRY", hide_env_values = true, help_heading = STAGE)]
    #[arg(value_parser = parse_registry)]
    pub registry: Option<Registry>,
}

fn parse_registry(text: &str) -> Result<Registry, String> {
    let login =
        registry::login_in(text).map(|_| format!("; set {} and {} for a login", registry::USER, registry::PASSWORD));
    Registry::parse(text).ok_or_else(|| format!("it must be {}{}", registry::FORM, login.unwrap_or_default()))
}
