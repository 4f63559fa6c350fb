//! The rules.

use std::ops::Range;
use std::time::Duration;

use serde_json::json;
use toml::de::DeTable;

use crate::diagnostic::Diagnostic;
use crate::runbook::expr::{Expr, Truth};
use crate::runbook::lint::command::Command;
use crate::runbook::lint::walk::{Argv, Book, Plan, Run, Step};
use crate::runbook::lint::wording::{order, second_action, without_values};
use crate::runbook::model::Runbook;
use crate::runbook::parse::parse_with;
use crate::runbook::raw::{Findings, Text, read};
use crate::runbook::template::{Template, moving};

/// A step with more cautions than this is read by nobody.
const MAX_CAUTIONS: usize = 3;
/// A condition that must hold for so long is there to find out whether the change is good.
const SOAK: Duration = Duration::from_secs(600);
/// What a condition that can fail looks at, an exit status apart.
const SEEN: &[&str] =
    &[".health", ".inputs", ".node", ".answers", ".steps", ".passed", ".run", ".stdout", ".stderr", ".json"];
/// Names of commands that say what they do, wherever their words stand.
const DESTRUCTIVE_NAMES: &[&str] = &["decommission", "destroy", "force-leave", "purge", "remove-peer", "wipe"];

/// Everything that its author should look at, in the order of the text.
pub fn check(book: &Runbook) -> Vec<Diagnostic> {
    let source = book.text.as_str();
    let mut scratch = Findings::new(source);
    advise(source, read(source, &mut scratch).get_ref())
}

/// Reads a runbook: the book when there is no error, every finding in the order of the text, and the advice.
pub fn parse(source: &str) -> (Option<Runbook>, Vec<Diagnostic>, Vec<Diagnostic>) {
    let (book, findings) = parse_with(source, |root| advise(source, root));
    let (book, advice) = book.unzip();
    (book, findings, advice.unwrap_or_default())
}

/// Where a text tells how long something lasts.
fn moving_value(text: &str) -> Option<Range<usize>> {
    let template = Template::compile(text).ok()?;
    let mut found = template.expressions().filter_map(|(start, expr)| {
        let at = moving(expr.source())?;
        Some(start + at.start..start + at.end)
    });
    found.next()
}

fn advise(source: &str, root: &DeTable<'_>) -> Vec<Diagnostic> {
    let book = Book::read(source, root);
    let mut lint = Lint { source, book: &book, list: Vec::new() };
    lint.whole();
    for step in &book.steps {
        lint.step(step);
    }
    lint.list.sort_by_key(|found| found.span.start);
    lint.list
}

/// The names of all of these steps that must be done before that one.
fn required<'d>(before: &[Step<'d>], step: &Step<'d>) -> Vec<&'d str> {
    let mut names = step.requires.clone();
    let mut at = 0;
    while let Some(name) = names.get(at).copied() {
        let further = before.iter().filter(|other| other.name.value == name).flat_map(|other| &other.requires);
        let new: Vec<_> = further.filter(|name| !names.contains(name)).copied().collect();
        names.extend(new);
        at += 1;
    }
    names
}

struct Lint<'l, 'd> {
    source: &'d str,
    book: &'l Book<'d>,
    list: Vec<Diagnostic>,
}

impl<'l, 'd> Lint<'l, 'd> {
    fn tell(&mut self, finding: Diagnostic, help: impl Into<String>) {
        self.list.push(finding.with_help(help));
    }

    fn whole(&mut self) {
        let book = self.book;
        for holds in &book.guards {
            self.condition(holds, "guard");
        }
        for words in book.defaults.iter().map(|(_, words)| words).chain(&book.probes) {
            self.command(words);
        }
        let first = book.steps.iter().find_map(|step| step.run.as_ref());
        if let Some(run) = first.filter(|_| book.rollbacks.is_empty() && !book.waives_rollback) {
            let message = "commands run, and there is no way back from them";
            let help =
                "write a `[[rollback]]` plan; `rollback = []` at the top says that there is nothing to go back to";
            self.tell(Diagnostic::advice("no-way-back", run.span.clone(), message), help);
        }
        self.way_back_lost();
        self.unbound_holds();
    }

    /// Among steps in any order, what changes something and does not require the hold point that stands before it: it is
    /// held back, but the text does not say so.
    fn unbound_holds(&mut self) {
        let book = self.book;
        for (at, step) in book.steps.iter().enumerate() {
            let changes = step.critical || step.irreversible || step.disturbs || step.run.is_some();
            let Some(from) = step.any.filter(|_| changes) else { continue };
            let before = &book.steps[from.min(at)..at];
            let required = required(before, step);
            for hold in before.iter().filter(|hold| hold.is_release && !required.contains(&hold.name.value)) {
                let hold = hold.name.value;
                let message =
                    format!("the steps have any order, and this one does not require the hold point `{hold}`");
                let help = format!("add `requires = [\"{hold}\"]`, or give the hold point a phase of its own");
                self.tell(Diagnostic::advice("hold-unbound", step.name.span.clone(), message), help);
            }
        }
    }

    /// A step of the plan that cannot be undone, while what comes after it still decides whether to go back.
    fn way_back_lost(&mut self) {
        let book = self.book;
        let is_always = |plan: &&Plan<'_>| !plan.has_when;
        let Some(plan) = book.rollbacks.iter().find(is_always) else { return };
        let of_plan: Vec<&Step<'_>> = book.steps.iter().filter(|step| step.plan == 0).collect();
        let Some(soak) = of_plan.iter().rposition(|step| step.check.is_some() && step.hold >= SOAK) else { return };
        let name = plan.name.as_ref().map_or("", |name| name.value);
        for step in of_plan[..soak].iter().filter(|step| step.irreversible) {
            let soak = of_plan[soak].name.value;
            let message =
                format!("this cannot be undone, and `{soak}` comes after it with the way back `{name}` still open");
            let help = format!("move it behind `{soak}`, or give the rollback plan a `when` that closes it");
            self.tell(Diagnostic::advice("way-back-lost", step.name.span.clone(), message), help);
        }
    }

    fn step(&mut self, step: &'l Step<'d>) {
        self.wording(step);
        let is_carried = step.has_source
            || step
                .plan
                .checked_sub(1)
                .and_then(|plan| self.book.rollbacks.get(plan))
                .is_some_and(|plan| plan.has_source);
        if self.book.has_document && !is_carried {
            let message = "the step does not say what of the document it carries";
            let help = "name the obligations in `source`; `source = []` says that the step is your own addition";
            self.tell(Diagnostic::advice("no-source", step.name.span.clone(), message), help);
        }
        if let Some(run) = &step.run {
            self.run(step, run);
        }
        for (text, what) in [(&step.check, "check"), (&step.gate, "gate"), (&step.expect, "expectation")] {
            if let Some(text) = text {
                self.condition(text, what);
            }
        }
    }

    fn wording(&mut self, step: &'l Step<'d>) {
        if let Some((title, at)) = step.title.as_ref().and_then(|title| Some((title, second_action(title.value)?))) {
            let finding = Diagnostic::advice("two-in-title", self.place(title, at), "the title asks for two things");
            self.tell(finding, "make two steps of it: each is then confirmed, or fails, by itself");
        }
        for caution in &step.cautions {
            if let Some(at) = order(caution.value) {
                let finding = Diagnostic::advice("caution-acts", self.place(caution, at), "a caution orders an action");
                self.tell(finding, "make a step of it; a caution says what is at stake");
            }
            if let Some(at) = moving_value(caution.value) {
                let told = "a caution reads otherwise from one second to the next";
                let finding = Diagnostic::advice("caution-moves", self.place(caution, at), told);
                self.tell(finding, "say what does not pass by itself: whoever reads it acts later");
            }
        }
        if let Some(caution) = step.cautions.get(MAX_CAUTIONS) {
            let message = format!("the step has {} cautions", step.cautions.len());
            let finding = Diagnostic::advice("many-cautions", caution.span.clone(), message);
            self.tell(finding, format!("keep the {MAX_CAUTIONS} that matter most, or split the step"));
        }
    }

    fn run(&mut self, step: &'l Step<'d>, run: &'l Run<'d>) {
        if step.expect.is_none() {
            let finding =
                Diagnostic::advice("no-expect", run.span.clone(), "the command does not say what is expected of it");
            self.tell(finding, "add `expect = { holds = \".exit == 0\", why = \"…\" }`, and what its output must say");
        }
        let words = self.book.words(&run.argv);
        if let Argv::Words(words) = &run.argv {
            self.command(words);
        }
        let command = words.map(|words| Command::of(&plain(words))).unwrap_or_default();
        let is_named = match &run.argv {
            Argv::Input(name) => self.book.bound.contains(name) && DESTRUCTIVE_NAMES.contains(name),
            Argv::Words(_) => false,
        };
        let name = || is_named.then(|| "the command".to_owned());
        if let Some(what) = command.destroys().map(|what| format!("`{what}`")).or_else(name).filter(|_| !step.critical)
        {
            let finding =
                Diagnostic::advice("not-critical", run.span.clone(), format!("{what} destroys, and one key runs it"));
            self.tell(finding, "add `critical = true`: the operator then types the name of what it is about");
        }
        let is_blind = step.expect.as_ref().is_none_or(|expect| reads_exit_alone(expect.value));
        if is_blind && command.hides_failure() {
            let finding =
                Diagnostic::advice("never-fails", run.span.clone(), "the line ends well whatever happens in it");
            self.tell(finding, "leave `|| true` out, and let `expect` say which exit statuses are right");
        }
    }

    /// What is said of a command wherever it stands.
    fn command(&mut self, words: &[Text<'d>]) {
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return };
        let span = first.span.start..last.span.end;
        let mut command = Command::of(&plain(words));
        // Which step sets what for which command is not looked at: one that may be answered is not told.
        command.variables.extend(self.book.variables.iter().map(|name| (*name).to_owned()));
        if command.has_shell {
            let finding = Diagnostic::advice("shell-line", span.clone(), "a shell line hides what runs");
            self.tell(finding, "write the program and its arguments as a list, and look at its output in `expect`");
        }
        if command.finds_itself() {
            let finding =
                Diagnostic::advice("never-fails", span.clone(), "the search finds itself among the processes");
            self.tell(finding, "ask for the process by name: `pgrep -x NAME`, or `systemctl is-active UNIT`");
        }
        if let Some(program) = command.ends_all_of_a_name() {
            let message = format!("`{program}` ends every process of that name on the host");
            let finding = Diagnostic::advice("by-name", span.clone(), message);
            self.tell(finding, "stop the unit (`systemctl stop UNIT`), or the process whose id a file holds");
        }
        if command.prints_archive() {
            let finding = Diagnostic::advice("no-file", span.clone(), "the archive is printed, and kept nowhere");
            self.tell(finding, "name the file: `curl -fsSLo FILE URL`, and look at its sum in the step after it");
        }
        if let Some((what, cure)) = command.asks() {
            let message = format!("`{what}` asks a question, and nobody is there to answer");
            self.tell(Diagnostic::advice("would-prompt", span, message), cure);
        }
    }

    /// A condition that holds whatever is seen.
    fn condition(&mut self, text: &Text<'d>, what: &str) {
        if is_always_true(text.value) {
            let finding =
                Diagnostic::advice("never-fails", text.span.clone(), format!("this {what} holds whatever is seen"));
            self.tell(finding, "let it look at something that can be otherwise");
        }
    }

    fn place(&self, text: &Text<'d>, part: Range<usize>) -> Range<usize> {
        text.place(self.source, part)
    }
}

/// The words with their values blanked.
fn plain(words: &[Text<'_>]) -> Vec<String> {
    words.iter().map(|word| without_values(word.value)).collect()
}

fn reads_exit_alone(source: &str) -> bool {
    if SEEN.iter().any(|key| source.contains(key)) {
        return false;
    }
    let Ok(expr) = Expr::compile(source) else { return false };
    let reads = expr.reads();
    !reads.whole && reads.keys.keys().all(|key| key == "exit")
}

/// It reads nothing, or an exit status alone of which it takes every one.
fn is_always_true(source: &str) -> bool {
    // Nearly all look at something else; the others are few enough to be evaluated.
    let is_usual =
        source.trim().strip_prefix(".exit == ").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    if is_usual || SEEN.iter().any(|key| source.contains(key)) {
        return false;
    }
    let Ok(expr) = Expr::compile(source) else { return false };
    let holds = |exit: i64| expr.truth(&json!({ "exit": exit })) == Truth::True;
    reads_exit_alone(source) && (0..=255).all(holds)
}
