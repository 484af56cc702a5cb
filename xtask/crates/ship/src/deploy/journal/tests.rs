use super::*;

fn planned(service: &str) -> Planned {
    let service = service.to_owned();
    Planned { service, changes: Vec::new(), generation: 0, was_good: true }
}

fn begun() -> Entry {
    Entry::Begun {
        version: VERSION,
        run: "r".to_owned(),
        holder: "ada".to_owned(),
        environment: "staging".to_owned(),
        commit: "c".to_owned(),
        services: vec![planned("a"), planned("b")],
    }
}

fn story() -> Vec<Entry> {
    let a = || "a".to_owned();
    vec![
        begun(),
        Entry::Applying { service: a() },
        Entry::Applied { service: a(), generation: 7 },
        Entry::Settled { service: a(), failure: Some("it crashes".to_owned()) },
        Entry::Restoring { service: a() },
        Entry::Restored { service: a(), failure: None },
        Entry::Ended,
    ]
}

#[test]
fn cut_at_any_byte_it_can_be_read_and_gone_on_with() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join(directory::DEPLOYMENT);
    let mut journal = Journal::create(path.clone()).expect("it can be written");
    for entry in story() {
        journal.note(entry).expect("it can be written");
    }
    let whole = std::fs::read(&path).expect("it is there");
    for end in 0..=whole.len() {
        std::fs::write(&path, &whole[..end]).expect("it can be written");
        let before = read(&path).expect("it can be read");
        assert_eq!(before, story()[..before.len()]);
        let mut journal = Journal::resume(path.clone()).expect("it can be gone on with");
        journal.note(Entry::Ended).expect("it can be written");
        let after = read(&path).expect("it can be read");
        assert_eq!(after, [before, vec![Entry::Ended]].concat());
    }
}

#[test]
fn the_last_line_about_a_service_says_how_far_it_is() {
    let of_a = |lines: usize| progress(&story()[..lines])["a"].clone();
    assert_eq!(of_a(1), Progress::Untouched);
    assert_eq!(of_a(3), Progress::Applied { generation: 7 });
    assert_eq!(of_a(4), Progress::Settled(7, Some("it crashes".to_owned())));
    assert_eq!(of_a(7), Progress::Restored(None));
    assert_eq!(progress(&story())["b"], Progress::Untouched);
}
