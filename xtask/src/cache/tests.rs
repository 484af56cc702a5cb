use super::*;
use crate::command::Command;
use crate::outcome::TestCounts;
use crate::plan::StageId;
use crate::plan::task::Scope;
use std::path::Path;
use std::time::Duration;
use xshell::{Shell, cmd};

/// A checkout with two packages and a file of nobody's.
struct Checkout {
    dir: tempfile::TempDir,
}

impl Checkout {
    fn new() -> Self {
        let checkout = Self { dir: tempfile::tempdir().expect("a temporary folder") };
        for file in ["a/src/lib.rs", "a/Cargo.toml", "b/src/lib.rs", "Cargo.lock"] {
            checkout.write(file, "as it was");
        }
        checkout.git(&["init", "--quiet"]);
        checkout.git(&["add", "--all"]);
        checkout
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    fn git(&self, args: &[&str]) {
        let shell = Shell::new().expect("a shell");
        shell.change_dir(self.path());
        cmd!(shell, "git -c user.name=t -c user.email=t@example.org {args...}").quiet().run().expect("git does it");
    }

    fn cache(&self, how: Use) -> Cache {
        let packages = ["a", "b"].map(|name| (name.to_owned(), PathBuf::from(name))).into();
        let folder = self.path().join(".git/cache");
        Cache::new(folder, self.path().to_owned(), packages, BTreeMap::new(), how)
    }

    fn task(&self) -> Task {
        let command = Command::cargo(self.path()).args(["test", "--package", "a", "--doc"]);
        Task {
            cache: Some(Scope { packages: ["a".to_owned()].into() }),
            ..Task::new(&StageId::new("test-services"), "a-doc", command, Duration::from_secs(1))
        }
    }

    /// What the memory says in a new run.
    fn ask(&self) -> Result<Reading, Option<String>> {
        match self.cache(Use::Full).look_up(&self.task()) {
            Memory::Hit(reading) => Ok(*reading),
            Memory::Miss(why) => Err(why),
        }
    }

    fn remember(&self) {
        let cache = self.cache(Use::Full);
        cache.snapshot();
        cache.remember(&self.task(), "run-1", &passed()).expect("the folder can be written to");
    }
}

fn passed() -> Reading {
    Reading { tests: Some(TestCounts { passed: 3, failed: 0, ignored: 0 }), ..Reading::passed() }
}

#[test]
fn what_passed_with_the_same_inputs_is_remembered_with_its_proof() {
    let checkout = Checkout::new();
    assert_eq!(checkout.ask(), Err(None));
    checkout.remember();
    let reading = checkout.ask().expect("remembered");
    assert_eq!(reading.outcome, Outcome::Cached);
    assert_eq!(reading.because.as_deref(), Some("passed in run run-1 with the same inputs"));
    assert_eq!(reading.tests, passed().tests);
}

#[test]
fn what_it_may_read_brings_it_back_and_what_it_may_not_does_not() {
    let checkout = Checkout::new();
    checkout.remember();
    checkout.write("b/src/lib.rs", "another package's");
    assert!(checkout.ask().is_ok());
    let why = |what: &str| Err(Some(what.to_owned()));
    checkout.write("a/src/lib.rs", "changed");
    assert_eq!(checkout.ask(), why("a/src/lib.rs has changed"));
    checkout.write("a/src/lib.rs", "as it was");
    checkout.write("Cargo.lock", "changed");
    assert_eq!(checkout.ask(), why("Cargo.lock has changed"));
    checkout.write("Cargo.lock", "as it was");
    assert!(checkout.ask().is_ok());
    checkout.write("a/README.md", "new");
    assert_eq!(checkout.ask(), why("a/README.md is new"));
    std::fs::remove_file(checkout.path().join("a/README.md")).expect("removed");
    std::fs::remove_file(checkout.path().join("a/Cargo.toml")).expect("removed");
    assert_eq!(checkout.ask(), why("a/Cargo.toml is gone"));
}

#[test]
fn inputs_that_moved_meanwhile_are_not_remembered() {
    let checkout = Checkout::new();
    let cache = checkout.cache(Use::Full);
    cache.snapshot();
    checkout.write("a/src/lib.rs", "saved while the tests ran");
    cache.remember(&checkout.task(), "run-1", &passed()).expect("the folder can be written to");
    checkout.write("a/src/lib.rs", "as it was");
    assert_eq!(checkout.ask(), Err(None));
}

#[test]
fn only_what_passed_is_remembered_and_only_when_it_may_be() {
    let checkout = Checkout::new();
    let failed = Reading::because(Outcome::Failed, "1 test failed");
    checkout.cache(Use::Full).remember(&checkout.task(), "run-1", &failed).expect("the folder can be written to");
    assert_eq!(checkout.ask(), Err(None));
    checkout.cache(Use::None).remember(&checkout.task(), "run-1", &passed()).expect("the folder can be written to");
    assert_eq!(checkout.ask(), Err(None));
    checkout.cache(Use::Write).remember(&checkout.task(), "run-1", &passed()).expect("the folder can be written to");
    assert!(checkout.ask().is_ok());
    assert!(matches!(checkout.cache(Use::Write).look_up(&checkout.task()), Memory::Miss(None)), "--force runs it");
}

#[test]
fn a_damaged_entry_is_a_miss_with_its_reason_and_set_aside() {
    let checkout = Checkout::new();
    checkout.remember();
    let path = checkout.cache(Use::Full).path(&checkout.task());
    let whole = std::fs::read(&path).expect("it is there");
    for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).expect("written");
        let why = checkout.ask().expect_err("damaged").expect("it says why");
        assert!(why.starts_with("what was remembered cannot be used"), "{why}");
        assert!(!path.exists(), "set aside");
    }
}

#[test]
fn without_git_nothing_is_remembered() {
    let checkout = Checkout::new();
    std::fs::rename(checkout.path().join(".git"), checkout.path().join("git")).expect("renamed");
    checkout.cache(Use::Full).remember(&checkout.task(), "run-1", &passed()).expect("the folder can be written to");
    assert!(matches!(checkout.cache(Use::Full).look_up(&checkout.task()), Memory::Miss(None)));
}
