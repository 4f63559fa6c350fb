//! A step that concerns all items at once, on the screen.

use insta::assert_snapshot;

use crate::engine::{Ended, Mode, Output, Printed, Proposal, StepStatus};
use crate::runbook::{Action, Order, Phase, PhaseId};
use crate::session::Update;
use crate::tui::message::{Effect, Message};
use crate::tui::screen::run::layout::Pane;
use crate::tui::stage_tests::{Stage, expr, look, read_again, run_action, runbook, step, text};
use crate::tui::theme::UNICODE;

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// Peers of a cluster that are restarted at once.
pub fn restarting(size: (u16, u16), peers: usize) -> Stage {
    let names: Vec<_> = (1..=peers).map(|n| format!("{{name: \"peer-{n}\"}}")).collect();
    let argv = ["ssh", "{{ .node.name }}", "sudo", "systemctl restart ipfs-cluster"];
    let mut restart = step("restart", "Restart all {{ .nodes | length }} peers", run_action(&argv));
    restart.critical = true;
    restart.text = Some(text("None of them may run the old version while another runs the new one."));
    let look_at = Action::Confirm { prompt: text("Do all {{ .nodes | length }} answer?"), options: vec![] };
    let phase = Phase {
        id: PhaseId::new("restart"),
        title: text("All at once"),
        for_each: Some(expr(&format!("[{}][]", names.join(", ")))),
        inner: None,
        order: Order::Together,
        when: None,
        steps: vec![restart, step("look", "Look at all of them", look_at)],
    };
    let mut book = runbook();
    book.phases.insert(0, phase);
    book.guards.clear();
    let mut stage = Stage::of(book, size, look("dark", &UNICODE), Mode::Live);
    stage.all_well();
    stage
}

/// The same while their commands run.
pub fn running(size: (u16, u16), peers: usize) -> Stage {
    let mut stage = restarting(size, peers);
    stage.press("enter");
    for _ in 0..peers {
        stage.press("pgdn");
    }
    stage.type_text(&format!("prod-eu {peers}"));
    stage.press("enter");
    stage
}

impl Stage {
    pub fn end_item(&mut self, item: &str, ended: Ended, elapsed_ms: u64) {
        let job = self.state.running.iter().find(|running| running.item.as_deref() == Some(item)).unwrap().job;
        let output = Output { file: format!("{}.out", job.0), bytes: 9, sha256: String::new(), left_out_bytes: 0 };
        let printed = Printed::default();
        self.propose(Proposal::Finished { job, ended, elapsed_ms, output: Some(output), printed });
    }

    fn end_item_silently(&mut self, item: &str, ended: Ended) {
        let job = self.state.running.iter().find(|running| running.item.as_deref() == Some(item)).unwrap().job;
        self.propose(Proposal::Finished { job, ended, elapsed_ms: 3, output: None, printed: Printed::default() });
    }

    pub fn print_item(&mut self, item: &str, printed: &str) {
        let job = self.state.running.iter().find(|running| running.item.as_deref() == Some(item)).unwrap().job;
        self.tell(Message::Session(Update::Printed(job, printed.into())));
    }

    fn focus_output(&mut self) {
        while self.run().focus != Pane::Output {
            self.press("tab");
        }
    }
}

fn at_both_sizes(name: &str, play: impl Fn((u16, u16)) -> Stage) {
    for size in SIZES {
        assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), play(size).picture());
    }
}

#[test]
fn before_it_runs_every_command_is_shown() {
    at_both_sizes("together_step", |size| restarting(size, 3));
    at_both_sizes("together_step_of_many", |size| restarting(size, 40));
    at_both_sizes("together_dialog", |size| {
        let mut stage = restarting(size, 3);
        stage.press("enter");
        stage
    });
    at_both_sizes("together_dialog_of_many", |size| {
        let mut stage = restarting(size, 40);
        stage.press("enter");
        stage.press("pgdn");
        stage
    });
}

#[test]
fn nothing_runs_before_the_last_command_was_in_view() {
    for size in [(60, 15), (80, 24), (120, 40)] {
        let mut stage = restarting(size, 40);
        stage.press("enter");
        stage.type_text("prod-eu 40");
        let mut seen: std::collections::BTreeSet<String> = Default::default();
        for _ in 0..60 {
            let picture = stage.picture();
            seen.extend((1..=40).map(|n| format!("ssh peer-{n} ")).filter(|shown| picture.contains(shown.as_str())));
            stage.press("enter");
            assert_eq!(
                stage.state.is_running(),
                seen.len() == 40 && stage.run().dialog.is_none(),
                "{size:?}\n{picture}"
            );
            if stage.state.is_running() {
                break;
            }
            stage.press("pgdn");
        }
        assert_eq!(stage.state.running.len(), 32, "{size:?}: {seen:?}");
    }
}

#[test]
fn what_becomes_of_each_stands_in_a_table() {
    let at_work = |size| {
        let mut stage = running(size, 3);
        stage.print_item("peer-1", "restarting\n");
        stage.wait(12);
        stage.end_item("peer-2", Ended::Exit(0), 8_000);
        stage
    };
    at_both_sizes("together_running", at_work);
    at_both_sizes("together_cancel", |size| {
        let mut stage = at_work(size);
        stage.press("x");
        stage
    });
    at_both_sizes("together_leave", |size| {
        let mut stage = running(size, 40);
        stage.press("q");
        stage
    });
    at_both_sizes("together_failed", |size| {
        let mut stage = at_work(size);
        stage.print_item("peer-3", "Job for ipfs-cluster.service failed.\nSee the journal.\n");
        stage.end_item("peer-3", Ended::Exit(1), 12_400);
        stage.end_item("peer-1", Ended::Lost, 0);
        stage
    });
    at_both_sizes("together_of_many", |size| {
        let mut stage = running(size, 40);
        for n in [3, 9, 1] {
            stage.end_item(&format!("peer-{n}"), Ended::Exit(n % 2 - 1), 900);
        }
        stage.end_item("peer-20", Ended::Signal(9), 900);
        stage.wait(65);
        stage
    });
}

#[test]
fn rows_are_chosen_with_the_keys_and_their_output_follows() {
    let mut stage = running((120, 40), 3);
    for item in ["peer-1", "peer-2", "peer-3"] {
        stage.print_item(item, &format!("I am {item}\n"));
    }
    let shown = |stage: &Stage| {
        let picture = stage.picture();
        (1..=3).filter(|n| picture.contains(&format!("I am peer-{n}"))).collect::<Vec<_>>()
    };
    stage.focus_output();
    assert_eq!(shown(&stage), [1]);
    stage.press("down");
    assert_eq!(shown(&stage), [2]);
    for _ in 0..3 {
        stage.press("down");
    }
    assert_eq!(shown(&stage), [3]);
    stage.press("up");
    assert_eq!(shown(&stage), [2]);
    // What went wrong comes to the front when the step has ended.
    stage.end_item("peer-1", Ended::Exit(1), 10);
    stage.end_item("peer-2", Ended::Exit(0), 10);
    stage.end_item("peer-3", Ended::Exit(0), 10);
    assert_eq!(shown(&stage), [1]);
}

#[test]
fn cancelling_asks_first_and_means_all() {
    let mut stage = running((120, 40), 3);
    stage.press("x");
    assert!(stage.picture().contains("End all 3 running commands?"), "{}", stage.picture());
    stage.press("y");
    let first = stage.state.running[0].job;
    assert_eq!(stage.effects.last(), Some(&Effect::Cancel(first)));
}

#[test]
fn another_attempt_shows_and_runs_what_is_left() {
    let mut stage = running((120, 40), 3);
    stage.end_item("peer-1", Ended::Exit(0), 10);
    stage.end_item("peer-2", Ended::Exit(4), 10);
    stage.end_item("peer-3", Ended::Exit(0), 10);
    stage.press("r");
    let step = stage.state.current.clone().unwrap();
    assert_eq!(stage.state.step(&step).unwrap().status, StepStatus::Current, "{}", stage.picture());
    stage.press("enter");
    let picture = stage.picture();
    assert!(picture.contains("1 command ") && picture.contains("type prod-eu 1 to run it"), "{picture}");
    stage.type_text("prod-eu 1");
    stage.press("enter");
    stage.end_item("peer-2", Ended::Exit(0), 10);
    assert_eq!(stage.state.current.as_ref().map(|key| key.to_string()).as_deref(), Some("restart/look"));
    stage.press("up");
    assert_snapshot!("together_done_120x40", stage.picture());
}

#[test]
fn after_resuming_the_table_is_there_and_outputs_are_read_from_the_disk() {
    let mut stage = running((120, 40), 3);
    stage.end_item("peer-1", Ended::Exit(0), 10);
    stage.resume();
    assert_snapshot!("together_card_120x40", stage.picture());
    stage.press("enter");
    stage.effects.clear();
    stage.focus_output();
    stage.press("up");
    let asked = stage.effects.iter().find_map(|effect| match effect {
        Effect::ReadOutput(of) => Some(of.clone()),
        _ => None,
    });
    let asked = asked.unwrap_or_else(|| panic!("{:?}\n{}", stage.effects, stage.picture()));
    assert!(asked.file.as_ref().is_some_and(|file| file.ends_with("output/1.out")), "{asked:?}");
    stage.tell(Message::Recorded(asked, Ok(read_again(b"it \x1b[31mwas\x1b[0m up\n"))));
    assert!(stage.picture().contains("it was up"), "{}", stage.picture());
    stage.end_item("peer-2", Ended::Lost, 0);
    stage.end_item("peer-3", Ended::Exit(0), 10);
    assert!(stage.picture().contains("unknown end"), "{}", stage.picture());
}

/// Of a command that is lost nothing is still to be printed, nor of one that has ended or has not begun.
#[test]
fn what_is_so_stands_for_an_output_of_which_nothing_is_known() {
    let ends = [
        (Some(Ended::Lost), "nothing is left of what it printed: its command is lost"),
        (Some(Ended::NotStarted("no such file".into())), "it never started: no such file"),
        (Some(Ended::Exit(0)), "it printed nothing"),
        (None, "nothing printed yet"),
    ];
    for (ended, told) in ends {
        for size in [(80, 24), (120, 40)] {
            let mut stage = running(size, 40);
            if let Some(ended) = ended.clone() {
                stage.end_item_silently("peer-1", ended);
            }
            stage.focus_output();
            (0..50).for_each(|_| stage.press("up"));
            let shown = stage.picture();
            assert!(shown.contains(told) || !shown.contains(" peer-1 ─"), "{shown}");
            assert!(size.1 < 40 || shown.contains(told), "{ended:?} {shown}");
            assert_eq!(shown.contains("nothing printed yet"), ended.is_none() && shown.contains(told), "{shown}");
            (0..50).for_each(|_| stage.press("down"));
            assert!(size.1 < 40 || stage.picture().contains("it waits for its turn"), "{}", stage.picture());
        }
    }
}
