//! The directory that an engine builds from: the Dockerfile, next to it all that the build may see, and nothing else.
//!
//! So the engine is sent kilobytes however large the workspace is, and its cache is as good as its input is small.

use super::certificates;
use super::dockerfile::{CERTIFICATES, CONTEXT, FILE, SKELETON, SOURCES};
use super::spec::BuildContext;
use std::fs;
use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Exit, Result};

/// The files that cargo reads at the root besides the manifests: they are copied if they exist.
const AT_ROOT: [&str; 3] = ["Cargo.lock", ".cargo/config.toml", ".cargo/config"];

/// Files that are never sources. The toolchain is the image's own, whatever the workspace pins for the machine.
const NO_SOURCES: [&str; 3] = [".git", "rust-toolchain", "rust-toolchain.toml"];

/// An empty source: it compiles as a library, as a program, and under lints that require documentation.
const STUB: &str = "//! Empty.\n#[allow(dead_code)]\nfn main() {}\n";

/// Creates the directory.
///
/// An error that ends with [`Exit::Gate`] says that the workspace cannot be built from its own files.
pub fn write(context: &BuildContext) -> Result<()> {
    if !context.depends_outside.is_empty() {
        let names = xtask_core::text::list(context.depends_outside.iter().map(|name| format!("`{name}`")));
        return Err(Error::new(
            Exit::Gate,
            format!("build in a container: {names} needs a directory outside of the workspace"),
        )
        .hint("make it a member, or build without an engine: `--builder oci`"));
    }
    let bundle = certificates::read(context.ca_bundle.as_deref(), Path::new("/"))?;
    let seen = context.directory.join(CONTEXT);
    remove(&context.directory)?;
    let skeleton = seen.join(SKELETON);
    for stub in &context.stubs {
        put(&skeleton.join(stub), STUB.as_bytes())?;
    }
    let at_root = AT_ROOT.map(PathBuf::from).into_iter().filter(|file| context.root.join(file).is_file());
    for file in context.manifests.iter().cloned().chain(at_root) {
        copy_file(&context.root.join(&file), &skeleton.join(&file))?;
    }
    fs::create_dir_all(seen.join(SOURCES)).map_err(|error| failed("create", &seen, &error))?;
    for source in &context.sources {
        let from = context.root.join(source);
        copy(context, &from, &seen.join(SOURCES).join(source))?;
    }
    put(&seen.join(CERTIFICATES), &bundle)?;
    put(&context.directory.join(FILE), context.dockerfile.as_bytes())
}

/// Copies a file, or a directory with all its contents.
fn copy(context: &BuildContext, from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return copy_file(from, to);
    }
    for entry in fs::read_dir(from).map_err(|error| failed("read", from, &error))? {
        let entry = entry.map_err(|error| failed("read", from, &error))?;
        let path = entry.path();
        let no_source = NO_SOURCES.iter().any(|name| entry.file_name() == *name) || path == context.target_dir;
        // A link to a directory may lead back here; a dangling one leads nowhere.
        let leads_to_no_file = entry.file_type().is_ok_and(|kind| kind.is_symlink()) && !path.is_file();
        if !no_source && !leads_to_no_file {
            copy(context, &path, &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    if let Some(directory) = to.parent() {
        fs::create_dir_all(directory).map_err(|error| failed("create", directory, &error))?;
    }
    fs::copy(from, to).map(drop).map_err(|error| failed("copy", from, &error))
}

fn put(file: &Path, content: &[u8]) -> Result<()> {
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory).map_err(|error| failed("create", directory, &error))?;
    }
    fs::write(file, content).map_err(|error| failed("write", file, &error))
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", directory, &error)),
        _ => Ok(()),
    }
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::environment(format!("{what} {}", path.display()))
        .because(error)
        .hint("an engine builds from a copy of the sources in the target directory: check its room and rights")
}
