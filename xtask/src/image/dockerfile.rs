//! The Dockerfile for all services: one stage that compiles them once, and a small final stage for each. Pure.
//!
//! Dependencies have a layer of their own: `skeleton/` holds the manifests and empty sources, so that it changes with
//! the lock file and not with the code. Needs `BuildKit`.

use super::spec::ImageSpec;
use crate::command::Command;
use std::fmt::Write as _;

/// The file in the folder that is made for the engine.
pub const FILE: &str = "Dockerfile";
/// The folder within it that the engine sees.
pub const CONTEXT: &str = "context";
/// What lies in the context: manifests with empty sources, the sources, and the certificates.
pub const SKELETON: &str = "skeleton";
/// See [`SKELETON`].
pub const SOURCES: &str = "sources";
/// See [`SKELETON`].
pub const CERTIFICATES: &str = "ca-certificates.crt";
/// The stage that holds all programs and nothing else, to be copied out.
pub const PROGRAMS: &str = "xtask-programs";

/// What the file is made from.
#[derive(Clone, Copy, Debug)]
pub struct Dockerfile<'a> {
    /// The image that compiles.
    pub toolchain: &'a str,
    /// The release build, as it would be typed at the root.
    pub build: &'a Command,
    /// Whether it names a target, whose folder the programs then lie in.
    pub names_target: bool,
    /// The members that are compiled: what the empty sources have left of them must not be taken for the real ones.
    pub members: &'a [String],
    /// What is in each image, and the names of its programs.
    pub images: &'a [(ImageSpec, Vec<String>)],
}

impl Dockerfile<'_> {
    /// The text of the file.
    pub fn render(&self) -> String {
        let mut out = String::from(
            "# Written by `cargo xtask docker`: changes here are lost. By hand, in this folder:\n\
             #   docker build --file Dockerfile --target SERVICE context\n",
        );
        line(&mut out, &format!("FROM {} AS xtask-builder", self.toolchain));
        line(&mut out, "ENV CARGO_HOME=/cargo CARGO_TARGET_DIR=/target");
        line(&mut out, "WORKDIR /build");
        line(&mut out, "\n# The dependencies: made again only when a manifest or the lock file has changed.");
        line(&mut out, &format!("COPY {SKELETON}/ ./"));
        run(&mut out, &[self.build.to_string(), self.forget()]);
        line(&mut out, "\n# All services in one go.");
        line(&mut out, &format!("COPY {SOURCES}/ ./"));
        run(&mut out, &[self.build.to_string(), "mkdir /programs".to_owned(), self.collect()]);
        line(&mut out, &format!("\nFROM scratch AS {PROGRAMS}"));
        line(&mut out, "COPY --from=xtask-builder /programs/ /");
        for (spec, programs) in self.images {
            final_stage(&mut out, spec, programs);
        }
        out
    }

    /// cargo goes by times, and the real sources may be older than what was built from the empty ones.
    fn forget(&self) -> String {
        let packages: Vec<String> = self.members.iter().map(|name| format!(" --package {name}")).collect();
        let target = if self.names_target { " --target host-tuple" } else { "" };
        format!("cargo clean --quiet --release{target}{}", packages.concat())
    }

    fn collect(&self) -> String {
        let folder = if self.names_target { "/target/*/release" } else { "/target/release" };
        let mut programs: Vec<&String> = self.images.iter().flat_map(|(_, programs)| programs).collect();
        programs.sort_unstable();
        programs.dedup();
        let programs: Vec<String> = programs.iter().map(|program| format!(" {folder}/{program}")).collect();
        format!("cp{} /programs/", programs.concat())
    }
}

/// Commands among which cargo runs: downloads are kept between builds, and a configuration that says how to reach a
/// registry may be given as a secret, so that no layer has it.
fn run(out: &mut String, commands: &[String]) {
    line(out, "RUN --mount=type=cache,target=/cargo/registry --mount=type=cache,target=/cargo/git \\");
    line(out, "    --mount=type=secret,id=cargo-config,target=/cargo/config.toml \\");
    line(out, &format!("    {}", commands.join(" \\\n    && ")));
}

/// The name of a service's final stage.
pub fn stage(service: &str) -> String {
    service.to_lowercase()
}

/// The image of a service: no shell, no loader, a user without rights.
fn final_stage(out: &mut String, spec: &ImageSpec, programs: &[String]) {
    use super::certificates::IN_IMAGES;
    use super::pack::PROGRAMS as FOLDER;
    line(out, &format!("\nFROM scratch AS {}", stage(&spec.service)));
    line(out, &format!("COPY {CERTIFICATES} {IN_IMAGES}"));
    let mut from: Vec<String> = programs.iter().map(|program| format!("/programs/{program}")).collect();
    from.sort_unstable();
    line(out, &format!("COPY --from=xtask-builder {} {FOLDER}/", from.join(" ")));
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
