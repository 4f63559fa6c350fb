//! What follows from state, board and time is derived: once before a frame, not once a message.

use std::cell::OnceCell;

use crate::engine::{Allowed, ConditionId, Gate, Hold, Moment, allowed, gate, stalled, turned};
use crate::tui::message::Instants;
use crate::tui::screen::run::layout::Pane;
use crate::tui::screen::run::page::StepPage;
use crate::tui::screen::run::{Run, View, alarm, back};
use crate::tui::tell;
use crate::tui::widget::progress::Progress;

impl Run {
    /// Derives what follows from the present state, if something changed since.
    pub fn derive(&mut self, now: Instants) {
        self.derive_world(now);
        self.derive_page();
        // A replay reads what was printed behind; it comes again.
        if self.focus == Pane::Output && self.replayed.is_none() && !self.has_output() {
            self.focus = Pane::Step;
        }
    }

    /// Gathers the page of the step that is looked at, if it is another one by now.
    pub(super) fn derive_page(&mut self) {
        if std::mem::take(&mut self.is_page_stale) {
            if let Some(why) = self.view.stalled.as_ref().filter(|_| self.browsed.is_none()) {
                let (stalled, way_on) = (why.clone(), self.opens_next().unwrap_or_else(|| self.way_on().into()));
                let page = StepPage { stalled, way_on, ..StepPage::default() };
                self.drawn.take_if(|_| self.view.page != page);
                self.view.page = page;
                return;
            }
            let shown = self.shown_step();
            let page = StepPage::of(&self.runbook, &self.state, &self.view.moment, shown.as_ref());
            let before = std::mem::replace(&mut self.view.page, page);
            self.unfold_page();
            self.soaking.told(&mut self.view.page, &self.runbook, &self.state);
            if self.is_at_current() {
                self.view.page.held = self.held();
                self.view.page.missing = self.missing();
                self.view.page.progress = self.progress();
                self.view.page.is_live = true;
                self.view.page.opens_next = self.next_to_open(shown.is_none());
            }
            self.drawn.take_if(|_| self.view.page != before);
        }
    }

    /// What a page that is no stalled one tells of the next step: between two records of one moment, and where there is
    /// no step to be looked at, as before the first sitting.
    fn next_to_open(&self, is_bare: bool) -> String {
        self.opens_next().filter(|_| is_bare || self.is_between()).unwrap_or_default()
    }

    /// How far the current step's time is.
    fn progress(&self) -> Option<Progress> {
        let Gate::Closed(holds) = &self.view.gate else { return None };
        let page = &self.view.page;
        holds.iter().find_map(|hold| match hold {
            Hold::Waiting { left } => page.timer.map(|length| Progress::left(length, *left)),
            Hold::Holding { left } => page.waits_for.as_ref().map(|(_, length)| Progress::left(*length, *left)),
            _ => None,
        })
    }

    /// Which gate, guards and checks that have reverted hold the current step back. What a check waits for stands on its page anyway, and what
    /// is counted down in the status line.
    fn held(&self) -> Vec<String> {
        let Gate::Closed(holds) = &self.view.gate else { return Vec::new() };
        let is_told = |hold: &&Hold| match hold {
            Hold::Condition { condition, .. } => !matches!(condition, ConditionId::Check(_)),
            Hold::Reverted { .. } => true,
            _ => false,
        };
        holds.iter().filter(is_told).map(|hold| tell::hold(&self.runbook, hold)).collect()
    }

    /// Derives all but the page.
    pub(super) fn derive_world(&mut self, now: Instants) {
        if !std::mem::take(&mut self.is_stale) {
            return;
        }
        self.is_page_stale = true;
        let moment = Moment { at: now.run, board: self.board(now.run) };
        let (runbook, state) = (&*self.runbook, &self.state);
        let current = state.current.as_ref();
        let (rollback, is_back_unknown) = back::offered(runbook, state, &moment);
        let turned = turned(runbook, state, moment.at);
        let is_between = self.is_between();
        let tally = std::mem::take(&mut self.view.tally).then(state);
        if self.replayed.is_none() {
            self.soaking.look(runbook, state, &moment);
        }
        let view = View {
            allowed: match (&self.replayed, &self.halted) {
                (Some(_), _) => Vec::new(),
                (None, Some(_)) => vec![Allowed::Leave],
                (None, None) => allowed(runbook, state, &moment),
            },
            gate: current.map_or(Gate::Closed(Vec::new()), |key| gate(runbook, state, key, moment.at)),
            rollback,
            is_back_unknown,
            stalled: stalled(runbook, state, &moment).filter(|_| !is_between),
            alarms: alarm::alarms(runbook, (state, &tally), &moment.board, &turned),
            turned,
            order: OnceCell::new(),
            order_before: self.view.order.take().unwrap_or_else(|| std::mem::take(&mut self.view.order_before)),
            tally,
            page: std::mem::take(&mut self.view.page),
            moment,
        };
        let before = std::mem::replace(&mut self.view, view);
        self.derived_after(&before, now);
        self.derive_overview();
        self.close_outdated_dialog();
    }
}
