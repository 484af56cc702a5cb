//! A workspace of about forty packages, each awkward in another way. Every test is called like its package, so that a
//! list of names says where it comes from.

use crate::support::sandbox::Sandbox;

/// Names, what their manifests say besides, and their files.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const LIB: &str = "src/lib.rs";
const MAIN: &str = "src/main.rs";

/// A library with a test and a doc test of each feature that it has.
const GATED: &str = "//! ```\n//! assert!(GATE::base());\n//! ```\n\n/// Base.\npub fn base() -> bool { true }\n\n/// On.\n///\n/// ```\n/// assert!(!GATE::on());\n/// ```\n#[cfg(feature = \"on\")]\npub fn on() -> bool { true }\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn gate_always() {}\n    #[cfg(feature = \"on\")]\n    #[test]\n    fn gate_on() { panic!(\"only with the feature of another member\") }\n}\n";

/// A build script that makes a shared library in its output directory.
const SYS: &str = "use std::{env, path::Path, process::Command};\nfn main() {\n    let out = env::var(\"OUT_DIR\").unwrap();\n    std::fs::write(Path::new(&out).join(\"a.c\"), \"int answer(void) { return 42; }\").unwrap();\n    let cc = Command::new(\"cc\").args([\"-shared\", \"-fPIC\", \"-o\", \"libanswer.so\", \"a.c\"]).current_dir(&out).status();\n    assert!(cc.unwrap().success());\n    println!(\"cargo::rustc-link-search=native={out}\");\n    println!(\"cargo::rustc-link-lib=dylib=answer\");\n    println!(\"cargo::rerun-if-changed=build.rs\");\n}\n";

const MACRO: &str = "//! ```\n//! #[derive(a_macro::Nothing)]\n//! struct S;\n//! let _ = S;\n//! ```\nuse proc_macro::TokenStream;\n/// Nothing.\n#[proc_macro_derive(Nothing)]\npub fn nothing(_: TokenStream) -> TokenStream { TokenStream::new() }\n#[test]\nfn a_macro() {}\n";

const ROWS: &[Row] = &[
    (
        "plain-lib",
        "",
        &[(LIB, "//! ```\n//! plain_lib::f();\n//! ```\n/// F.\npub fn f() {}\n#[test]\nfn plain_lib() {}\n")],
    ),
    ("plain-bin", "", &[(MAIN, "fn main() {}\n#[test]\nfn plain_bin() {}\n")]),
    ("lib-and-bin", "", &[(LIB, "#[test]\nfn lab_lib() {}\n"), (MAIN, "fn main() {}\n#[test]\nfn lab_bin() {}\n")]),
    (
        "many-bins",
        "",
        &[
            ("src/bin/x.rs", "fn main() {}\n#[test]\nfn bins_x() {}\n"),
            ("src/bin/y/main.rs", "fn main() {}\n#[test]\nfn bins_y() {}\n"),
        ],
    ),
    (
        "lib-off",
        "[lib]\ntest = false\n",
        &[
            (LIB, "//! ```\n//! ```\n#[test]\nfn lib_off() { panic!() }\n"),
            ("tests/it.rs", "#[test]\nfn lib_off_it() {}\n"),
        ],
    ),
    ("doc-off", "[lib]\ndoctest = false\n", &[(LIB, "//! ```\n//! panic!();\n//! ```\n#[test]\nfn doc_off() {}\n")]),
    (
        "bin-off",
        "[[bin]]\nname = \"off\"\npath = \"src/off.rs\"\ntest = false\n",
        &[
            ("src/off.rs", "fn main() {}\n#[test]\nfn bin_off() { panic!() }\n"),
            (LIB, "#[test]\nfn bin_off_lib() {}\n"),
        ],
    ),
    (
        "bin-broken-test",
        "[[bin]]\nname = \"bbt\"\npath = \"src/bbt.rs\"\ntest = false\n",
        &[("src/bbt.rs", "fn main() {}\n#[cfg(test)]\ncompile_error!(\"its tests are switched off for a reason\");\n")],
    ),
    (
        "only-tests",
        "",
        &[
            (LIB, ""),
            ("tests/it.rs", "#[test]\nfn only_tests() {}\n"),
            ("tests/deep/main.rs", "#[test]\nfn only_tests_deep() {}\n"),
        ],
    ),
    (
        "test-off",
        "[[test]]\nname = \"off\"\ntest = false\n",
        &[(LIB, ""), ("tests/off.rs", "#[test]\nfn test_off() { panic!() }\n")],
    ),
    ("auto-off", "autotests = false\n", &[(LIB, ""), ("tests/never.rs", "#[test]\nfn auto_off() { panic!() }\n")]),
    (
        "example-on",
        "[[example]]\nname = \"ex\"\ntest = true\n",
        &[
            (LIB, "#[test]\nfn example_on_lib() {}\n"),
            ("examples/ex.rs", "fn main() {}\n#[test]\nfn example_on() {}\n"),
        ],
    ),
    (
        "example-plain",
        "",
        &[(LIB, ""), ("examples/ex2.rs", "fn main() {}\n#[test]\nfn example_plain() { panic!() }\n")],
    ),
    (
        "bench-on",
        "[[bench]]\nname = \"be\"\ntest = true\n",
        &[(LIB, ""), ("benches/be.rs", "#[test]\nfn bench_on() {}\n")],
    ),
    ("bench-plain", "", &[(LIB, ""), ("benches/be2.rs", "#[test]\nfn bench_plain() { panic!() }\n")]),
    (
        "needs-feature",
        "[features]\nmore = []\n[[bin]]\nname = \"more\"\npath = \"src/more.rs\"\nrequired-features = [\"more\"]\n[[test]]\nname = \"more_it\"\nrequired-features = [\"more\"]\n",
        &[
            (LIB, "#[test]\nfn needs_feature() {}\n"),
            ("src/more.rs", "fn main() {}\n#[test]\nfn needs_feature_bin() { panic!() }\n"),
            ("tests/more_it.rs", "#[test]\nfn needs_feature_it() { panic!() }\n"),
        ],
    ),
    (
        "has-feature",
        "[features]\ndefault = [\"more\"]\nmore = []\n[[bin]]\nname = \"has\"\npath = \"src/has.rs\"\nrequired-features = [\"more\"]\n[[test]]\nname = \"has_it\"\nrequired-features = [\"more\"]\n",
        &[
            ("src/has.rs", "fn main() {}\n#[test]\nfn has_feature_bin() {}\n"),
            ("tests/has_it.rs", "#[test]\nfn has_feature_it() {}\n"),
        ],
    ),
    ("gate", "[features]\non = []\n", &[(LIB, "GATED")]),
    (
        "gate-opener",
        "[dependencies]\ngate = { path = \"../gate\", features = [\"on\"] }\n",
        &[(LIB, "#[test]\nfn gate_opener() {}\n")],
    ),
    (
        "answer-sys",
        "links = \"answer\"\n",
        &[
            ("build.rs", SYS),
            (
                LIB,
                "unsafe extern \"C\" { safe fn answer() -> i32; }\n/// It.\npub fn it() -> i32 { answer() }\n#[test]\nfn answer_sys() { assert_eq!(it(), 42) }\n",
            ),
        ],
    ),
    (
        "answer-user",
        "[dependencies]\nanswer-sys.path = \"../answer-sys\"\n",
        &[
            (
                LIB,
                "//! ```\n//! assert_eq!(answer_sys::it(), 42);\n//! ```\n#[test]\nfn answer_user() { assert_eq!(answer_sys::it(), 42) }\n",
            ),
            ("tests/it.rs", "#[test]\nfn answer_user_it() { assert_eq!(answer_sys::it(), 42) }\n"),
        ],
    ),
    (
        "shared",
        "[lib]\ncrate-type = [\"dylib\"]\n",
        &[(LIB, "/// It.\npub fn it() -> i32 { 7 }\n#[test]\nfn shared() {}\n")],
    ),
    (
        "shared-user",
        "[dependencies]\nshared.path = \"../shared\"\n",
        &[(LIB, "#[test]\nfn shared_user() { assert_eq!(shared::it(), 7) }\n")],
    ),
    ("c-libs", "[lib]\ncrate-type = [\"cdylib\", \"staticlib\", \"rlib\"]\n", &[(LIB, "#[test]\nfn c_libs() {}\n")]),
    ("a-macro", "[lib]\nproc-macro = true\n", &[(LIB, MACRO)]),
    (
        "macro-user",
        "[dependencies]\na-macro.path = \"../a-macro\"\n",
        &[(LIB, "#[derive(a_macro::Nothing)]\nstruct _S;\n#[test]\nfn macro_user() {}\n")],
    ),
    (
        "scripted",
        "",
        &[
            (
                "build.rs",
                "fn main() { println!(\"cargo::rustc-env=FROM_BUILD=built\"); println!(\"cargo::rerun-if-changed=build.rs\"); }\n",
            ),
            (
                LIB,
                "#[test]\nfn scripted() { assert_eq!(std::env::var(\"FROM_BUILD\").unwrap(), \"built\"); assert!(std::path::Path::new(&std::env::var(\"OUT_DIR\").unwrap()).is_dir()) }\n",
            ),
        ],
    ),
    (
        "runs-itself",
        "",
        &[
            (MAIN, "fn main() { println!(\"it runs\") }\n"),
            (
                "tests/it.rs",
                "#[test]\nfn runs_itself() { let bin = std::env::var(\"CARGO_BIN_EXE_runs-itself\").unwrap(); assert_eq!(bin, env!(\"CARGO_BIN_EXE_runs-itself\")); let out = std::process::Command::new(bin).output().unwrap(); assert_eq!(out.stdout, b\"it runs\\n\") }\n",
            ),
        ],
    ),
    (
        "reads-file",
        "",
        &[
            ("data.txt", "here"),
            (
                LIB,
                "#[test]\nfn reads_file() { assert_eq!(std::fs::read_to_string(\"data.txt\").unwrap(), \"here\") }\n",
            ),
        ],
    ),
    (
        "own-harness",
        "[[test]]\nname = \"own\"\nharness = false\n",
        &[(LIB, ""), ("tests/own.rs", "fn main() { println!(\"test own_harness ... ok\") }\n")],
    ),
    (
        "marks",
        "",
        &[(
            LIB,
            "#[test]\n#[ignore = \"later\"]\nfn marks_ignored() {}\n#[test]\n#[should_panic]\nfn marks_panics() { panic!() }\n",
        )],
    ),
    (
        "fails",
        "",
        &[
            (LIB, "//! ```\n//! assert!(false);\n//! ```\n#[test]\nfn fails() { panic!() }\n"),
            (MAIN, "fn main() {}\n#[test]\nfn fails() { panic!() }\n"),
            ("tests/it.rs", "#[test]\nfn fails_it() { panic!() }\n"),
        ],
    ),
    ("foo", "", &[(LIB, "//! ```\n//! ```\n#[test]\nfn foo() {}\n")]),
    ("foo-doc", "", &[(LIB, "//! ```\n//! ```\n#[test]\nfn foo_doc() {}\n")]),
    ("compile", "", &[(LIB, "#[test]\nfn compile() {}\n")]),
    (
        "twin",
        "",
        &[(LIB, "//! ```\n//! ```\n#[test]\nfn twin_member() {}\n"), ("tests/it.rs", "#[test]\nfn twin_it() {}\n")],
    ),
    ("old-edition", "", &[(LIB, "#[test]\nfn old_edition() { let r#async = 1; assert_eq!(r#async, 1) }\n")]),
    (
        "other_name",
        "[lib]\nname = \"renamed\"\npath = \"source/it.rs\"\n",
        &[(
            "source/it.rs",
            "//! ```\n//! renamed::f();\n//! ```\n/// F.\npub fn f() {}\n#[test]\nfn other_name() {}\n",
        )],
    ),
    (
        "server-one",
        "[[bin]]\nname = \"one-server\"\npath = \"src/s.rs\"\n",
        &[("src/s.rs", "fn main() {}\n#[test]\nfn same_name() {}\n")],
    ),
    (
        "server-two",
        "[[bin]]\nname = \"two-server\"\npath = \"src/s.rs\"\n",
        &[("src/s.rs", "fn main() {}\n#[test]\nfn same_name() { panic!() }\n")],
    ),
    (
        "test-helper",
        "[dev-dependencies]\ntest-cycle.path = \"../test-cycle\"\n",
        &[(
            LIB,
            "/// One.\npub fn one() -> u8 { 1 }\n#[test]\nfn test_helper() { assert_eq!(test_cycle::two(), 2) }\n",
        )],
    ),
    (
        "test-cycle",
        "[dependencies]\ntest-helper.path = \"../test-helper\"\n",
        &[(LIB, "/// Two.\npub fn two() -> u8 { test_helper::one() + 1 }\n#[test]\nfn test_cycle() {}\n")],
    ),
    ("no-tests", "", &[(LIB, "//! Nothing.\n")]),
];

/// Cargo's configuration: a shared library of the workspace needs a standard library that is shared too.
pub const CARGO_CONFIG: &str = "[build]\nrustflags = [\"-Cprefer-dynamic\"]\n";

/// The workspace, with a package at its root, and a dependency from git that is called like a member.
pub fn awkward() -> Sandbox {
    let sandbox = Sandbox::new();
    let manifest = |name: &str, edition: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"{edition}\"\n{more}")
    };
    for (name, more, files) in ROWS {
        let edition = if *name == "old-edition" { "2015" } else { "2024" };
        // The foreign twin has the same version as the member, so that only their ids differ.
        sandbox.file(&format!("crates/{name}/Cargo.toml"), &manifest(name, edition, more));
        for (path, text) in *files {
            let text = if *text == "GATED" { GATED.replace("GATE", "gate") } else { (*text).to_owned() };
            sandbox.file(&format!("crates/{name}/{path}"), &text);
        }
    }
    let twin =
        sandbox.repository("twin", &[("Cargo.toml", &manifest("twin", "2024", "")), (LIB, "/// F.\npub fn f() {}\n")]);
    let needs = format!(
        "[dependencies]\ntwin = {{ git = \"file://{twin}\" }}\n[workspace]\nmembers = [\"crates/*\"]\nresolver = \"3\"\n"
    );
    sandbox.file("Cargo.toml", &manifest("root-package", "2024", &needs));
    sandbox.file(".cargo/config.toml", CARGO_CONFIG);
    sandbox.file(LIB, "//! ```\n//! twin::f();\n//! ```\n#[test]\nfn root_package() { twin::f() }\n");
    sandbox
}
