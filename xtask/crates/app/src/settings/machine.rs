//! What is settled by a look at the machine: the choices that were left to it. Behind this module none is open any more.

use super::image::ImageConfig;
use xtask_core::options::{BuilderChoice, EngineChoice};

/// What measures coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// cargo-llvm-cov.
    LlvmCov,
    /// cargo-tarpaulin with its LLVM engine.
    Tarpaulin,
}

/// What makes images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Builder {
    /// Docker: the services are compiled in a container.
    Docker(Docker),
    /// xtask itself, of what cargo has built on this machine.
    Oci,
}

/// How images are built with Docker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Docker {
    /// The client.
    pub program: String,
    /// The image with the toolchain.
    pub toolchain: String,
}

/// The machine, as far as choices are left to it. Nothing is looked for before it is asked for.
pub trait Machine {
    /// What can measure coverage here.
    fn engine(&self) -> Engine;
    /// The Docker client whose engine answers and can build.
    fn docker(&self) -> Option<String>;
    /// The version of Rust that the workspace is built with.
    fn release(&self) -> Option<String>;
}

/// A machine that is not looked at: for the stages and needs of a plan, which depend on no choice.
pub struct Unseen;

impl Machine for Unseen {
    fn engine(&self) -> Engine {
        Engine::LlvmCov
    }

    fn docker(&self) -> Option<String> {
        None
    }

    fn release(&self) -> Option<String> {
        None
    }
}

impl Engine {
    pub(super) fn of(choice: EngineChoice, machine: &dyn Machine) -> Self {
        match choice {
            EngineChoice::Auto => machine.engine(),
            EngineChoice::LlvmCov => Self::LlvmCov,
            EngineChoice::Tarpaulin => Self::Tarpaulin,
        }
    }
}

impl Builder {
    pub(super) fn of(choice: BuilderChoice, image: &ImageConfig, machine: &dyn Machine) -> Self {
        let program = match choice {
            BuilderChoice::Auto => machine.docker(),
            BuilderChoice::Docker => machine.docker().or_else(|| Some("docker".to_owned())),
            BuilderChoice::Oci => None,
        };
        let Some(program) = program else { return Self::Oci };
        let tag = || machine.release().map_or_else(|| "slim-bookworm".to_owned(), |it| format!("{it}-slim-bookworm"));
        let toolchain = image.toolchain.clone().unwrap_or_else(|| format!("rust:{}", tag()));
        Self::Docker(Docker { program, toolchain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::keys::IMAGE;
    use serde_json::{Value, json};
    use std::path::Path;
    use xtask_core::table::Table;
    use xtask_core::table::key::Form;

    /// A machine with a Docker that can build, or without, and with tarpaulin alone.
    struct Found(Option<&'static str>);

    impl Machine for Found {
        fn engine(&self) -> Engine {
            Engine::Tarpaulin
        }

        fn docker(&self) -> Option<String> {
            self.0.map(str::to_owned)
        }

        fn release(&self) -> Option<String> {
            Some("1.95.0".to_owned())
        }
    }

    #[test]
    fn the_machine_is_asked_only_where_the_choice_is_its_own() {
        assert_eq!(Engine::of(EngineChoice::Auto, &Found(None)), Engine::Tarpaulin);
        assert_eq!(Engine::of(EngineChoice::LlvmCov, &Found(None)), Engine::LlvmCov);
        assert_eq!(Engine::of(EngineChoice::Tarpaulin, &Unseen), Engine::Tarpaulin);
    }

    #[test]
    fn docker_makes_the_images_where_it_can_or_must() {
        #[track_caller]
        fn case(choice: BuilderChoice, config: &Value, machine: &dyn Machine, wanted: Option<(&str, &str)>) {
            let mut problems = Vec::new();
            let table = Table::new(Path::new("Cargo.toml"), "image", Form::Table(IMAGE), config, &mut problems);
            let image = ImageConfig::read(&table, Path::new("/w"), &mut problems);
            let docker = |(program, toolchain): (&str, &str)| {
                Builder::Docker(Docker { program: program.to_owned(), toolchain: toolchain.to_owned() })
            };
            assert_eq!(
                Builder::of(choice, &image, machine),
                wanted.map_or(Builder::Oci, docker),
                "{choice:?} {config}"
            );
        }
        let (none, there) = (json!({}), Found(Some("/opt/docker")));
        case(BuilderChoice::Auto, &none, &there, Some(("/opt/docker", "rust:1.95.0-slim-bookworm")));
        case(BuilderChoice::Auto, &none, &Found(None), None);
        case(BuilderChoice::Docker, &none, &Found(None), Some(("docker", "rust:1.95.0-slim-bookworm")));
        case(BuilderChoice::Docker, &none, &Unseen, Some(("docker", "rust:slim-bookworm")));
        case(BuilderChoice::Docker, &json!({ "toolchain": "rust:1" }), &there, Some(("/opt/docker", "rust:1")));
        case(BuilderChoice::Oci, &none, &there, None);
    }
}
