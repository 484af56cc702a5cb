//! A separate machine for each test: a directory with stub tools, and the places that lead there.

use super::places::Places;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) struct Testbed {
    dir: tempfile::TempDir,
    pub(super) places: Places,
}

impl Testbed {
    /// A machine without any tool, and a checkout in which there was a run.
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let at = |name: &str| dir.path().join(name);
        for name in ["bin", "work/target/xtask", "home"] {
            fs::create_dir_all(at(name)).expect("a directory");
        }
        let places = Places {
            cache: at("cache"),
            scratch: at("work/target/xtask/install"),
            memory: at("work/target/xtask"),
            root: at("work"),
            path: at("bin").into(),
            home: Some(at("home")),
            vars: [].into(),
            unset: Vec::new(),
            system: at("system"),
            is_root: false,
            patience: Duration::from_secs(60),
        };
        Self { dir, places }
    }

    pub(super) fn at(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// A program at `below`, made of lines for the shell.
    pub(super) fn program(&self, below: &str, script: &str) -> PathBuf {
        let path = self.file(below, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("made executable");
        path
    }

    /// A program at `below` that prints one line.
    pub(super) fn says(&self, below: &str, line: &str) -> PathBuf {
        self.program(below, &format!("echo '{line}'"))
    }

    pub(super) fn file(&self, below: &str, content: &str) -> PathBuf {
        let path = self.at(below);
        fs::create_dir_all(path.parent().expect("below the directory")).expect("its directory");
        // A file of its own each time: a running program cannot be written to, but it can be replaced.
        fs::remove_file(&path).ok();
        fs::write(&path, content).expect("written");
        path
    }

    pub(super) fn link(&self, below: &str, to: &Path) -> PathBuf {
        let path = self.at(below);
        fs::create_dir_all(path.parent().expect("below the directory")).expect("its directory");
        symlink(to, &path).expect("a link");
        path
    }

    /// A toolchain with these programs in it, and a `rustc` on `PATH` that leads there.
    pub(super) fn toolchain(&self, llvm: &str, programs: &[(&str, &str)]) {
        let sysroot = self.at("toolchain");
        let rustc = format!(
            "case \"$1\" in -vV) printf 'rustc 1.95.0\\nhost: x-y-z\\nLLVM version: {llvm}\\n';; *) echo '{}';; esac",
            sysroot.display()
        );
        self.program("bin/rustc", &rustc);
        self.program("toolchain/bin/rustc", "");
        for (name, line) in programs {
            self.says(&format!("toolchain/bin/{name}"), line);
        }
    }
}
