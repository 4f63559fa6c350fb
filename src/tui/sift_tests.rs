//! Bytes in whatever pieces they come: what of them is a key.

use crossterm::event::KeyCode;
use proptest::prelude::*;

use super::*;

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

/// What is read at once, each: `^` stands for an `esc` that is cut off from what comes behind it, `~c` for `esc` and c
/// together, `%` for ctrl-g.
fn reads(text: &str) -> Vec<Vec<u8>> {
    let (mut all, mut one) = (Vec::new(), Vec::new());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '^' => {
                one.push(ESC);
                all.push(std::mem::take(&mut one));
            }
            '~' => one.extend([ESC, u8::try_from(chars.next().unwrap()).unwrap()]),
            '%' => one.push(BELL),
            c => one.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    all.push(one);
    all
}

/// The same as keys.
fn events(text: &str) -> Vec<Event> {
    let mut chars = text.chars();
    let mut all = Vec::new();
    while let Some(c) = chars.next() {
        all.push(match c {
            '^' => key(KeyCode::Esc, KeyModifiers::NONE),
            '~' => with_alt(letter(chars.next().unwrap())),
            '%' => key(KeyCode::Char('g'), KeyModifiers::CONTROL),
            c => Event::Key(letter(c)),
        });
    }
    all
}

/// What goes on at once, and what after a moment.
fn sifted(text: &str) -> (Vec<Event>, Vec<Event>) {
    let mut sift = Sift::default();
    let at_once = reads(text).iter().flat_map(|read| sift.take(read, false)).collect();
    (at_once, sift.quiet())
}

#[test]
fn keys_are_keys() {
    for text in ["abc", "j~xk", "%", "O[A", "]11;%", "äÖ€𝕏"] {
        assert_eq!(sifted(text), (events(text), Vec::new()), "{text}");
    }
    for text in ["^", "~]", "~P", "^[", "^O", "^]"] {
        assert_eq!(sifted(text), (Vec::new(), events(text)), "{text}: after a moment");
    }
    assert_eq!(sifted("^q"), (events("^q"), Vec::new()));
    assert_eq!(sifted("^^"), (events("^"), events("^")));
    assert_eq!(sifted("~]~]"), (events("~]"), events("~]")), "a key that is held down");
    assert_eq!(sifted("^[a"), (Vec::new(), Vec::new()), "a sequence that is none of ours");
    let mut sift = Sift::default();
    assert_eq!(sift.take("\u{1b}ä\r\t\u{7f}\u{3}\0".as_bytes(), false).len(), 6);
    assert_eq!(sift.waits(), None);
}

#[test]
fn an_arrow_in_two_pieces_is_an_arrow() {
    for (text, code) in [
        ("^[A", KeyCode::Up),
        ("^OB", KeyCode::Down),
        ("^[6|", KeyCode::PageDown),
        ("^[1|", KeyCode::Home),
        ("^OP", KeyCode::F(1)),
    ] {
        let mut sift = Sift::default();
        let mut told: Vec<Event> = Vec::new();
        for read in reads(text) {
            told.extend(
                sift.take(&read.iter().map(|byte| if *byte == b'|' { b'~' } else { *byte }).collect::<Vec<_>>(), false),
            );
        }
        assert_eq!(told, [key(code, KeyModifiers::NONE)], "{text}");
        assert_eq!(sift.waits(), None);
    }
    assert_eq!(sifted("^[<0;0;5Mx"), (events("x"), Vec::new()), "a click nowhere is nothing");
}

#[test]
fn answers_are_taken_out() {
    for text in [
        "~]11;rgb:1e1e/1e1e/1e1e%",
        "~P1$r0 q~\\",
        "~P>|xterm(388)~\\",
        "^]11;rgb:0/0/0^\\",
        "~_Gi=1;OK~\\",
        "~]52;c;q",
    ] {
        assert_eq!(sifted(text), (Vec::new(), Vec::new()), "{text}");
    }
    assert_eq!(sifted("a~P1$r0 q~\\b"), (events("ab"), Vec::new()));
    let endless = format!("~]{}", "q".repeat(LONGEST_ANSWER * 2));
    let (at_once, _) = sifted(&endless);
    assert!((1..=LONGEST_ANSWER + 1).contains(&at_once.len()), "what never ends is let through again at last");
    assert_eq!(sifted("~]11;rgb\u{3}").0, [key(KeyCode::Char('c'), KeyModifiers::CONTROL)], "ctrl-c is none of it");
    assert_eq!(sifted("~]11;rgb~[A").0, [key(KeyCode::Up, KeyModifiers::NONE)], "nor is an arrow");
}

#[test]
fn an_esc_at_the_very_end_of_what_is_read_at_once_takes_no_key_along() {
    // As many as are read at once, the last of them the beginning of something.
    for (last, next, wanted) in [
        (&b"\x1b"[..], &b"[A"[..], key(KeyCode::Up, KeyModifiers::NONE)),
        (b"\x1b", b"x", key(KeyCode::Char('x'), KeyModifiers::ALT)),
        (b"\x1b[", b"B", key(KeyCode::Down, KeyModifiers::NONE)),
        (b"\xc3", b"\xa4", key(KeyCode::Char('\u{e4}'), KeyModifiers::NONE)),
    ] {
        let mut sift = Sift::default();
        let full = [&vec![b'a'; 1024 - last.len()][..], last].concat();
        assert_eq!(sift.take(&full, true).len(), 1024 - last.len());
        assert_eq!(sift.take(next, false), [wanted]);
    }
    // Where that was all, it is the key, and the next is one, too.
    let mut sift = Sift::default();
    assert_eq!(sift.take(&[&[b'a'; 1023][..], b"\x1b"].concat(), true).len(), 1023);
    assert_eq!(sift.waits(), Some(REST));
    assert_eq!(sift.quiet(), [key(KeyCode::Esc, KeyModifiers::NONE)]);
    assert_eq!(sift.take(b"q", false), events("q"));
}

#[test]
fn half_a_character_takes_no_key_along() {
    for half in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9d\x95", b"\xff", b"\x80", b"\x1b\xc3", b"\xed\xa0\x80"] {
        let mut sift = Sift::default();
        assert_eq!(sift.take(half, false), [], "{half:?}");
        assert_eq!(sift.take(b"q\x1b[A", false), [events("q"), vec![key(KeyCode::Up, KeyModifiers::NONE)]].concat());
        assert_eq!(sift.take(half, false), []);
        assert_eq!(sift.quiet(), []);
        assert_eq!(sift.take(b"\r", false), [key(KeyCode::Enter, KeyModifiers::NONE)], "{half:?}");
    }
}

#[test]
fn a_paste_is_one_event_in_however_many_pieces_it_comes() {
    let text = "a line\n\u{1b}[A and another: ä€𝕏\r";
    let bytes = [b"\x1b[200~", text.as_bytes(), PASTE_ENDS, b"q"].concat();
    for size in 1..bytes.len() {
        let mut sift = Sift::default();
        let come: Vec<Event> = bytes.chunks(size).flat_map(|piece| sift.take(piece, false)).collect();
        assert_eq!(come, [vec![Event::Paste(text.into())], events("q")].concat(), "{size}");
    }
}

#[test]
fn a_paste_without_an_end_is_handed_on_after_a_while_and_keys_are_keys_again() {
    let mut sift = Sift::default();
    assert_eq!(sift.take(b"\x1b[200~half of", false), []);
    assert_eq!(sift.waits(), Some(PASTE_REST));
    assert_eq!(sift.quiet(), [Event::Paste("half of".into())]);
    assert_eq!(sift.waits(), None);
    // It goes on after all: nothing of that is a key.
    assert_eq!(sift.take(b" it\rY", false), []);
    assert_eq!(sift.quiet(), [Event::Paste(" it\rY".into())]);
    assert_eq!(sift.take(b" all\x1b[201~", false), [Event::Paste(" all".into())]);
    assert_eq!(sift.take(b"\rq", false).len(), 2);
    // Or it does not, and a key comes.
    for (bytes, code) in
        [(&b"q"[..], KeyCode::Char('q')), (b"\x1b[A", KeyCode::Up), ("ä".as_bytes(), KeyCode::Char('ä'))]
    {
        let mut sift = Sift::default();
        sift.take(b"\x1b[200~half", false);
        sift.quiet();
        assert_eq!(sift.take(bytes, false), [key(code, KeyModifiers::NONE)]);
        assert_eq!(sift.take(b"ab", false), events("ab"));
    }
    // The end comes by itself.
    let mut sift = Sift::default();
    sift.take(b"\x1b[200~half", false);
    sift.quiet();
    assert_eq!(sift.take(PASTE_ENDS, false), []);
    assert_eq!(sift.take(b"\r", false), [key(KeyCode::Enter, KeyModifiers::NONE)]);
}

#[test]
fn a_paste_of_any_length_takes_bounded_memory() {
    let mut sift = Sift::default();
    sift.take(b"\x1b[200~", false);
    let mut length = 0;
    for _ in 0..4_000 {
        for event in sift.take("ä".repeat(512).as_bytes(), true) {
            let Event::Paste(text) = event else { panic!("it is a paste") };
            length += text.len();
            assert!(text.chars().all(|c| c == 'ä'), "no character is cut in two");
        }
        assert!(sift.held.len() <= LONGEST_PASTE);
    }
    assert!(length > 2 * LONGEST_PASTE);
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_pieces_it_ends_and_keys_are_keys_again(
        reads in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), any::<bool>()), 0..12)
    ) {
        let mut sift = Sift::default();
        for (read, is_quiet) in &reads {
            sift.take(read, false);
            if *is_quiet {
                sift.quiet();
            }
        }
        sift.quiet();
        prop_assert!(sift.waits().is_none());
        prop_assert_eq!(sift.take(b"q", false), events("q"));
    }
}
