//! Secrets in pieces, in colours and in encodings.

use super::*;
use proptest::prelude::*;
use xtask_core::text;

fn secrets(texts: &[&str]) -> Secrets {
    Secrets::new(texts.iter().map(|text| text.as_bytes().to_vec()))
}

#[test]
fn every_occurrence_is_hidden_and_nothing_else() {
    #[track_caller]
    fn case(texts: &[&str], text: &str, want: &str) {
        assert_eq!(secrets(texts).hide(text), want);
    }
    case(&[], "anything", "anything");
    case(&["hunter22"], "hunter22", "***");
    case(&["hunter22"], "a hunter22hunter22 b hunter2", "a ****** b hunter2");
    case(&["aXa"], "aXaXa", "***");
    case(&["abcd", "abcdef", "cdX"], "-abcdef-abcdX-", "-***-***-");
    case(&["", "é€"], "é€é", "***é");
}

#[test]
fn a_secret_in_pieces_is_hidden_and_what_only_begins_like_one_is_shown() {
    let text = b"xhunter2 hunter22 hunhunter22 hunter2";
    for cut in 0..text.len() {
        for second in cut..text.len() {
            let mut masks = Masks::new(secrets(&["hunter22", "2 hu!"]));
            let mut shown = Vec::new();
            for piece in [&text[..cut], &text[cut..second], &text[second..]] {
                shown.extend(masks.feed(Stream::Stdout, piece.to_vec()));
            }
            shown.extend(masks.finish(Stream::Stdout));
            assert_eq!(String::from_utf8_lossy(&shown), "xhunter2 *** hun*** hunter2", "cut at {cut} and {second}");
        }
    }
}

#[test]
fn a_secret_is_what_people_see_and_not_how_it_was_written() {
    #[track_caller]
    fn case(text: &str, want: &str) {
        let secrets = secrets(&["hunter-22!"]);
        assert_eq!(secrets.hide(text), want);
        for cut in 0..=text.len() {
            let mut masks = Masks::new(secrets.clone());
            let mut shown = masks.feed(Stream::Stdout, text.as_bytes()[..cut].to_vec());
            shown.extend(masks.feed(Stream::Stdout, text.as_bytes()[cut..].to_vec()));
            shown.extend(masks.finish(Stream::Stdout));
            let shown = String::from_utf8_lossy(&shown);
            let seen: String = shown.lines().map(text::sanitise).collect();
            assert!(shown.contains("***"), "cut at {cut}: {shown}");
            assert!(!seen.contains("ter-22!") && !shown.contains("ter-22!"), "cut at {cut}: {shown}");
        }
    }
    case("a hunter-22! b", "a *** b");
    case("\u{1b}[31mhun\u{1b}[0;1mter-2\u{1b}[0m2!\u{1b}[0m", "\u{1b}[31m***\u{1b}[0m");
    case("hun\0ter\u{7}-2\r2\u{8}\u{7f}!", "***");
    case("hunter\u{1b}]8;;https://example.org\u{1b}\\-22\u{1b}]0;title\u{7}!", "***");
    case("\u{1b}]8;;https://example.org/hunter-22!\u{7}link", "\u{1b}]8;;https://example.org/***\u{7}link");
    case("hun\u{1b}ter-\u{9b}1m22\u{85}!", "***");
    case("hun\nter-22!\nnext", "***\n***\nnext");
    case("h\r\nunter-2\r\n2!", "***\n***\n***");
    case("hunter%2D2%32%21 %68unter-22%2521", "*** ***");
    case(r#""hunter-22\u0021", "{\"hunter\\u002D22!\"}""#, r#""***", "{\"***\"}""#);
    case(r"hun\u{1b}[0;1mter-22! \\\\\\nhunter-22!", r"*** \\\\\\n***");
}

#[test]
fn a_complete_line_is_shown_at_once_and_what_continues_it_is_hidden() {
    let mut masks = Masks::new(secrets(&["hunter22"]));
    assert_eq!(masks.feed(Stream::Stdout, b"oh\n".to_vec()), b"oh\n");
    assert_eq!(masks.feed(Stream::Stdout, b"unter22\n100%\n".to_vec()), b"***\n100%\n");
    assert_eq!(masks.feed(Stream::Stdout, b"hunt\n".to_vec()), b"");
    assert_eq!(masks.feed(Stream::Stdout, b"er2\n".to_vec()), b"");
    assert_eq!(masks.feed(Stream::Stdout, b"x\n".to_vec()), b"hunt\ner2\nx\n");
}

#[test]
fn a_sequence_without_an_end_does_not_fill_the_memory() {
    let mut masks = Masks::new(secrets(&["hunter22"]));
    let mut shown = masks.feed(Stream::Stdout, b"\x1b]0;".to_vec()).len();
    for _ in 0..4 {
        shown += masks.feed(Stream::Stdout, vec![b'x'; escape::LONGEST_TOKEN / 2]).len();
    }
    assert!(shown > escape::LONGEST_TOKEN, "{shown} bytes were shown");
}

#[test]
fn the_streams_are_apart_and_nothing_is_held_without_need() {
    let mut masks = Masks::new(secrets(&["hunter22"]));
    assert_eq!(masks.feed(Stream::Stdout, b"100 % hunt".to_vec()), b"100 % ");
    assert_eq!(masks.feed(Stream::Stderr, b"er22".to_vec()), b"er22");
    assert_eq!(masks.finish(Stream::Stdout), b"hunt");
    assert_eq!(format!("{:?}", masks.secrets), "Secrets(1)");
}

proptest! {
    #[test]
    fn plain_output_is_searched_as_its_views_would_be(
        parts in prop::collection::vec(
            prop::sample::select(vec!["hunter2", "hun", "ter2", "2", "aabaab", "aab", "a", "b", "x", "\n", "\n\n"]),
            0..16,
        ),
        last in any::<bool>(),
    ) {
        let secrets = secrets(&["hunter2", "aabaab"]);
        let text = parts.concat() + "\n";
        prop_assert!(plain::is_plain(text.as_bytes()));
        for end in ["", "hunt", "x"] {
            let bytes = [text.as_bytes(), end.as_bytes()].concat();
            prop_assert_eq!(secrets.search_plain(&bytes, last), secrets.search_views(&bytes, last));
        }
    }
}
