//! `matrix`: the services of a stage, for workflows that run each in its own job.

use super::Session;
use crate::cli::{self, Command};
use crate::planner::matrix;
use std::fs::OpenOptions;
use std::io::Write as _;
use xtask_core::error::{Error, Exit, Result};

/// `cargo xtask matrix`.
pub(super) fn show(command: &Command, args: &cli::Matrix, session: &Session) -> Result<Exit> {
    let (workspace, settings) = session.resolve(command)?;
    for stage in &settings.only {
        let matrix = matrix::matrix(&workspace, &settings, &session.program.pipeline, stage)?.to_string();
        if let Some(name) = &args.github_output {
            set_output(name, &matrix, session)?;
        }
        session.printer.data(&matrix);
    }
    Ok(Exit::Ok)
}

/// Sets an output of the step that runs, as GitHub Actions reads it: a line `name=value`.
fn set_output(name: &str, value: &str, session: &Session) -> Result<()> {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !is_name {
        return Err(Error::usage(format!("set the output `{name}`: invalid name"))
            .hint("letters, digits, `_` and `-`, and a letter or `_` first"));
    }
    let Some(file) = session.environment.var("GITHUB_OUTPUT") else {
        return Err(Error::environment(format!("set the output `{name}`: GITHUB_OUTPUT is not set"))
            .hint("GitHub Actions sets it for every step; elsewhere leave out `--github-output`"));
    };
    // In one write: other programs of the step write to the same file.
    let append =
        || OpenOptions::new().create(true).append(true).open(file)?.write_all(format!("{name}={value}\n").as_bytes());
    append().map_err(|error| Error::environment(format!("write the output `{name}` to {file}")).because(error))
}
