//! What a child is started with, and what happens when it cannot be.

use crate::bench::Bench;
use std::fs;
use xtask_core::command::Command;
use xtask_process::process::End;

#[test]
fn the_end_is_the_childs_own() {
    #[track_caller]
    fn case(script: &str, want: End) {
        let ran = Bench::new().bash(script);
        assert_eq!((ran.ended.end, ran.ended.leaked.as_slice()), (want, &[][..]), "{script}");
    }
    case("exit 0", End::Exited(0));
    case("exit 7", End::Exited(7));
    case("exit 255", End::Exited(255));
    case("kill -SEGV $$", End::Signaled(11));
    case("kill -KILL $$", End::Signaled(9));
    case("kill -TERM $$", End::Signaled(15));
}

#[test]
fn the_environment_is_the_surroundings_then_the_command_then_the_marker() {
    let mut bench = Bench::new();
    bench.surroundings.remove = vec!["HOME".to_owned(), "A".to_owned(), "XTASK_TASK".to_owned()];
    bench.surroundings.set = vec![("A".to_owned(), "set".to_owned()), ("B".to_owned(), "set".to_owned())];
    let script = r#"echo "${HOME-none} $A $B ${PATH:+path}"; echo "$XTASK_TASK"; pwd -P"#;
    let command = bench.command(script).env("B", "command").env("XTASK_TASK", "forged");
    let ran = bench.run_with(&command, |_| ()).expect("bash starts");
    let directory = fs::canonicalize(bench.directory.path()).expect("the directory");
    assert_eq!(ran.stdout, ["none set command path", &bench.marker, &*directory.to_string_lossy()]);
}

#[test]
fn a_child_leads_its_own_group_and_has_nothing_to_read() {
    let ran = Bench::new().bash(r#"read -r stat </proc/$$/stat; set -- $stat; [ "$5" = $$ ] && ! read -r line"#);
    assert_eq!(ran.ended.end, End::Exited(0));
}

#[test]
fn arguments_arrive_as_they_are() {
    let bench = Bench::new();
    let args = ["", "a b", "$HOME", "it's", "*", "-n", "{x}", "\u{e9}"];
    let command = bench.command(r#"printf '<%s>\n' "$@""#).arg("bash").args(args);
    let ran = bench.run_with(&command, |_| ()).expect("bash starts");
    assert_eq!(ran.stdout, args.map(|arg| format!("<{arg}>")));
}

#[test]
fn what_cannot_be_started_says_why_and_what_to_do() {
    #[track_caller]
    fn case(program: &str, cwd: &str, args: &[&str], want: &[&str]) {
        let bench = Bench::new();
        fs::write(bench.directory.path().join("plain"), "text").expect("a file");
        let command = Command::new(program, bench.directory.path().join(cwd)).args(args.iter().copied());
        let error = bench.run_with(&command, |_| ()).map(|ran| ran.ended).expect_err("it cannot start").to_string();
        for part in want {
            assert!(error.contains(part), "{part:?} is missing in {error}");
        }
    }
    case(
        "no-such-tool",
        ".",
        &[],
        &["start no-such-tool in ", "the program was not found", "hint: install no-such-tool"],
    );
    case("bash", "no/such", &[], &["start bash in ", "there is no such directory"]);
    case("./plain", ".", &[], &["start ./plain", "ermission denied", "may be executed"]);
    case("bash", ".", &["a\0b"], &["start bash", "nul byte"]);
}

#[test]
fn a_program_that_has_just_been_written_is_waited_for() {
    let bench = Bench::new();
    let path = bench.directory.path().join("tool");
    fs::copy("/bin/true", &path).expect("a program");
    let writer = fs::File::options().write(true).open(&path).expect("it can be written");
    let error = bench.run_with(&Command::new("./tool", bench.directory.path()), |_| ()).map(|ran| ran.ended);
    assert!(error.expect_err("it stays open").to_string().contains("busy"));
    let closing = std::thread::spawn(move || drop(writer));
    let ran = bench.run_with(&Command::new("./tool", bench.directory.path()), |_| ()).expect("it is closed in time");
    assert_eq!(ran.ended.end, End::Exited(0));
    closing.join().expect("the file is closed");
}

#[test]
fn a_server_can_run_as_another_user() {
    let mut bench = Bench::new();
    bench.user = Some((65534, 65533));
    let command = Command::new("id", "/").arg("-u");
    match bench.run_with(&command, |_| ()) {
        Ok(ran) => {
            assert_eq!(ran.stdout, ["65534"]);
            let groups = bench.run_with(&Command::new("id", "/").arg("-G"), |_| ()).expect("id starts");
            assert_eq!(groups.stdout, ["65533"], "root's own groups are gone");
        }
        Err(error) => assert!(!rustix::process::geteuid().is_root(), "root may do this: {error}"),
    }
}

#[test]
fn a_jobserver_is_shared() {
    let mut bench = Bench::new();
    bench.jobserver = Some(jobserver::Client::new(3).expect("a jobserver"));
    bench.surroundings.remove = vec!["CARGO_MAKEFLAGS".to_owned()];
    let ran = bench.bash(
        r#"[[ $CARGO_MAKEFLAGS =~ auth=([0-9]+),([0-9]+) ]] || exit 9
           read -r -N1 token <&"${BASH_REMATCH[1]}" && printf %s "$token" >&"${BASH_REMATCH[2]}""#,
    );
    assert_eq!(ran.ended.end, End::Exited(0), "{:?}", ran.ended.tail);
}
