//! The package managers of operating systems, as data: how each is called to install something.

use super::places::{Places, is_program};
use xtask_core::catalogue::Packages;
use xtask_core::command::Command;

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// Debian and Ubuntu.
    Apt,
    /// Fedora and its kin.
    Dnf,
    /// Alpine.
    Apk,
    /// Arch.
    Pacman,
    /// Homebrew, which refuses to run as root and needs no rights.
    Brew,
}

const MANAGERS: [(Manager, &str); 5] = [
    (Manager::Apt, "apt-get"),
    (Manager::Dnf, "dnf"),
    (Manager::Apk, "apk"),
    (Manager::Pacman, "pacman"),
    (Manager::Brew, "brew"),
];

/// With which rights a package manager is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Without a prefix: the process is root, or the manager needs no rights.
    Own,
    /// Through `sudo -n`, which never asks for a password.
    Sudo,
}

impl Manager {
    /// The package manager of this machine: the first one on `PATH`.
    pub fn of(places: &Places) -> Option<Self> {
        MANAGERS.iter().find(|(_, program)| !places.on_path(program).is_empty()).map(|(manager, _)| *manager)
    }

    /// The rights that it is called with.
    pub fn rights(self, places: &Places) -> Rights {
        if places.is_root || self == Self::Brew { Rights::Own } else { Rights::Sudo }
    }

    /// The packages of a tool under this manager; empty when it has none.
    pub fn packages(self, packages: &Packages) -> &'static [&'static str] {
        match self {
            Self::Apt => packages.apt,
            Self::Dnf => packages.dnf,
            Self::Apk => packages.apk,
            Self::Pacman => packages.pacman,
            Self::Brew => packages.brew,
        }
    }

    /// The commands that install packages, in order.
    pub fn install(self, names: &[&str], places: &Places) -> Vec<Command> {
        let (program, args): (_, &[&str]) = match self {
            Self::Apt => ("apt-get", &["install", "-y", "--no-install-recommends"]),
            Self::Dnf => ("dnf", &["install", "-y", "--setopt=install_weak_deps=False"]),
            Self::Apk => ("apk", &["add", "--no-cache"]),
            Self::Pacman => ("pacman", &["-S", "--noconfirm", "--needed"]),
            Self::Brew => ("brew", &["install"]),
        };
        let mut steps = Vec::new();
        // A fresh container has no lists, and without them no package is known.
        if self == Self::Apt && !has_apt_lists(places) {
            steps.push(self.with_rights("apt-get", places).arg("update"));
        }
        steps.push(self.with_rights(program, places).args(args.iter().copied()).args(names.iter().copied()));
        steps
    }

    /// The program, with what makes it run with the rights it needs and without questions.
    fn with_rights(self, program: &str, places: &Places) -> Command {
        let quiet = (self == Self::Apt).then_some("DEBIAN_FRONTEND=noninteractive");
        match (self.rights(places), quiet) {
            (Rights::Own, None) => Command::new(program, &places.root),
            (Rights::Own, Some(_)) => Command::new(program, &places.root).env("DEBIAN_FRONTEND", "noninteractive"),
            (Rights::Sudo, None) => Command::new("sudo", &places.root).args(["-n", program]),
            // sudo drops the environment, so the variable goes through `env`.
            (Rights::Sudo, Some(variable)) => Command::new("sudo", &places.root).args(["-n", "env", variable, program]),
        }
    }
}

/// Whether `sudo` lets this user act as root without a password.
pub fn sudo_is_free(places: &Places) -> bool {
    places
        .on_path("sudo")
        .first()
        .is_some_and(|sudo| is_program(sudo) && super::probe::ask(sudo, &["-n", "true"], places).is_ok())
}

fn has_apt_lists(places: &Places) -> bool {
    std::fs::read_dir(places.system("var/lib/apt/lists")).is_ok_and(|mut items| {
        items.any(|item| item.is_ok_and(|item| item.file_name().to_string_lossy().contains("_Packages")))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testbed::Testbed;
    use super::*;

    #[track_caller]
    fn case(bed: &Testbed, manager: Manager, wanted: &[&str]) {
        let steps: Vec<String> =
            manager.install(&["redis", "git"], &bed.places).iter().map(ToString::to_string).collect();
        assert_eq!(steps, wanted);
    }

    #[test]
    fn each_manager_is_called_with_the_rights_it_needs() {
        let mut bed = Testbed::new();
        case(&bed, Manager::Brew, &["brew install redis git"]);
        case(&bed, Manager::Apk, &["sudo -n apk add --no-cache redis git"]);
        case(&bed, Manager::Dnf, &["sudo -n dnf install -y --setopt=install_weak_deps=False redis git"]);
        let sudo = "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get";
        let install = "install -y --no-install-recommends redis git";
        case(&bed, Manager::Apt, &[&format!("{sudo} update"), &format!("{sudo} {install}")]);
        bed.places.is_root = true;
        bed.file("system/var/lib/apt/lists/deb.example_main_binary-amd64_Packages.lz4", "");
        case(&bed, Manager::Apt, &[&format!("DEBIAN_FRONTEND=noninteractive apt-get {install}")]);
        case(&bed, Manager::Pacman, &["pacman -S --noconfirm --needed redis git"]);
    }

    #[test]
    fn sudo_counts_only_when_it_asks_for_nothing() {
        let bed = Testbed::new();
        assert!(!sudo_is_free(&bed.places));
        bed.program("bin/sudo", "test \"$1 $2\" = '-n true'");
        assert!(sudo_is_free(&bed.places));
        bed.program("bin/sudo", "echo a password is required >&2; exit 1");
        assert!(!sudo_is_free(&bed.places));
    }
}
