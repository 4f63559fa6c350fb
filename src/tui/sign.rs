//! A journal, or the statement of a hold point, is signed from the screens: with which key, and as who, is picked from a
//! list; ssh-keygen asks for what it needs in the terminal, which is lent to it meanwhile.

use std::path::{Path, PathBuf};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::journal::Role;
use crate::tui::app::App;
use crate::tui::dialog::Dialog;
use crate::tui::keymap::{Action, Context};
use crate::tui::message::Effect;
use crate::tui::palette;
use crate::tui::pick::{About, Gives, PickList, Row};
use crate::tui::screen::Screen;
use crate::tui::theme::Meaning;

/// A key of whoever sits here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySeen {
    /// Its file: the private one, or the public one where only an agent holds the rest.
    pub path: PathBuf,
    /// Whether an agent must hold it.
    pub is_agents: bool,
}

/// What is to be signed, and with which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// What is signed.
    pub what: ToSign,
    /// With that key.
    pub key: PathBuf,
}

/// What can be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToSign {
    /// How far a journal stands.
    Journal {
        /// The run's folder, or its name.
        run: PathBuf,
        /// As who.
        role: Role,
    },
    /// The statement of whoever releases a hold point, in that file.
    Release(PathBuf),
}

/// As who a journal can be signed, and the words for it.
const ROLES: [(Role, &str); 3] =
    [(Role::Operator, "as operator"), (Role::Witness, "as witness"), (Role::Reviewer, "as reviewer")];

/// The keys were found: one of them is picked, for the journal of the run in that folder or for the statement in that file.
pub fn offer(app: &mut App, of: &Path, keys: &[KeySeen]) {
    if let Screen::Run(open) = &app.screen
        && open.is_to_sign(of)
    {
        let row = |key: &KeySeen| row("with", key, ToSign::Release(of.to_owned()));
        let list = PickList::new(About::KeysOfRelease, keys.iter().map(row).collect());
        show(app, list, keys, vec![("with".into(), ToSign::Release(of.to_owned()))]);
        return;
    }
    let run = of;
    let is_wanted = match &app.screen {
        // What is being typed there comes first.
        Screen::Run(open) => open.folder == run && matches!(open.dialog, None | Some(Dialog::Outcome)),
        Screen::Debrief(debrief) => debrief.run.folder == run,
        Screen::Journals(_) => true,
        _ => false,
    };
    if !is_wanted {
        return;
    }
    let journal = |role: Role| ToSign::Journal { run: run.to_owned(), role };
    let of_role = |(role, words): &(Role, &str)| {
        let (what, words) = (journal(*role), format!("{words} with"));
        keys.iter().map(move |key| row(&words, key, what.clone()))
    };
    let list = PickList::new(About::Keys, ROLES.iter().flat_map(of_role).collect());
    show(app, list, keys, ROLES.iter().map(|(role, words)| (format!("{words} with"), journal(*role))).collect());
}

/// One key that may be picked.
fn row(words: &str, key: &KeySeen, what: ToSign) -> Row {
    let right = if key.is_agents { "held by the agent" } else { "key file" };
    let signing = Signing { what, key: key.path.clone() };
    Row::new(&format!("{words} {}", key.path.display()), right, Meaning::Dim, Gives::Sign(signing))
}

/// Shows the list; a key whose path is typed signs what is picked of `by_path`.
fn show(app: &mut App, list: PickList, keys: &[KeySeen], by_path: Vec<(String, ToSign)>) {
    let note =
        if keys.is_empty() { "no key in ~/.ssh: type the path of one" } else { "or type the path of another key" };
    let mut list = list.noted(note);
    list.by_path = by_path;
    palette::show(app, list);
}

/// It was signed, or why it was not: then nothing that is typed is taken for the time being, for whoever is used to being
/// asked again types a passphrase.
pub fn signed(app: &mut App, signed: Result<String, String>) -> Vec<Effect> {
    let is_shown = matches!(app.screen, Screen::Run(_) | Screen::Debrief(_) | Screen::Journals(_));
    app.refused = signed.as_ref().err().cloned().filter(|_| is_shown);
    tell(app, signed.map_err(|why| format!("enter goes on; {why}")));
    if matches!(app.screen, Screen::Journals(_)) { vec![Effect::ReadBesides] } else { Vec::new() }
}

/// After a refusal: whether the key is for nothing on the screen.
pub fn is_kept_off(app: &mut App, key: &KeyEvent) -> bool {
    let Some(why) = app.refused.take() else { return false };
    if matches!(key.code, KeyCode::Enter | KeyCode::Esc) {
        tell(app, Err(why));
        return true;
    }
    // Whatever has been told meanwhile: nobody presses keys that are for nothing without hearing which one goes on.
    tell(app, Err(format!("enter goes on; {why}")));
    app.refused = Some(why);
    let everywhere = app.keymap.resolve(key, &[Context::Everywhere]);
    let is_way_out = matches!(everywhere, Some(Action::Leave | Action::Suspend | Action::Redraw));
    !(is_way_out && key.modifiers.contains(KeyModifiers::CONTROL))
}

/// The mouse was used after a refusal: nobody types a passphrase with it.
pub fn go_on(app: &mut App) {
    if let Some(why) = app.refused.take() {
        tell(app, Err(why));
    }
}

fn tell(app: &mut App, signed: Result<String, String>) {
    match &mut app.screen {
        Screen::Run(run) => {
            run.notice = Some(match &signed {
                Ok(told) | Err(told) => told.clone(),
            });
            run.signed = Some(signed);
        }
        Screen::Debrief(debrief) => debrief.run.signed = Some(signed),
        Screen::Journals(journals) => journals.signed(signed),
        _ => {}
    }
}
