//! The screens. Each: its state, what it does about actions, and how it is laid out.

pub mod debrief;
pub mod journals;
pub mod library;
pub mod practise;
pub mod replay;
pub mod run;
pub mod setup;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::{App, SMALLEST, SMALLEST_RUN};
use crate::tui::keymap::{Action, Context};
use crate::tui::screen::debrief::DebriefScreen;
use crate::tui::screen::journals::Journals;
use crate::tui::screen::library::Library;
use crate::tui::screen::practise::Practise;
use crate::tui::screen::replay::Replay;
use crate::tui::screen::run::Run;
use crate::tui::screen::setup::SetUp;
use crate::tui::spot::Spot;
use crate::tui::theme::Meaning;
use crate::tui::widget::help::Help;
use crate::tui::widget::paint::Paint;
use crate::tui::widget::pick;
use crate::tui::wrap::wrap;

/// What is on the screen.
pub enum Screen {
    /// Choose a runbook.
    Library(Box<Library>),
    /// Choose what of it is practised.
    Practise(Box<Practise>),
    /// Bind its inputs, and look at what there is before the start.
    SetUp(Box<SetUp>),
    /// Walk it.
    Run(Box<Run>),
    /// What a rehearsal came to.
    Debrief(Box<DebriefScreen>),
    /// All runs.
    Journals(Box<Journals>),
    /// One of them played back.
    Replay(Box<Replay>),
}

impl Screen {
    /// Where a key pressed now is looked up, the nearest first.
    pub fn contexts(&self) -> Vec<Context> {
        vec![match self {
            Self::Journals(journals) => return journals.contexts(),
            Self::Replay(replay) => return replay.contexts(),
            Self::Library(library) => return library.contexts(),
            Self::Practise(_) => Context::Practise,
            Self::SetUp(set_up) => return set_up.contexts(),
            Self::Run(run) => return run.contexts(),
            Self::Debrief(_) => Context::Debrief,
        }]
    }

    /// The smallest terminal on which it is shown, in columns and rows.
    pub const fn smallest(&self) -> (u16, u16) {
        match self {
            Self::Run(_) | Self::Replay(_) => SMALLEST_RUN,
            _ => SMALLEST,
        }
    }

    /// The words that stand on the screen for an action now; none where it is not offered.
    pub fn words_for(&self, action: Action) -> String {
        match self {
            Self::Run(run) => run.words_for(action),
            Self::Library(library) => library.words_for(action).to_owned(),
            _ => String::new(),
        }
    }

    /// Whether a character goes into a text.
    pub fn is_typing(&self) -> bool {
        match self {
            Self::Debrief(_) => false,
            Self::Library(library) => library.is_typing(),
            Self::Practise(practise) => practise.is_typing(),
            Self::Journals(journals) => journals.is_typing(),
            Self::Replay(replay) => replay.asked.is_some(),
            Self::SetUp(set_up) => set_up.is_typing(),
            Self::Run(run) => run.is_typing(),
        }
    }
}

/// Draws whatever is on the screen; gives what a click would press there.
pub fn draw(app: &App, area: Rect, buffer: &mut Buffer) -> Vec<Spot> {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return Vec::new();
    }
    let mut paint = Paint::new(buffer, &app.look);
    if app.look.theme.has_ground() {
        paint.fill(area, Meaning::Text);
    }
    let smallest = app.screen.smallest();
    if area.width < smallest.0 || area.height < smallest.1 {
        too_small(app, area, &mut paint);
        return Vec::new();
    }
    match &app.screen {
        Screen::Library(library) => library.draw(app, area, &mut paint),
        Screen::Practise(practise) => practise.draw(app, area, &mut paint),
        Screen::SetUp(set_up) => set_up.draw(app, area, &mut paint),
        Screen::Run(run) => run::draw::draw(run, app, area, &mut paint),
        Screen::Debrief(debrief) => debrief.draw(app, area, &mut paint),
        Screen::Journals(journals) => journals.draw(app, area, &mut paint),
        Screen::Replay(replay) => replay.draw(app, area, &mut paint),
    }
    if let Some(list) = &app.pick {
        paint.spots.clear();
        pick::draw(app, list, app.open_area(), &mut paint);
    }
    if let Some(scroll) = app.help {
        Help::of(app).draw(app.open_area(), scroll, &mut paint);
        paint.spots.clear();
    }
    paint.spots
}

fn too_small(app: &App, area: Rect, paint: &mut Paint<'_>) {
    let (is_run, smallest) = (matches!(app.screen, Screen::Run(_)), app.screen.smallest());
    let leave = app.keymap.shown(Action::Leave, Context::Everywhere);
    let nothing =
        if is_run { "the run goes on; nothing can be confirmed here" } else { "no other key does anything here" };
    let lines = [
        format!("too small: {}x{}, needs {}x{}", area.width, area.height, smallest.0, smallest.1),
        format!("make the window larger, or leave: {leave}"),
        nothing.to_owned(),
    ];
    let lines = lines.iter().flat_map(|line| wrap(line, usize::from(area.width)));
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        paint.put((area.x, y), area.width, &line, Meaning::Alarm);
    }
}
