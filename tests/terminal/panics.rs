//! A panic, on the thread that draws and on another one: the terminal is given back and the message can be read.
//!
//! The program has no key that makes it panic. So this test binary starts itself again and shows the real screens,
//! with somebody behind the stage who panics.

use std::sync::Arc;
use std::time::Duration;

use piton::runbook::InputKind;
use piton::tui::{Backstage, Launched, LibraryEntry, OpenRun, Options, Question, Questions, Start};

use crate::support::pty::{self, Terminal};

const SOON: Duration = Duration::from_secs(10);
/// Which thread panics, in the child.
const ROLE: &str = "PITON_TEST_PANIC";
const SAID: &str = "panicked on purpose";

/// Behind the stage: panics when it is asked what its role says.
struct Clumsy {
    role: String,
}

impl Backstage for Clumsy {
    fn library(&self) -> Vec<LibraryEntry> {
        assert!(self.role != "behind", "{SAID}");
        Vec::new()
    }

    fn resumable(&self) -> Vec<OpenRun> {
        Vec::new()
    }

    fn set_up(&self, runbook: &str, is_practice: bool) -> Result<Questions, String> {
        let input = Question {
            prompt: "What?".into(),
            input: "what".into(),
            kind: InputKind::Text,
            default: String::new(),
            is_optional: false,
        };
        let runbook = runbook.to_owned();
        Ok(Questions { runbook, title: "Clumsy".into(), is_practice, asked: vec![input], ..Questions::default() })
    }

    fn check_input(&self, _: &str, _: &str, text: &str) -> Option<String> {
        assert!(text.is_empty(), "{SAID}");
        None
    }

    fn begin(&self, _: &str, _: bool, _: &[(String, String)]) -> Result<Launched, String> {
        Err("not in this test".into())
    }

    fn resume(&self, _: &str) -> Result<Launched, String> {
        Err("not in this test".into())
    }
}

/// The child's side. Started without a role, as one of all tests, it has nothing to do.
#[test]
fn play() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let start = match role.as_str() {
        "behind" => Start::Library,
        _ => Start::SetUp { runbook: "clumsy".into(), is_practice: false },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let stage = Arc::new(Clumsy { role });
    let told = runtime.block_on(piton::tui::run(start, stage, Options::default()));
    eprintln!("{}", told.expect_err("the screens end with an error"));
}

fn child(role: &str) -> Terminal {
    let program = std::env::current_exe().expect("this program has a path");
    let args = ["terminal::panics::play", "--exact", "--nocapture", "--test-threads=1"];
    pty::Start::new(&program.display().to_string(), &args)
        .with(|command| {
            command.env(ROLE, role);
        })
        .spawn()
}

#[test]
fn a_panic_of_any_thread_gives_the_terminal_back_and_is_read_on_it() {
    for role in ["behind", "drawing"] {
        let mut terminal = child(role);
        if role == "drawing" {
            terminal.wait_text("What?", SOON);
            terminal.type_text("x");
        }
        terminal.wait_exit(SOON);
        terminal.assert_restored();
        let screen = terminal.screen();
        assert!(screen.contains(SAID), "{role}: {screen}");
        assert!(screen.contains("piton has a bug"), "{role}: {screen}");
    }
}
