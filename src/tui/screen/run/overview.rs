//! All phases and all nodes at once: which cell is chosen, what is in view, and where a cell leads.

use ratatui::layout::{Position, Rect};

use crate::runbook::{PhaseId, StepId, StepKey};
use crate::tui::keymap::Action;
use crate::tui::message::Effect;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::grid::{Cell, Fold, Grid, Line};
use crate::tui::screen::run::over::Over;

/// The widest and the narrowest column of a node, the gap behind it included, in cells.
const CELL: (u16, u16) = (13, 9);

/// From which width of a column on a step's word stands behind its sign.
pub const CELL_WITH_WORD: u16 = 12;

/// The column for all, the gap behind it included.
const ALL: u16 = 12;

/// How wide the column of titles is at least and at most.
const TITLE: (u16, u16) = (16, 46);

/// It is that wide at least where nodes do not fit, if there is so much room.
const TITLE_BESIDE_MANY: u16 = 24;

/// From how many rows on the health of the nodes and what is chosen are told.
const ROWS_FOR_MORE: u16 = 8;

/// What is looked at in the grid.
#[derive(Debug, Default)]
pub struct Overview {
    /// The grid.
    pub grid: Grid,
    /// The cell that was chosen by hand; else that of the current step.
    spot: Option<Spot>,
    /// Of which phases the steps are shown, when that was asked for.
    fold: Option<Fold>,
}

/// A cell by its names: lines and columns come and go.
#[derive(Clone, Debug)]
struct Spot {
    phase: PhaseId,
    step: Option<StepId>,
    column: Option<String>,
}

/// What of the grid is in view and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lay {
    /// The outer names of the columns; empty where there are none.
    pub groups: Rect,
    /// The names of the columns.
    pub names: Rect,
    /// The health of the nodes; empty where there is no room.
    pub health: Rect,
    /// The lines of the grid.
    pub lines: Rect,
    /// What is told of the chosen cell; empty where there is no room.
    pub told: Rect,
    /// The keys.
    pub keys: Rect,
    /// How wide the column of titles is.
    pub title: u16,
    /// How wide the column for all is.
    pub all: u16,
    /// How wide that of a node is.
    pub cell: u16,
    /// The first line in view.
    pub first_line: usize,
    /// The first column in view behind the one for all.
    pub first_column: usize,
    /// How many columns are in view, that for all included.
    pub columns: usize,
    /// Of which phases the steps are shown.
    pub fold: Fold,
    /// Line and column of the chosen cell.
    pub at: (usize, usize),
}

impl Overview {
    /// What is in view on so much room.
    pub fn lay(&self, run: &Run, area: Rect) -> Lay {
        let has_more = area.height >= ROWS_FOR_MORE;
        let row = |y: u16, is_shown: bool| Rect { y, height: u16::from(is_shown && area.height > 0), ..area };
        let has_groups = has_more && self.grid.has_groups();
        let names = area.y + u16::from(has_groups);
        let (head, foot) = if has_more { (2 + u16::from(has_groups), 2) } else { (1, 0) };
        let lines = Rect { y: area.y + head.min(area.height), height: area.height.saturating_sub(head + foot), ..area };
        let fold = self.fold.unwrap_or_else(|| self.fitting(run, lines.height));
        let at = self.at(run, fold);
        // The column for all stays; the others turn by pages.
        let nodes = self.grid.columns.len().saturating_sub(1);
        let title = self.title(area.width);
        let all = ALL.min(area.width - title);
        let room = area.width - title - all;
        let cell = (room / u16::try_from(nodes).unwrap_or(u16::MAX).max(1)).clamp(CELL.1, CELL.0);
        let shown = usize::from(room / cell).clamp(1, nodes.max(1));
        let page = at.1.saturating_sub(1) / shown * shown;
        let first_column = 1 + page.min(nodes.saturating_sub(shown));
        Lay {
            groups: row(area.y, has_groups),
            names: row(names, true),
            health: row(names + 1, has_more),
            lines,
            told: row(area.bottom().saturating_sub(2), has_more),
            keys: row(area.bottom().saturating_sub(1), has_more),
            title,
            cell,
            first_line: first_line(at.0, self.grid.len(fold), usize::from(lines.height)),
            first_column,
            all,
            columns: 1 + shown,
            fold,
            at,
        }
    }

    /// How wide the column of titles is on so much room: where not all nodes fit beside it, they have it first.
    fn title(&self, width: u16) -> u16 {
        let roomy = (width * 3 / 8).clamp(TITLE.0, TITLE.1);
        let room = usize::from(width.saturating_sub(roomy + ALL)) / usize::from(CELL.0);
        let title = if self.grid.columns.len().saturating_sub(1) > room {
            (width / 4).clamp(TITLE_BESIDE_MANY.min(roomy), roomy)
        } else {
            roomy
        };
        title.min(width)
    }

    /// The steps of all phases where they fit, else those of the phase at which the run is.
    fn fitting(&self, run: &Run, rows: u16) -> Fold {
        if self.grid.len(Fold::All) <= usize::from(rows) {
            return Fold::All;
        }
        let current = run.shown_step().and_then(|key| self.grid.find(&run.state, &key));
        current.map_or(Fold::Only(0), |(Line::Phase(p) | Line::Step(p, _), _)| Fold::Only(p))
    }

    /// Line and column of the chosen cell.
    fn at(&self, run: &Run, fold: Fold) -> (usize, usize) {
        let chosen = self.spot.as_ref().and_then(|spot| self.find(run, spot));
        let current = || run.shown_step().and_then(|key| self.grid.find(&run.state, &key));
        chosen.or_else(current).map_or((0, 0), |(line, column)| (self.grid.place(line, fold), column))
    }

    fn find(&self, run: &Run, spot: &Spot) -> Option<(Line, usize)> {
        let states = &run.state.phases;
        let is_it = |at: usize| states.get(at).is_some_and(|phase| phase.id == spot.phase);
        let p = self.grid.phases.iter().position(|phase| is_it(phase.at))?;
        let column = self.grid.columns.iter().position(|column| *column == spot.column).unwrap_or(0);
        let steps = &states.get(self.grid.phases[p].at)?.steps;
        let step = spot.step.as_ref().and_then(|step| steps.iter().position(|planned| planned.id == *step));
        Some((step.map_or(Line::Phase(p), |s| Line::Step(p, s)), column))
    }

    fn choose(&mut self, run: &crate::engine::RunState, line: usize, column: usize, fold: Fold) {
        let Some(line) = self.grid.line(line, fold) else { return };
        let (Line::Phase(p) | Line::Step(p, _)) = line;
        let Some(phase) = self.grid.phases.get(p).and_then(|phase| run.phases.get(phase.at)) else { return };
        let step = if let Line::Step(_, s) = line { phase.steps.get(s).map(|step| step.id.clone()) } else { None };
        let column = self.grid.columns.get(column).cloned().flatten();
        self.spot = Some(Spot { phase: phase.id.clone(), step, column });
    }
}

/// The first line in view: it moves by pages, so that a step from line to line rarely moves all of them.
fn first_line(at: usize, lines: usize, height: usize) -> usize {
    let margin = (height / 4).min(4);
    let page = height.saturating_sub(2 * margin).max(1);
    let top = at.saturating_sub(margin) / page * page;
    top.min(lines.saturating_sub(height))
}

impl Run {
    /// Shows all phases and all nodes at once.
    pub(super) fn open_overview(&mut self) {
        let grid = Grid::of(&self.runbook, &self.state, &Grid::default());
        self.put_over(Over::Overview(Box::new(Overview { grid, ..Overview::default() })));
    }

    /// Brings the grid up to the state.
    pub(super) fn derive_overview(&mut self) {
        if let Some(Over::Overview(overview)) = &mut self.over
            && !overview.grid.is_of(&self.state)
        {
            overview.grid = Grid::of(&self.runbook, &self.state, &overview.grid);
        }
    }

    pub(super) fn on_overview_key(&mut self, action: Action) -> Option<Vec<Effect>> {
        let area = self.over_area();
        let Some(Over::Overview(overview)) = &self.over else { return None };
        let lay = overview.lay(self, area);
        let (line, column) = lay.at;
        let page = usize::from(lay.lines.height).max(1);
        let last = (overview.grid.len(lay.fold).saturating_sub(1), overview.grid.columns.len().saturating_sub(1));
        let to = match action {
            Action::Up => (line.saturating_sub(1), column),
            Action::Down => ((line + 1).min(last.0), column),
            Action::PageUp => (line.saturating_sub(page), column),
            Action::PageDown => ((line + page).min(last.0), column),
            Action::Left => (line, column.saturating_sub(1)),
            Action::Right => (line, (column + 1).min(last.1)),
            Action::Act => {
                self.go_to_cell(lay);
                return Some(self.ask_for_output());
            }
            Action::Return | Action::Fold => {
                // The cell stays chosen when lines come and go around it.
                self.choose_cell(lay.at, lay.fold);
                if let Some(Over::Overview(overview)) = &mut self.over {
                    if action == Action::Return {
                        overview.spot = None;
                        self.browsed = None;
                        self.is_page_stale = true;
                    } else {
                        overview.fold = Some(match (lay.fold, overview.grid.line(line, lay.fold)) {
                            (Fold::All, Some(Line::Phase(p) | Line::Step(p, _))) => Fold::Only(p),
                            _ => Fold::All,
                        });
                    }
                }
                return Some(Vec::new());
            }
            _ => return None,
        };
        self.choose_cell(to, lay.fold);
        Some(Vec::new())
    }

    fn choose_cell(&mut self, (line, column): (usize, usize), fold: Fold) {
        if let Some(Over::Overview(overview)) = &mut self.over {
            overview.choose(&self.state, line, column, fold);
        }
    }

    /// The step of the chosen cell is looked at.
    fn go_to_cell(&mut self, lay: Lay) {
        let Some(Over::Overview(overview)) = &self.over else { return };
        let grid = &overview.grid;
        let Some(line) = grid.line(lay.at.0, lay.fold) else { return };
        let column = lay.at.1;
        let is_blank = grid.cell(&self.state, line, column) == Cell::Blank;
        let name = grid.columns.get(column).cloned().flatten();
        let key = grid.key(&self.state, line, column).filter(|_| !is_blank);
        match key {
            Some(key) => self.show_step_of(key, name),
            None => self.notice = Some("there is no step in this cell".into()),
        }
    }

    fn show_step_of(&mut self, key: StepKey, item: Option<String>) {
        if key.item.is_none() && item.is_some() {
            self.choose_result(item);
        }
        self.show_step(Some(key));
    }

    /// A click chooses a cell and goes to its step; on a title or a name it only chooses.
    pub(super) fn click_cell(&mut self, at: Position) {
        let area = self.over_area();
        let Some(Over::Overview(overview)) = &self.over else { return };
        let lay = overview.lay(self, area);
        if !lay.lines.contains(at) {
            return;
        }
        let line = lay.first_line + usize::from(at.y - lay.lines.y);
        if line >= overview.grid.len(lay.fold) {
            return;
        }
        let Some(across) = (at.x - lay.lines.x).checked_sub(lay.title) else {
            self.choose_cell((line, lay.at.1), lay.fold);
            return;
        };
        let column = match across.checked_sub(lay.all) {
            None => 0,
            Some(across) => lay.first_column + usize::from(across / lay.cell),
        };
        let last = overview.grid.columns.len().min(lay.first_column + lay.columns - 1);
        if column >= last.max(1) {
            return;
        }
        self.choose_cell((line, column), lay.fold);
        self.go_to_cell(Lay { at: (line, column), ..lay });
    }
}
