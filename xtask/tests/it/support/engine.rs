//! A Docker engine, and in it an image with this machine's own toolchain: nothing is pulled.

#![expect(clippy::disallowed_methods, reason = "a test stands outside of xtask, and asks the engine as a user would")]

use crate::support::sandbox::Sandbox;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use test_cluster::not_tested;

/// The image that compiles.
const IMAGE: &str = "xtask-test-toolchain:1";

/// What a program is linked from, besides what comes with the compiler.
const LIBRARIES: [&str; 12] = [
    "crt1.o",
    "rcrt1.o",
    "Scrt1.o",
    "crti.o",
    "crtn.o",
    "libc.a",
    "libm.a",
    "libpthread.a",
    "libdl.a",
    "librt.a",
    "libutil.a",
    "libc_nonshared.a",
];

/// The client of an engine that answers and can build.
static CLIENT: LazyLock<Result<String, String>> = LazyLock::new(|| {
    let clients = which::which_all("docker").map_err(|_| "there is no `docker`".to_owned())?;
    // A newer client cannot build without its plugin, an older one has no need of it.
    let client = clients.map(|client| client.display().to_string()).find(|client| {
        let about = said(client, &["version", "--format", "{{.Client.Version}} {{.Server.Version}}"]);
        let major = about.as_ref().and_then(|about| about.split('.').next()?.parse::<u32>().ok());
        major.is_some_and(|major| major < 23 || said(client, &["buildx", "version"]).is_some())
    });
    let client = client.ok_or("no Docker engine answers that can build")?;
    make_toolchain(&client)?;
    Ok(client)
});

/// Makes xtask build with the engine. `None`, and loudly, without one; else the client.
#[track_caller]
pub fn engine(sandbox: &mut Sandbox) -> Option<&'static str> {
    match &*CLIENT {
        Ok(client) => {
            sandbox.var("XTASK_BUILDER", "docker");
            if let Some(host) = std::env::var_os("DOCKER_HOST") {
                sandbox.var("DOCKER_HOST", host);
            }
            sandbox.append("Cargo.toml", &format!("\n[workspace.metadata.xtask.image]\ntoolchain = \"{IMAGE}\"\n"));
            Some(client)
        }
        Err(why) => {
            not_tested(why);
            None
        }
    }
}

/// What a program printed, when it ended well.
pub fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Puts cargo, the compiler, a linker and the few programs that a build calls into an image.
fn make_toolchain(client: &str) -> Result<(), String> {
    let files: Vec<String> = files()?.iter().map(|file| file.trim_start_matches('/').to_owned()).collect();
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (list, tar) = (directory.path().join("files"), directory.path().join("image.tar"));
    std::fs::write(&list, files.join("\n")).map_err(|error| error.to_string())?;
    let (list, tar) = (list.display().to_string(), tar.display().to_string());
    let how = ["--create", "--dereference", "--hard-dereference", "--no-recursion", "--directory", "/"];
    said("tar", &[&how[..], &["--file", &tar, "--files-from", &list]].concat())
        .ok_or("the toolchain cannot be packed")?;
    let path = format!("ENV PATH={}/bin:/usr/bin:/bin", sysroot()?);
    said(client, &["import", "--change", &path, &tar, IMAGE]).ok_or("the engine does not take the toolchain")?;
    Ok(())
}

fn sysroot() -> Result<String, String> {
    said("rustc", &["--print", "sysroot"]).ok_or_else(|| "rustc does not say where it is".to_owned())
}

/// Every file of the image, absolute.
fn files() -> Result<BTreeSet<String>, String> {
    let sysroot = sysroot()?;
    let asked = |args: &[&str]| said("cc", args).ok_or_else(|| format!("cc does not answer {args:?}"));
    let on_path =
        |name: &str| which::which(name).map(|path| path.display().to_string()).map_err(|_| format!("no {name}"));
    let wrapper = "-print-prog-name=lto-wrapper";
    let mut programs = vec![asked(&["-print-prog-name=collect2"])?, asked(&[wrapper])?];
    programs.extend(["cargo", "rustc"].map(|name| format!("{sysroot}/bin/{name}")));
    for name in ["sh", "mkdir", "cp", "cc", "ld"] {
        programs.push(on_path(name)?);
    }
    let mut files: BTreeSet<String> = programs.iter().flat_map(|program| libraries(program)).collect();
    files.extend(programs);
    files.insert("/bin/sh".to_owned());
    for library in LIBRARIES {
        files.insert(asked(&[&format!("-print-file-name={library}")])?);
    }
    // `libm.a` is a script that names others.
    let beside = PathBuf::from(asked(&["-print-file-name=libm.a"])?);
    files.extend(within(beside.parent().ok_or("libm.a has no directory")?, |name| {
        name.starts_with("libm") && name.rsplit('.').next() == Some("a")
    }));
    let compiler = PathBuf::from(asked(&["-print-file-name=libgcc.a"])?);
    files.extend(within(compiler.parent().ok_or("libgcc.a has no directory")?, |name| {
        name.starts_with("crt") || name.starts_with("libgcc") || name.starts_with("liblto")
    }));
    let rust = said("find", &[&format!("{sysroot}/lib"), "-type", "f"]).ok_or("the toolchain cannot be listed")?;
    files.extend(rust.lines().map(str::to_owned));
    // What a linker script or an option has named in a roundabout way is the same file twice.
    let plain = |file: &String| {
        let path = Path::new(file);
        let directory = path.parent().filter(|directory| directory.to_string_lossy().contains(".."));
        let directory = directory.and_then(|directory| directory.canonicalize().ok());
        directory.map_or_else(
            || file.clone(),
            |directory| directory.join(path.file_name().unwrap_or_default()).display().to_string(),
        )
    };
    Ok(files.iter().map(plain).filter(|file| Path::new(file).is_file()).collect())
}

/// What `ldd` says that a program loads.
fn libraries(program: &str) -> Vec<String> {
    let said = said("ldd", &[program]).unwrap_or_default();
    said.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned).collect()
}

fn within(directory: &Path, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let wanted = entries.filter(|entry| wanted(&entry.file_name().to_string_lossy()));
    wanted.map(|entry| entry.path().display().to_string()).collect()
}
