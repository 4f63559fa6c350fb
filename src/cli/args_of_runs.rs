//! What may be typed behind `piton journals`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use crate::clock::Timestamp;

/// `piton journals`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct JournalsArguments {
    /// Only runs with a record that holds these words, in any letter case: in what happened, or in a text or number of it.
    #[arg(long, value_name = "TEXT")]
    pub find: Option<String>,

    /// Only runs with a record of a step whose name holds this, such as `standbys[vault-2]/stop` or `/stop`.
    #[arg(long, value_name = "STEP")]
    pub step: Option<String>,

    /// Only runs in which the machine was overruled: in this way, or in any.
    #[arg(long, value_name = "WAY", num_args = 0..=1)]
    pub deviation: Option<Option<WayTyped>>,

    /// Only runs in which somebody sat whose `name@host` holds this.
    #[arg(long, value_name = "NAME")]
    pub operator: Option<String>,

    /// Only runs of this runbook.
    #[arg(long, value_name = "NAME")]
    pub runbook: Option<String>,

    /// Only runs that were opened then or later: a day (2026-11-21, in UTC) or a moment (2026-11-21T02:41:10Z).
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub since: Option<Timestamp>,

    /// Only runs that were opened then or before; a day counts to its end.
    #[arg(long, value_name = "WHEN", value_parser = until)]
    pub until: Option<Timestamp>,

    /// What became of runs that were archived or deleted instead, in order.
    #[arg(long, conflicts_with_all = ["find", "step", "deviation", "operator", "runbook", "since", "until"])]
    pub gone: bool,

    /// Print JSON, one run a line.
    #[arg(long)]
    pub json: bool,

    /// What to do with runs.
    #[command(subcommand)]
    pub command: Option<JournalsCommand>,
}

/// What is done with runs.
#[derive(Debug, Subcommand)]
pub enum JournalsCommand {
    /// Delete old runs, each written down before in keeping.jsonl beside the folders of the runs.
    ///
    /// One of --keep and --older-than must be given, with both only what fits both goes; or --damaged with the name of a run. A run that somebody sits at stays, and so does
    /// a live run that is not known to be closed, and one of a newer piton; other live runs stay without --live, and practice
    /// that is not found whole without --unverified: each is told with the reason, and the status is 1 then.
    Prune(PruneArguments),
    /// Write a copy of a run into one file: a plain tar of its folder that `piton verify` checks, and `tar` with `sha256sum -c`.
    Archive {
        /// The run's name, or a part from its start that no other run shares.
        run: String,
        /// The file; it must not be there yet.
        file: PathBuf,
    },
}

/// `piton journals prune`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("policy").required(true).multiple(true).args(["keep", "older_than", "damaged"])))]
pub struct PruneArguments {
    /// Keep the latest N runs of each runbook, live runs and practice counted apart.
    #[arg(long, value_name = "N")]
    pub keep: Option<usize>,

    /// Keep runs whose last record is not older: days (90d) or weeks (12w).
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub older_than: Option<Duration>,

    /// Only runs of this runbook.
    #[arg(long, value_name = "NAME")]
    pub runbook: Option<String>,

    /// Live runs, too, once they are closed.
    #[arg(long)]
    pub live: bool,

    /// Also practice runs whose journal is torn, broken, empty or cannot be read.
    #[arg(long)]
    pub unverified: bool,

    /// Nothing but this run, by its whole name, although it may be a live one that was never closed: its journal is broken, empty or
    /// cannot be read. May be given several times.
    #[arg(long, value_name = "RUN", requires = "reason", conflicts_with_all = ["keep", "older_than", "runbook", "live", "unverified"])]
    pub damaged: Vec<String>,

    /// Why the damaged run may go; it is written down.
    #[arg(long, value_name = "WHY", requires = "damaged", conflicts_with_all = ["keep", "older_than"], value_parser = reason)]
    pub reason: Option<String>,

    /// Only say what would go.
    #[arg(long)]
    pub dry_run: bool,
}

/// A way to overrule the machine.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum WayTyped {
    /// A step was left out.
    Skip,
    /// A step was declared done.
    Override,
    /// A wait was ended early.
    CutWait,
    /// A guard or gate was passed.
    Acknowledged,
    /// A step was put off.
    Deferred,
    /// A second person saw something else.
    Disputed,
    /// Nobody verified a step.
    Waived,
}

/// The last day all of whose moments can be told of.
const LAST_DAY: jiff::civil::Date = jiff::civil::date(9999, 12, 29);

fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("a reason is needed".into()) } else { Ok(text.to_owned()) }
}

fn since(text: &str) -> Result<Timestamp, String> {
    moment(text, "T00:00:00.000Z")
}

fn until(text: &str) -> Result<Timestamp, String> {
    moment(text, "T23:59:59.999Z")
}

/// A day with that time of it, or a moment.
fn moment(text: &str, time: &str) -> Result<Timestamp, String> {
    let is_day = text.len() == "2026-11-21".len();
    let moment = if is_day { format!("{text}{time}") } else { text.to_owned() };
    // The last days of the calendar lie behind the last moment that can be told of: no run was opened later.
    let is_last = is_day && text.parse::<jiff::civil::Date>().is_ok_and(|day| day > LAST_DAY);
    match moment.parse() {
        Err(_) if is_last => Ok(Timestamp::from_millis(i64::MAX)),
        parsed => parsed.map_err(|_| "write a day as 2026-11-21, or a moment as 2026-11-21T02:41:10Z".to_owned()),
    }
}

fn age(text: &str) -> Result<Duration, String> {
    let wrong = || "write days as 90d, or weeks as 12w".to_owned();
    let (number, days) = match (text.strip_suffix('d'), text.strip_suffix('w')) {
        (Some(number), _) => (number, 1),
        (_, Some(number)) => (number, 7),
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * days * 86_400))
}
