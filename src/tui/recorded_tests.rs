//! What commands printed is read again from the kept file: in a replay, and in a live run.

use crate::engine::{Ended, Event, JobId, Output, Printed, Proposal, Record};
use crate::session::Update;
use crate::tui::message::{Effect, Message, ReadAgain};
use crate::tui::replay_tests::{Stage, recording, shown, small};
use crate::tui::stage_tests::{Stage as LiveStage, read_again};

#[test]
fn the_output_of_a_command_is_read_again_and_told_when_it_is_not_what_was_recorded() {
    let played = small();
    let ended = |record: &Record| matches!(&record.event, Event::CommandFinished { output: Some(_), .. });
    let at = played.1.iter().position(ended).unwrap() + 1;
    let mut stage = Stage::open(recording(&played), None, (120, 40));
    stage.effects.clear();
    stage.press("#");
    at.to_string().chars().for_each(|digit| stage.press(&digit.to_string()));
    stage.press("enter");
    let asked: Vec<_> = stage.effects.drain(..).collect();
    let [Effect::ReadOutput(of)] = &asked[..] else { panic!("{asked:?}") };
    let Event::CommandFinished { output: Some(output), .. } = &played.1[at - 1].event else { panic!("it ended") };
    assert_eq!((of.bytes, &of.sha256), (output.bytes, &output.sha256));
    let changed = ReadAgain { tail: b"something else\n".to_vec(), is_as_recorded: false };
    for (read, told) in [
        (Ok(read_again(b"as it \x1b[31mwas\n")), ["as it ", " as recorded "]),
        (Ok(changed), ["something else", "CHANGED since it was recorded"]),
        (Err("cannot read it".into()), ["cannot read it", "NOT THERE any more"]),
    ] {
        let mut stage = Stage::open(recording(&played), Some(at as u64), (120, 40));
        stage.tell(Message::Recorded(of.clone(), read));
        let shown = shown(&stage);
        assert!(told.iter().all(|told| shown.contains(told)), "{shown}");
    }
}

/// Also in a live run a step that has ended can be looked at again with what its command printed.
#[test]
fn in_a_live_run_the_output_of_an_earlier_step_is_read_again() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = LiveStage::open(size);
        stage.all_well();
        stage.prepare();
        stage.press("enter");
        stage.type_text("vault-2");
        stage.press("enter");
        let job = stage.state.running.first().unwrap().job;
        stage.tell(Message::Session(Update::Printed(job, b"stopped just now\n".to_vec())));
        let (file, sha256) = ("1.out".to_owned(), "ab".repeat(32));
        let output = Some(Output { file, bytes: 17, sha256: sha256.clone(), left_out_bytes: 0 });
        let ended = Ended::Exit(0);
        stage.propose(Proposal::Finished { job, ended, elapsed_ms: 1, output, printed: Printed::default() });
        // Another sitting: nothing of that is in memory any more, and a later command printed something else.
        stage.resume();
        stage.press("enter");
        stage.tell(Message::Session(Update::Printed(JobId(9), b"something later\n".to_vec())));
        stage.effects.clear();
        let mut asked = None;
        for _ in 0..9 {
            stage.press("up");
            asked = stage.effects.drain(..).find_map(|effect| match effect {
                Effect::ReadOutput(of) => Some(of),
                _ => None,
            });
            if asked.is_some() {
                break;
            }
        }
        let of = asked.expect("the step is above");
        assert_eq!((of.job, of.bytes, &of.sha256), (job, 17, &sha256));
        let line = "printed 17 bytes, sha256 abababab…; the output shows them";
        assert!(stage.picture().contains(line), "{}", stage.picture());
        stage.tell(Message::Recorded(of, Ok(read_again(b"stopped just now\n"))));
        let shown = stage.picture();
        assert!(shown.contains("stopped just now") && !shown.contains("something later"), "{shown}");
        assert!(shown.contains("as recorded"), "{shown}");
        stage.press(".");
        let shown = stage.picture();
        assert!(!shown.contains("stopped just now"), "{shown}");
    }
}
