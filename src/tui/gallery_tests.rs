//! Every screen and every kind of dialog at three sizes, in three looks. Snapshots tell how it is in dark and in ASCII; in
//! mono it must be the same text without any colour, and how it is told apart there stands in pictures of its own: a letter
//! for each cell that is bold, dim, italic, underlined or reversed, a capital one where it is bold besides.

use insta::assert_snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::debrief::tests::bad;
use crate::engine::{Ended, Mode, Verdict};
use crate::session::preflight::Mark;
use crate::tui::app::{App, draw, update};
use crate::tui::beside_tests::reviewed;
use crate::tui::cautions_tests::at_second;
use crate::tui::decision_tests::deciding;
use crate::tui::gallery_more_tests::MORE;
use crate::tui::journals_tests::entries;
use crate::tui::key::Key;
use crate::tui::keymap::{Context, Keymap};
use crate::tui::meanwhile_tests::watching;
use crate::tui::message::{Effect, Message};
use crate::tui::practice_tests::rehearsal;
use crate::tui::replay_tests::{self, recording, walked};
use crate::tui::screen::library::tests as library;
use crate::tui::screen::practise::tests as practise;
use crate::tui::screen::setup::tests as setup;
use crate::tui::sign_tests::keys;
use crate::tui::soak_tests::soaked;
use crate::tui::spot::Press;
use crate::tui::stage_tests::{Stage, event, look, picture, runbook};
use crate::tui::theme::{ASCII, Look, UNICODE};
use crate::tui::together_tests::{restarting, running};
use crate::tui::verified_tests::stated;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// A screen at a size, in a look.
pub type Scene = fn((u16, u16), Look) -> App;

/// Every screen, by name.
pub const SCENES: [(&str, Scene); 42] = [
    ("library", |size, look| shown(size, look, library::furnish)),
    ("library_empty", |size, look| shown(size, look, |app| drop(update(app, Message::Library(vec![]))))),
    ("chooser", |size, look| shown(size, look, |app| tell(app, practise::questions()))),
    ("sites", |size, look| shown(size, look, |app| tell(app, setup::with_sites()))),
    ("form", |size, look| shown(size, look, |app| tell(app, setup::questions()))),
    ("before", |size, look| {
        shown(size, look, |app| {
            tell(app, setup::ready());
            setup::tell(app, setup::found(true, &[Mark::Ok, Mark::Look, Mark::Ok], 2));
        })
    }),
    ("commands_unasked", |size, look| {
        shown(size, look, |app| {
            tell(app, setup::ready());
            setup::tell(app, setup::found(false, &[Mark::Ok], 4));
        })
    }),
    ("name_typed", |size, look| {
        shown(size, look, |app| {
            tell(app, setup::ready());
            setup::tell(app, setup::found(true, &[Mark::Ok], 2));
            ["enter", "P", "R"].iter().for_each(|key| drop(update(app, Message::Key(event(key)))));
        })
    }),
    ("caution", |size, look| run(size, look, |_| {})),
    ("held", |size, look| {
        run(size, look, |stage| {
            stage.prepare();
            stage.sample("vault-2", Verdict::Bad, "");
            stage.sample("vault-3", Verdict::Bad, "");
        })
    }),
    ("why", |size, look| {
        run(size, look, |stage| {
            stage.prepare();
            stage.sample("vault-2", Verdict::Bad, "");
            stage.press("w");
        })
    }),
    ("overview", |size, look| {
        run(size, look, |stage| {
            stage.prepare();
            stage.press("m");
        })
    }),
    ("alarms", |size, look| {
        run(size, look, |stage| {
            stage.prepare();
            stage.sample("vault-2", Verdict::Bad, "");
            stage.sample("vault-3", Verdict::Bad, "");
            stage.look_at_health();
            stage.press("!");
        })
    }),
    ("statement", |size, look| {
        run(size, look, |stage| {
            ["enter", "enter", "1", "enter", "enter"].iter().for_each(|key| stage.press(key));
            stage.type_text("before-1.17");
        })
    }),
    ("choice", |size, look| run(size, look, |stage| ["enter", "enter", "2"].iter().for_each(|key| stage.press(key)))),
    ("command", |size, look| {
        run(size, look, |stage| {
            stage.prepare();
            stage.press("enter");
            stage.type_text("vault");
        })
    }),
    ("failed", |size, look| {
        run(size, look, |stage| {
            stage.prepare();
            stage.press("enter");
            stage.type_text("vault-2");
            stage.press("enter");
            stage.finish(Ended::Exit(5));
        })
    }),
    ("watched", |size, look| {
        let mut stage = watching(size, look);
        stage.press("y");
        stage.wait(1);
        stage.sample("vault-3", Verdict::Bad, "");
        stage.look_at_health();
        stage.app
    }),
    ("watched_before", |size, look| watching(size, look).app),
    ("reason", |size, look| {
        run(size, look, |stage| {
            stage.press("s");
            stage.type_text("done by hand");
        })
    }),
    ("note", |size, look| {
        run(size, look, |stage| {
            stage.press("n");
            stage.type_text("seen a slow disk on vault-2");
        })
    }),
    ("attach", |size, look| run(size, look, |stage| stage.press("e"))),
    ("question", |size, look| run(size, look, |stage| stage.press("q"))),
    ("menu", |size, look| run(size, look, |stage| stage.press(":"))),
    ("search", |size, look| {
        run(size, look, |stage| {
            stage.press("/");
            stage.type_text("ready");
            stage.press("enter");
            stage.press("n");
        })
    }),
    ("help", |size, look| run(size, look, |stage| stage.press("?"))),
    ("journals", |size, look| {
        shown(size, look, |app| {
            update(app, Message::Key(event("J")));
            update(app, Message::Journals(entries()));
        })
    }),
    ("replay", |size, look| {
        let played = recording(&walked("vault-ha-upgrade", "wrong-share", true));
        let mut stage = replay_tests::Stage::looking(played, size, look);
        ["f", "left"].iter().for_each(|key| stage.press(key));
        stage.app
    }),
    ("reviewed", |size, look| reviewed_replay(size, look, "r")),
    ("review", |size, look| reviewed_replay(size, look, "i")),
    ("keys_to_sign", |size, look| {
        run(size, look, |stage| {
            stage.press("S");
            let Some(Effect::FindKeys(of)) = stage.effects.last().cloned() else { panic!("no keys are looked for") };
            stage.tell(Message::Keys(of, keys()));
        })
    }),
    ("cautions_folded", |size, look| at_second(size, look).app),
    ("confirmed_by_another", |size, look| stated(size, look).app),
    ("name_of_another", |size, look| {
        let mut stage = stated(size, look);
        stage.press("enter");
        stage.app
    }),
    ("hold_point", |size, look| {
        run(size, look, |stage| {
            deciding(stage, 2);
            ["enter", "2", "enter", "enter"].iter().for_each(|key| stage.press(key));
        })
    }),
    ("decision", |size, look| {
        run(size, look, |stage| {
            deciding(stage, 2);
            ["enter", "1"].iter().for_each(|key| stage.press(key));
        })
    }),
    ("resumed", |size, look| {
        run(size, look, |stage| {
            stage.prepare();
            stage.resume();
            stage.sample("vault-1", Verdict::Ok, "active");
            stage.sample("vault-2", Verdict::Bad, "");
        })
    }),
    ("soak", |size, look| looked(soaked(size, 3), look)),
    ("together", |size, look| looked(restarting(size, 3), look)),
    ("together_at_work", |size, look| looked(running(size, 3), look)),
    ("console", |size, look| {
        let mut stage = looked_at(rehearsal(size), look);
        stage.press("t");
        stage.type_text("unseal-vault q?");
        stage.app
    }),
    ("debrief", |size, look| {
        let mut stage = Stage::of(runbook(), size, look, Mode::Practice);
        update(&mut stage.app, Message::Debriefed(Ok(Box::new(bad()))));
        stage.app
    }),
];

/// Every scene: those that the README shows, and the others.
pub fn all() -> impl Iterator<Item = (&'static str, Scene)> {
    SCENES.into_iter().chain(MORE)
}

pub fn shown(size: (u16, u16), look: Look, play: impl FnOnce(&mut App)) -> App {
    let mut app = App::new(look, Keymap::standard());
    app.size = size;
    play(&mut app);
    app
}

pub fn tell(app: &mut App, questions: crate::tui::wanted::Questions) {
    update(app, Message::SetUp(Ok(Box::new(questions))));
}

pub fn run(size: (u16, u16), look: Look, play: impl FnOnce(&mut Stage)) -> App {
    let mut stage = Stage::of(runbook(), size, look, Mode::Live);
    stage.all_well();
    play(&mut stage);
    stage.app
}

/// The same in another look.
pub fn looked_at(mut stage: Stage, look: Look) -> Stage {
    stage.app.look = look;
    stage.app.derive();
    stage
}

pub fn looked(stage: Stage, look: Look) -> App {
    looked_at(stage, look).app
}

/// A replay of a journal that was signed and reviewed, after that key.
fn reviewed_replay(size: (u16, u16), look: Look, key: &str) -> App {
    let played = recording(&replay_tests::small());
    let folder = played.folder.clone().unwrap();
    let mut stage = replay_tests::Stage::looking(played, size, look);
    stage.tell(Message::Beside(folder, Ok(Box::new(reviewed(21)))));
    stage.press(key);
    stage.app
}

/// What is on the screen, styles and all.
pub fn drawn(app: &App) -> Buffer {
    let area = Rect::new(0, 0, app.size.0, app.size.1);
    let mut buffer = Buffer::empty(area);
    draw(app, area, &mut buffer);
    buffer
}

/// How the cells of a screen without colours are told apart.
fn marks(buffer: &Buffer) -> String {
    let letters = [
        (Modifier::REVERSED, 'r'),
        (Modifier::UNDERLINED, 'u'),
        (Modifier::ITALIC, 'i'),
        (Modifier::BOLD, 'b'),
        (Modifier::DIM, 'd'),
    ];
    let mut text = String::new();
    for row in buffer.content().chunks(usize::from(buffer.area.width)) {
        let letter = |modifier: Modifier| {
            let found = letters.iter().find(|(of, _)| modifier.contains(*of)).map_or('.', |(_, c)| *c);
            if found != 'b' && modifier.contains(Modifier::BOLD) { found.to_ascii_uppercase() } else { found }
        };
        let line: String = row.iter().map(|cell| letter(cell.modifier)).collect();
        text.push_str(line.trim_end_matches('.'));
        text.push('\n');
    }
    text
}

#[test]
fn every_screen_at_every_size_in_every_look() {
    for (name, scene) in all() {
        for size in SIZES {
            let at = format!("{name}_{}x{}", size.0, size.1);
            let dark = scene(size, look("dark", &UNICODE));
            assert_snapshot!(at.clone(), picture(&dark));
            let ascii = picture(&scene(size, look("mono", &ASCII)));
            assert!(ascii.is_ascii(), "{at}: {ascii}");
            assert_snapshot!(format!("{at}_ascii"), ascii);
            let mono = scene(size, look("mono", &UNICODE));
            let (dark, mono) = (drawn(&dark), drawn(&mono));
            for (coloured, bare) in dark.content().iter().zip(mono.content()) {
                assert_eq!(coloured.symbol(), bare.symbol(), "{at}: no look says more than another");
                assert_eq!((bare.fg, bare.bg), (Color::Reset, Color::Reset), "{at}: mono has no colours");
            }
            assert_snapshot!(format!("{at}_mono"), marks(&mono));
        }
    }
}

#[test]
fn every_key_that_stands_on_a_screen_means_something_there() {
    for (name, scene) in all() {
        let app = scene(SIZES[1], look("dark", &UNICODE));
        let area = Rect::new(0, 0, app.size.0, app.size.1);
        let spots = draw(&app, area, &mut Buffer::empty(area));
        let mut contexts = if app.pick.is_some() { vec![Context::Pick] } else { app.screen.contexts() };
        contexts.push(Context::Everywhere);
        let mut keys = 0;
        for spot in &spots {
            assert_eq!(spot.place.intersection(area), spot.place, "{name}: {spot:?}");
            // Between keys there are words, too: `up, down or a number`.
            let Press::Key(word) = &spot.press else { continue };
            let Ok(key) = word.parse::<Key>() else { continue };
            let is_known = app.keymap.resolve(&key.event(), &contexts).is_some();
            assert!(is_known || word == "a", "{name}: {word:?} does nothing");
            keys += usize::from(is_known);
        }
        assert!(keys > 0 || app.help.is_some(), "{name}: there is no key to be clicked");
    }
}
