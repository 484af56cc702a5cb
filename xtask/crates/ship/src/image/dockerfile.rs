//! The Dockerfile for all services: one stage that compiles them once, and a small final stage for each. Pure.
//!
//! Dependencies have a layer of their own: `skeleton/` holds the manifests and empty sources, so that it changes with
//! the lock file and not with the code. Needs `BuildKit`.

use super::spec::ImageSpec;
use std::fmt::Write as _;
use xtask_core::command::Command;

/// The Dockerfile in the directory that is created for the engine.
pub const FILE: &str = "Dockerfile";
/// The directory within it that the engine sees.
pub const CONTEXT: &str = "context";
/// The contents of the context: manifests with empty sources, the sources, and the certificates.
pub const SKELETON: &str = "skeleton";
/// See [`SKELETON`].
pub const SOURCES: &str = "sources";
/// See [`SKELETON`].
pub const CERTIFICATES: &str = "ca-certificates.crt";
/// The stage that holds all programs and nothing else, to copy them out.
pub const PROGRAMS: &str = "xtask-programs";

/// Where cargo builds in the container.
pub const TARGET: &str = "/target";

/// An image, and where its programs come from.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its contents.
    pub spec: ImageSpec,
    /// The names of its programs.
    pub programs: Vec<String>,
    /// The target directory in the container that they are built in.
    pub target: String,
}

/// The input of the file.
#[derive(Clone, Copy, Debug)]
pub struct Dockerfile<'a> {
    /// The image to compile in.
    pub toolchain: &'a str,
    /// The release builds, as they would be typed at the root.
    pub builds: &'a [Command],
    /// Whether they name a target: cargo then puts the programs in that target's directory.
    pub names_target: bool,
    /// The members that are compiled: artifacts left by their empty sources must not be taken for the real ones.
    pub members: &'a [String],
    /// The images.
    pub images: &'a [Built],
}

impl Dockerfile<'_> {
    /// The text of the file.
    pub fn render(&self) -> String {
        let mut out = String::from(
            "# Written by `cargo xtask docker`: changes here are lost. By hand, in this directory:\n\
             #   docker build --file Dockerfile --target SERVICE context\n",
        );
        line(&mut out, &format!("FROM {} AS xtask-builder", self.toolchain));
        line(&mut out, &format!("ENV CARGO_HOME=/cargo CARGO_TARGET_DIR={TARGET}"));
        line(&mut out, "WORKDIR /build");
        line(&mut out, "\n# The dependencies: made again only when a manifest or the lock file has changed.");
        line(&mut out, &format!("COPY {SKELETON}/ ./"));
        let builds = || self.builds.iter().map(Command::to_string);
        run(&mut out, &builds().chain([self.forget()]).collect::<Vec<_>>());
        line(&mut out, "\n# All services in one go.");
        line(&mut out, &format!("COPY {SOURCES}/ ./"));
        run(&mut out, &builds().chain(self.collect()).collect::<Vec<_>>());
        line(&mut out, &format!("\nFROM scratch AS {PROGRAMS}"));
        line(&mut out, "COPY --from=xtask-builder /programs/ /");
        for image in self.images {
            final_stage(&mut out, &image.spec);
        }
        out
    }

    /// cargo compares timestamps, and the real sources may be older than the artifacts of the empty ones.
    fn forget(&self) -> String {
        let packages: Vec<String> = self.members.iter().map(|name| format!(" --package {name}")).collect();
        let target = if self.names_target { " --target host-tuple" } else { "" };
        format!("cargo clean --quiet --release{target}{}", packages.concat())
    }

    /// Puts the programs of each service into a separate directory: two services may have one of the same name.
    fn collect(&self) -> impl Iterator<Item = String> {
        self.images.iter().map(|image| {
            let directory = if self.names_target { "*/release" } else { "release" };
            let programs = sorted(&image.programs);
            let programs: Vec<String> =
                programs.iter().map(|program| format!(" {}/{directory}/{program}", image.target)).collect();
            let to = format!("/programs/{}", stage(&image.spec.service));
            format!("mkdir -p {to} && cp{} {to}/", programs.concat())
        })
    }
}

fn sorted(names: &[String]) -> Vec<&String> {
    let mut names: Vec<&String> = names.iter().collect();
    names.sort_unstable();
    names
}

/// Commands that run cargo: downloads are kept between builds, and a configuration for access to a registry may be
/// passed as a secret, so that no layer contains it.
fn run(out: &mut String, commands: &[String]) {
    line(out, "RUN --mount=type=cache,target=/cargo/registry --mount=type=cache,target=/cargo/git \\");
    line(out, "    --mount=type=secret,id=cargo-config,target=/cargo/config.toml \\");
    line(out, &format!("    {}", commands.join(" \\\n    && ")));
}

/// The name of a service's final stage.
pub fn stage(service: &str) -> String {
    service.to_lowercase()
}

/// The image of a service: no shell, no loader, an unprivileged user.
fn final_stage(out: &mut String, spec: &ImageSpec) {
    use super::certificates::IN_IMAGES;
    use super::pack::PROGRAMS as FOLDER;
    line(out, &format!("\nFROM scratch AS {}", stage(&spec.service)));
    line(out, &format!("COPY {CERTIFICATES} {IN_IMAGES}"));
    line(out, &format!("COPY --from=xtask-builder /programs/{}/ {FOLDER}/", stage(&spec.service)));
    for (name, value) in &spec.env {
        line(out, &format!("ENV {name}={}", quoted(value)));
    }
    for (name, value) in &spec.labels {
        line(out, &format!("LABEL {name}={}", quoted(value)));
    }
    if let Some(port) = spec.port {
        line(out, &format!("EXPOSE {port}"));
    }
    line(out, &format!("USER {}", spec.user));
    let program = serde_json::json!([format!("{FOLDER}/{}", spec.program)]);
    line(out, &format!("ENTRYPOINT {program}"));
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a String takes all");
}

/// A value in double quotes; a line end would end the instruction.
fn quoted(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' | '$' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests;
