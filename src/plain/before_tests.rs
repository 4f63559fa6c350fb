use std::cell::Cell;
use std::time::Duration;

use tokio::sync::mpsc::channel;

use super::*;
use crate::session::preflight::{Finding, Unasked};

/// What is found: with a command that must be let run, and something to look at.
fn found(is_accepted: bool, mark: Mark) -> Preflight {
    let commands = vec![Unasked {
        whose: "version".into(),
        argv: vec!["vault".into(), "version".into()],
        filled: vec![],
        is_secret: false,
    }];
    let told = vec![Told { whose: "vault".into(), address: "https://a:8200".into(), header: "x-vault-token".into() }];
    let one = Finding { mark, about: "clock".into(), told: "it stands still".into(), todo: "wind it".into(), count: 1 };
    Preflight { commands, told, is_asked: is_accepted, found: vec![one] }
}

/// Types these lines, each when something is asked; what was decided, whether commands were let run, and what was said.
async fn typed(lines: &[&str], mark: Mark) -> (Decided, bool, String) {
    let site = SiteSeen { name: "prod-eu".into(), environment: "PRODUCTION".into(), colour: "red".into() };
    let (teller, mut ears) = channel(8);
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let typist = tokio::spawn(async move {
        for line in lines {
            tokio::time::sleep(Duration::from_millis(260)).await;
            let _ = teller.send(Heard { at: monotonic(), what: Typed::Line(line) }).await;
        }
    });
    let is_let = Cell::new(false);
    let look = |is_accepted: bool| -> Pin<Box<dyn Future<Output = Result<Preflight, String>> + '_>> {
        is_let.set(is_let.get() || is_accepted);
        Box::pin(async move { Ok(found(is_accepted, mark)) })
    };
    let mut out = Vec::new();
    let wanted = Wanted { runbook: "Demo".into(), site: Some(&site), is_told: false };
    let decided = decide(&wanted, &look, &mut ears, &mut out, true, std::future::pending()).await.unwrap();
    typist.await.unwrap();
    (decided, is_let.get(), String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn only_what_was_said_yes_to_runs_and_only_the_right_name_starts() {
    let (decided, is_let, said) = typed(&["yes", "yes", "staging", "PRODUCTION"], Mark::Look).await;
    let note = "begun although it was to be looked at: clock: it stands still".to_owned();
    assert_eq!((decided, is_let), (Decided::Start(vec![note]), true), "{said}");
    assert!(
        said.contains("  https://a:8200 (in the header x-vault-token, for vault)")
            && said.contains("  vault version (for version)")
            && said.contains("\"staging\" was typed, PRODUCTION is expected"),
        "{said}"
    );
    for (lines, mark, lets, why) in [
        (&["no"][..], Mark::Ok, false, "what is done unasked was not let be done"),
        (&["maybe", "back"], Mark::Ok, false, "what is done unasked was not let be done"),
        (&[], Mark::Ok, false, "what is done unasked was not let be done"),
        (&["yes"], Mark::Stop, true, "it cannot start as long as something stands at stop"),
        (&["yes", "no"], Mark::Look, true, "what was found was not gone on with"),
        (&["yes", "no"], Mark::Ok, true, "it was not wanted"),
        (&["yes"], Mark::Ok, true, "nobody confirmed the environment: the input has ended"),
    ] {
        let (decided, is_let, said) = typed(lines, mark).await;
        assert_eq!((decided, is_let), (Decided::Not(why.into()), lets), "{lines:?}: {said}");
    }
}

#[tokio::test]
async fn a_pipe_full_of_answers_decides_nothing() {
    let (teller, mut ears) = channel(8);
    for line in ["yes", "yes", "live"] {
        teller.send(Heard { at: monotonic(), what: Typed::Line(line.into()) }).await.unwrap();
    }
    drop(teller);
    let look = |is_accepted: bool| -> Pin<Box<dyn Future<Output = Result<Preflight, String>>>> {
        assert!(!is_accepted);
        Box::pin(async move { Ok(found(false, Mark::Ok)) })
    };
    let mut out = Vec::new();
    let wanted = Wanted { runbook: "Demo".into(), site: None, is_told: false };
    let decided = decide(&wanted, &look, &mut ears, &mut out, false, std::future::pending()).await.unwrap();
    assert_eq!(decided, Decided::Not("what is done unasked was not let be done".into()));
}
