//! After a search: from one hit to the next, in the order in which they stand. Where they are is looked up anew each time,
//! so that what came or went meanwhile leads nobody astray.

use crate::tui::app::App;
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::message::Effect;
use crate::tui::palette::go;
use crate::tui::pick::{About, Gives, PickList};
use crate::tui::screen::Screen;
use crate::tui::screen::run::Run;
use crate::tui::search::list;

/// A search that stands: what was typed, and at which hit somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What was searched.
    pub about: About,
    /// What was typed.
    pub typed: String,
    /// Which hit is shown, counted from 1.
    pub at: usize,
    /// How many there are.
    pub all: usize,
    /// Whether the end was passed on the way to it.
    pub is_wrapped: bool,
    gives: Gives,
}

impl Found {
    /// `3 of 12`, and what it is of.
    pub fn place(&self) -> String {
        let again = match (self.is_wrapped, self.all) {
            (true, 1) => ", no other",
            (true, _) => ", all around",
            (false, _) => "",
        };
        format!("{} of {}{again} for {:?}", self.at, self.all, self.typed)
    }

    /// The same, and what leads on.
    pub fn told(&self, keymap: &Keymap) -> String {
        let key = |action| keymap.shown(action, Context::Found);
        let (next, previous, end) = (key(Action::NextHit), key(Action::PreviousHit), key(Action::Back));
        format!("{}; {next} next, {previous} previous, {end} ends it", self.place())
    }
}

/// What was picked from a search becomes the hit from which one goes on.
pub fn begin(app: &mut App, list: &PickList) {
    let found = of(list, list.row().map(|row| &row.gives));
    if let Some(run) = run_of(app) {
        run.found = found;
    }
}

fn of(list: &PickList, gives: Option<&Gives>) -> Option<Found> {
    let (about, typed) = (list.about, list.typed.trim());
    let is_search = matches!(about, About::Steps | About::Output | About::Nodes | About::Records);
    let gives = gives.filter(|_| is_search && !typed.is_empty())?;
    let hits = hits(list);
    let at = hits.iter().position(|hit| *hit == gives)?;
    Some(Found { about, typed: typed.to_owned(), at: at + 1, all: hits.len(), is_wrapped: false, gives: gives.clone() })
}

/// What fits, in the order in which it stands.
fn hits(list: &PickList) -> Vec<&Gives> {
    let mut places = list.found.clone();
    places.sort_unstable();
    places.into_iter().filter_map(|at| list.rows.get(at)).map(|row| &row.gives).collect()
}

/// Goes to the next hit, or to the one before.
pub fn step(app: &mut App, is_forward: bool) -> Vec<Effect> {
    let Some(before) = run_of(app).and_then(|run| run.found.take()) else { return Vec::new() };
    let list = list(app, before.about).map(|mut list| {
        list.paste(&before.typed);
        list
    });
    let hits = list.as_ref().map(hits).unwrap_or_default();
    if hits.is_empty() {
        app.notify(&match list.and_then(|list| list.unread) {
            Some(unread) => format!("nothing that can be read holds {:?}: {unread}", before.typed),
            None => format!("nothing holds {:?} any more", before.typed),
        });
        return Vec::new();
    }
    let last = hits.len() - 1;
    let known = hits.iter().position(|hit| **hit == before.gives);
    let (at, is_wrapped) = match (known.unwrap_or(before.at.saturating_sub(1).min(last)), is_forward) {
        (at, true) if at == last => (0, true),
        (at, true) => (at + 1, false),
        (0, false) => (last, true),
        (at, false) => (at - 1, false),
    };
    let gives = hits[at].clone();
    let found = Found { at: at + 1, all: hits.len(), is_wrapped, gives: gives.clone(), ..before };
    let effects = go(app, gives);
    if let Some(run) = run_of(app) {
        run.found = Some(found);
    }
    effects
}

/// A key was pressed while a search stands: whether it ends it. What only looks leaves it.
pub fn ends(action: Action) -> bool {
    !matches!(
        action,
        Action::NextHit
            | Action::PreviousHit
            | Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::First
            | Action::Last
            | Action::NextPane
            | Action::PreviousPane
            | Action::Zoom
            | Action::Narrower
            | Action::Wider
            | Action::Lower
            | Action::Higher
            | Action::EvenSizes
            | Action::Unfold
            | Action::Copy
            | Action::Search
            | Action::Palette
            | Action::Help
            | Action::Redraw
            | Action::Suspend
            | Action::SenseNow
            | Action::Seen
    )
}

/// The run on the screen, live or played back.
pub fn run_of(app: &mut App) -> Option<&mut Run> {
    match &mut app.screen {
        Screen::Run(run) => Some(run),
        Screen::Replay(replay) => Some(&mut replay.run),
        _ => None,
    }
}
