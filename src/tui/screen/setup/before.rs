//! What is looked at before the start: what is done unasked, and what was found.

use crate::session::preflight::{Finding, Mark, Preflight, Told, Unasked};
use crate::tui::bound;
use crate::tui::keymap::Action;
use crate::tui::theme::{Look, Meaning};
use crate::tui::wanted::Questions;
use crate::tui::widget::paint::Strip;
use crate::tui::widget::step::wrapped;

/// What was found, and how far it is scrolled.
#[derive(Debug, Default)]
pub struct Before {
    /// None as long as it is being looked.
    pub found: Option<Preflight>,
    /// The first line that is in view.
    pub from: usize,
}

impl Before {
    /// Takes in what was found.
    pub fn take(&mut self, found: Preflight) {
        (self.found, self.from) = (Some(found), 0);
    }

    /// Moves it.
    pub fn scroll(&mut self, action: Action, questions: &Questions, cells: usize, height: usize) {
        let page = height.saturating_sub(1).max(1);
        let most = self.lines(questions, cells, &Look::plain()).len().saturating_sub(height);
        self.from = action.scrolled(self.from, page).min(most);
    }

    /// Whether the end of what is done unasked is in view, on a pane of that size.
    pub fn is_seen(&self, questions: &Questions, cells: usize, height: usize) -> bool {
        let Some(found) = &self.found else { return false };
        let mut lines = head(questions, cells, &Look::plain());
        of_unasked(found, cells, &mut lines);
        self.from + height >= lines.len()
    }

    /// All that is told.
    pub fn lines(&self, questions: &Questions, cells: usize, look: &Look) -> Vec<Strip> {
        let mut lines = head(questions, cells, look);
        let Some(found) = &self.found else { return lines };
        if !found.is_asked {
            of_unasked(found, cells, &mut lines);
        }
        lines.push(Strip::default());
        lines.push(Strip::of("What was found", Meaning::Title));
        found.found.iter().for_each(|finding| of_finding(finding, cells, look, &mut lines));
        if found.is_asked {
            of_unasked(found, cells, &mut lines);
        }
        lines
    }
}

fn head(questions: &Questions, cells: usize, look: &Look) -> Vec<Strip> {
    let dot = look.glyphs.dot;
    let mut lines = wrapped(&format!("{} {dot} {}", questions.title, questions.version), cells, Meaning::Title);
    let told = match (&questions.site, &questions.site_file) {
        (Some(site), Some(file)) => format!("{} {} {dot} {}", site.environment, site.name, file.display()),
        (Some(site), None) => format!("{} {}", site.environment, site.name),
        (None, _) => "no site file: what is asked and run is real all the same".into(),
    };
    lines.extend(wrapped(told.trim(), cells, Meaning::Text));
    lines
}

/// Who is told a secret, and which commands run unasked.
fn of_unasked(found: &Preflight, cells: usize, lines: &mut Vec<Strip>) {
    of_told(found, cells, lines);
    of_commands(found, cells, lines);
}

fn of_told(found: &Preflight, cells: usize, lines: &mut Vec<Strip>) {
    if found.told.is_empty() {
        return;
    }
    lines.push(Strip::default());
    let told = "These are told a secret without a question each time: again and again while the run is open, and now when you let them.";
    lines.extend(wrapped(told, cells, Meaning::Title));
    for Told { whose, address, header } in &found.told {
        lines.extend(behind("  > ", wrapped(address, cells.saturating_sub(4), Meaning::Command)));
        let of = format!("in the header {header}, for {whose}");
        lines.extend(behind("    ", wrapped(&of, cells.saturating_sub(4), Meaning::Dim)));
    }
}

/// The first of these lines behind a lead, the others under it.
fn behind(lead: &'static str, lines: Vec<Strip>) -> impl Iterator<Item = Strip> {
    lines.into_iter().enumerate().map(move |(index, line)| {
        let mut strip = Strip::of(if index == 0 { lead } else { "    " }, Meaning::Dim);
        strip.0.extend(line.0);
        strip
    })
}

fn of_commands(found: &Preflight, cells: usize, lines: &mut Vec<Strip>) {
    if found.commands.is_empty() {
        return;
    }
    lines.push(Strip::default());
    let told = "These commands run without a question each time: again and again while the run is open, and now when you let them.";
    lines.extend(wrapped(told, cells, Meaning::Title));
    for Unasked { whose, argv, filled, is_secret } in &found.commands {
        let of = if *is_secret {
            format!("looks up a secret for {whose}; never shown or kept")
        } else {
            format!("for {whose}")
        };
        lines.extend(behind(
            "  $ ",
            bound::lines(&bound::argv(argv, filled, Meaning::Command), cells.saturating_sub(4)),
        ));
        lines.extend(behind("    ", wrapped(&of, cells.saturating_sub(4), Meaning::Dim)));
    }
}

fn of_finding(finding: &Finding, cells: usize, look: &Look, lines: &mut Vec<Strip>) {
    let (sign, meaning) = match finding.mark {
        Mark::Ok => (look.glyphs.done, Meaning::Ok),
        Mark::Look => (look.glyphs.alert, Meaning::Caution),
        Mark::Stop => (look.glyphs.failed, Meaning::Failed),
    };
    let lead = format!("{sign} {:<5}{:<9}", finding.mark.word(), finding.about);
    let indent = 16;
    for (index, line) in wrapped(&finding.told, cells.saturating_sub(indent), Meaning::Text).into_iter().enumerate() {
        let mut strip =
            if index == 0 { Strip::of(lead.clone(), meaning) } else { Strip::of(" ".repeat(indent), meaning) };
        strip.0.extend(line.0);
        lines.push(strip);
    }
    if !finding.todo.is_empty() {
        for line in wrapped(&finding.todo, cells.saturating_sub(indent), Meaning::Dim) {
            let mut strip = Strip::of(" ".repeat(indent), Meaning::Dim);
            strip.0.extend(line.0);
            lines.push(strip);
        }
    }
}
