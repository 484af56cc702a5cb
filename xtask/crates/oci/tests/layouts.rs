//! Layouts as files: what is packed can be read, two packings are the same, and what is broken is refused.

use oci_layout::{Digest, Image, Layer, Recipe};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The commit's time of every image here.
const TIME: u64 = 1_700_000_000;

fn recipe() -> Recipe {
    let map = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    Recipe {
        base: None,
        architecture: "amd64".to_owned(),
        created: Some(TIME),
        user: "65532:65532".to_owned(),
        entrypoint: vec!["/app/service".to_owned()],
        env: map("GIT_COMMIT", "abc"),
        ports: vec![8081],
        labels: map("org.opencontainers.image.revision", "abc"),
        layers: vec![Layer::new(TIME).file("/app/service", 0o755, b"program".to_vec())],
    }
}

fn pack(recipe: &Recipe, directory: &Path) -> Image {
    recipe.pack(directory).expect("the directory can be written")
}

/// Every file of a layout with its bytes.
fn bytes(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for place in ["", "blobs/sha256"] {
        let entries =
            fs::read_dir(directory.join(place)).expect("it is a directory").map(|entry| entry.expect("an entry"));
        let files = entries.filter(|entry| entry.path().is_file());
        found.extend(
            files.map(|file| (Path::new(place).join(file.file_name()), fs::read(file.path()).expect("a file"))),
        );
    }
    found
}

#[test]
fn the_same_recipe_gives_the_same_bytes() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let (first, second) = (pack(&recipe(), &a), pack(&recipe(), &b));
    assert_eq!(first.digest(), second.digest());
    assert_eq!(bytes(&a), bytes(&b));
    // A change of this means new digests for every image.
    assert_eq!(first.digest().to_string(), "sha256:44c5d81e6e86612216cb79a78762bd14e3b08ee3a58326f226bc69f953621966");
}

#[test]
fn what_was_packed_is_read_again() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let directory = dir.path().join("image");
    pack(&recipe(), &directory);
    let image = Image::open(&directory, Some("amd64")).expect("it is whole");
    let config = serde_json::to_value(image.config()).expect("it is JSON");
    assert_eq!(
        config,
        serde_json::json!({
            "created": "2023-11-14T22:13:20Z",
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "User": "65532:65532",
                "ExposedPorts": { "8081/tcp": {} },
                "Env": ["GIT_COMMIT=abc"],
                "Entrypoint": ["/app/service"],
                "WorkingDir": "/",
                "Labels": { "org.opencontainers.image.revision": "abc" },
            },
            "rootfs": { "type": "layers", "diff_ids": image.config().rootfs.diff_ids },
        })
    );
    let files = bytes(&directory);
    let in_blobs = files.iter().filter(|(path, _)| path.starts_with("blobs")).map(|(_, bytes)| bytes.len() as u64);
    assert_eq!(image.size(), in_blobs.sum::<u64>());
    assert!(image.files().expect("layers can be read").has("/app/service"));
}

#[test]
fn a_new_image_replaces_the_old_one_and_leaves_nothing_of_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let directory = dir.path().join("image");
    let fresh = dir.path().join("fresh");
    let layers = vec![Layer::new(TIME).file("/app/old", 0o755, b"old".to_vec())];
    pack(&Recipe { layers, ..recipe() }, &directory);
    pack(&recipe(), &directory);
    pack(&recipe(), &fresh);
    assert_eq!(bytes(&directory), bytes(&fresh));
    assert_eq!(fs::read_dir(dir.path()).expect("it is a directory").count(), 2, "no temporary directory is left");
}

#[test]
fn a_base_lies_below_and_its_variables_stay() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let env = BTreeMap::from([("PATH".to_owned(), "/bin".to_owned()), ("GIT_COMMIT".to_owned(), "old".to_owned())]);
    let layers = vec![Layer::new(0).file("/lib64/ld.so", 0o755, b"loader".to_vec())];
    let base = pack(&Recipe { env, layers, ..recipe() }, &dir.path().join("base"));
    let image = pack(&Recipe { base: Some(base.clone()), ..recipe() }, &dir.path().join("image"));
    assert_eq!(image.manifest().layers[0], base.manifest().layers[0]);
    assert_eq!(image.manifest().layers.len(), 2);
    assert_eq!(image.config().config.env, ["PATH=/bin", "GIT_COMMIT=abc"]);
    let files = image.files().expect("layers can be read");
    assert!(files.has("/lib64/ld.so") && files.has("/app/service"));
}

/// Breaks a packed image and tells what is said about it.
#[track_caller]
fn refused(break_it: impl FnOnce(&Path, &Image)) -> String {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let directory = dir.path().join("image");
    let image = pack(&recipe(), &directory);
    break_it(&directory, &image);
    let error = Image::open(&directory, Some("amd64")).expect_err("it is broken").to_string();
    error.replace(&*dir.path().to_string_lossy(), "/d")
}

#[test]
fn a_broken_layout_is_refused_with_the_reason() {
    let says = |text: &str, error: &str| assert!(error.contains(text), "{text:?} is missing in {error:?}");
    says(
        "/d/image/oci-layout",
        &refused(|directory, _| fs::remove_file(directory.join("oci-layout")).expect("it is there")),
    );
    says("a version", &refused(|directory, _| fs::write(directory.join("oci-layout"), "{}").expect("writable")));
    says("EOF", &refused(|directory, _| fs::write(directory.join("index.json"), "{").expect("writable")));
    says(
        "and must be sha256:",
        &refused(|_, image| {
            fs::write(image.blob_path(image.digest()), "{}").expect("writable");
        }),
    );
    says(
        "and must be sha256:",
        &refused(|_, image| {
            fs::write(image.blob_path(&image.manifest().layers[0].digest), "x").expect("writable");
        }),
    );
    says(
        "No such file",
        &refused(|_, image| {
            fs::remove_file(image.blob_path(&image.manifest().config.digest)).expect("it is there");
        }),
    );
    says(
        "is no sha256 digest",
        &refused(|directory, image| {
            let text = fs::read_to_string(directory.join("index.json")).expect("a text");
            let text = text.replace(&image.digest().to_string(), "sha256:../../../../etc/passwd");
            fs::write(directory.join("index.json"), text).expect("writable");
        }),
    );
}

#[test]
fn among_several_images_the_one_for_the_machine_is_taken() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let directory = dir.path().join("image");
    let amd64 = pack(&recipe(), &directory);
    let arm64 = pack(&Recipe { architecture: "arm64".to_owned(), ..recipe() }, &dir.path().join("arm64"));
    for (name, content) in bytes(&dir.path().join("arm64")).into_iter().filter(|(name, _)| name.starts_with("blobs")) {
        fs::write(directory.join(name), content).expect("writable");
    }
    let read = |directory: &Path| -> serde_json::Value {
        serde_json::from_slice(&fs::read(directory.join("index.json")).expect("a file")).expect("it is JSON")
    };
    let mut index = read(&directory);
    let other = read(&dir.path().join("arm64"))["manifests"][0].clone();
    index["manifests"].as_array_mut().expect("a list").push(other);
    fs::write(directory.join("index.json"), index.to_string()).expect("writable");
    let open = |architecture: &str| Image::open(&directory, Some(architecture)).map(|image| image.digest().clone());
    assert_eq!(open("amd64").expect("it is there"), *amd64.digest());
    assert_eq!(open("arm64").expect("it is there"), *arm64.digest());
    let only_one =
        Image::open(&dir.path().join("arm64"), Some("amd64")).expect_err("it is for another machine").to_string();
    assert!(only_one.contains("it is for linux/arm64, and must be for linux/amd64"), "{only_one}");
    let any = Image::open(&directory, None).expect_err("there are two").to_string();
    assert!(any.contains("it holds 2 images, and must hold one"), "{any}");
    assert!(open("riscv64").expect_err("there is none").to_string().contains("no image for linux/riscv64"));
    assert_ne!(Digest::of(b""), *amd64.digest());
}
