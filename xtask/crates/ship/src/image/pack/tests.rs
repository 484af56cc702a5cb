//! Programs of both kinds put into images.

use super::*;
use std::path::PathBuf;

/// A directory with a bundle of certificates and the programs of a service.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { dir: tempfile::tempdir().expect("a temporary directory") };
        bench.write("ca.pem", b"-----BEGIN CERTIFICATE-----\n");
        bench.write("static", &static_program());
        bench.write("dynamic", &std::fs::read("/proc/self/exe").expect("a test knows itself"));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.path(name), content).expect("the directory can be written to");
    }

    fn spec(&self, program: &str) -> ImageSpec {
        ImageSpec {
            service: "a-service".to_owned(),
            program: program.to_owned(),
            layout: self.path("image"),
            user: "65532:65532".to_owned(),
            port: Some(8081),
            time: Some(1_700_000_000),
            ca_bundle: Some(self.path("ca.pem")),
            ..ImageSpec::default()
        }
    }

    fn built(&self, program: &str) -> Binary {
        let kind = "bin".to_owned();
        let (package, target, path) = (String::new(), program.to_owned(), self.path(program));
        Binary { package, target, kind, test: false, path, bytes: 0, digest: None }
    }

    fn pack(&self, spec: &ImageSpec) -> Result<Packed> {
        pack(spec, &[self.built(&spec.program)])
    }

    /// A base image for a kind of machine that holds empty files of these names.
    fn base(&self, architecture: &str, files: &[String]) -> PathBuf {
        let layer = files.iter().fold(Layer::new(0), |layer, file| layer.file(file, 0o755, Vec::new()));
        let recipe = Recipe { architecture: architecture.to_owned(), layers: vec![layer], ..Recipe::default() };
        recipe.pack(&self.path("base")).expect("the directory can be written to");
        self.path("base")
    }
}

/// The head of an ELF file for x86-64 without segments: it needs nothing.
fn static_program() -> Vec<u8> {
    let mut program = vec![0; 64];
    program[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0");
    program[20] = 1;
    program[52] = 64;
    program
}

#[test]
fn a_static_program_needs_nothing_else() {
    let bench = Bench::new();
    let packed = bench.pack(&bench.spec("static")).expect("it can be packed");
    let image = Image::open(&bench.path("image"), Some("amd64")).expect("it is whole");
    assert_eq!((packed.digest, packed.bytes), (image.digest().to_string(), image.size()));
    let run = &image.config().config;
    assert_eq!((run.user.as_str(), &run.entrypoint[..]), ("65532:65532", &["/usr/local/bin/static".to_owned()][..]));
    assert!(run.exposed_ports.contains_key("8081/tcp"));
    let files = image.files().expect("layers can be read");
    assert!(files.has("/usr/local/bin/static") && files.has(certificates::IN_IMAGES));
}

#[test]
fn a_dynamic_program_is_refused_where_its_libraries_are_missing() {
    let bench = Bench::new();
    let error = bench.pack(&bench.spec("dynamic")).expect_err("nothing is there");
    assert_eq!(error.exit(), Exit::Gate);
    let text = error.to_string();
    assert!(text.contains("ld-linux") && text.contains("libc.so.6") && text.contains("static = true"), "{text}");

    let own = needs(&std::fs::read(bench.path("dynamic")).expect("it is there")).expect("it is a program");
    let mut files: Vec<String> = own.libraries.iter().map(|library| format!("/usr/lib/{library}")).collect();
    files.extend(own.interpreter.clone());
    let last = files.pop().expect("it needs something");
    let spec = ImageSpec { base: Some(bench.base(&own.architecture, &files)), ..bench.spec("dynamic") };
    let error = bench.pack(&spec).expect_err("one is missing").to_string();
    assert!(error.contains(&format!("the base image lacks `{last}`")), "{error}");
    files.push(last);
    bench.base(&own.architecture, &files);
    bench.pack(&spec).expect("all are there");
}

#[test]
fn certificates_of_the_base_stay_unless_others_are_configured() {
    let bench = Bench::new();
    let base = bench.base("amd64", &[certificates::IN_IMAGES.to_owned()]);
    let layers = |ca_bundle: Option<PathBuf>| {
        bench
            .pack(&ImageSpec { base: Some(base.clone()), ca_bundle, ..bench.spec("static") })
            .expect("it can be packed");
        let image = Image::open(&bench.path("image"), Some("amd64")).expect("it is whole");
        image.manifest().layers.len()
    };
    assert_eq!(layers(None), 2, "the base and the program");
    assert_eq!(layers(Some(bench.path("ca.pem"))), 3);
}

#[test]
fn what_is_over_its_budget_or_missing_is_told() {
    let bench = Bench::new();
    let over = ImageSpec { budget: Some(100), ..bench.spec("static") };
    let error = bench.pack(&over).expect_err("it is more than 100 bytes");
    assert_eq!(error.exit(), Exit::Gate);
    assert!(error.to_string().contains("100 B are allowed"), "{error}");
    let error = pack(&bench.spec("other"), &[bench.built("static")]).expect_err("there is no such program");
    assert!(error.to_string().contains("find the program other"), "{error}");
    bench.write("static", b"#!/bin/sh\n");
    let error = bench.pack(&bench.spec("static")).expect_err("it is a script").to_string();
    assert!(error.contains("no ELF file"), "{error}");
}

#[test]
fn a_broken_base_is_refused() {
    let bench = Bench::new();
    let base = bench.base("amd64", &["/a".to_owned()]);
    std::fs::write(base.join("index.json"), "{}").expect("the directory can be written to");
    let error = bench.pack(&ImageSpec { base: Some(base), ..bench.spec("static") }).expect_err("it is broken");
    assert_eq!(error.exit(), Exit::Environment);
    assert!(error.to_string().contains("read the base image"), "{error}");
}
