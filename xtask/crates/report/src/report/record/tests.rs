use super::super::sample;
use super::*;
use proptest::prelude::*;
use std::fs;
use xtask_core::command::Stream;
use xtask_core::ids::StageId;

fn recorded(events: &[Event]) -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("events.ndjson");
    let recorder = Recorder::create(&path).expect("the directory can be written to");
    let mut fold = Fold::default();
    for event in events {
        fold.on(event);
        recorder.on(&fold, event).expect("the disk has room");
    }
    fs::read(&path).expect("the record is there")
}

fn without_output(mut events: Vec<Event>) -> Vec<Event> {
    events.retain(|event| !matches!(event.kind, Kind::TaskOutput { .. }));
    events
}

fn lines(bytes: &[u8]) -> usize {
    bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).count()
}

#[test]
fn what_is_written_is_read_back_and_output_is_left_out() {
    let bytes = recorded(&sample::every_outcome());
    let events = without_output(sample::every_outcome());
    assert_eq!(lines(&bytes), events.len());
    let record = parse(&bytes[..]).expect("memory can be read");
    // The variables of a reading are secret and not recorded; the sample has none.
    let read: Vec<Event> = serde_json::Deserializer::from_slice(&bytes)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("each line is an event");
    assert_eq!(read, events);
    assert_eq!(record.fold, Fold::of(&events));
    assert_eq!((record.skipped, record.version), (0, Some(RECORD_VERSION)));
    assert!(record.is_closed());
}

#[test]
fn the_parts_of_a_deployment_are_read_back() {
    let mut run = sample::Run::new(&[]);
    let task = sample::id("deploy-staging", "staging");
    run.push(Kind::TaskPart { task, part: "auth-service".to_owned(), line: "1 of 2 pods".to_owned(), done: true });
    let events = run.over("passed", 0);
    let record = parse(&recorded(&events)[..]).expect("memory can be read");
    assert_eq!((record.skipped, record.is_whole()), (0, true));
    let line = serde_json::to_value(&events[1]).expect("events can be written");
    assert_eq!((&line["done"], &line["part_done"]), (&0.into(), &true.into()), "each key is there once");
}

#[test]
fn a_record_cut_at_any_byte_is_readable_up_to_the_cut() {
    let bytes = recorded(&sample::green());
    let events = without_output(sample::green());
    for cut in 0..=bytes.len() {
        let record = parse(&bytes[..cut]).expect("memory can be read");
        let ends = lines(&bytes[..cut]);
        // A line is whole from its closing brace on; its line end may be missing.
        let whole = ends + usize::from(bytes.get(cut) == Some(&b'\n'));
        assert_eq!(record.skipped, 0, "cut at byte {cut}");
        assert_eq!(record.fold, Fold::of(&events[..whole]), "cut at byte {cut}");
    }
}

#[test]
fn a_newer_record_is_read_as_far_as_it_is_understood() {
    let mut bytes = recorded(&sample::green());
    let text = String::from_utf8(bytes.clone()).expect("JSON is text");
    assert!(text.contains("\"version\":1"));
    bytes = text.replace("\"version\":1", "\"version\":9,\"colour\":\"blue\"").into_bytes();
    bytes.extend_from_slice(
        b"{\"at\":\"x\",\"elapsed_ms\":1,\"done\":0,\"running\":0,\"total\":0,\"event\":\"levitated\"}\n",
    );
    bytes.extend_from_slice(b"\xff\xfe not json\n\n");
    let record = parse(&bytes[..]).expect("memory can be read");
    assert_eq!((record.is_newer(), record.skipped), (true, 2));
    let known = Fold::of(&sample::green());
    assert_eq!(record.fold.finish(), known.finish());
}

#[test]
fn a_start_of_a_new_shape_still_tells_its_version() {
    let record = parse(&b"{\"event\":\"run-started\",\"version\":7}\n"[..]).expect("memory can be read");
    assert_eq!((record.version, record.is_newer(), record.skipped), (Some(7), true, 1));
}

#[test]
fn a_full_disk_is_an_error_of_the_recorder_and_not_a_panic() {
    let recorder = Recorder::for_user(Path::new("/dev/full")).expect("Linux has it");
    let error = recorder.on(&Fold::default(), &sample::green()[0]).expect_err("nothing fits");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_missing_record_is_named() {
    let error = read(Path::new("/nowhere/events.ndjson")).expect_err("it is missing").to_string();
    assert!(error.contains("/nowhere/events.ndjson"), "{error}");
}

proptest! {
    #[test]
    fn any_text_survives_the_record(line in ".*", at in ".*", elapsed_ms in any::<u64>()) {
        let kinds = [
            Kind::Warning { message: line.clone() },
            Kind::StageStarted { stage: StageId::new(&line) },
            Kind::TaskOutput { task: StageId::new("s").job(&line), stream: Stream::Stderr, line },
        ];
        for kind in kinds {
            let event = Event { at: at.clone(), elapsed_ms, counts: xtask_core::event::Counts::default(), kind };
            let bytes = serde_json::to_vec(&event).expect("events can be written");
            prop_assert!(!bytes.contains(&b'\n'));
            prop_assert_eq!(&parse(&bytes[..]).expect("memory can be read").fold, &Fold::of([&event]));
            prop_assert_eq!(serde_json::from_slice::<Event>(&bytes).expect("an event"), event);
            for cut in 0..bytes.len() {
                prop_assert_eq!(&parse(&bytes[..cut]).expect("memory can be read").fold, &Fold::default());
            }
        }
    }
}
