//! What the mouse does in a flood, between two frames: nobody sees more of it than where it ends. Pure.

use std::io;

use crossterm::event::{Event, MouseEvent, MouseEventKind};

/// So many notches of the wheel are taken between two frames at most: more than any screen has lines.
const MOST: i64 = 100;

/// The same events with fewer of the mouse: notches one behind the other at one place are counted against each other, and of
/// what is drawn with a button held only the last counts.
pub fn calmed(events: Vec<io::Result<Event>>) -> Vec<io::Result<Event>> {
    let mut calm = Vec::with_capacity(events.len());
    let mut turned: Option<(MouseEvent, i64)> = None;
    for event in events {
        let notch = event.as_ref().ok().and_then(notch);
        match (notch, &mut turned) {
            (Some((mouse, by)), Some((first, sum))) if is_same(&mouse, first) => *sum += by,
            (Some(notch), _) => {
                put(turned.replace(notch), &mut calm);
            }
            (None, _) => {
                put(turned.take(), &mut calm);
                let is_one = |last: &io::Result<Event>| matches!((last, &event), (Ok(last), Ok(event)) if is_drawn_on(last, event));
                if calm.last().is_some_and(is_one) {
                    calm.pop();
                }
                calm.push(event);
            }
        }
    }
    put(turned, &mut calm);
    calm
}

/// A notch of the wheel: down counts for one, up against it.
fn notch(event: &Event) -> Option<(MouseEvent, i64)> {
    match event {
        Event::Mouse(mouse) if mouse.kind == MouseEventKind::ScrollDown => Some((*mouse, 1)),
        Event::Mouse(mouse) if mouse.kind == MouseEventKind::ScrollUp => Some((*mouse, -1)),
        _ => None,
    }
}

fn is_same(one: &MouseEvent, other: &MouseEvent) -> bool {
    (one.column, one.row, one.modifiers) == (other.column, other.row, other.modifiers)
}

fn is_drawn_on(before: &Event, event: &Event) -> bool {
    match (before, event) {
        (Event::Mouse(before), Event::Mouse(mouse)) => {
            matches!(mouse.kind, MouseEventKind::Drag(_))
                && (before.kind, before.modifiers) == (mouse.kind, mouse.modifiers)
        }
        _ => false,
    }
}

/// Notches that were counted, as so many in one direction.
fn put(turned: Option<(MouseEvent, i64)>, calm: &mut Vec<io::Result<Event>>) {
    let Some((mouse, sum)) = turned else { return };
    let kind = if sum > 0 { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp };
    calm.extend((0..sum.abs().min(MOST)).map(|_| Ok(Event::Mouse(MouseEvent { kind, ..mouse }))));
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers, MouseButton};

    use super::*;

    const DOWN: MouseEventKind = MouseEventKind::ScrollDown;
    const UP: MouseEventKind = MouseEventKind::ScrollUp;
    const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);

    fn mouse(kind: MouseEventKind, column: u16) -> Event {
        Event::Mouse(MouseEvent { kind, column, row: 1, modifiers: KeyModifiers::NONE })
    }

    fn of(events: Vec<Event>) -> Vec<Event> {
        calmed(events.into_iter().map(Ok).collect()).into_iter().map(Result::unwrap).collect()
    }

    #[test]
    fn a_flood_of_the_wheel_is_a_few_notches_and_what_goes_back_and_forth_is_nothing() {
        assert_eq!(of(vec![mouse(DOWN, 1); 4_000]), vec![mouse(DOWN, 1); 100]);
        assert_eq!(of([vec![mouse(DOWN, 1); 5], vec![mouse(UP, 1); 7]].concat()), vec![mouse(UP, 1); 2]);
        assert_eq!(of([vec![mouse(DOWN, 1); 5], vec![mouse(UP, 1); 5]].concat()), []);
        let key = Event::Key(KeyCode::Enter.into());
        let mixed = vec![mouse(DOWN, 1), mouse(DOWN, 2), key.clone(), mouse(DOWN, 2), Event::Paste("x".into())];
        assert_eq!(of(mixed.clone()), mixed, "what comes between stays where it is");
        assert!(calmed(vec![Ok(mouse(UP, 1)), Err(io::ErrorKind::UnexpectedEof.into())]).last().unwrap().is_err());
    }

    #[test]
    fn of_what_is_drawn_only_where_it_ends_counts() {
        let press = mouse(MouseEventKind::Down(MouseButton::Left), 1);
        let release = mouse(MouseEventKind::Up(MouseButton::Left), 9);
        let drawn = [vec![press.clone()], (2..9).map(|x| mouse(DRAG, x)).collect(), vec![release.clone()]].concat();
        assert_eq!(of(drawn), [press, mouse(DRAG, 8), release]);
    }
}
