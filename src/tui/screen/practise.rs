//! Choosing what is practised: a scenario or a surprise, how fast, and with which seed.

use crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::dialog::Field;
use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::message::Effect;
use crate::tui::theme::{Look, Meaning};
use crate::tui::wanted::{Questions, SPEEDS, ScenarioOffered, Wanted};
use crate::tui::widget::dialog::draw_field;
use crate::tui::widget::keybar::{Offer, body, draw_keys, draw_status, key_at};
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::{cut, width};

/// The word of the command line for a scenario that chance picks.
const SURPRISE: &str = "surprise";

/// The speeds that left and right go through.
const STEPS: [&str; 7] = ["1", "2", "5", "10", "20", "50", "100"];

/// Columns of a scenario's number with what follows it.
const NUMBER: usize = 4;

/// Columns of how it went.
const SCORE: usize = 23;

/// The rows below the list: an empty one, speed, seed, the command that does the same.
const BELOW: u16 = 4;

/// The state of the chooser.
#[derive(Debug)]
pub struct Practise {
    questions: Questions,
    /// The place in the list: the scenarios, then the surprise.
    chosen: usize,
    speed: Field,
    seed: Field,
    at: Part,
    busy: bool,
    problem: Option<String>,
}

/// What has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    List,
    Speed,
    Seed,
}

impl Practise {
    /// At the calm scenario.
    pub fn new(questions: Questions) -> Self {
        let mut new = Self {
            questions,
            chosen: 0,
            speed: Field::with("1"),
            seed: Field::default(),
            at: Part::List,
            busy: false,
            problem: None,
        };
        new.settle_seed();
        new
    }

    /// The run could not be opened; why.
    pub fn refuse(&mut self, why: String) {
        (self.busy, self.problem) = (false, Some(why));
    }

    /// Whether a character goes into a field.
    pub fn is_typing(&self) -> bool {
        self.at != Part::List
    }

    /// How many rows the list has.
    fn rows(&self) -> usize {
        let scenarios = self.questions.scenarios.len();
        // Chance has to have something to pick from.
        let has_faults = self.questions.scenarios.iter().any(|scenario| !scenario.is_calm);
        (scenarios + usize::from(has_faults)).max(1)
    }

    fn scenario(&self) -> Option<&ScenarioOffered> {
        self.questions.scenarios.get(self.chosen)
    }

    fn is_surprise(&self) -> bool {
        !self.questions.scenarios.is_empty() && self.chosen == self.questions.scenarios.len()
    }

    /// The seed that is taken as long as none is typed stands in the field, so that it is seen.
    fn settle_seed(&mut self) {
        let seed =
            if self.is_surprise() { Some(self.questions.seed) } else { self.scenario().and_then(|one| one.seed) };
        self.seed = Field::with(&seed.map(|seed| seed.to_string()).unwrap_or_default());
    }

    /// Does what a key asks for.
    pub fn on(&mut self, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
        if action == Some(Action::Leave) {
            return vec![Effect::Quit];
        }
        if self.busy {
            return Vec::new();
        }
        self.problem = None;
        match (action, self.at) {
            (Some(Action::Back), _) => return vec![Effect::ReadLibrary],
            (Some(Action::Act), _) => return self.start(),
            (Some(Action::NextPane), at) => {
                self.at = match at {
                    Part::List => Part::Speed,
                    Part::Speed => Part::Seed,
                    Part::Seed => Part::List,
                }
            }
            (Some(Action::PreviousPane), at) => {
                self.at = match at {
                    Part::List => Part::Seed,
                    Part::Speed => Part::List,
                    Part::Seed => Part::Speed,
                }
            }
            (Some(Action::Up), Part::List) => self.choose(self.chosen.saturating_sub(1)),
            (Some(Action::Down), Part::List) => self.choose(self.chosen + 1),
            (Some(Action::Up), at) => self.at = if at == Part::Seed { Part::Speed } else { Part::List },
            (Some(Action::Down), _) => self.at = Part::Seed,
            (_, Part::Speed) if matches!(key.code, KeyCode::Left | KeyCode::Right) => {
                self.turn_speed(key.code == KeyCode::Right);
            }
            (_, Part::Speed) => self.speed.type_key(key),
            (_, Part::Seed) => self.seed.type_key(key),
            _ => {}
        }
        Vec::new()
    }

    fn choose(&mut self, index: usize) {
        let index = index.min(self.rows() - 1);
        if index != self.chosen {
            self.chosen = index;
            self.settle_seed();
        }
    }

    fn turn_speed(&mut self, is_faster: bool) {
        let now: f64 = self.speed.text().trim().parse().unwrap_or(1.0);
        let value = |step: &&str| step.parse::<f64>().unwrap_or(1.0);
        let next = if is_faster {
            STEPS.iter().find(|step| value(step) > now)
        } else {
            STEPS.iter().rev().find(|step| value(step) < now)
        };
        if let Some(next) = next {
            self.speed = Field::with(next);
        }
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) {
        match self.at {
            Part::Speed => self.speed.paste(text),
            Part::Seed => self.seed.paste(text),
            Part::List => {}
        }
    }

    /// What is wanted as it stands.
    ///
    /// # Errors
    /// A field does not hold what it must; which, and why.
    fn wanted(&self) -> Result<Wanted, (Part, String)> {
        let speed: f64 = self.speed.text().trim().parse().unwrap_or(f64::NAN);
        if !(SPEEDS.0..=SPEEDS.1).contains(&speed) {
            return Err((Part::Speed, format!("the speed must be a number between {} and {}", SPEEDS.0, SPEEDS.1)));
        }
        let typed = self.seed.text();
        let seed = match typed.trim() {
            "" => None,
            text => {
                Some(text.parse().map_err(|_| (Part::Seed, "the seed must be a whole number, or empty".to_owned()))?)
            }
        };
        let surprise = || (self.is_surprise()).then(|| SURPRISE.to_owned());
        let scenario = self.scenario().map(|scenario| scenario.id.clone()).or_else(surprise);
        // Between the bounds above nothing is lost by that.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is positive and small")]
        let speed_milli = (speed * 1_000.0).round() as u64;
        Ok(Wanted::Practice { runbook: self.questions.runbook.clone(), scenario, seed, speed_milli })
    }

    fn start(&mut self) -> Vec<Effect> {
        match self.wanted() {
            Ok(wanted) => {
                self.busy = true;
                vec![Effect::Begin(wanted)]
            }
            Err((part, why)) => {
                (self.at, self.problem) = (part, Some(why));
                Vec::new()
            }
        }
    }

    fn offers(&self) -> Vec<Offer> {
        let context = Context::Practise;
        vec![
            (Action::Act, context, "start"),
            (Action::NextPane, context, "speed, seed"),
            (Action::Back, context, "library"),
            (Action::Help, Context::Everywhere, "help"),
            (Action::Leave, Context::Everywhere, "leave"),
        ]
    }

    /// The list, what is told of the chosen one, speed and seed: above what is told of what went wrong.
    fn parts(&self, area: Rect) -> (Rect, Rect, Rect) {
        let inside = Edge::of(area.width).text(body(area, self.problem.as_deref()));
        let low = Rect { y: inside.bottom().saturating_sub(BELOW), height: BELOW.min(inside.height), ..inside };
        let rest = inside.height.saturating_sub(BELOW);
        let wanted = u16::try_from(self.rows()).unwrap_or(u16::MAX);
        let rows = wanted.min(rest.saturating_sub(5).max(3)).min(rest);
        let list = Rect { height: rows, ..inside };
        (list, Rect { y: list.bottom(), height: rest - rows, ..inside }, low)
    }

    fn top(&self, list: Rect) -> usize {
        (self.chosen + 1).saturating_sub(usize::from(list.height))
    }

    /// Takes what the mouse did: a click chooses, another one on the same starts; one on a key is that key.
    pub fn on_mouse(&mut self, mouse: MouseEvent, size: (u16, u16), keymap: &Keymap) -> Vec<Effect> {
        let key = KeyEvent::from(KeyCode::Null);
        let (list, _, low) = self.parts(Rect::new(0, 0, size.0, size.1));
        match mouse.kind {
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                self.at = Part::List;
                let action = if mouse.kind == MouseEventKind::ScrollDown { Action::Down } else { Action::Up };
                self.on(Some(action), key)
            }
            MouseEventKind::Down(MouseButton::Left) if mouse.row + 1 == size.1 => {
                let action = key_at(keymap, &self.offers(), mouse.column);
                action.map(|action| self.on(Some(action), key)).unwrap_or_default()
            }
            MouseEventKind::Down(MouseButton::Left) if self.busy => Vec::new(),
            MouseEventKind::Down(MouseButton::Left) => {
                let row = mouse.row;
                if (list.y..list.bottom()).contains(&row) {
                    let index = self.top(list) + usize::from(row - list.y);
                    let is_again = index == self.chosen && self.at == Part::List;
                    self.at = Part::List;
                    self.choose(index);
                    return if is_again { self.start() } else { Vec::new() };
                }
                match row.checked_sub(low.y) {
                    Some(1) => self.at = Part::Speed,
                    Some(2) => self.at = Part::Seed,
                    _ => {}
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        paint.fill(Rect { height: 1, ..area }, Meaning::Bar);
        let title = format!("piton {}", self.questions.title);
        let x = area.x + 1;
        let x = x + paint.put((x, area.y), area.width / 2, &title, Meaning::Bar) + 2;
        paint.put((x, area.y), 12, " PRACTICE ", Meaning::Practice);
        let right = format!("{} to choose from", self.rows());
        let edge = Edge::of(area.width);
        let frame = Frame { title: "What to practise", right: &right, is_focused: true, edge };
        paint.frame(body(area, self.problem.as_deref()), &frame);
        let (list, told, low) = self.parts(area);
        self.draw_list(list, paint);
        let lines = self.told(usize::from(told.width.saturating_sub(2)), paint.look);
        paint.strips(Rect { x: told.x + 2, width: told.width.saturating_sub(2), ..told }, &lines, 0);
        self.draw_low(low, paint);
        let busy = self.busy.then_some("starting the simulated cluster");
        draw_status(area, (self.problem.as_deref(), busy), None, paint);
        draw_keys(app, Rect { y: area.bottom() - 1, height: 1, ..area }, self.offers().iter(), paint);
    }

    fn draw_list(&self, list: Rect, paint: &mut Paint<'_>) {
        let look = paint.look;
        for (y, index) in (list.y..list.bottom()).zip(self.top(list)..self.rows()) {
            let place = Rect { x: list.x + 2, y, width: list.width.saturating_sub(2), height: 1 };
            let number = format!("{:>2}", index + 1);
            let (number, title, score) = match self.questions.scenarios.get(index) {
                Some(one) => (number.as_str(), one.title.as_str(), score(one)),
                None if self.questions.scenarios.is_empty() => (" 1", "Nothing goes wrong by itself", String::new()),
                None => (" ?", "Surprise me: the seed picks one", String::new()),
            };
            let room = usize::from(place.width).saturating_sub(NUMBER + SCORE + 1);
            let title = cut(title, room, look.glyphs.cut);
            let gap = " ".repeat((room + SCORE).saturating_sub(width(&title) + width(&score)) + 1);
            let strip = Strip::of(format!("{number}  "), Meaning::Dim)
                .and(title.into_owned(), Meaning::Text)
                .and(gap + &score, Meaning::Dim);
            if index == self.chosen {
                paint.put((list.x, y), 1, look.glyphs.current, Meaning::Current);
                paint.fill(place, Meaning::Selected);
                let text: String = strip.0.iter().map(|(text, _)| text.as_str()).collect();
                paint.put((place.x, y), place.width, &text, Meaning::Selected);
            } else {
                paint.strip((place.x, y), place.width, &strip);
            }
        }
    }

    /// What is told of the chosen one. What there is to learn gives the fault away: that comes after it was played.
    fn told(&self, cells: usize, look: &Look) -> Vec<Strip> {
        let mut lines = vec![Strip::default()];
        // In the list it may be cut.
        lines.extend(self.scenario().iter().flat_map(|one| wrapped(&one.title, cells, Meaning::Title)));
        let told = match self.scenario() {
            None if self.is_surprise() => {
                "One of those in which something goes wrong. The seed below picks it; with the same seed the same comes again.".to_owned()
            }
            None => "There are no scenarios for this runbook: the simulated cluster is well, and stays so unless you harm it.".into(),
            Some(one) => {
                let hints = match one.hints {
                    0 => "No hints.".to_owned(),
                    1 => "There is one hint, which costs points.".into(),
                    hints => format!("There are {hints} hints, which cost points."),
                };
                let what = if one.is_calm { "Nothing goes wrong by itself." } else { "Something goes wrong on the way." };
                format!("{what} {hints}")
            }
        };
        lines.extend(wrapped(&told, cells, Meaning::Text));
        if let Some(one) = self.scenario() {
            match &one.score {
                Some(score) => {
                    let told = format!(
                        "Walked to an end {}; best {} points, last {} ({}).",
                        if score.attempts == 1 { "once".to_owned() } else { format!("{} times", score.attempts) },
                        score.best,
                        score.last,
                        look.day(score.last_at)
                    );
                    lines.extend(wrapped(&told, cells, Meaning::Text));
                    let trouble = one.trouble.iter().map(|trouble| format!("What goes wrong in {}: {trouble}", one.id));
                    lines.extend(trouble.flat_map(|told| wrapped(&told, cells, Meaning::Dim)));
                    lines.extend(wrapped(&format!("To learn: {}", one.learn), cells, Meaning::Dim));
                }
                None if !one.is_calm => {
                    let told =
                        "What goes wrong, and what there is to learn, is told once you have walked it to an end.";
                    lines.extend(wrapped(told, cells, Meaning::Dim));
                }
                None => lines.extend(wrapped(&one.learn, cells, Meaning::Dim)),
            }
        }
        lines
    }

    fn draw_low(&self, low: Rect, paint: &mut Paint<'_>) {
        let rows = [
            (Part::Speed, "speed", &self.speed, "times as fast as real time; left and right change it"),
            (Part::Seed, "seed", &self.seed, "of what chance decides; empty: as the scenario says"),
        ];
        for (index, (part, name, field, hint)) in rows.into_iter().enumerate() {
            let y = low.y + 1 + u16::try_from(index).unwrap_or(0);
            let is_here = self.at == part;
            let meaning = if is_here { Meaning::Current } else { Meaning::Dim };
            paint.put((low.x, y), 1, if is_here { paint.look.glyphs.current } else { " " }, meaning);
            paint.put((low.x + 2, y), 8, name, meaning);
            let place = Rect { x: low.x + 11, y, width: 14, height: 1 }.intersection(paint.buffer.area);
            if is_here {
                draw_field(field, place, paint);
            } else {
                let text = field.text();
                paint.put((place.x, y), place.width, if text.is_empty() { "-" } else { &text }, Meaning::Command);
            }
            paint.put((low.x + 26, y), low.width.saturating_sub(26), hint, Meaning::Dim);
        }
        if let Ok(Wanted::Practice { runbook, scenario, seed, .. }) = self.wanted() {
            let mut told = format!("piton practice {runbook}");
            // A name may give away what goes wrong; a number does not.
            let number = (self.chosen + 1).to_string();
            let is_secret = self.scenario().is_some_and(|one| !one.is_calm && one.score.is_none());
            scenario.iter().for_each(|name| {
                told.push_str(&format!(" --scenario {}", if is_secret { &number } else { name }));
            });
            seed.iter().for_each(|seed| told.push_str(&format!(" --seed {seed}")));
            if self.speed.text().trim() != "1" {
                told.push_str(&format!(" --speed {}", self.speed.text().trim()));
            }
            let strip = Strip::of("same as  ", Meaning::Dim).and(told, Meaning::Command);
            paint.strip((low.x + 2, low.y + 3), low.width.saturating_sub(2), &strip);
        }
    }
}

/// How it went, for the list.
fn score(one: &ScenarioOffered) -> String {
    match &one.score {
        None => "not walked yet".into(),
        Some(score) => {
            let times = if score.attempts == 1 { "once".to_owned() } else { format!("{}x", score.attempts) };
            format!("{times}, best {}, last {}", score.best, score.last)
        }
    }
}

#[cfg(test)]
#[path = "practise_tests.rs"]
pub(in crate::tui) mod tests;
