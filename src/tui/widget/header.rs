//! The procedure's identity, on every frame: title, revision, hash, environment, the time of day, run, operator, time that
//! passed; and what going back means now; how many steps stand how.

use std::borrow::Cow;

use ratatui::layout::Rect;

use crate::clock::Timestamp;
use crate::engine::{Mode, Plan};
use crate::tui::message::Instants;
use crate::tui::screen::run::Run;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Paint;
use crate::tui::widget::tally;
use crate::tui::wrap::{cut, width};

/// Other facts give way until what going back means has that many cells, or all that it wants.
const BACK_CELLS: usize = 20;
/// With fewer cells piton does not name itself.
const NAMED_CELLS: u16 = 36;
/// With fewer cells for the title what is told of a replay is told more shortly.
const TITLE_CELLS: usize = 30;
/// On narrower screens the time of day is not told.
const LEAST_CLOCK: u16 = 60;
/// How far it stays from what is told before it.
const CLOCK_GAP: u16 = 2;
/// From which width on the time that passed has its whole label.
const WIDE: u16 = 100;
/// The colour of what marks a replay.
pub const REPLAY_COLOUR: &str = "magenta";
/// How far it stays from what is told before it.
const BACK_GAP: u16 = 2;

/// The header of the run screen, three rows.
pub struct Header<'a> {
    /// The run.
    pub run: &'a Run,
    /// Now.
    pub now: Instants,
}

impl Header<'_> {
    /// Draws it.
    pub fn draw(&self, area: Rect, paint: &mut Paint<'_>) {
        paint.fill(area, Meaning::Bar);
        let dot = paint.look.glyphs.dot;
        let facts = self.facts(dot, area.width);
        let first = Rect { height: 1, ..area };
        let left = area.width.saturating_sub(self.clock(first, paint));
        let (x, y) = (area.x + 1, area.y + 1);
        if area.height > 2 {
            tally::draw(self.run, Rect { y: area.y + 2, height: 1, ..area }, paint);
        }
        let used = 1 + paint.put((x, y), area.width.saturating_sub(2), &facts, Meaning::Bar);
        self.way_back(Rect { x: area.x + used, y, width: area.width.saturating_sub(used), height: 1 }, paint);
        let environment = self.environment_cells().min(left / 2);
        let runbook = &self.run.runbook;
        let hash = runbook.sha256.get(..8).unwrap_or_default();
        let identity = format!(" {} r{}{dot}{hash}", runbook.title, runbook.revision);
        let room = left.saturating_sub(environment + 2);
        let mut x = area.x + 1;
        let badge = self.badge((x, first.y), room, paint);
        x += badge;
        x += self.title(&identity, (x, first.y), room.saturating_sub(badge + 1), paint);
        self.environment((x + 2, first.y), environment, paint);
    }

    /// The time of day at the right end of the first row; gives the cells that it takes with the gap before it.
    fn clock(&self, row: Rect, paint: &mut Paint<'_>) -> u16 {
        if row.width < LEAST_CLOCK {
            return 0;
        }
        let told = paint.look.clock(self.now.run);
        paint.put_right(Rect { width: row.width - 1, ..row }, &told, Meaning::Bar) + CLOCK_GAP
    }

    /// What this is: piton at work, or a journal that is shown, with whether it is whole; gives the cells that it took.
    fn badge(&self, (x, y): (u16, u16), cells: u16, paint: &mut Paint<'_>) -> u16 {
        let Some(replayed) = &self.run.replayed else {
            // Where room is scarce the title has it.
            let name = if cells < NAMED_CELLS { "" } else { "piton " };
            return paint.put((x, y), cells, name, Meaning::Key);
        };
        let style = paint.look.theme.environment(REPLAY_COLOUR);
        let used = paint.put_styled((x, y), cells, " REPLAY ", style) + 1;
        let (told, meaning) = &replayed.integrity;
        // On a bar only what must draw the eye looks like itself.
        let meaning = if *meaning == Meaning::Ok { Meaning::Key } else { *meaning };
        let mut used = used + paint.put((x + used, y), cells.saturating_sub(used), told, meaning);
        for (word, meaning) in self.words(cells.saturating_sub(used)) {
            used += paint.put((x + used, y), cells.saturating_sub(used), paint.look.glyphs.dot, Meaning::Bar);
            let meaning = if *meaning == Meaning::Ok { Meaning::Key } else { *meaning };
            used += paint.put((x + used, y), cells.saturating_sub(used), word, meaning);
        }
        // What is a rehearsal must be told whatever stands before it.
        (used + 2).min(cells.saturating_sub(1))
    }

    /// Who signed and what reviewers came to: in full where the title has room beside it.
    fn words(&self, cells: u16) -> &[(String, Meaning)] {
        let Some(replayed) = &self.run.replayed else { return &[] };
        let [long, short] = &replayed.words;
        let wide: usize = long.iter().map(|(word, _)| width(word) + 3).sum();
        if wide + TITLE_CELLS <= usize::from(cells) { long } else { short }
    }

    /// What going back means now, right in the second row: in full, with a short name, or as much of it as there is room for.
    fn way_back(&self, area: Rect, paint: &mut Paint<'_>) {
        let Some((names, title)) = self.back() else { return };
        let room = area.width.saturating_sub(BACK_GAP + 1);
        let cells = |name: &str, title: &str| u16::try_from(width(name) + width(title)).unwrap_or(u16::MAX);
        let name = names.into_iter().find(|name| cells(name, title) <= room).unwrap_or(names[2]);
        let title = &*cut_between_words(title, usize::from(room).saturating_sub(width(name)), paint.look.glyphs.cut);
        let x = area.right() - 1 - cells(name, title).min(room);
        let used = paint.put((x, area.y), room, name, Meaning::Bar);
        // Before anything was touched there is nothing to go back from: that must not draw the eye.
        let state = &self.run.state;
        let view = &self.run.view;
        let has_touched = state.jobs > 0 && (view.rollback.is_some() || view.is_back_unknown);
        let is_serious = state.plan != Plan::Main || has_touched;
        let meaning = if is_serious { Meaning::Key } else { Meaning::Bar };
        paint.put((x + used, area.y), room - used, title, meaning);
    }

    /// In a long, a short and the shortest form what it is, and the title of the plan.
    fn back(&self) -> Option<([&'static str; 3], &str)> {
        let state = &self.run.state;
        match (&state.plan, &self.run.view.rollback) {
            _ if state.closed.is_some() => None,
            (Plan::Rollback(id), _) => {
                let title = self.run.runbook.rollback(id).map_or(id.as_str(), |plan| plan.title.as_str());
                Some((["on the way back: ", "going back: ", "going back: "], title))
            }
            (Plan::Main, Some((_, title))) => Some((["rollback now: ", "back: ", "back: "], title)),
            (Plan::Main, None) if self.run.view.is_back_unknown => {
                Some((["rollback now: ", "back: ", "back: "], "cannot be told"))
            }
            (Plan::Main, None) => Some((["rollback now: ", "rollback: ", ""], "no way back")),
        }
    }

    /// A title that is too long is cut, its revision and hash are not.
    fn title(&self, identity: &str, at: (u16, u16), cells: u16, paint: &mut Paint<'_>) -> u16 {
        let identity = identity.trim_start();
        if width(identity) <= usize::from(cells) {
            return paint.put(at, cells, identity, Meaning::Bar);
        }
        let split = identity.rfind(" r").unwrap_or(identity.len());
        let tail = u16::try_from(width(&identity[split..])).unwrap_or(0).min(cells);
        let used = paint.put(at, cells - tail, &identity[..split], Meaning::Bar);
        used + paint.put((at.0 + used, at.1), tail, &identity[split..], Meaning::Bar)
    }

    fn place(&self) -> (bool, String, String, String) {
        let opened = self.run.state.opened.as_ref();
        let is_practice = opened.is_some_and(|opened| opened.mode == Mode::Practice);
        let site = opened.and_then(|opened| opened.site.clone());
        // Without a site nothing else would say that this is no practice.
        let word = if self.run.replayed.is_some() { "a live run" } else { "LIVE" };
        let live = || if is_practice { Default::default() } else { (word.into(), "red".into(), String::new()) };
        let (word, colour, name) = site.map_or_else(live, |site| (site.environment, site.colour, site.name));
        (is_practice, word, colour, name)
    }

    fn environment_cells(&self) -> u16 {
        let (is_practice, word, _, name) = self.place();
        let practice = if is_practice { 11 } else { 0 };
        let word = if word.is_empty() { 0 } else { width(&word) + 3 };
        u16::try_from(practice + word + width(&name)).unwrap_or(u16::MAX)
    }

    fn environment(&self, (x, y): (u16, u16), cells: u16, paint: &mut Paint<'_>) {
        let (is_practice, word, colour, name) = self.place();
        let mut used = 0;
        if is_practice {
            used += paint.put((x, y), cells, " PRACTICE ", Meaning::Practice) + 1;
        }
        if !word.is_empty() {
            let style = paint.look.theme.environment(&colour);
            used += paint.put_styled((x + used, y), cells.saturating_sub(used), &format!(" {word} "), style) + 1;
        }
        paint.put((x + used, y), cells.saturating_sub(used), &name, Meaning::Bar);
    }

    /// Run, operator, and how long it has been open. That turns with the clock above it, so that both are drawn anew at one
    /// moment, and always has the same form, so that nothing moves.
    ///
    /// Where what going back means has no room beside it, it is told without its label, then without the day in the run's
    /// name, at last without who is there: the way back is always told.
    fn facts(&self, dot: &str, cells: u16) -> String {
        let state = &self.run.state;
        let Some(opened) = &state.opened else { return String::new() };
        let operator = state.sitting.as_ref().map_or(&opened.operator, |sitting| &sitting.operator);
        let until = state.closed.as_ref().map_or(self.now.run, |closed| closed.at);
        let turned = Timestamp::from_millis(until.as_millis().div_euclid(60_000) * 60_000);
        let minutes = turned.since(state.opened_at).as_secs() / 60;
        let label = if cells >= WIDE { "elapsed " } else { "for " };
        let told = |run: &str, label: &str| {
            format!("{run} {dot} {operator} {dot} {label}{}h{:02}m", minutes / 60, minutes % 60)
        };
        let full = told(&opened.run, label);
        let Some((names, title)) = self.back() else { return full };
        let room = |told: &str| usize::from(cells).saturating_sub(1 + width(told) + usize::from(BACK_GAP) + 1);
        let (wanted, least) = (width(names[1]) + width(title), (width(names[2]) + width(title)).min(BACK_CELLS));
        let short = without_day(&opened.run);
        let bare = format!("{short} {dot} {}h{:02}m", minutes / 60, minutes % 60);
        // What tells runs of one runbook and one day apart stands at the end of their names.
        let end = short.rsplit('-').next().unwrap_or(short).to_owned();
        let forms = [full, told(&opened.run, ""), told(short, ""), bare, short.to_owned(), end];
        let whole = forms.iter().take(3).position(|told| room(told) >= wanted);
        let some = || forms.iter().skip(2).position(|told| room(told) >= least).map(|at| at + 2);
        let fitting = whole.or_else(some).unwrap_or(forms.len() - 1);
        forms.into_iter().nth(fitting).unwrap_or_default()
    }
}

/// The name of a run without the day before it, as far as it begins with one.
fn without_day(run: &str) -> &str {
    let is_day = |day: &str| {
        day.bytes().enumerate().all(|(at, c)| if at == 4 || at == 7 { c == b'-' } else { c.is_ascii_digit() })
    };
    match (run.get(..10), run.get(10..)) {
        (Some(day), Some(rest)) if is_day(day) => rest.strip_prefix('-').filter(|rest| !rest.is_empty()).unwrap_or(run),
        _ => run,
    }
}

/// As many of its words as fit, with `mark` at their end where that is not all.
fn cut_between_words<'a>(text: &'a str, cells: usize, mark: &str) -> Cow<'a, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    let ends =
        text.char_indices().filter(|(_, c)| *c == ' ').map(|(at, _)| text[..at].trim_end_matches([' ', ',', ':', ';']));
    let fitting = ends.rev().find(|words| !words.is_empty() && width(words) + width(mark) <= cells);
    fitting.map_or_else(|| cut(text, cells, mark), |words| Cow::Owned(format!("{words}{mark}")))
}

#[cfg(test)]
mod tests {
    use crate::engine::Mode;
    use crate::tui::app::SMALLEST_RUN;
    use crate::tui::stage_tests::{Stage, look, runbook};
    use crate::tui::theme::UNICODE;

    fn second_row(title: &str, size: (u16, u16)) -> String {
        let mut book = runbook();
        book.rollbacks[0].title = title.into();
        let stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
        let row = stage.picture().lines().nth(1).unwrap_or_default().to_owned();
        row.trim_matches('"').trim().to_owned()
    }

    #[test]
    fn what_going_back_means_stands_whole_where_the_run_s_date_can_give_way() {
        for title in ["Reinstall the old binary on standbys", "Restore data and binary on every node", "Start it again"]
        {
            for size in [(80, 24), (120, 40)] {
                let row = second_row(title, size);
                assert!(row.ends_with(&format!("ack: {title}")) || row.ends_with(&format!("now: {title}")), "{row}");
                for fact in ["vault-ha-7qf3", "maria", "0h00m"] {
                    assert!(row.contains(fact), "{fact}: {row}");
                }
            }
        }
        assert!(second_row("Start it again", (80, 24)).contains("2026-11-21-vault-ha-7qf3"));
    }

    #[test]
    fn what_going_back_means_is_told_on_every_screen_that_takes_keys() {
        let long = "Reinstall the old version on all of the nodes, restore the newest backup";
        for columns in SMALLEST_RUN.0..=120 {
            for title in [long, "Start it again"] {
                let row = second_row(title, (columns, 24));
                let (before, told) = row.split_once("ack: ").or_else(|| row.split_once("now: ")).unwrap_or_default();
                assert!(told.starts_with(&title[..9]), "{columns}: {row}");
                // Which run it is stays, and who walks it on every usual screen.
                assert!(before.contains("7qf3") && (columns < 60 || before.contains("maria")), "{columns}: {row}");
            }
            let mut book = runbook();
            book.rollbacks.clear();
            let stage = Stage::of(book, (columns, 24), look("dark", &UNICODE), Mode::Live);
            let row = stage.picture().lines().nth(1).unwrap_or_default().to_owned();
            assert!(row.contains("no way back"), "{columns}: {row}");
        }
    }

    #[test]
    fn a_way_back_that_is_too_long_for_the_row_is_cut_between_its_words() {
        let title = "Reinstall the old version on all of the nodes, restore the newest backup";
        for columns in 56..=100 {
            let row = second_row(title, (columns, 24));
            let Some((_, told)) = row.split_once("ack: ") else { continue };
            let told = told.trim_end_matches('…');
            assert!(title.starts_with(told), "{columns}: {row}");
            let rest = &title[told.len()..];
            assert!(rest.is_empty() || rest.starts_with([' ', ',']), "{columns}: {row}");
        }
        assert!(second_row(title, (80, 24)).contains("back: Reinstall the old version"));
    }

    #[test]
    fn the_time_of_day_stands_on_every_usual_screen_and_turns_together_with_the_time_that_passed() {
        for size in [(60, 15), (80, 24), (120, 40), (200, 60)] {
            let mut stage = Stage::open(size);
            let label = if size.0 >= 100 { "elapsed " } else { "" };
            let told = |stage: &Stage, elapsed: &str, clock: &str| {
                let picture = stage.picture();
                let rows: Vec<&str> = picture.lines().take(2).collect();
                let end = rows[0].trim_end().trim_matches('"').trim_end();
                assert!(end.ends_with(clock), "{size:?}: {picture}");
                assert!(rows[1].contains(&format!("{label}{elapsed}")), "{size:?}: {picture}");
            };
            told(&stage, "0h00m", "02:41");
            let left = stage.run().wakes(stage.app.now).run_ms;
            assert!(left.is_some_and(|left| left <= 50_000), "{left:?}");
            stage.wait(49);
            told(&stage, "0h00m", "02:41");
            stage.wait(1);
            told(&stage, "0h00m", "02:42");
            stage.wait(60);
            told(&stage, "0h01m", "02:43");
            stage.wait(3_600);
            told(&stage, "1h01m", "03:43");
        }
    }
}
