//! What becomes of each item in a step that takes them together: a table, and the output of the chosen one.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::clock::Timestamp;
use crate::engine::{Ended, ItemResult, RunState};
use crate::runbook::StepKey;
use crate::tui::screen::run::output::{Check, OutputTail};
use crate::tui::spot::Press;
use crate::tui::tell;
use crate::tui::theme::{Glyphs, Meaning};
use crate::tui::widget::output;
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::wrap::width;

/// From how many rows on the output of the chosen item stands below the table.
const ROWS_FOR_OUTPUT: u16 = 9;

/// From how many rows on the columns are named.
const ROWS_FOR_HEAD: u16 = 5;

/// The widest column of names, in cells.
const MAX_NAME_CELLS: usize = 24;

/// Stands for the output of a command of which nothing is left.
const LOST: &str = "nothing is left of what it printed: its command is lost, and how it ended is not known. Look at \
                        the system itself for what it did before it is run again.";

/// How one item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not started, and not to be.
    Idle,
    /// About to start when another has ended.
    Waiting,
    /// It runs.
    Running,
    /// As expected.
    Done,
    /// Not as expected.
    Failed,
    /// It ended, and nobody knows how.
    Unknown,
}

impl Standing {
    /// How an item of that step stands.
    pub fn of(state: &RunState, step: &StepKey, item: &str) -> Self {
        let batch = state.batch.as_ref().filter(|batch| &batch.step == step);
        if batch.is_some_and(|batch| batch.waiting.iter().any(|waiting| waiting.item == item)) {
            return Self::Waiting;
        }
        match state.step(step).and_then(|known| known.results.get(item)) {
            None => Self::Idle,
            Some(ItemResult { ended: None, .. }) => Self::Running,
            Some(ItemResult { met: true, .. }) => Self::Done,
            Some(ItemResult { ended: Some(Ended::Lost), .. }) => Self::Unknown,
            Some(_) => Self::Failed,
        }
    }

    /// Which of several stands for all of them.
    pub const fn weight(self) -> u8 {
        match self {
            Self::Idle => 0,
            Self::Done => 1,
            Self::Waiting => 2,
            Self::Running => 3,
            Self::Unknown => 4,
            Self::Failed => 5,
        }
    }

    /// Its sign, its word and what it means.
    pub const fn told(self, glyphs: &Glyphs) -> (&'static str, &'static str, Meaning) {
        match self {
            Self::Idle => (glyphs.pending, "not run", Meaning::Pending),
            Self::Waiting => (glyphs.pending, "waiting", Meaning::Pending),
            Self::Running => (glyphs.current, "running", Meaning::Current),
            Self::Done => (glyphs.done, "done", Meaning::Done),
            Self::Failed => (glyphs.failed, "failed", Meaning::Failed),
            Self::Unknown => (glyphs.unknown, "unknown end", Meaning::Unknown),
        }
    }
}

/// The results of a step.
pub struct Results<'a> {
    /// How the run stands.
    pub state: &'a RunState,
    /// The step.
    pub step: &'a StepKey,
    /// The items, in their order, each with how it stands.
    pub items: &'a [(String, Standing)],
    /// Which of them is chosen.
    pub chosen: usize,
    /// What the chosen one printed, as far as it is known.
    pub output: Option<&'a OutputTail>,
    /// Now.
    pub now: Timestamp,
}

impl Results<'_> {
    /// How many are in which state: `2 failed · 3 running · 1 done`.
    pub fn counted(&self, dot: &str) -> String {
        use Standing::{Done, Failed, Idle, Running, Unknown, Waiting};
        let words = [(Failed, "failed"), (Unknown, "unknown"), (Running, "running"), (Waiting, "waiting")];
        let words = words.into_iter().chain([(Idle, "not run"), (Done, "done")]);
        let counted = words.filter_map(|(standing, word)| {
            let count = self.items.iter().filter(|(_, of)| *of == standing).count();
            (count > 0).then(|| format!("{count} {word}"))
        });
        counted.collect::<Vec<_>>().join(&format!(" {dot} "))
    }

    /// Draws the table, and below it the output of the chosen item where there is room for both.
    pub fn draw(&self, area: Rect, paint: &mut Paint<'_>) {
        let most = if area.height >= ROWS_FOR_OUTPUT { area.height / 2 } else { area.height };
        let has_head = area.height >= ROWS_FOR_HEAD;
        let wanted = u16::try_from(self.items.len() + usize::from(has_head)).unwrap_or(u16::MAX);
        let table = Rect { height: wanted.min(most), ..area };
        self.draw_table(table, has_head, paint);
        let below = Rect { y: table.bottom(), height: area.height - table.height, ..area };
        let Some((name, _)) = self.items.get(self.chosen).filter(|_| below.height > 1) else { return };
        let checked = self.output.and_then(|output| output.check).map(Check::told);
        let checked = checked.map(|told| format!("{} {told} ", paint.look.glyphs.dot)).unwrap_or_default();
        let rule = paint.look.glyphs.frames[0][0];
        // The frame may be faint, the name in it may not.
        let lead = Strip::of(rule.repeat(2), Meaning::Border).and(format!(" {name} {checked}"), Meaning::Text);
        let rest = rule.repeat(usize::from(below.width).saturating_sub(lead.width()));
        paint.strip((below.x, below.y), below.width, &lead.and(rest, Meaning::Border));
        let below = Rect { y: below.y + 1, height: below.height - 1, ..below };
        output::draw_or(self.output.unwrap_or(&OutputTail::default()), &self.silence(name), below, paint);
    }

    /// What is so of an item of whose output nothing is known.
    fn silence(&self, name: &str) -> String {
        let known = self.state.step(self.step).and_then(|known| known.results.get(name));
        match known.map(|result| (result.ended.as_ref(), result.output.as_ref())) {
            None if Standing::of(self.state, self.step, name) == Standing::Waiting => "it waits for its turn".into(),
            None => "it has not run".into(),
            Some((None, _)) => "nothing printed yet".into(),
            Some((Some(_), Some(output))) if output.bytes > 0 && self.output.is_none_or(|of| of.check.is_none()) => {
                "what it printed is being read".into()
            }
            Some((Some(Ended::Lost), _)) => LOST.into(),
            Some((Some(Ended::NotStarted(why)), _)) => format!("it never started: {why}"),
            Some((Some(_), _)) => "it printed nothing".into(),
        }
    }

    fn draw_table(&self, area: Rect, has_head: bool, paint: &mut Paint<'_>) {
        let names = self.items.iter().map(|(name, _)| width(name)).max().unwrap_or(0).clamp(4, MAX_NAME_CELLS);
        let mut area = area;
        if has_head {
            let head = format!("  {:<names$}  {:<13}  {:<9}  {:>9}  why", "node", "state", "exit", "elapsed");
            paint.put((area.x, area.y), area.width, &head, Meaning::Dim);
            area = Rect { y: area.y + 1, height: area.height - 1, ..area };
        }
        let rows = usize::from(area.height);
        // The chosen one is in view, with what is around it.
        let from = self.chosen.saturating_sub(rows / 2).min(self.items.len().saturating_sub(rows));
        for (y, index) in (area.y..area.bottom()).zip(from..self.items.len()) {
            let strip = self.row(index, names, paint.look.glyphs);
            paint.strip((area.x, y), area.width, &strip);
            paint.spot(Rect { y, height: 1, ..area }, Press::Row(index));
            if index == self.chosen {
                paint.tint(
                    Rect { x: area.x + 2, y, width: area.width.min(width_of(names)), height: 1 },
                    Meaning::Selected,
                );
            }
        }
    }

    fn row(&self, index: usize, names: usize, glyphs: &Glyphs) -> Strip {
        let (name, standing) = &self.items[index];
        let (sign, word, meaning) = standing.told(glyphs);
        let result = self.state.step(self.step).and_then(|known| known.results.get(name));
        let exit = result.and_then(|result| result.ended.as_ref()).map(exit).unwrap_or_default();
        let elapsed = result.map(|result| self.elapsed(result)).unwrap_or_default();
        let why = result.map(|result| result.why.as_str()).unwrap_or_default();
        let mark = if index == self.chosen { glyphs.under } else { " " };
        let name = crate::tui::wrap::cut(name, names, glyphs.cut);
        let pad = " ".repeat(names.saturating_sub(width(&name)));
        Strip::of(format!("{mark} "), Meaning::Focus)
            .and(format!("{name}{pad}  "), Meaning::Text)
            .and(format!("{sign} {word:<11}  "), meaning)
            .and(format!("{exit:<9}  {elapsed:>9}  "), Meaning::Text)
            .and(why, meaning)
    }

    fn elapsed(&self, result: &ItemResult) -> String {
        match result.ended {
            Some(Ended::NotStarted(_) | Ended::Lost) => String::new(),
            Some(_) => tell::duration(Duration::from_millis(result.elapsed_ms)),
            None => tell::duration(Duration::from_secs(self.now.since(result.started).as_secs())),
        }
    }
}

fn width_of(names: usize) -> u16 {
    u16::try_from(names).unwrap_or(u16::MAX)
}

/// How a command ended, as short as it can be told.
fn exit(ended: &Ended) -> String {
    match ended {
        Ended::Exit(status) => status.to_string(),
        Ended::Signal(signal) => format!("signal {signal}"),
        Ended::TimedOut => "timed out".into(),
        Ended::Cancelled => "cancelled".into(),
        Ended::NotStarted(_) => "none".into(),
        Ended::Lost => "?".into(),
    }
}
