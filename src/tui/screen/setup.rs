//! The set-up form: one field per input that must be asked, looked at as it is typed.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use crate::runbook::InputKind;
use crate::tui::app::App;
use crate::tui::backstage::{Question, Questions};
use crate::tui::dialog::Field;
use crate::tui::keymap::{Action, Context};
use crate::tui::message::Effect;
use crate::tui::screen::library::draw_keys;
use crate::tui::theme::Meaning;
use crate::tui::widget::dialog::draw_field;
use crate::tui::widget::paint::{Edge, Frame, Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::width;

/// What stands above the inputs that are not asked.
const SETTLED: &str = "settled by the runbook or the site file; --set INPUT=VALUE says otherwise";

/// How many rows a question takes: prompt, field, problem.
const ROWS_EACH: u16 = 3;

/// How many lines the prompt of the question under the cursor may take.
const MOST_PROMPT_LINES: u16 = 4;

/// The state of the set-up screen.
#[derive(Debug)]
pub struct SetUp {
    questions: Questions,
    fields: Vec<Field>,
    /// The field under the cursor; one past the last is "start".
    chosen: usize,
    busy: bool,
    problem: Option<String>,
}

impl SetUp {
    /// A form for these questions, and what must be looked at first.
    pub fn new(questions: Questions) -> (Self, Vec<Effect>) {
        let fields = questions.asked.iter().map(|question| Field::with(&question.default)).collect();
        let form = Self { questions, fields, chosen: 0, busy: false, problem: None };
        let checks = (0..form.fields.len()).filter_map(|index| form.check(index)).collect();
        (form, checks)
    }

    fn check(&self, index: usize) -> Option<Effect> {
        let question = self.questions.asked.get(index)?;
        Some(Effect::Check {
            runbook: self.questions.runbook.clone(),
            input: question.input.clone(),
            kind: question.kind.clone(),
            text: self.fields[index].text(),
        })
    }

    /// What was found out about the text of a field.
    pub fn checked(&mut self, input: &str, text: &str, problem: Option<String>) {
        let asked = self.questions.asked.iter();
        for (field, _) in self.fields.iter_mut().zip(asked).filter(|(_, question)| question.input == input) {
            if field.text() == text {
                field.problem.clone_from(&problem);
            }
        }
    }

    /// The run could not be opened; why.
    pub fn refuse(&mut self, why: String) {
        self.busy = false;
        self.problem = Some(why);
    }

    /// Whether a character goes into a field.
    pub fn is_typing(&self) -> bool {
        self.chosen < self.fields.len()
    }

    /// Does what a key asks for.
    pub fn on(&mut self, action: Option<Action>, key: KeyEvent) -> Vec<Effect> {
        if self.busy {
            return if action == Some(Action::Leave) { vec![Effect::Quit] } else { Vec::new() };
        }
        match action {
            Some(Action::Leave) => return vec![Effect::Quit],
            Some(Action::Back) => return vec![Effect::ReadLibrary],
            Some(Action::Up) => self.chosen = self.chosen.saturating_sub(1),
            Some(Action::Down) => self.chosen = (self.chosen + 1).min(self.fields.len()),
            Some(Action::Act) if self.chosen < self.fields.len() => self.chosen += 1,
            Some(Action::Act) => return self.start(),
            _ => return self.type_key(key),
        }
        Vec::new()
    }

    fn type_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        self.problem = None;
        let Some((field, question)) = self.fields.get_mut(self.chosen).zip(self.questions.asked.get(self.chosen))
        else {
            return Vec::new();
        };
        let before = field.text();
        match (options(question), key.code) {
            (Some(options), KeyCode::Left | KeyCode::Right | KeyCode::Char(' ')) => {
                *field = Field::with(turned(&options, &before, key.code != KeyCode::Left));
            }
            _ => field.type_key(key),
        }
        if field.text() == before { Vec::new() } else { self.check(self.chosen).into_iter().collect() }
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) -> Vec<Effect> {
        match self.fields.get_mut(self.chosen) {
            Some(field) if !self.busy => field.paste(text),
            _ => return Vec::new(),
        }
        self.check(self.chosen).into_iter().collect()
    }

    fn start(&mut self) -> Vec<Effect> {
        let is_empty = |(question, field): (&Question, &Field)| !question.is_optional && field.text().trim().is_empty();
        if let Some(at) = self.questions.asked.iter().zip(&self.fields).position(is_empty) {
            self.chosen = at;
            let is_nodes = matches!(self.questions.asked[at].kind, InputKind::Nodes(_));
            let hint = if is_nodes { "; nodes are easier to give in a site file (--site)" } else { "" };
            self.fields[at].problem = Some(format!("a value is needed{hint}"));
            return Vec::new();
        }
        if let Some(at) = self.fields.iter().position(|field| field.problem.is_some()) {
            self.chosen = at;
            return Vec::new();
        }
        self.busy = true;
        let answers = self.questions.asked.iter().zip(&self.fields);
        let answers = answers.map(|(question, field)| (question.input.clone(), field.text())).collect();
        let (runbook, is_practice) = (self.questions.runbook.clone(), self.questions.is_practice);
        vec![Effect::Begin { runbook, is_practice, answers }]
    }

    /// Draws it.
    pub fn draw(&self, app: &App, area: Rect, paint: &mut Paint<'_>) {
        self.draw_header(area, paint);
        let body = Rect { y: area.y + 1, height: area.height - 3, ..area };
        let edge = if area.width >= 100 { Edge::Whole } else { Edge::Top };
        let title = if self.questions.is_practice { "Set up a practice run" } else { "Set up a live run" };
        let inside = paint.frame(body, &Frame { title, right: "", is_focused: true, edge });
        let inside = Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside };
        self.draw_form(inside, paint);
        let status = area.bottom() - 2;
        if let Some(problem) = &self.problem {
            paint.put((area.x + 1, status), area.width - 2, problem, Meaning::Problem);
        } else if self.busy {
            paint.put((area.x + 1, status), area.width - 2, "opening the run", Meaning::Current);
        }
        let bar = Rect { y: area.bottom() - 1, height: 1, ..area };
        let word = if self.chosen == self.fields.len() { "start" } else { "next" };
        let keys = [
            (Action::Act, Context::SetUp, word),
            (Action::Down, Context::SetUp, "field below"),
            (Action::Back, Context::SetUp, "library"),
            (Action::Leave, Context::Everywhere, "leave"),
        ];
        draw_keys(app, bar, keys.iter(), paint);
    }

    fn draw_header(&self, area: Rect, paint: &mut Paint<'_>) {
        paint.fill(Rect { height: 1, ..area }, Meaning::Bar);
        let mut x = area.x + 1;
        let room = area.width / 2;
        x += paint.put((x, area.y), room, &format!("piton {}", self.questions.title), Meaning::Bar) + 2;
        if self.questions.is_practice {
            x += paint.put((x, area.y), 12, " PRACTICE ", Meaning::Practice) + 1;
        }
        if self.questions.site.is_none() && !self.questions.is_practice {
            let style = paint.look.theme.environment("red");
            paint.put_styled((x, area.y), area.right().saturating_sub(x), " LIVE ", style);
        }
        if let Some(site) = &self.questions.site {
            let style = paint.look.theme.environment(&site.colour);
            let left = area.right().saturating_sub(x);
            x += paint.put_styled((x, area.y), left, &format!(" {} ", site.environment), style) + 1;
            paint.put((x, area.y), area.right().saturating_sub(x), &site.name, Meaning::Bar);
        }
    }

    fn draw_form(&self, area: Rect, paint: &mut Paint<'_>) {
        let mut y = area.y + self.draw_bound(area, paint);
        let room = area.bottom().saturating_sub(y + MOST_PROMPT_LINES) / ROWS_EACH;
        let first = (self.chosen + 1).saturating_sub(usize::from(room.max(1)));
        let asked = self.questions.asked.iter().zip(&self.fields).enumerate();
        for (index, (question, field)) in asked.skip(first).take(usize::from(room)) {
            let place = Rect { y, height: area.bottom().saturating_sub(y), ..area };
            y += self.draw_question(question, field, index == self.chosen, place, paint);
        }
        let is_here = self.chosen == self.fields.len();
        let start = if self.questions.is_practice { "[ start practising ]" } else { "[ start the live run ]" };
        paint.put((area.x, y), area.width, start, if is_here { Meaning::Selected } else { Meaning::Title });
    }

    /// Draws what is bound already; gives the rows that it took. What there is no room for is told by name.
    fn draw_bound(&self, area: Rect, paint: &mut Paint<'_>) -> u16 {
        let all = &self.questions.bound;
        let room = usize::from(area.height / 3);
        if all.is_empty() {
            return 0;
        }
        let room = room.saturating_sub(1);
        let shown = if all.len() > room { room.saturating_sub(1) } else { all.len() };
        paint.put((area.x, area.y), area.width, SETTLED, Meaning::Title);
        let mut y = area.y + 1;
        for (name, value) in &all[..shown] {
            let used = paint.put((area.x, y), area.width, &format!("{name:<14} "), Meaning::Dim);
            let (value, meaning) = if value == "null" { ("-", Meaning::Dim) } else { (value.as_str(), Meaning::Text) };
            paint.put((area.x + used, y), area.width - used, value, meaning);
            y += 1;
        }
        let left: Vec<&str> = all[shown..].iter().map(|(name, _)| name.as_str()).collect();
        if !left.is_empty() {
            let told = format!("and {}: {}", left.len(), left.join(", "));
            paint.put((area.x, y), area.width, &told, Meaning::Dim);
            y += 1;
        }
        y - area.y + 1
    }

    /// Draws one question; gives the rows that it took. The one under the cursor is told in full.
    fn draw_question(
        &self,
        question: &Question,
        field: &Field,
        is_here: bool,
        area: Rect,
        paint: &mut Paint<'_>,
    ) -> u16 {
        let sign = if is_here { paint.look.glyphs.current } else { " " };
        let meaning = if is_here { Meaning::Current } else { Meaning::Text };
        let told = format!("{} ({})", question.prompt, takes(question));
        paint.put((area.x, area.y), 1, sign, meaning);
        let wide = area.width.saturating_sub(2);
        let mut lines =
            if is_here { wrapped(&told, usize::from(wide), meaning) } else { vec![Strip::of(told, meaning)] };
        lines.truncate(usize::from(MOST_PROMPT_LINES));
        let rows = u16::try_from(lines.len()).unwrap_or(1);
        paint.strips(Rect { x: area.x + 2, width: wide, height: rows, ..area }, &lines, 0);
        let place = Rect { x: area.x + 2, y: area.y + rows, width: wide, height: 1 };
        let text = field.text();
        if is_here {
            draw_field(field, place.intersection(paint.buffer.area), paint);
        } else {
            paint.put((place.x, place.y), place.width, if text.is_empty() { "-" } else { &text }, Meaning::Command);
        }
        if let Some(problem) = field.problem.as_ref().filter(|_| !text.is_empty() || is_here) {
            let told = format!("{} {problem}", paint.look.glyphs.failed);
            paint.put((place.x, place.y + 1), place.width, &told, Meaning::Problem);
        }
        rows + ROWS_EACH - 1
    }
}

/// What an input takes, in a word or two.
fn takes(question: &Question) -> String {
    let kind = match &question.kind {
        InputKind::Text => "text".to_owned(),
        InputKind::Number => "number".into(),
        InputKind::Bool => "yes or no".into(),
        InputKind::Version => "version".into(),
        InputKind::Duration => "duration, such as 1h 30m".into(),
        InputKind::Url => "address".into(),
        InputKind::Path => "path".into(),
        InputKind::Choice(options) => options.join(", "),
        InputKind::Nodes(fields) => {
            let keys: Vec<_> = fields.iter().map(|field| format!(", \"{field}\": …")).collect();
            format!("[{{\"name\": …{}}}, …]", keys.concat())
        }
        InputKind::Command => "command: one word per argument".into(),
        InputKind::Secret => "secret: where it is found, never its value".into(),
    };
    if question.is_optional { format!("{kind}; may stay empty") } else { kind }
}

/// The values that left and right go through.
fn options(question: &Question) -> Option<Vec<String>> {
    match &question.kind {
        InputKind::Bool => Some(vec!["yes".into(), "no".into()]),
        InputKind::Choice(options) => Some(options.clone()),
        _ => None,
    }
}

fn turned<'a>(options: &'a [String], now: &str, is_forward: bool) -> &'a str {
    let count = options.len();
    let next = match options.iter().position(|option| option == now) {
        None => 0,
        Some(at) if is_forward => (at + 1) % count.max(1),
        Some(at) => (at + count.saturating_sub(1)) % count.max(1),
    };
    debug_assert!(options.iter().all(|option| width(option) < 1_000));
    options.get(next).map_or("", String::as_str)
}
