//! A journal is signed from the screens: with which key and as who is picked from a list; ssh-keygen asks for what it needs
//! in the terminal, which is lent to it meanwhile.

use std::path::{Path, PathBuf};

use crate::journal::Role;
use crate::tui::app::App;
use crate::tui::dialog::Dialog;
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

/// What is to be signed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The run's folder, or its name.
    pub run: PathBuf,
    /// With that key.
    pub key: PathBuf,
    /// As who.
    pub role: Role,
}

/// As who a journal can be signed, and the words for it.
const ROLES: [(Role, &str); 3] =
    [(Role::Operator, "as operator"), (Role::Witness, "as witness"), (Role::Reviewer, "as reviewer")];

/// The keys were found: one of them is picked.
pub fn offer(app: &mut App, run: &Path, keys: &[KeySeen]) {
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
    let row = |key: &KeySeen, (role, words): (Role, &str)| {
        let right = if key.is_agents { "held by the agent" } else { "key file" };
        let signing = Signing { run: run.to_owned(), key: key.path.clone(), role };
        Row::new(&format!("{words} with {}", key.path.display()), right, Meaning::Dim, Gives::Sign(signing))
    };
    let rows = ROLES.iter().flat_map(|role| keys.iter().map(move |key| row(key, *role))).collect();
    let note =
        if keys.is_empty() { "no key in ~/.ssh: type the path of one" } else { "or type the path of another key" };
    let mut list = PickList::new(About::Keys, rows).noted(note);
    list.typed_path = Some(run.to_owned());
    palette::show(app, list);
}

/// It was signed, or why it was not.
pub fn signed(app: &mut App, signed: Result<String, String>) -> Vec<Effect> {
    match &mut app.screen {
        Screen::Run(run) => {
            run.notice = Some(match &signed {
                Ok(told) | Err(told) => told.clone(),
            });
            run.signed = Some(signed);
        }
        Screen::Debrief(debrief) => debrief.run.signed = Some(signed),
        Screen::Journals(journals) => {
            journals.signed(signed);
            return vec![Effect::ReadBesides];
        }
        _ => {}
    }
    Vec::new()
}
