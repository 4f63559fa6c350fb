//! What is searched, as lists to pick from: the steps of a run, the rows of its board, the lines of an output, the records of a journal.

use crate::engine::{self, ConditionId, Record};
use crate::journal::JournalError;
use crate::tui::app::App;
use crate::tui::palette::show;
use crate::tui::pick::{About, Gives, PickList, Row};
use crate::tui::screen::Screen;
use crate::tui::screen::replay::Replay;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::run::naming::spoken;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};

/// How many records are searched at most: the latest ones.
const MOST_RECORDS: usize = 20_000;

/// Opens the search of what has the keys: the output, the steps, or in a replay the records.
pub fn open(app: &mut App) {
    let about = match &app.screen {
        Screen::Run(run) if searches_output(run) => About::Output,
        Screen::Run(run) if searches_board(run) => About::Nodes,
        Screen::Run(_) => About::Steps,
        Screen::Replay(replay) if searches_output(&replay.run) => About::Output,
        Screen::Replay(replay) if searches_board(&replay.run) => About::Nodes,
        Screen::Replay(replay) if replay.run.focus == Pane::Steps => About::Steps,
        Screen::Replay(_) => About::Records,
        _ => return,
    };
    if let (About::Records, Screen::Replay(replay)) = (about, &mut app.screen) {
        let (list, unread) = records(replay, &app.look);
        if let Some((number, error)) = unread {
            replay.is_not_what_it_was(number, &error);
        }
        show(app, list);
    } else if let Some(list) = list(app, about) {
        show(app, list);
    }
}

/// All that is searched of one kind.
pub fn list(app: &App, about: About) -> Option<PickList> {
    let (run, replay) = match &app.screen {
        Screen::Run(run) => (run.as_ref(), None),
        Screen::Replay(replay) => (&replay.run, Some(replay)),
        _ => return None,
    };
    Some(match about {
        About::Output => output(run),
        About::Steps => steps(run, &app.look),
        About::Nodes => nodes(run, &app.look),
        About::Records => records(replay?, &app.look).0,
        About::Commands | About::Copy | About::Keys | About::KeysOfRelease => return None,
    })
}

fn searches_output(run: &Run) -> bool {
    run.focus == Pane::Output && !run.has_table() && !run.printed().is_empty()
}

fn searches_board(run: &Run) -> bool {
    run.focus == Pane::Health && !run.view.moment.board.rows.is_empty()
}

/// Every row of the board with what it says.
fn nodes(run: &Run, look: &Look) -> PickList {
    let row = |row: &engine::Row| {
        let told = tell::row(&run.runbook, &ConditionId::Health(row.probe.clone(), row.node.clone()));
        let (sign, meaning) = tell::verdict_sign(row.verdict, look.glyphs);
        let gives = Gives::Row(row.probe.clone(), row.node.clone());
        Row::new(&told, format!("{sign} {}", row.verdict.word()), meaning, gives)
    };
    PickList::new(About::Nodes, run.view.moment.board.rows.iter().map(row).collect())
}

/// Every step with how it stands.
fn steps(run: &Run, look: &Look) -> PickList {
    let mut rows = Vec::new();
    let moment = &run.view.moment;
    for (key, step) in run.state.counted().flat_map(|phase| phase.keys()) {
        let told = spoken(&run.runbook, &run.state, moment, &key);
        let (sign, word, meaning) = tell::standing(step.status, step.is_cut(), look.glyphs);
        rows.push(Row::new(&told, format!("{sign} {word}"), meaning, Gives::Look(key)));
    }
    PickList::new(About::Steps, rows)
}

fn output(run: &Run) -> PickList {
    let printed = run.printed();
    let row = |(at, line): (usize, String)| Row::new(&line, (at + 1).to_string(), Meaning::Dim, Gives::Line(at));
    let rows: Vec<Row> = printed.all().enumerate().map(row).collect();
    let note = match printed.left_out() {
        0 => String::new(),
        count => format!("the first {count} lines are on disk only"),
    };
    let mut list = PickList::new(About::Output, rows).noted(note);
    list.chosen = list.found.len().saturating_sub(1);
    list
}

/// The first record that could not be read, and why.
type Unread = Option<(usize, JournalError)>;

fn records(replay: &Replay, look: &Look) -> (PickList, Unread) {
    let all = replay.tape.count();
    let first = all.saturating_sub(MOST_RECORDS);
    let (mut rows, mut number, mut left_out, mut unread) = (Vec::new(), first + 1, 0, None);
    while number <= all {
        match replay.tape.record(number) {
            Ok(record) => rows.push(row(replay, number, &record, look)),
            Err(error) => {
                let last = replay.tape.read_with(number);
                left_out += last + 1 - number;
                unread.get_or_insert((number, error));
                number = last;
            }
        }
        number += 1;
    }
    let note = if first > 0 { format!("the latest {MOST_RECORDS} of {all} records") } else { String::new() };
    let mut list = PickList::new(About::Records, rows).noted(note);
    list.chosen = list.rows.iter().position(|row| row.gives == Gives::Record(replay.at)).unwrap_or_default();
    list.unread = unread.as_ref().map(|(_, error)| format!("{left_out} records could not be read: {error}"));
    (list, unread)
}

fn row(replay: &Replay, number: usize, record: &Record, look: &Look) -> Row {
    let told = format!("#{number} {} {} by {}", look.second(record.at), tell::event(&record.event), record.by);
    let is_remarked = replay.beside().is_some_and(|beside| beside.remarks_on(number as u64).next().is_some());
    let right = if is_remarked { "R remark" } else { "" };
    Row::new(&told, right, if is_remarked { Meaning::Note } else { Meaning::Dim }, Gives::Record(number))
}
