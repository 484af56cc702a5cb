//! The template of a workspace: a directory with a whole package, which every new service is copied from.
//!
//! Three words in it are replaced, in its files and in their paths: its name, the same as an identifier, and its port.
//! They do not occur by chance, so there is no syntax to learn and nothing to escape.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Result};

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path within the package.
    pub path: PathBuf,
    /// Its contents.
    pub bytes: Vec<u8>,
    /// Its permissions, as `chmod` takes them.
    pub mode: u32,
}

/// Reads every file of the template at `directory`, in the order of their paths.
///
/// Links are refused: one that leads out of the template would mean something else in a copy.
pub fn read(directory: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    collect(directory, Path::new(""), &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(root: &Path, below: &Path, files: &mut Vec<File>) -> Result<()> {
    let directory = root.join(below);
    let failed =
        |path: &Path, error| Error::environment(format!("read the template {}", path.display())).because(error);
    for entry in fs::read_dir(&directory).map_err(|error| failed(&directory, error))? {
        let entry = entry.map_err(|error| failed(&directory, error))?;
        let path = below.join(entry.file_name());
        let from = root.join(&path);
        let metadata = entry.metadata().map_err(|error| failed(&from, error))?;
        if metadata.is_dir() {
            collect(root, &path, files)?;
        } else if metadata.is_file() {
            let bytes = fs::read(&from).map_err(|error| failed(&from, error))?;
            files.push(File { path, bytes, mode: metadata.permissions().mode() & 0o777 });
        } else {
            return Err(Error::usage(format!(
                "read the template {}: it is neither a file nor a directory",
                from.display()
            ))
            .hint("a template holds files and directories only"));
        }
    }
    Ok(())
}

/// The files of a service of this name and port, `to`, in place of the template's, `from`. Files that are not text stay as
/// they are.
pub fn fill(template: Vec<File>, from: (&str, u16), to: (&str, u16)) -> Vec<File> {
    let crate_name = |(name, _): (&str, u16)| name.replace('-', "_");
    let fill = |text: &str| {
        let text = text.replace(from.0, to.0).replace(&crate_name(from), &crate_name(to));
        text.replace(&from.1.to_string(), &to.1.to_string())
    };
    let filled = template.into_iter().map(|file| File {
        path: file.path.to_str().map(&fill).map_or_else(|| file.path.clone(), PathBuf::from),
        bytes: std::str::from_utf8(&file.bytes).map(|text| fill(text).into_bytes()).unwrap_or(file.bytes),
        mode: file.mode,
    });
    filled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ports_are_replaced_everywhere_and_other_bytes_stay() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let write = |path: &str, bytes: &[u8]| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().expect("it lies in the directory")).expect("made");
            fs::write(path, bytes).expect("written");
        };
        write("src/main.rs", b"template_service::run(59999); // template-service, a template");
        write("deploy/template-service.yaml", b"port: 59999");
        write("logo.png", b"\xff template-service");
        let script = dir.path().join("deploy/up");
        write("deploy/up", b"");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o750)).expect("set");
        let files =
            fill(read(dir.path()).expect("a template"), ("template-service", 59_999), ("user-profile-service", 8093));
        let shown: Vec<(&str, &[u8])> =
            files.iter().map(|file| (file.path.to_str().expect("a text"), file.bytes.as_slice())).collect();
        assert_eq!(
            shown,
            [
                ("deploy/user-profile-service.yaml", b"port: 8093".as_slice()),
                ("deploy/up", b""),
                ("logo.png", b"\xff template-service"),
                ("src/main.rs", b"user_profile_service::run(8093); // user-profile-service, a template"),
            ]
        );
        assert_eq!(files[1].mode, 0o750);
    }

    #[test]
    fn a_link_and_a_missing_folder_are_refused_with_their_path() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::os::unix::fs::symlink("/etc", dir.path().join("link")).expect("made");
        let error = read(dir.path()).expect_err("a link").to_string();
        assert!(error.contains("/link: it is neither a file nor a directory"), "{error}");
        let error = read(&dir.path().join("missing")).expect_err("not there").to_string();
        assert!(error.contains("/missing"), "{error}");
    }
}
