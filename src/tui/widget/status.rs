//! The two lowest lines: what is told, what may be done, and whether it is on disk.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::clock::Timestamp;
use crate::engine::{Allowed, Batch, Gate, PhaseState, Plan, StepState, StepStatus, Verdict, left};
use crate::text::counted;
use crate::tui::copy::noticed;
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::message::Instants;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::alarm::Alarm;
use crate::tui::spot::Press;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::widget::{alarms, progress, told_keys};
use crate::tui::wrap::width;

/// How wide the bar before the words is, in cells.
const BAR_CELLS: usize = 16;

/// In fewer cells an alarm does not tell what is the matter.
const LEAST_ALARM: usize = 40;

/// Status line and action bar of the run screen.
pub struct Status<'a> {
    /// The run.
    pub run: &'a Run,
    /// For the keys that are shown.
    pub keymap: &'a Keymap,
    /// Now.
    pub now: Instants,
    /// Whether the cautions reach beyond the lower edge of the step pane.
    pub has_more_cautions: bool,
}

impl Status<'_> {
    /// Draws the status line.
    pub fn draw(&self, area: Rect, paint: &mut Paint<'_>) {
        let strip = self.told(usize::from(area.width.saturating_sub(2)), paint.look);
        paint.strip((area.x + 1, area.y), area.width.saturating_sub(2), &strip);
        if !self.is_covered() {
            told_keys::spots(self.keymap, area, &strip, paint);
        }
    }

    /// Whether something lies over the run, so that its keys do something else.
    fn is_covered(&self) -> bool {
        let run = self.run;
        run.dialog.is_some() || run.card.is_some() || run.console.is_some() || run.over.is_some()
    }

    fn told(&self, cells: usize, look: &Look) -> Strip {
        let alert = look.glyphs.alert;
        let run = self.run;
        if run.is_leaving() {
            let rest = if run.state.closed.is_some() { "" } else { "; the run stays as it stands" };
            return Strip::of(format!("closing the sitting{rest}"), Meaning::Current);
        }
        if let Some(why) = &run.halted {
            return Strip::of(format!("{alert} {why}"), Meaning::Problem);
        }
        if let Some(told) = run.saving_told() {
            return Strip::of(told, Meaning::Current);
        }
        if let Some(notice) = &run.notice {
            return noticed(&self.keymap.told(notice, Context::Run), look);
        }
        if let Some(gravest) = run.unseen().next() {
            let alarm = self.of_the_gravest(gravest, cells, look);
            // What is told otherwise stands behind it, as far as there is room.
            return Strip(alarm.0.into_iter().chain(self.of_the_walk(look).0).collect());
        }
        self.of_the_walk(look)
    }

    /// The gravest alarm that nobody has seen, how many more there are, and the keys; of these nothing is cut.
    fn of_the_gravest(&self, gravest: &Alarm, cells: usize, look: &Look) -> Strip {
        let (run, alert) = (self.run, look.glyphs.alert);
        let shown = |action| self.keymap.shown(action, Context::Run);
        let (seen, all) = (shown(Action::Seen), shown(Action::Alarms));
        let tails = match run.unseen().count() - 1 {
            0 => [format!("; {seen}: seen "), format!("; {seen}: seen ")],
            more => [format!(", and {more} more ({all}); {seen}: seen "), format!(" +{more} ({all}); {seen}: seen ")],
        };
        let head = format!(" {alert} ");
        let room = |tail: &String| cells.saturating_sub(width(&head) + width(tail));
        let whole = width(&alarms::told(run, gravest, look));
        let tail = tails.iter().find(|tail| room(tail) >= whole.min(LEAST_ALARM)).unwrap_or(&tails[1]);
        let told = alarms::told_in(run, gravest, room(tail), look);
        Strip::of(format!("{head}{told}{tail}"), Meaning::Alarm).and(" ", Meaning::Text)
    }

    /// Where the walk stands, or at which hit of a search somebody is.
    fn of_the_walk(&self, look: &Look) -> Strip {
        let (run, alert) = (self.run, look.glyphs.alert);
        if let Some(found) = &run.found {
            return Strip::of(found.told(self.keymap), Meaning::Title);
        }
        if !run.is_at_current()
            && let Some(key) = &run.state.current
        {
            let back = self.keymap.shown(Action::Return, Context::Run);
            let told = format!("current: {}; {back} returns", run.spoken(key));
            return Strip::of(told, Meaning::Current);
        }
        if let Some(why) = &run.view.stalled {
            // Where the step would be it is told in full.
            let why = if run.browsed.is_some() { why } else { "no step can open now" };
            return Strip::of(format!("{alert} {why}"), Meaning::Unknown);
        }
        self.of_the_gate(look)
    }

    fn of_the_gate(&self, look: &Look) -> Strip {
        let (run, alert) = (self.run, look.glyphs.alert);
        if run.state.current.is_none() {
            return self.of_the_end(alert);
        }
        if self.has_more_cautions {
            let key = self.keymap.shown(Action::Act, Context::Run);
            return Strip::of(format!("the cautions go on below: {key} reads on"), Meaning::Caution);
        }
        let page = &run.view.page;
        if page.status == Some(StepStatus::Failed) {
            return Strip::of(format!("{alert} failed: {}", page.said), Meaning::Failed);
        }
        if run.state.is_running() {
            return self.at_work(look);
        }
        match &run.view.gate {
            Gate::Open => Strip::of("", Meaning::Text),
            Gate::Closed(holds) => {
                let told: Vec<_> = holds.iter().map(|hold| tell::hold(&run.runbook, hold)).collect();
                Strip::of(format!("{alert} held: {}", told.join("; ")), Meaning::Degraded)
            }
        }
    }

    /// How far what runs is, with a bar where that is known.
    fn at_work(&self, look: &Look) -> Strip {
        let run = self.run;
        let (share, told) = match &run.state.batch {
            Some(batch) => {
                let (done, all, told) = at_work(run, batch);
                (Some(done as f64 / all.max(1) as f64), told)
            }
            None => {
                let (share, told) = at_work_on_one(run, self.now.run);
                (share.map(|share| f64::from(share) / 100.0), told)
            }
        };
        let bar = share.map(|share| progress::bar(share, BAR_CELLS, look).and("  ", Meaning::Text));
        bar.unwrap_or_default().and(told, Meaning::Current)
    }

    /// That nothing is left to do; not as a success beside what is not well.
    fn of_the_end(&self, alert: &str) -> Strip {
        let run = self.run;
        let verify = run.state.to_verify().len();
        if verify > 0 && run.state.walked().all(PhaseState::is_accounted) {
            let key = self.keymap.shown(Action::Verify, Context::Run);
            let told = format!("{alert} {verify} to be verified by another person before the run is closed: {key}");
            return Strip::of(told, Meaning::Unknown);
        }
        if !run.view.allowed.contains(&Allowed::Close) {
            return Strip::default();
        }
        let is_back = matches!(run.state.plan, Plan::Rollback(_));
        let is_left_out = |step: &StepState| step.status == StepStatus::NotApplicable;
        let is_empty = is_back && run.state.walked().flat_map(|phase| phase.keys()).all(|(_, step)| is_left_out(step));
        let not_ok = run.view.moment.board.rows.iter().filter(|row| row.verdict != Verdict::Ok).count();
        let undone = left::not_done(&run.state);
        let mut told = match (is_back, is_empty) {
            (true, true) => "this way back had nothing to do for anybody".into(),
            (true, false) => "the way back is walked".into(),
            (false, _) if undone.is_empty() => String::from("every step is accounted for"),
            (false, _) => format!("nothing is left to do: {undone}"),
        };
        if not_ok > 0 {
            told.push_str(&format!(", health: {not_ok} not ok"));
        }
        told.push_str(&format!("; {} closes the run", self.keymap.shown(Action::Close, Context::Run)));
        if is_empty || not_ok > 0 {
            return Strip::of(format!("{alert} {told}"), Meaning::Degraded);
        }
        Strip::of(told, Meaning::Ok)
    }

    /// Draws the action bar: what the step allows, below it what the run allows and how far it is on disk.
    pub fn draw_bar(&self, area: Rect, paint: &mut Paint<'_>) {
        paint.fill(area, Meaning::Bar);
        let offers = self.offers();
        let marks = self.marks(area.width >= 100, paint);
        let bar = Bar::fitting(&offers, &marks, usize::from(area.width.saturating_sub(2)), paint.look.glyphs.more);
        let meaning = if self.run.halted.is_some() {
            Meaning::Alarm
        } else if self.run.pending.is_some() {
            Meaning::Key
        } else {
            Meaning::Bar
        };
        paint.put_right(Rect { y: area.bottom() - 1, width: area.width - 1, ..area }, bar.mark, meaning);
        for (y, is_of_step) in (area.y..area.bottom()).zip([true, false]) {
            let mut x = area.x + 1;
            for (at, offer) in offers.iter().filter(|offer| offer.is_of_step == is_of_step).enumerate() {
                let room = area.right().saturating_sub(x);
                let meanings =
                    if offer.is_armed { (Meaning::Key, Meaning::Bar) } else { (Meaning::Inert, Meaning::Inert) };
                let used = paint.put((x, y), room, &offer.key, meanings.0) + 1;
                let room = room.saturating_sub(used);
                let used = used + paint.put((x + used, y), room, &offer.word(bar.words, at), meanings.1);
                if offer.is_armed {
                    paint.spot(Rect::new(x, y, used, 1), Press::Key(offer.key.clone()));
                }
                x += used + 2;
            }
        }
    }

    /// Whether all is on disk and how far: in full, and as short as it may become.
    fn marks(&self, is_wide: bool, paint: &Paint<'_>) -> [String; 2] {
        let run = self.run;
        if run.halted.is_some() {
            return ["HALTED".into(), "HALTED".into()];
        }
        if run.pending.is_some() {
            let word = if run.file.is_some() { "reading" } else { "saving" };
            let saving = format!("{word}{}", paint.look.glyphs.more);
            return [saving.clone(), saving];
        }
        let head = run.head.as_deref().and_then(|head| head.get(..8)).unwrap_or_default();
        let word = if is_wide { "journal " } else { "" };
        let short = format!("{} #{}", paint.look.glyphs.done, run.state.seq);
        [format!("{word}{short} {head}"), short]
    }

    /// What may be done now. Everything that the engine allows is among it.
    fn offers(&self) -> Vec<Offer> {
        let run = self.run;
        let shown = |action| self.keymap.shown(action, Context::Run);
        let mut offers: Vec<Offer> = Vec::new();
        let is_covered = self.is_covered();
        let is_idle = run.pending.is_none() && !run.is_leaving() && !is_covered;
        for allowed in &run.view.allowed {
            let (action, needs_arm) = key_of(allowed);
            let is_taken = run.found.is_some() && self.is_of_search(&shown(action));
            let is_other = matches!(allowed, Allowed::TakeUp(step) if !run.is_looked_at(step));
            if is_other || is_taken || offers.iter().any(|offer| offer.key == shown(action)) || run.is_elsewhere(action)
            {
                continue;
            }
            // Elsewhere the action key only leads back.
            let is_away = action == Action::Act && !run.is_at_current();
            // Where the step has no pane it only shows it.
            let is_hidden = action == Action::Act && !is_away && !is_covered && !run.is_step_in_view();
            let is_of_run = matches!(action, Action::Note | Action::RollBack | Action::Abandon | Action::Leave);
            offers.push(Offer {
                key: shown(action),
                words: match (is_away, is_hidden) {
                    (true, _) => ("return", "return"),
                    (false, true) => ("show the step", "step"),
                    (false, false) => self.words(allowed),
                },
                asks_for_more: !is_away && !is_hidden && asks_for_more(allowed),
                is_armed: is_idle && (!needs_arm || is_away || is_hidden || run.is_let_go(self.now)),
                is_of_step: !is_of_run,
            });
        }
        let plain = Offer::plain;
        let back = shown(Action::Act);
        if !run.is_at_current() && offers.iter().all(|offer| offer.key != back) {
            offers.insert(0, plain(back, "return", is_idle, true));
        }
        if run.halted.is_none() {
            // What overrules the machine never comes first.
            let is_natural = |first: &Allowed| {
                matches!(key_of(first).0, Action::Act | Action::Cancel | Action::Retry | Action::Close)
            };
            let place = usize::from(run.view.allowed.first().is_some_and(is_natural));
            offers.insert(place, plain(shown(Action::Why), "why", !is_covered, true));
            if run.view.stalled.is_some() {
                offers.insert(place, plain(shown(Action::SenseNow), "ask every probe", !is_covered, true));
            }
        }
        offers.extend(self.of_cautions(!is_covered));
        offers.extend(self.of_a_rehearsal(!is_covered));
        if run.found.is_some() {
            offers.splice(0..0, self.of_a_search(!is_covered));
        }
        offers.extend(self.of_a_closed_run(!is_covered));
        let all = self.keymap.shown(Action::Palette, Context::Everywhere);
        offers.push(plain(all, MENU, !is_covered, false));
        let help = self.keymap.shown(Action::Help, Context::Everywhere);
        offers.push(plain(help, "help", !run.is_typing(), false));
        offers
    }

    /// What is left to be done with a run that is closed: nothing of it is recorded, so the engine allows none of it.
    fn of_a_closed_run(&self, is_armed: bool) -> Vec<Offer> {
        if self.run.state.closed.is_none() {
            return Vec::new();
        }
        let offers = [(Action::Sign, "sign"), (Action::Leave, "leave")];
        let key = |action| self.keymap.shown(action, Context::Run);
        offers.map(|(action, word)| Offer::plain(key(action), word, is_armed, false)).into()
    }

    /// What goes from hit to hit while a search stands.
    fn of_a_search(&self, is_armed: bool) -> [Offer; 3] {
        let found = [(Action::NextHit, "next"), (Action::PreviousHit, "previous"), (Action::Back, "end search")];
        found.map(|(action, word)| Offer::plain(self.keymap.shown(action, Context::Found), word, is_armed, true))
    }

    /// Whether a key goes from hit to hit while a search stands.
    fn is_of_search(&self, key: &str) -> bool {
        self.keymap.of(Context::Found).flat_map(|binding| &binding.keys).any(|taken| taken.to_string() == key)
    }

    /// What shows cautions in full that were read before, where there are such.
    fn of_cautions(&self, is_armed: bool) -> Option<Offer> {
        let word = if self.run.is_unfolded() { "fold" } else { "in full" };
        let key = self.keymap.shown(Action::Unfold, Context::Run);
        self.run.has_folded().then(|| Offer::plain(key, word, is_armed, true))
    }

    /// What only a rehearsal has: a console while it goes on, and a hint where there is one.
    fn of_a_rehearsal(&self, is_armed: bool) -> Vec<Offer> {
        let run = self.run;
        if !run.is_rehearsal() || run.state.closed.is_some() || run.halted.is_some() {
            return Vec::new();
        }
        let offer = |action, words, is_of_step| Offer {
            key: self.keymap.shown(action, Context::Run),
            words,
            asks_for_more: false,
            is_armed,
            is_of_step,
        };
        let hint = run.next_hint().map(|_| offer(Action::Hint, ("hint", "hint"), true));
        hint.into_iter().chain([offer(Action::Console, ("console", "console"), false)]).collect()
    }

    /// The words of an offer; what is confirmed by one of some answers is answered.
    fn words(&self, allowed: &Allowed) -> (&'static str, &'static str) {
        match allowed {
            Allowed::Confirm(_) if !self.run.view.page.options.is_empty() => ("answer", "answer"),
            Allowed::Release(key) if self.run.state.waits_for_peer(key) => ("confirm by another", "second"),
            Allowed::Retry(key) if self.run.state.waits_for_peer(key) => ("state anew", "anew"),
            other => tell::offer(other),
        }
    }
}

/// How far the command of the current step is: since when it runs, and what it prints about that.
fn at_work_on_one(run: &Run, now: Timestamp) -> (Option<u32>, String) {
    let Some(job) = run.state.running.first() else { return (None, String::new()) };
    let most = Duration::from_millis(job.command.timeout_ms);
    let share = run.output.share().filter(|_| run.output.job == Some(job.job));
    (share, progress::of_command(share, now.since(job.since), most))
}

/// How far the commands of the current step are.
fn at_work(run: &Run, batch: &Batch) -> (usize, usize, String) {
    let all = run.state.nodes(&batch.step).len();
    let done =
        run.state.step(&batch.step).map_or(0, |known| known.results.values().filter(|result| result.met).count());
    let waiting = batch.waiting.len();
    let waiting = if waiting > 0 { format!(", {waiting} wait") } else { String::new() };
    let running = run.state.running.len();
    let verb = if running == 1 { "is" } else { "are" };
    (done, all, format!("{} {verb} running{waiting}; {done} of {all} done", counted(running, "command")))
}

/// The word for the list of everything that can be done.
const MENU: &str = "menu";

/// One thing that may be done.
struct Offer {
    key: String,
    /// In full, and as short as it may become.
    words: (&'static str, &'static str),
    asks_for_more: bool,
    /// Whether the key acts at this moment.
    is_armed: bool,
    /// Whether it is about the step, not about the run.
    is_of_step: bool,
}

impl Offer {
    /// One that is done at once, in one word.
    const fn plain(key: String, word: &'static str, is_armed: bool, is_of_step: bool) -> Self {
        Self { key, words: (word, word), asks_for_more: false, is_armed, is_of_step }
    }

    /// Its word, where so many of its row stand before it.
    fn word(&self, words: Words<'_>, at: usize) -> String {
        match words {
            Words::Full(more) if self.asks_for_more => format!("{}{more}", self.words.0),
            Words::Full(_) => self.words.0.to_owned(),
            // The menu tells what the keys are that stand there alone.
            Words::Few(few) if !self.is_of_step && self.words.1 != MENU && at >= few => String::new(),
            Words::Short | Words::Few(_) => self.words.1.to_owned(),
        }
    }

    fn cells(&self, words: Words<'_>, at: usize) -> usize {
        width(&self.key) + 1 + width(&self.word(words, at))
    }
}

/// How much is said of an offer.
#[derive(Clone, Copy)]
enum Words<'a> {
    /// All, and this behind what asks for more.
    Full(&'a str),
    /// One short word.
    Short,
    /// The same of what is about the step and of so many of the rest; of the others only the keys.
    Few(usize),
}

/// How the bar is drawn.
struct Bar<'a> {
    words: Words<'a>,
    mark: &'a str,
}

impl<'a> Bar<'a> {
    /// The fullest form that fits into `cells`. Words become shorter; no offer is left out.
    fn fitting(offers: &[Offer], marks: &'a [String; 2], cells: usize, more: &'a str) -> Self {
        let row = |is_of_step: bool, words| -> usize {
            let of_row = offers.iter().filter(|offer| offer.is_of_step == is_of_step).enumerate();
            of_row.map(|(at, offer)| offer.cells(words, at) + 2).sum()
        };
        let fits = |bar: &Self| row(true, bar.words) <= cells + 2 && row(false, bar.words) + width(bar.mark) <= cells;
        let full = [(Words::Full(more), &marks[0]), (Words::Full(more), &marks[1]), (Words::Full(""), &marks[1])];
        let short = [(Words::Short, &marks[0]), (Words::Short, &marks[1])];
        let few = (0..offers.len()).rev().map(|few| (Words::Few(few), &marks[1]));
        let forms = full.into_iter().chain(short).chain(few).map(|(words, mark)| Bar { words, mark });
        forms.into_iter().find(fits).unwrap_or(Bar { words: Words::Few(0), mark: &marks[1] })
    }
}

/// Which key stands for something that is allowed, and whether it is the action key, which must be let go.
pub const fn key_of(allowed: &Allowed) -> (Action, bool) {
    match allowed {
        Allowed::ReadCautions(_)
        | Allowed::Confirm(_)
        | Allowed::Answer(_)
        | Allowed::Choose(_)
        | Allowed::Release(_)
        | Allowed::Restart(_)
        | Allowed::Run(_) => (Action::Act, true),
        Allowed::Cancel(_) => (Action::Cancel, false),
        Allowed::Retry(_) | Allowed::Renew(_) => (Action::Retry, false),
        Allowed::TakeUp(_) => (Action::TakeUp, false),
        Allowed::Skip(_) => (Action::Skip, false),
        Allowed::Defer(_) => (Action::Defer, false),
        Allowed::Verify(_) => (Action::Verify, false),
        Allowed::Dispute(_) => (Action::Dispute, false),
        Allowed::Override(_) => (Action::Override, false),
        Allowed::CutWait(_) => (Action::CutWait, false),
        Allowed::Acknowledge(_) => (Action::Acknowledge, false),
        Allowed::Note => (Action::Note, false),
        Allowed::RollBack(_) => (Action::RollBack, false),
        Allowed::Close => (Action::Close, false),
        Allowed::Abandon => (Action::Abandon, false),
        Allowed::Leave => (Action::Leave, false),
    }
}

const fn asks_for_more(allowed: &Allowed) -> bool {
    !matches!(allowed, Allowed::ReadCautions(_) | Allowed::Retry(_) | Allowed::Renew(_) | Allowed::TakeUp(_))
}
