//! A task: the unit that runs, and how its output is to be read.

use crate::backing::Source;
use crate::backing::spec::ServerSpec;
use crate::command::Command;
use crate::deploy::{request, smoke};
use crate::ids::{StageId, TaskId};
use crate::image::spec::{BillSpec, BuildContext, ImageSpec};
use crate::reading::Binary;
use crate::tools::catalogue::Tool;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One command, for one service or for the workspace, inside a stage.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name, unique in the plan.
    pub id: TaskId,
    /// The stage it belongs to.
    pub stage: StageId,
    /// The package that it is about; `None` for the workspace.
    pub service: Option<String>,
    /// What it runs, as a user would type it.
    pub command: Command,
    /// What a person types to see the same again, where that is not the command: one without JSON, say.
    pub repeat: Option<String>,
    /// How it is run.
    pub action: Action,
    /// How its output is read.
    pub reader: Reader,
    /// Tasks that must have gone well before it starts, besides the needs of its stage.
    pub needs: Vec<TaskId>,
    /// Tasks among the needs whose reading carries variables that this one gets.
    pub env_from: Vec<TaskId>,
    /// What it must have for itself: two tasks of one universe are never run at once, so that no cargo waits for
    /// another one's lock.
    pub universe: Option<Universe>,
    /// What its result depends on, when it need not run again with the same inputs.
    pub cache: Option<Scope>,
    /// How long it may take.
    pub timeout: Duration,
    /// The tools that it calls, besides cargo.
    pub tools: Vec<Tool>,
}

impl Task {
    /// What a person who stands in `root` types to see the same again.
    pub fn repeat_from(&self, root: &Path) -> String {
        self.repeat.clone().unwrap_or_else(|| self.command.paste_from(root))
    }

    /// A task that does `job` for the workspace: it spawns its command and goes by the exit code.
    pub fn new(stage: &StageId, job: &str, command: Command, timeout: Duration) -> Self {
        Self::with_id(stage.job(job), stage, command, timeout)
    }

    /// A task for `package`, which is what its stage is about.
    pub fn of_package(stage: &StageId, package: &str, command: Command, timeout: Duration) -> Self {
        Self { service: Some(package.to_owned()), ..Self::with_id(stage.package(package), stage, command, timeout) }
    }

    /// This task, which is about a package, as `job` beside the one that its stage is about.
    #[must_use]
    pub fn beside(self, job: &str) -> Self {
        let id = self.service.as_deref().map_or_else(|| self.stage.job(job), |it| self.stage.package_job(it, job));
        Self { id, ..self }
    }

    fn with_id(id: TaskId, stage: &StageId, command: Command, timeout: Duration) -> Self {
        Self {
            id,
            stage: stage.clone(),
            service: None,
            command,
            repeat: None,
            action: Action::Spawn,
            reader: Reader::ExitCode,
            needs: Vec::new(),
            env_from: Vec::new(),
            universe: None,
            cache: None,
            timeout,
            tools: Vec::new(),
        }
    }
}

/// Cargo calls that share artifacts: same target directory, profile, flags and wrapper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Universe {
    /// The development profile.
    Dev,
    /// The development profile, instrumented, in a target directory of its own.
    Coverage,
    /// The release profile.
    Release,
}

impl Universe {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Coverage => "coverage",
            Self::Release => "release",
        }
    }
}

/// How a task is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Its command is spawned as it stands.
    Spawn,
    /// The test binaries that another task has compiled for a package are run, one after the other, in the package's
    /// folder and with the environment that cargo would give them: what the command means, without cargo's lock.
    RunTests {
        /// The task that compiles them.
        compiled_by: TaskId,
        /// The package whose binaries are run.
        package: PackageEnv,
        /// Whether its integration tests are run, or all others.
        integration: bool,
        /// The arguments of the binaries.
        args: Vec<String>,
    },
    /// Nothing is run: the results of one package are taken from a task that ran the tests of several.
    TakePart {
        /// The task that ran them.
        of: TaskId,
        /// The package.
        package: String,
    },
    /// Servers are brought up, a database for each service is made, and all of it stays until the last task that
    /// takes its environment from this one has ended.
    StartServers {
        /// Where they come from.
        source: Source,
        /// What to bring up.
        servers: Vec<ServerSpec>,
        /// The services that get a database of their own.
        services: Vec<String>,
    },
    /// The programs that another task has built are packed into an image.
    PackImage {
        /// The task that builds them.
        built_by: TaskId,
        /// What goes into the image.
        image: Box<ImageSpec>,
    },
    /// The folder that an engine builds images from is made.
    WriteContext(Box<BuildContext>),
    /// What the command tells is written as a bill of materials for each service.
    WriteBills {
        /// Whose, and where to.
        bills: Vec<BillSpec>,
        /// The commit's time, RFC 3339.
        time: Option<String>,
    },
    /// Services are deployed to an environment, or brought back there.
    Deploy(Box<request::Request>),
    /// What runs in an environment is tried out.
    Smoke(Box<smoke::Request>),
}

/// What the result of a task depends on, besides its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The packages whose files count: its own and those that it depends on.
    pub packages: BTreeSet<String>,
}

/// What a test binary needs to know about its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageEnv {
    /// Cargo's package id, as in its JSON messages.
    pub id: String,
    /// The folder of its manifest, absolute: its tests run there.
    pub dir: PathBuf,
    /// The `CARGO_PKG_*` and `CARGO_MANIFEST_*` variables that cargo sets for it.
    pub vars: BTreeMap<String, String>,
    /// Where cargo puts what it builds: libraries that build scripts have put there are found by the package's tests.
    pub built_below: Vec<PathBuf>,
}

/// The command that runs tests of a package again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// A call of cargo, without the arguments that name the targets: those of one test name the executable it is in.
    Cargo {
        /// The call.
        call: Command,
        /// The arguments that name all of the package's targets.
        targets: Vec<String>,
    },
    /// A line that runs them as it is.
    Line(String),
}

impl Repeat {
    /// The command for all of them; `root` is the workspace's.
    pub fn command(&self, root: &Path) -> Command {
        match self {
            Self::Cargo { call, targets } => call.clone().args(targets.iter().cloned()),
            Self::Line(line) => {
                let mut words = shlex::split(line).unwrap_or_default().into_iter();
                Command::new(words.next().unwrap_or_default(), root).args(words)
            }
        }
    }
}

/// Executables that cargo runs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// The task that has compiled them.
    pub compiled_by: TaskId,
    /// Whether they are integration tests, or all others.
    pub integration: bool,
}

/// The tests of a package among those that one call of cargo runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The package's name.
    pub package: String,
    /// Cargo's package id, as in its JSON messages.
    pub id: String,
    /// What rustc calls its library, as cargo names the doc tests.
    pub crate_name: String,
    /// The command that runs its tests again.
    pub repeat: Repeat,
}

/// How a task's output is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Reader {
    /// By the exit code alone.
    ExitCode,
    /// By the exit code alone, of an installation: what fails there is the environment.
    Installation,
    /// `cargo fmt --check -- --color=never`: the files and lines that are not formatted.
    Rustfmt,
    /// cargo's JSON messages on stdout: compiler and clippy findings, and what was built.
    CargoMessages,
    /// libtest's text, of one or several test binaries.
    Libtest {
        /// The command that runs its tests again.
        repeat: Repeat,
    },
    /// The text of a `cargo test` that runs the tests of several packages, both streams as one.
    CargoTest {
        /// The packages.
        parts: Vec<Part>,
        /// The executables that it runs; none for doc tests.
        ran: Option<Ran>,
    },
    /// `KEY=VALUE` lines that other tasks take as their environment: `cargo llvm-cov show-env`.
    Environment {
        /// Variables that they get as well.
        also: BTreeMap<String, String>,
    },
    /// `cargo audit --json`.
    CargoAudit {
        /// Advisories that do not count for now.
        waivers: Vec<Waiver>,
        /// What is known about a given database beforehand: its age.
        database: Option<String>,
    },
    /// `cargo deny --format json`, on stderr.
    CargoDeny {
        /// Advisories and other codes that do not count for now.
        waivers: Vec<Waiver>,
        /// What it leaves unchecked, as a sentence.
        unchecked: Option<String>,
    },
    /// `docker build --progress plain`, on both streams.
    DockerBuild {
        /// The programs that lie on this machine when it has gone well.
        programs: Vec<Binary>,
    },
    /// xtask's own `push-image`: the image as JSON on stdout.
    PushedImage,
    /// xtask's own `notify`: whom it has told, or why nobody.
    Notified,
    /// `cargo update --dry-run --verbose`, on stderr.
    Outdated,
    /// `cargo tree --workspace --duplicates --depth 0`.
    Duplicates,
    /// The JSON export of `cargo llvm-cov report --json`.
    LlvmCov(CoverageGate),
    /// The JSON report that `cargo tarpaulin --out Json` writes.
    Tarpaulin {
        /// What it must reach.
        gate: CoverageGate,
        /// Where the report is.
        report: PathBuf,
    },
}

impl Reader {
    /// The task that has built what the output names.
    pub fn compiled_by(&self) -> Option<&TaskId> {
        match self {
            Self::CargoTest { ran, .. } => ran.as_ref().map(|ran| &ran.compiled_by),
            _ => None,
        }
    }
}

/// What coverage must reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CoverageGate {
    /// Percent of lines over the workspace; without it the number is reported and judges nothing.
    pub minimum: Option<f64>,
    /// Percent of lines that a package must reach, by its name.
    pub floors: BTreeMap<String, f64>,
    /// Every package's name and folder, absolute: a file belongs to the package with the longest folder that holds it.
    pub packages: Vec<(String, PathBuf)>,
}

/// A finding that is known and accepted for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The finding's code: `RUSTSEC-2023-0071`.
    pub id: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD` in UTC.
    pub expires: String,
    /// Whether that day is over; resolved with the run's clock, so that readers need none.
    pub expired: bool,
}
