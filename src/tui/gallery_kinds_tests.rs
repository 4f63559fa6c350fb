//! No kind of screen, dialog, question, reason or list is missing in the gallery: a new variant of one of these types does
//! not compile here before it has a name, and fails here before it has a scene.

use std::collections::BTreeSet;

use crate::tui::app::App;
use crate::tui::dialog::{Ask, Dialog, Purpose, Shown};
use crate::tui::gallery_tests::all;
use crate::tui::keymap::Context;
use crate::tui::pick::About;
use crate::tui::screen::Screen;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::run::over::Over;
use crate::tui::stage_tests::look;
use crate::tui::theme::UNICODE;

/// A function that names each variant of a type, and the list of all names.
macro_rules! kinds {
    ($name:ident, $list:ident, $of:ty, $($variant:pat => $word:literal),+ $(,)?) => {
        const $list: &[&str] = &[$($word),+];

        fn $name(it: &$of) -> &'static str {
            match it {
                $($variant => $word),+
            }
        }
    };
}

kinds!(screen, SCREENS, Screen,
    Screen::Library(_) => "library",
    Screen::Practise(_) => "practise",
    Screen::SetUp(_) => "set-up",
    Screen::Run(_) => "run",
    Screen::Debrief(_) => "debrief",
    Screen::Journals(_) => "journals",
    Screen::Replay(_) => "replay",
);

kinds!(dialog, DIALOGS, Dialog,
    Dialog::State(_) => "statement",
    Dialog::Choose(_) => "choice",
    Dialog::Release(_) => "release",
    Dialog::Command(_) => "command",
    Dialog::Reason(_) => "reason",
    Dialog::Note(_) => "note",
    Dialog::Attach(_) => "attach",
    Dialog::Ask(_) => "question",
    Dialog::Why(_) => "why",
    Dialog::Beside(_) => "beside",
    Dialog::Outcome => "outcome",
);

kinds!(purpose, PURPOSES, Purpose,
    Purpose::Skip(_) => "skip",
    Purpose::Defer(..) => "defer",
    Purpose::Override(_) => "override",
    Purpose::CutWait(_) => "cut the wait",
    Purpose::Restart(..) => "restart",
    Purpose::Acknowledge(..) => "acknowledge",
    Purpose::RollBack(..) => "roll back",
    Purpose::Abandon => "abandon",
);

kinds!(ask, ASKS, Ask,
    Ask::Cancel(..) => "cancel",
    Ask::Leave => "leave",
    Ask::Close => "close",
);

kinds!(command, COMMANDS, Shown,
    Shown::One(_) => "one command",
    Shown::All(_) => "commands of all items",
);

kinds!(list, LISTS, About,
    About::Commands => "list of commands",
    About::Steps => "list of steps",
    About::Output => "list of lines",
    About::Nodes => "list of nodes",
    About::Records => "list of records",
    About::Copy => "list of texts",
    About::Keys => "list of keys",
    About::KeysOfRelease => "list of keys for a statement",
);

kinds!(over, OVERS, Over,
    Over::Overview(_) => "overview",
    Over::Alarms(_) => "alarms",
);

kinds!(pane, PANES, Pane,
    Pane::Step => "pane of the step",
    Pane::Steps => "pane of the steps",
    Pane::Output => "pane of the output",
    Pane::Health => "pane of the board",
    Pane::Guards => "pane of the guards",
);

kinds!(place, PLACES, Context,
    Context::Everywhere => "everywhere",
    Context::Library => "keys of the library",
    Context::Changes => "keys of what changed",
    Context::Practise => "keys of the choice of practice",
    Context::Sites => "keys of the sites",
    Context::SetUp => "keys of the form",
    Context::Before => "keys of what is looked at before",
    Context::Confirm => "keys of the name that is typed",
    Context::Run => "keys of the run",
    Context::Dialog => "keys of a dialog",
    Context::Note => "keys of a note",
    Context::Debrief => "keys of the debrief",
    Context::Console => "keys of the console",
    Context::Journals => "keys of the list of runs",
    Context::Filter => "keys of a line that is typed",
    Context::Overview => "keys of the overview",
    Context::Alarms => "keys of the alarms",
    Context::Replay => "keys of a replay",
    Context::Pick => "keys of a list",
    Context::Found => "keys after a search",
);

/// What else the run screen can have over it.
const CARD: &str = "card of who comes back";
const HALTED: &str = "journal that cannot be written";
const STALLED: &str = "no step can open";
const HELP: &str = "help";
const ALONE: &str = "alone: ";

fn of_run(run: &Run, kinds: &mut BTreeSet<String>) {
    let mut add = |kind: &str| {
        kinds.insert(kind.to_owned());
    };
    if let Some(open) = &run.dialog {
        add(dialog(open));
        match open {
            Dialog::Reason(reason) => add(purpose(&reason.purpose)),
            Dialog::Ask(question) => add(ask(question)),
            Dialog::Command(shown) => add(command(&shown.shown)),
            _ => {}
        }
    }
    if let Some(open) = &run.over {
        add(over(open));
    }
    add(pane(&run.focus));
    let panes = run.panes_on_screen();
    let alone = [(Pane::Steps, panes.steps), (Pane::Output, panes.output), (Pane::Health, panes.health)];
    let alone = alone.into_iter().chain([(Pane::Guards, panes.guards)]);
    for (of, _) in alone.filter(|(_, place)| *place == panes.body) {
        add(&format!("{ALONE}{}", pane(&of)));
    }
    let rest = [(CARD, run.card.is_some()), (HALTED, run.halted.is_some()), (STALLED, run.view.stalled.is_some())];
    rest.iter().filter(|(_, is_so)| *is_so).for_each(|(kind, _)| add(kind));
}

fn kinds(app: &App, kinds: &mut BTreeSet<String>) {
    kinds.insert(screen(&app.screen).into());
    kinds.extend(app.screen.contexts().iter().map(|context| place(context).to_owned()));
    if let Some(picked) = &app.pick {
        kinds.extend([list(&picked.about).to_owned(), place(&Context::Pick).to_owned()]);
    }
    if app.help.is_some() {
        kinds.insert(HELP.into());
    }
    match &app.screen {
        Screen::Run(run) => of_run(run, kinds),
        Screen::Replay(replay) => of_run(&replay.run, kinds),
        _ => {}
    }
}

#[test]
fn the_gallery_has_every_kind_of_screen_dialog_question_reason_and_list() {
    let mut seen = BTreeSet::from([place(&Context::Everywhere).to_owned()]);
    for (_, scene) in all() {
        let mut app = scene((120, 40), look("dark", &UNICODE));
        app.derive();
        kinds(&app, &mut seen);
    }
    let lists = [SCREENS, DIALOGS, PURPOSES, ASKS, COMMANDS, LISTS, OVERS, PANES, PLACES];
    let alone = PANES.iter().filter(|of| **of != pane(&Pane::Step)).map(|of| format!("{ALONE}{of}"));
    let wanted = lists.concat().into_iter().chain([CARD, HALTED, STALLED, HELP]).map(str::to_owned).chain(alone);
    let missing: Vec<_> = wanted.filter(|kind| !seen.contains(kind)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn no_two_scenes_have_one_name() {
    let names: Vec<_> = all().map(|(name, _)| name).collect();
    let apart: BTreeSet<_> = names.iter().collect();
    assert_eq!(apart.len(), names.len());
}
