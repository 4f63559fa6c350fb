//! What a simulator tells of its hosts, and what it is told of a command.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::{CommandResult, Request, Response};

use super::command::{ACCOUNT, failed};
use super::{Entry, Files, Listed, Log, Order, Signal, Unit, Url};

/// Where a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The machine from which all hosts are reached.
    Bastion,
    /// One of the hosts, by its number.
    Node(usize),
}

/// Where, as whom and with which environment a command runs.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The machine.
    pub place: Place,
    /// The account.
    pub user: String,
    /// Variables that are set.
    pub environment: BTreeMap<String, String>,
    /// Variables of the shell that commands do not see.
    pub variables: BTreeMap<String, String>,
    /// What comes in by a pipe; `None`: nothing does.
    pub stdin: Option<String>,
    /// Whether both streams end on one terminal, where they lie in the order in which they came.
    pub is_terminal: bool,
    /// `$?`: how the command before ended.
    pub status: i32,
    /// The commands that run beside this one: its own pipeline, and what that is within.
    pub beside: Vec<Beside>,
}

/// A command that somebody typed, for as long as it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The account it runs as.
    pub user: String,
    /// Its command line, of bounded length.
    pub command: String,
}

/// Bytes of a typed command line that the table of processes shows.
const MOST_SHOWN: usize = 4_096;

impl Beside {
    /// What `program` was told as that account.
    pub(super) fn of(user: &str, program: &str, told: &str) -> Self {
        let told = &told[..told.floor_char_boundary(MOST_SHOWN)];
        Self { user: user.to_owned(), command: format!("{program} {told}").trim_end().to_owned() }
    }

    /// A command by its words; what is done with `sudo` is root's.
    pub(super) fn of_words(user: &str, words: &[String]) -> Self {
        let is_sudo = words.first().is_some_and(|word| word == "sudo");
        let mut command = String::new();
        for word in words {
            if command.len() > MOST_SHOWN {
                break;
            }
            command.push_str(if command.is_empty() { "" } else { " " });
            command.push_str(&word[..word.floor_char_boundary(MOST_SHOWN)]);
        }
        Self { user: if is_sudo { "root".to_owned() } else { user.to_owned() }, command }
    }
}

impl Shell {
    /// The operator's own shell there, with nothing set.
    pub fn on(place: Place) -> Self {
        Self {
            place,
            user: ACCOUNT.to_owned(),
            environment: BTreeMap::new(),
            variables: BTreeMap::new(),
            stdin: None,
            is_terminal: false,
            status: 0,
            beside: Vec::new(),
        }
    }

    /// A shell that is started within this one: it knows what is in the environment, and nothing of how a command ended.
    pub(super) fn started(&self) -> Self {
        Self { variables: BTreeMap::new(), status: 0, ..self.clone() }
    }

    /// Whether it is root's.
    pub fn is_root(&self) -> bool {
        self.user == "root"
    }

    /// A variable; an empty one counts as unset.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// One command that is to run.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Where and as whom.
    pub shell: &'a Shell,
    /// The program as it was typed, perhaps with its path.
    pub typed: &'a str,
    /// The program without its path.
    pub name: &'a str,
    /// What follows it.
    pub words: &'a [String],
    /// How many commands and shells it is within.
    pub depth: usize,
}

/// The hosts of a simulated cluster. Every method has the answer of a host that has nothing of the kind.
pub trait Hosts {
    /// The time on every host.
    fn now(&self) -> Timestamp;

    /// The number of the host with that ssh name.
    fn host(&self, name: &str) -> Option<usize>;

    /// The name of a host, as `hostname` prints it.
    fn host_name(&self, index: usize) -> String;

    /// What a login sets there.
    fn environment(&self, _place: Place) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// Whether that host can be reached by ssh.
    fn is_reachable(&self, _index: usize) -> bool {
        true
    }

    /// Runs one of the simulator's own programs; `None`: it has none of that name there. It may also take the place of
    /// a common one.
    fn program(&mut self, call: &Call<'_>) -> Option<CommandResult>;

    /// The files there; `None`: this simulator has no file system there.
    fn files(&mut self, _place: Place) -> Option<&mut Files> {
        None
    }

    /// What a machine answers that is asked from there by HTTP, and how long it holds that back; the request names no node
    /// yet. `None`: it is no machine of this cluster.
    fn web(&mut self, _place: Place, _url: &Url, _request: Request) -> Option<(Response, Duration)> {
        None
    }

    /// What lies behind a URL that is none of [`Hosts::web`], asked from there. `Err` is what `curl` says, and its exit status.
    ///
    /// # Errors
    /// Nothing is there.
    fn download(&mut self, _place: Place, url: &str) -> Result<Entry, (i32, String)> {
        let host = url.split("//").nth(1).unwrap_or(url).split(['/', ':']).next().unwrap_or_default();
        Err((6, format!("Could not resolve host: {host}")))
    }

    /// How long it takes to fetch what lies behind a URL.
    fn download_time(&self, _place: Place, _url: &str) -> Duration {
        Duration::from_secs(2)
    }

    /// The systemd units of a host.
    fn units(&self, _index: usize) -> Vec<Unit> {
        Vec::new()
    }

    /// Carries out what `systemctl` was told, for a unit that is there and an account that may.
    fn order(&mut self, _index: usize, unit: &str, _order: Order) -> CommandResult {
        failed(1, &format!("Failed to act on {unit}.service: Operation refused."))
    }

    /// systemd reads the files of its units anew.
    fn reload_units(&mut self, _index: usize) {}

    /// The journal of a unit.
    fn journal(&self, _index: usize, _unit: &str) -> Option<&Log> {
        None
    }

    /// The processes that count on a host, in the order of their numbers.
    fn processes(&self, _index: usize) -> Vec<Listed> {
        Vec::new()
    }

    /// Sends a signal to a process that is there, for an account that may.
    fn signal(&mut self, _index: usize, _pid: u32, _signal: Signal) {}
}
