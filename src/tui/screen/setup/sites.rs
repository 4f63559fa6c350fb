//! The site files that can be chosen: name, environment, file, and what is wrong with one that cannot be read.

use std::path::PathBuf;

use ratatui::layout::Rect;

use crate::tui::keymap::{Action, Context};
use crate::tui::scrolling::beyond;
use crate::tui::theme::{Look, Meaning};
use crate::tui::wanted::Questions;
use crate::tui::widget::keybar::Offer;
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::widget::step::wrapped;
use crate::tui::wrap::width;

/// What can be taken instead of a site.
const NONE: &str = "no site file";

/// Which site is under the cursor; one past the last: none of them; `None`: the cursor is nowhere yet, since none of the
/// files can be used.
#[derive(Debug, Default)]
pub struct Sites {
    chosen: Option<usize>,
}

impl Sites {
    /// The cursor is at the first that can be used.
    pub fn new(questions: &Questions) -> Self {
        let first = questions.sites.iter().position(|site| site.problem.is_empty());
        Self { chosen: first.or(questions.sites.is_empty().then_some(0)) }
    }

    /// Moves the cursor. From nowhere it comes to the first from above, and to the last from below.
    pub fn turn(&mut self, by: isize, questions: &Questions) {
        let last = questions.sites.len();
        let from =
            self.chosen.map_or(if by > 0 { -1 } else { isize::try_from(last + 1).unwrap_or(isize::MAX) }, |at| {
                isize::try_from(at).unwrap_or(isize::MAX)
            });
        self.chosen = Some(usize::try_from(from.saturating_add(by)).unwrap_or(0).min(last));
    }

    /// The file that is taken; `None`: no site.
    ///
    /// # Errors
    /// It cannot be; why.
    pub fn taken(&self, questions: &Questions) -> Result<Option<PathBuf>, String> {
        let chosen = self.chosen.ok_or("choose one first: none of the site files can be used as it is")?;
        let Some(site) = questions.sites.get(chosen) else { return Ok(None) };
        if site.problem.is_empty() {
            Ok(Some(site.file.clone()))
        } else {
            Err("this site file cannot be used: why is told above".into())
        }
    }

    /// What comes next at the one under the cursor; one that cannot be used is gone on from.
    pub fn offer(&self, questions: &Questions) -> Offer {
        match self.chosen.map(|chosen| questions.sites.get(chosen)) {
            None => (Action::Down, Context::Sites, "choose one"),
            Some(None) => (Action::Act, Context::Sites, "go on without one"),
            Some(Some(site)) if site.problem.is_empty() => (Action::Act, Context::Sites, "take this site"),
            Some(Some(_)) => (Action::Down, Context::Sites, "the next one: this cannot be used"),
        }
    }

    /// The rows of the list and those of what is told of the one under the cursor.
    fn parts(area: Rect, questions: &Questions) -> (Rect, Rect) {
        let wanted = u16::try_from(questions.sites.len() + 3).unwrap_or(u16::MAX);
        let rows = wanted.min(area.height * 6 / 10);
        (Rect { height: rows, ..area }, Rect { y: area.y + rows, height: area.height - rows, ..area })
    }

    /// How many rows of the list are in view: where they do not all fit, the last line tells how many there are.
    fn window(list: Rect, questions: &Questions) -> u16 {
        let rows = list.height.saturating_sub(1);
        if questions.sites.len() >= usize::from(rows) { rows.saturating_sub(1) } else { rows }
    }

    /// How far what is told of the one under the cursor is scrolled at the most, and how much of it is a page.
    pub fn scrolls(&self, questions: &Questions, area: Rect, paint: &Look) -> (usize, usize) {
        let (_, told) = Self::parts(area, questions);
        let page = usize::from(told.height.saturating_sub(1));
        let lines = self.told(questions, usize::from(told.width), paint).len();
        (if lines > page + 1 { lines - page } else { 0 }, page.saturating_sub(1).max(1))
    }

    /// Whether that row is in what is told of the one under the cursor.
    pub fn is_told_at(questions: &Questions, area: Rect, row: u16) -> bool {
        let (_, told) = Self::parts(area, questions);
        (told.y..told.bottom()).contains(&row)
    }

    /// Draws what is told of the one under the cursor, so far scrolled; the last line tells how much more there is.
    fn draw_told(&self, questions: &Questions, area: Rect, (from, key): (usize, &str), paint: &mut Paint<'_>) {
        let lines = self.told(questions, usize::from(area.width), paint.look);
        if lines.len() <= usize::from(area.height) {
            return paint.strips(area, &lines, 0);
        }
        let text = Rect { height: area.height.saturating_sub(1), ..area };
        let from = from.min(lines.len().saturating_sub(usize::from(text.height)));
        paint.strips(text, &lines, from);
        draw_more(Rect { y: text.bottom(), height: 1, ..area }, key, (from, lines.len(), text.height), paint);
    }

    fn top(&self, list: Rect, questions: &Questions) -> usize {
        self.chosen.map_or(0, |chosen| chosen + 1).saturating_sub(usize::from(Self::window(list, questions)))
    }

    /// A click on that row: whether it is on what was chosen already.
    pub fn click(&mut self, questions: &Questions, area: Rect, row: u16) -> bool {
        let (list, _) = Self::parts(area, questions);
        let Some(at) = row.checked_sub(list.y + 1).filter(|at| *at < Self::window(list, questions)) else {
            return false;
        };
        let index = self.top(list, questions) + usize::from(at);
        if index > questions.sites.len() {
            return false;
        }
        self.chosen.replace(index) == Some(index)
    }

    /// Draws them; what is told of the one under the cursor is scrolled so far, by that key.
    pub fn draw(&self, questions: &Questions, area: Rect, scroll: (usize, &str), paint: &mut Paint<'_>) {
        let (list, told) = Self::parts(area, questions);
        paint.put((list.x, list.y), list.width, "Where does it run?", Meaning::Title);
        let name = |index: usize| {
            let site = questions.sites.get(index).and_then(|offered| offered.site.as_ref());
            site.map_or_else(|| file_name(questions, index), |site| site.name.clone())
        };
        let names = (0..questions.sites.len()).map(|index| width(&name(index))).max().unwrap_or(0).clamp(12, 28);
        let top = self.top(list, questions);
        let window = Self::window(list, questions);
        let all = questions.sites.len() + 1;
        draw_more(Rect { y: list.bottom().saturating_sub(1), height: 1, ..list }, "", (top, all, window), paint);
        for (y, index) in (list.y + 1..list.y + 1 + window).zip(top..=questions.sites.len()) {
            let place = Rect { x: list.x + 2, y, width: list.width.saturating_sub(2), height: 1 };
            let is_here = self.chosen == Some(index);
            let strip = match questions.sites.get(index) {
                None => Strip::of(NONE, Meaning::Text),
                Some(offered) => {
                    let problem = !offered.problem.is_empty();
                    let sign = if problem { format!("{} ", paint.look.glyphs.failed) } else { String::new() };
                    let word = offered.site.as_ref().map(|site| site.environment.clone()).unwrap_or_default();
                    let gap = " ".repeat(names.saturating_sub(width(&name(index)) + width(&sign)) + 2);
                    Strip::of(
                        format!("{sign}{}{gap}", name(index)),
                        if problem { Meaning::Problem } else { Meaning::Text },
                    )
                    .and(format!("{word:<14} "), Meaning::Title)
                    .and(offered.file.display().to_string(), Meaning::Dim)
                }
            };
            if is_here {
                paint.put((list.x, y), 1, paint.look.glyphs.current, Meaning::Current);
                paint.fill(place, Meaning::Selected);
                let text: String = strip.0.iter().map(|(text, _)| text.as_str()).collect();
                paint.put((place.x, y), place.width, &text, Meaning::Selected);
            } else {
                paint.strip((place.x, y), place.width, &strip);
            }
        }
        self.draw_told(questions, told, scroll, paint);
    }

    fn told(&self, questions: &Questions, cells: usize, look: &Look) -> Vec<Strip> {
        let mut lines = vec![Strip::default()];
        let Some(chosen) = self.chosen else {
            let count = questions.sites.len();
            let told = match count {
                1 => "This site file cannot be used as it is: it tells why when the cursor is on it.".to_owned(),
                _ => format!(
                    "None of these {count} site files can be used as it is: each tells why when the cursor is on it."
                ),
            };
            lines.extend(wrapped(&told, cells, Meaning::Problem));
            return lines;
        };
        match questions.sites.get(chosen) {
            None => lines.extend(wrapped(
                &format!(
                    "Every input is asked, or has the runbook's default. Site files lie in {}.",
                    questions.sites_folder
                ),
                cells,
                Meaning::Dim,
            )),
            Some(offered) if !offered.problem.is_empty() => {
                lines.extend(offered.problem.lines().flat_map(|line| of_problem(line, cells)));
            }
            Some(offered) => {
                if let Some(site) = &offered.site {
                    let told = format!("{} {} {}", site.environment, look.glyphs.dot, site.name);
                    lines.push(Strip::of(told.trim(), Meaning::Title));
                }
                lines.extend(wrapped(&offered.file.display().to_string(), cells, Meaning::Dim));
            }
        }
        lines
    }
}

/// How much there is above and below what is in view, where there is more, behind the key that moves it.
fn draw_more(place: Rect, key: &str, (from, all, window): (usize, usize, u16), paint: &mut Paint<'_>) {
    let below = all.saturating_sub(from + usize::from(window));
    if (from, below) == (0, 0) {
        return;
    }
    let told = beyond((from, below), paint.look.glyphs.dot);
    paint.put_right(place, &format!("{key}{told}"), Meaning::Dim);
}

/// A line of what is wrong: what is shown with a caret stands as it is, all else is told to its end.
fn of_problem(line: &str, cells: usize) -> Vec<Strip> {
    let is_shown =
        line.split_once('|').is_some_and(|(number, _)| number.chars().all(|c| c == ' ' || c.is_ascii_digit()));
    if is_shown { vec![Strip::of(line, Meaning::Problem)] } else { wrapped(line, cells, Meaning::Problem) }
}

fn file_name(questions: &Questions, index: usize) -> String {
    let file = questions.sites.get(index).and_then(|offered| offered.file.file_stem());
    file.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
