use super::*;
use crate::plan::task::Scope;
use std::path::Path;
use std::time::Duration;
use xshell::{Shell, cmd};
use xtask_core::command::Command;
use xtask_core::ids::StageId;
use xtask_core::outcome::TestCounts;

const MANIFEST: &str = "workspace.members = ['a', 'b']\nworkspace.metadata.xtask.coverage.minimum = 50\n";
const LOCK: &str = r#"
[[package]]
name = "a"
version = "0.1.0"
dependencies = ["used"]
[[package]]
name = "used"
version = "1.47.1"
source = "registry+index"
[[package]]
name = "b"
version = "0.1.0"
dependencies = ["unrelated"]
[[package]]
name = "unrelated"
version = "2.0.0"
source = "registry+index"
"#;

/// A checkout with two packages and a file that belongs to neither.
struct Checkout {
    dir: tempfile::TempDir,
}

impl Checkout {
    fn new() -> Self {
        let checkout = Self { dir: tempfile::tempdir().expect("a temporary directory") };
        for file in ["a/src/lib.rs", "a/Cargo.toml", "b/src/lib.rs", "b/Cargo.toml", "deny.toml"] {
            checkout.write(file, "as it was");
        }
        checkout.write("Cargo.lock", LOCK);
        checkout.write("Cargo.toml", MANIFEST);
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
        let package = |name: &str| (name.to_owned(), Package { dir: name.into(), unseen: None });
        let packages = ["a", "b"].map(package).into();
        let configuration = vec![self.path().join("home.toml")];
        let place = super::Checkout { root: self.path().to_owned(), packages, configuration, unset: Vec::new() };
        Cache::new(self.path().join(".git/cache"), place, BTreeMap::new(), how)
    }

    fn task(&self) -> Task {
        let command = Command::cargo(self.path()).args(["test", "--package", "a", "--doc"]);
        Task {
            cache: Some(Scope { packages: ["a".to_owned()].into(), named: ["a".to_owned()].into() }),
            ..Task::new(&StageId::new("test-services"), "a-doc", command, Duration::from_secs(1))
        }
    }

    /// The result of a cache lookup in a new run.
    fn ask(&self) -> Result<Reading, Option<String>> {
        match self.cache(Use::Full).look_up(&self.task()) {
            Memory::Hit(reading) => Ok(*reading),
            Memory::Miss(why) => Err(why),
        }
    }

    fn remember(&self) {
        let cache = self.cache(Use::Full);
        cache.snapshot();
        cache.remember(&self.task(), "run-1", &passed()).expect("the directory can be written to");
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
    assert_eq!(checkout.ask(), why("a/src/lib.rs changed"));
    checkout.write("a/src/lib.rs", "as it was");
    checkout.write("deny.toml", "changed");
    assert_eq!(checkout.ask(), why("deny.toml changed"));
    checkout.write("deny.toml", "as it was");
    assert!(checkout.ask().is_ok());
    checkout.write("a/README.md", "new");
    assert_eq!(checkout.ask(), why("a/README.md is new"));
    std::fs::remove_file(checkout.path().join("a/README.md")).expect("removed");
    std::fs::remove_file(checkout.path().join("a/Cargo.toml")).expect("removed");
    assert_eq!(checkout.ask(), why("a/Cargo.toml was deleted"));
}

#[test]
fn of_the_lock_file_and_the_root_manifest_only_what_reaches_it_counts() {
    #[track_caller]
    fn case(file: &str, (text, from, to): (&str, &str, &str), wanted: Option<&str>) {
        let checkout = Checkout::new();
        checkout.remember();
        assert!(checkout.ask().is_ok());
        assert!(text.contains(from));
        checkout.write(file, &text.replace(from, to));
        assert_eq!(checkout.ask().err().flatten().as_deref(), wanted, "{from} → {to}");
    }
    case("Cargo.lock", (LOCK, "1.47.1", "1.48.0"), Some("locked used 1.47.1 → 1.48.0"));
    case("Cargo.lock", (LOCK, "2.0.0", "2.1.0"), None);
    case("Cargo.lock", (LOCK, "[\"used\"]", "[]"), Some("the lock entry of a 0.1.0 changed (and 1 more)"));
    case("Cargo.toml", (MANIFEST, "50", "60"), None);
    case("Cargo.toml", (MANIFEST, "\n", "\n# A comment.\n"), None);
    let profile = "50\nprofile.dev.debug = 1";
    case("Cargo.toml", (MANIFEST, "50", profile), Some("`profile` in the root manifest is new"));
    case("Cargo.toml", (MANIFEST, ", 'b'", ""), Some("`workspace.members` in the root manifest changed"));
}

#[test]
fn the_manifests_of_all_that_are_built_together_count() {
    let checkout = Checkout::new();
    let named = Scope { packages: ["a".to_owned()].into(), named: ["a", "b"].map(str::to_owned).into() };
    let task = Task { cache: Some(named), ..checkout.task() };
    let cache = checkout.cache(Use::Full);
    cache.snapshot();
    cache.remember(&task, "run-1", &passed()).expect("the directory can be written to");
    let ask = || match checkout.cache(Use::Full).look_up(&task) {
        Memory::Hit(_) => None,
        Memory::Miss(why) => why,
    };
    checkout.write("b/src/lib.rs", "another package's");
    assert_eq!(ask(), None);
    checkout.write("b/Cargo.toml", "another feature of a common dependency");
    assert_eq!(ask().as_deref(), Some("b/Cargo.toml changed"));
}

#[test]
fn inputs_that_moved_meanwhile_are_not_remembered() {
    let checkout = Checkout::new();
    let cache = checkout.cache(Use::Full);
    cache.snapshot();
    checkout.write("a/src/lib.rs", "saved while the tests ran");
    cache.remember(&checkout.task(), "run-1", &passed()).expect("the directory can be written to");
    checkout.write("a/src/lib.rs", "as it was");
    assert_eq!(checkout.ask(), Err(None));
}

#[test]
fn only_what_passed_is_remembered_and_only_when_it_may_be() {
    let checkout = Checkout::new();
    let failed = Reading::because(Outcome::Failed, "1 test failed");
    checkout.cache(Use::Full).remember(&checkout.task(), "run-1", &failed).expect("the directory can be written to");
    assert_eq!(checkout.ask(), Err(None));
    checkout.cache(Use::None).remember(&checkout.task(), "run-1", &passed()).expect("the directory can be written to");
    assert_eq!(checkout.ask(), Err(None));
    checkout.cache(Use::Write).remember(&checkout.task(), "run-1", &passed()).expect("the directory can be written to");
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
        assert!(why.starts_with("the cached result cannot be used"), "{why}");
        assert!(!path.exists(), "set aside");
    }
}

#[test]
fn without_git_nothing_is_remembered() {
    let checkout = Checkout::new();
    std::fs::rename(checkout.path().join(".git"), checkout.path().join("git")).expect("renamed");
    checkout.cache(Use::Full).remember(&checkout.task(), "run-1", &passed()).expect("the directory can be written to");
    let why = checkout.ask().expect_err("nothing is remembered").expect("it says why");
    assert!(why.starts_with("`git -c core.fsmonitor=false") && why.contains("not a git repository"), "{why}");
}

/// Requires that the passing result is not reused after `change`, nor any result that passes after it.
#[track_caller]
fn forgets(change: impl Fn(&Checkout), why: &str) {
    let checkout = Checkout::new();
    checkout.remember();
    assert!(checkout.ask().is_ok());
    change(&checkout);
    assert_eq!(checkout.ask(), Err(Some(why.to_owned())));
    checkout.remember();
    assert_eq!(checkout.ask(), Err(Some(why.to_owned())));
}

#[test]
fn files_that_git_does_not_compare_are_not_remembered() {
    let set = "git is set not to compare a/src/lib.rs, see `git ls-files -v`";
    forgets(|it| it.git(&["update-index", "--assume-unchanged", "a/src/lib.rs"]), set);
    forgets(|it| it.git(&["update-index", "--skip-worktree", "a/src/lib.rs"]), set);
    let module = "160000,0123456789012345678901234567890123456789,vendor";
    let submodule = "vendor is a submodule, whose files are not compared";
    forgets(|it| it.git(&["update-index", "--add", "--cacheinfo", module]), submodule);
    let ignored = |it: &Checkout| {
        it.write(".git/info/exclude", "*.txt\n");
        it.write("a/state.txt", "1");
    };
    forgets(ignored, "git ignores a/state.txt");
    let link = |it: &Checkout| {
        std::fs::remove_file(it.path().join("a/src/lib.rs")).expect("removed");
        std::os::unix::fs::symlink("/dev/null", it.path().join("a/src/lib.rs")).expect("linked");
    };
    forgets(link, "a/src/lib.rs is a symbolic link");
}

#[test]
fn what_may_reach_beyond_its_sources_is_not_remembered() {
    let reads = "a/src/lib.rs mentions `env`, so it may read more than its sources";
    forgets(|it| it.write("a/src/lib.rs", "/// std::env::var(\"HOME\")"), reads);
}

#[test]
fn what_others_ignore_or_link_to_does_not_count() {
    let checkout = Checkout::new();
    checkout.remember();
    checkout.write(".git/info/exclude", "*.txt\n");
    checkout.write("b/state.txt", "1");
    checkout.write("b/src/lib.rs", "use std::env;");
    assert!(checkout.ask().is_ok());
}

#[test]
fn every_input_that_is_not_in_files_brings_it_back() {
    let checkout = Checkout::new();
    let ask = |vars: &[(&str, &str)]| {
        let mut cache = checkout.cache(Use::Full);
        cache.vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let memory = cache.look_up(&checkout.task());
        cache.remember(&checkout.task(), "run-1", &passed()).expect("the directory can be written to");
        match memory {
            Memory::Hit(_) => None,
            Memory::Miss(why) => Some(why.unwrap_or_default()),
        }
    };
    assert_eq!(ask(&[("TOKEN", "a-secret-value"), ("SHLVL", "1")]).as_deref(), Some(""));
    assert_eq!(ask(&[("TOKEN", "a-secret-value"), ("SHLVL", "2")]), None);
    let path = checkout.cache(Use::Full).path(&checkout.task());
    assert!(!std::fs::read_to_string(path).expect("it is there").contains("a-secret-value"));
    assert_eq!(ask(&[("TOKEN", "b")]).as_deref(), Some("$TOKEN changed"));
    assert_eq!(ask(&[]).as_deref(), Some("$TOKEN is no longer set"));
    assert_eq!(ask(&[("A", "")]).as_deref(), Some("$A is new"));
    checkout.write("home.toml", "[env]\nA = \"1\"");
    assert_eq!(ask(&[("A", "")]), Some("home.toml mentions `env`".to_owned()));
    checkout.write("home.toml", "[build]\nrustdocflags = []");
    assert_eq!(ask(&[("A", "")]), Some("home.toml is new".to_owned()));
    let wrapper = "$RUSTC_WRAPPER names a program whose contents are not compared";
    assert_eq!(ask(&[("RUSTC_WRAPPER", "sccache")]).as_deref(), Some(wrapper));
}

#[test]
fn counts_that_were_changed_on_the_disk_are_not_believed() {
    let checkout = Checkout::new();
    checkout.remember();
    let path = checkout.cache(Use::Full).path(&checkout.task());
    let text = std::fs::read_to_string(&path).expect("it is there");
    let changed = text.replace("\"passed\":3", "\"passed\":4");
    assert_ne!(changed, text);
    std::fs::write(&path, changed).expect("written");
    let why = "the cached result cannot be used: its contents are not those that were written";
    assert_eq!(checkout.ask(), Err(Some(why.to_owned())));
    assert!(path.with_extension("bad").exists(), "set aside");
    assert_eq!(checkout.ask(), Err(None));
}
