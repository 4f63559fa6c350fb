//! What the sequences of a terminal stand for: keys and the mouse. Pure.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// The key of a byte that is a character by itself.
pub(super) fn key_of(byte: u8) -> KeyEvent {
    let control = |c: u8| KeyEvent::new(KeyCode::Char(char::from(c)), KeyModifiers::CONTROL);
    match byte {
        b'\r' => KeyCode::Enter.into(),
        b'\t' => KeyCode::Tab.into(),
        0x7f => KeyCode::Backspace.into(),
        0x1b => KeyCode::Esc.into(),
        0 => control(b' '),
        0x01..=0x1a => control(byte - 1 + b'a'),
        0x1c..=0x1f => control(byte - 0x1c + b'4'),
        _ => letter(char::from(byte)),
    }
}

/// The key that types a character.
pub(super) fn letter(c: char) -> KeyEvent {
    let modifiers = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    KeyEvent::new(KeyCode::Char(c), modifiers)
}

/// What `ESC O` with that byte is.
pub(super) fn single(last: u8) -> Option<Event> {
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(1 + last - b'P'),
        _ => return None,
    };
    Some(Event::Key(code.into()))
}

/// What `ESC [` with these parameters and that last byte is; `None` for what is no key of a screen.
pub(super) fn sequence(parameters: &str, last: u8) -> Option<Event> {
    if let Some(report) = parameters.strip_prefix('<') {
        return mouse(report, last);
    }
    if parameters == "[" {
        // The console of Linux.
        return matches!(last, b'A'..=b'E').then(|| Event::Key(KeyCode::F(1 + last - b'A').into()));
    }
    let mut parts = parameters.split(';');
    let first = parts.next().unwrap_or_default();
    let (modifiers, kind) = parts.next().map_or((KeyModifiers::NONE, KeyEventKind::Press), modified);
    let code = match last {
        b'I' if parameters.is_empty() => return Some(Event::FocusGained),
        b'O' if parameters.is_empty() => return Some(Event::FocusLost),
        b'Z' => {
            return Some(Event::Key(KeyEvent::new_with_kind(KeyCode::BackTab, modifiers | KeyModifiers::SHIFT, kind)));
        }
        b'M' => return old_mouse(parameters),
        b'~' => numbered(first.parse().ok()?)?,
        b'u' => encoded(first)?,
        b'R' => return None,
        _ if first.is_empty() || first == "1" => {
            let Event::Key(key) = single(last)? else { return None };
            key.code
        }
        _ => return None,
    };
    let shift =
        if matches!(code, KeyCode::Char(c) if c.is_uppercase()) { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    Some(Event::Key(KeyEvent::new_with_kind(code, modifiers | shift, kind)))
}

/// The modifiers of a key, and whether it is held or let go, as `MODIFIERS:KIND`.
fn modified(part: &str) -> (KeyModifiers, KeyEventKind) {
    let mut numbers = part.split(':').map(|number| number.parse::<u8>().unwrap_or(1));
    let mask = numbers.next().unwrap_or(1).saturating_sub(1);
    let of = [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
        (16, KeyModifiers::HYPER),
        (32, KeyModifiers::META),
    ];
    let modifiers = of.into_iter().filter(|(bit, _)| mask & bit != 0).map(|(_, modifier)| modifier).collect();
    let kind = match numbers.next() {
        Some(2) => KeyEventKind::Repeat,
        Some(3) => KeyEventKind::Release,
        _ => KeyEventKind::Press,
    };
    (modifiers, kind)
}

/// The key of `ESC [ NUMBER ~`.
const fn numbered(number: u8) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(number - 10),
        17..=21 => KeyCode::F(number - 11),
        23..=26 => KeyCode::F(number - 12),
        28..=29 => KeyCode::F(number - 15),
        31..=34 => KeyCode::F(number - 17),
        _ => return None,
    })
}

/// The key of `ESC [ CHARACTER u`, as some terminals send what has no byte of its own.
fn encoded(number: &str) -> Option<KeyCode> {
    let number = number.split(':').next()?.parse().ok()?;
    let key =
        key_of(u8::try_from(number).ok().filter(|byte| matches!(byte, b'\r' | b'\t' | 0x1b | 0x7f)).unwrap_or(b'x'));
    match key.code {
        KeyCode::Char(_) => char::from_u32(number).filter(|c| !c.is_control()).map(KeyCode::Char),
        code => Some(code),
    }
}

/// What the mouse did, as `BUTTON;COLUMN;ROW` with `M`, or `m` where a button was let go.
fn mouse(report: &str, last: u8) -> Option<Event> {
    let [button, column, row] = numbers(report)?;
    let (kind, modifiers) = button_of(u8::try_from(button).ok()?)?;
    let kind = match (last, kind) {
        (b'm', MouseEventKind::Down(button)) => MouseEventKind::Up(button),
        (b'm' | b'M', kind) => kind,
        _ => return None,
    };
    at(kind, modifiers, column, row)
}

/// The same of terminals that tell it without `<`, as `rxvt` does.
fn old_mouse(report: &str) -> Option<Event> {
    let [button, column, row] = numbers(report)?;
    let (kind, modifiers) = button_of(u8::try_from(button).ok()?.checked_sub(32)?)?;
    at(kind, modifiers, column, row)
}

/// The same in three bytes behind `ESC [ M`, the oldest way.
pub(super) fn oldest_mouse(bytes: [u8; 3]) -> Option<Event> {
    let [button, column, row] = bytes.map(|byte| byte.checked_sub(32));
    let (kind, modifiers) = button_of(button?)?;
    at(kind, modifiers, column?.into(), row?.into())
}

fn numbers(report: &str) -> Option<[u16; 3]> {
    let mut parts = report.split(';').map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

/// Places are counted from 1; one that is not is none.
fn at(kind: MouseEventKind, modifiers: KeyModifiers, column: u16, row: u16) -> Option<Event> {
    let (column, row) = (column.checked_sub(1)?, row.checked_sub(1)?);
    Some(Event::Mouse(MouseEvent { kind, column, row, modifiers }))
}

/// What is done with which button, with which keys held.
fn button_of(told: u8) -> Option<(MouseEventKind, KeyModifiers)> {
    let number = told & 3 | (told & 0xc0) >> 4;
    let button = match number {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        _ => MouseButton::Right,
    };
    let kind = match (number, told & 0x20 != 0) {
        (0..=2, false) => MouseEventKind::Down(button),
        (0..=2, true) => MouseEventKind::Drag(button),
        (3, false) => MouseEventKind::Up(MouseButton::Left),
        (3..=5, true) => MouseEventKind::Moved,
        (4, false) => MouseEventKind::ScrollUp,
        (5, false) => MouseEventKind::ScrollDown,
        (6, false) => MouseEventKind::ScrollLeft,
        (7, false) => MouseEventKind::ScrollRight,
        _ => return None,
    };
    let of = [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)];
    Some((kind, of.into_iter().filter(|(bit, _)| told & bit != 0).map(|(_, modifier)| modifier).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_others_held_and_of_every_terminal() {
        let key = |code, modifiers| Some(Event::Key(KeyEvent::new(code, modifiers)));
        for (parameters, last, code, modifiers) in [
            ("", b'A', KeyCode::Up, KeyModifiers::NONE),
            ("1;5", b'C', KeyCode::Right, KeyModifiers::CONTROL),
            ("1;2", b'P', KeyCode::F(1), KeyModifiers::SHIFT),
            ("3;3", b'~', KeyCode::Delete, KeyModifiers::ALT),
            ("15", b'~', KeyCode::F(5), KeyModifiers::NONE),
            ("24", b'~', KeyCode::F(12), KeyModifiers::NONE),
            ("[", b'B', KeyCode::F(2), KeyModifiers::NONE),
            ("", b'Z', KeyCode::BackTab, KeyModifiers::SHIFT),
            ("97;5", b'u', KeyCode::Char('a'), KeyModifiers::CONTROL),
            ("13;2", b'u', KeyCode::Enter, KeyModifiers::SHIFT),
            ("27", b'u', KeyCode::Esc, KeyModifiers::NONE),
        ] {
            assert_eq!(sequence(parameters, last), key(code, modifiers), "{parameters} {}", char::from(last));
        }
        for (parameters, last) in [("12;40", b'R'), ("?62;4", b'c'), ("99", b'~'), ("3", b'u'), ("9", b'A'), ("", b'y')]
        {
            assert_eq!(sequence(parameters, last), None, "{parameters} {}", char::from(last));
        }
    }

    #[test]
    fn what_the_mouse_did_in_every_way_to_tell_it() {
        let at = |kind, column, row, modifiers| Some(Event::Mouse(MouseEvent { kind, column, row, modifiers }));
        let (none, left) = (KeyModifiers::NONE, MouseButton::Left);
        assert_eq!(sequence("<0;10;5", b'M'), at(MouseEventKind::Down(left), 9, 4, none));
        assert_eq!(sequence("<0;10;5", b'm'), at(MouseEventKind::Up(left), 9, 4, none));
        assert_eq!(sequence("<32;1;1", b'M'), at(MouseEventKind::Drag(left), 0, 0, none));
        assert_eq!(sequence("<68;300;5", b'M'), at(MouseEventKind::ScrollUp, 299, 4, KeyModifiers::SHIFT));
        assert_eq!(sequence("97;10;5", b'M'), at(MouseEventKind::ScrollDown, 9, 4, none));
        assert_eq!(oldest_mouse([32, 42, 37]), at(MouseEventKind::Down(left), 9, 4, none));
        for nothing in ["<0;0;5", "<0;5", "<999;1;1", "<x;1;1", "<0;1;99999", "<"] {
            assert_eq!(sequence(nothing, b'M'), None, "{nothing}");
        }
        assert_eq!(oldest_mouse([32, 32, 40]), None);
    }
}
