//! What may be typed on the command line; nothing of what it means.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::args_of_runs::JournalsArguments;

/// Walks a person through a runbook and drives every step into a tamper-evident journal.
#[derive(Debug, Default, Parser)]
#[command(name = "piton", version, about, long_about = None, after_help = AFTER_HELP)]
pub struct Arguments {
    /// Look for runbooks in this folder too.
    #[arg(long, global = true, value_name = "DIR")]
    pub library: Option<PathBuf>,

    /// How the screens look: dark, light, high-contrast, sixteen, sixteen-light, mono, or a theme of your own.
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,

    /// Draw with ASCII characters only.
    #[arg(long, global = true)]
    pub ascii: bool,

    /// What to do; without one, the library opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const AFTER_HELP: &str = "\
Exit status: 0 completed, 1 error, 2 usage, 10 completed with deviations, 20 rolled back, 30 abandoned, 40 suspended.
Journals lie in $XDG_STATE_HOME/piton, or ~/.local/state/piton.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open a run of a runbook against real systems.
    Run(RunArguments),
    /// Practise a runbook against a simulated cluster on this machine.
    Practice(PracticeArguments),
    /// Go on with a suspended run; without a name, with the latest one.
    Resume(ResumeArguments),
    /// Play a run back in its own screens, from its journal: open or closed, live or practice; nothing is changed.
    Replay(ReplayArguments),
    /// List the runs of this machine; with options only those that fit, with the records that were looked for.
    ///
    /// --find, --step and --deviation must hold of one and the same record. Status 1 when nothing fits. That a journal is
    /// intact says of its chain alone that it is whole: `piton verify` proves what it tells.
    Journals(JournalsArguments),
    /// Prove that journals are whole: 0 whole or torn at the end (which is said), 1 damaged, another run's, or not what was
    /// noted of it.
    ///
    /// The signatures of releases are checked too, and told with the fingerprints of their keys; one that does not fit
    /// is damage. So are signatures that lie beside a journal.
    Verify(VerifyArguments),
    /// Sign a journal: state how far it stands and sign that with an ssh key, for whoever checks it later.
    ///
    /// ssh-keygen signs, as it is installed here: with a key of a file, of an agent or of a hardware token. What it is
    /// called with is printed before. The signature lies beside the journal, in the run's folder.
    Sign(SignArguments),
    /// Say what you think of a run: remarks on its records, and a verdict; without either, print what was said.
    ///
    /// It goes into a journal of its own beside the run's, which is never changed, and names the hash of the last record
    /// that you saw. Replay and reports tell it.
    Review(ReviewArguments),
    /// Tell what a practice run came to: points, harm, what was overruled, the best way; without a run, of the latest.
    Debrief {
        /// The run's name, or a part from its start that no other run shares.
        run: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tell a run for those who were not there: deviations first, plan against actual, evidence, health, every record.
    ///
    /// Reads only. A run that is open, or a journal that is torn or broken, is told as far as it is whole, and the report says
    /// so at its top.
    Report {
        /// The run's name or a part from its start that no other run shares, its folder, or a journal file.
        #[arg(required_unless_present = "schema")]
        run: Option<String>,
        /// Print the JSON Schema of the JSON report instead.
        #[arg(long, conflicts_with_all = ["run", "format", "size"])]
        schema: bool,
        /// As what: Markdown for a ticket, one HTML page without network and scripts, JSON, or a recording of its screens.
        #[arg(long, value_enum, default_value_t = ReportFormat::Md)]
        format: ReportFormat,
        /// The size of the screen that a recording is drawn at, from 80x24 to 300x100.
        #[arg(long, value_name = "COLUMNSxROWS", default_value = "120x40", value_parser = size)]
        size: (u16, u16),
    },
    /// Hold two runs against each other, or two runbooks; status 0 the same, 1 different, 2 trouble.
    ///
    /// Of runs: how they ended, each step with its end and its time, where a person overruled the machine, the commands and
    /// how they ended, what was stated, answered, captured and last seen on the board (numbers there left out), and the
    /// texts of their runbooks. That times, people, places, names of runs and the words of reasons differ makes no
    /// difference; it is told. A run beside a runbook: the text that it was walked with against that one.
    Diff(DiffArguments),
    /// Tell what all runs of a runbook came to: how they ended, the median and spread of the time of the whole and of each step,
    /// what was overruled and what failed most. Live runs and practice stand apart.
    Stats {
        /// The runbook's name, as `piton list` and the journals have it.
        runbook: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print a runbook's plan on paper: steps, cautions, commands and sources, with blanks for time, who and reading.
    Show {
        /// The runbook's name, or a file.
        runbook: String,
        /// As what: Markdown, or one HTML page made to be printed.
        #[arg(long, value_enum, default_value_t = PaperFormat::Md)]
        format: PaperFormat,
    },
    /// Read runbooks, site files and practice scenarios (told apart by their keys) and report everything that is wrong with them.
    Check {
        /// Runbooks, site files and scenarios.
        #[arg(required_unless_present = "explain", value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Say what is behind a code such as `no-expect`, with an example; without a code, list them all.
        #[arg(long, value_name = "CODE", num_args = 0..=1, conflicts_with = "files")]
        explain: Option<Option<String>>,
    },
    /// Hold runbooks against the documents they were made from: what carries each obligation, and what each step carries.
    ///
    /// Status 1 when an obligation is carried by nothing. With a runbook, those under the headings count that it names; without
    /// one, all obligations of all documents, carried by the runbooks that are part of piton.
    Coverage {
        /// The runbook's name, or a file.
        runbook: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the runbooks.
    List {
        /// Print JSON, one runbook a line.
        #[arg(long)]
        json: bool,
    },
    /// Print the keymap that is built in, to be copied from: ~/.config/piton/keymap.toml gives other keys.
    Keymap,
    /// Print a completion script.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ReportFormat {
    /// Markdown.
    Md,
    /// One page of HTML.
    Html,
    /// JSON.
    Json,
    /// A recording of the run's screens in asciinema's format: what a replay shows at each record.
    Cast,
}

/// What a plan on paper is written as.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PaperFormat {
    /// Markdown.
    Md,
    /// One page of HTML.
    Html,
}

/// How inputs are bound.
#[derive(Debug, Default, Args)]
pub struct Binding {
    /// The site file that binds nodes, commands and secrets.
    #[arg(long, value_name = "FILE")]
    pub site: Option<PathBuf>,

    /// Bind an input, before the site file and the default.
    #[arg(long = "set", value_name = "INPUT=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
}

/// `piton run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The runbook's name, or a file.
    pub runbook: String,

    /// How inputs are bound.
    #[command(flatten)]
    pub binding: Binding,

    /// Begin although another run of the same site and system is not closed; a note in the new run tells of it.
    #[arg(long)]
    pub beside: bool,

    /// Walk the run as a dialogue of lines instead of screens: for screen readers, simple terminals and pipes.
    ///
    /// It is chosen by itself when TERM is not set, or is `dumb`.
    #[arg(long)]
    pub plain: bool,
}

/// `piton practice`.
#[derive(Debug, Args)]
pub struct PracticeArguments {
    /// The runbook's name, or a file.
    pub runbook: String,

    /// Walk the run without a person and print it.
    #[arg(long)]
    pub autopilot: bool,

    /// Walk the run as a dialogue of lines instead of screens, as with run.
    #[arg(long, conflicts_with = "autopilot")]
    pub plain: bool,

    /// How many times as fast as real time the simulated cluster and its clock run: a number, or `max`.
    ///
    /// With --autopilot it is `max` unless said otherwise: the clock steps from one event to the next, so that a run takes
    /// as long as it takes to work out, and one seed gives one journal. With a number the cluster runs by real time and
    /// is asked over sockets; above some hundred, the machine's own time then counts as the cluster's. A person has real
    /// time unless said otherwise.
    #[arg(long, value_name = "N", value_parser = speed)]
    pub speed: Option<Speed>,

    /// How many nodes the simulated cluster has; without this as many as the runbook needs.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub nodes: Option<u8>,

    /// The seed of everything that chance decides; without it that of the scenario.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// What is to go wrong: the name of a scenario of this runbook, or its number as --scenarios lists them; `surprise` picks one, by the
    /// seed. Without it nothing goes wrong by itself.
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,

    /// List the scenarios of the runbook instead.
    #[arg(long)]
    pub scenarios: bool,

    /// With --autopilot: walk the wrong way that the scenario shows.
    #[arg(long, requires = "autopilot")]
    pub mistakes: bool,
}

/// `piton resume`.
#[derive(Debug, Args)]
pub struct ResumeArguments {
    /// The run's name, or a part from its start that no other run shares.
    pub run: Option<String>,

    /// Walk on without a person and print it; for practice runs.
    #[arg(long)]
    pub autopilot: bool,

    /// Walk on as a dialogue of lines instead of screens, as with run.
    #[arg(long, conflicts_with = "autopilot")]
    pub plain: bool,

    /// As in practice; for practice runs.
    #[arg(long, value_name = "N", value_parser = speed)]
    pub speed: Option<Speed>,
}

/// `piton verify`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// Journal files (keeping.jsonl and those of reviews, too), run folders, run names, or archives of runs.
    #[arg(required = true, value_name = "JOURNAL")]
    pub journals: Vec<String>,

    /// Leave out the files beside a journal that it names, outputs of commands and copies of evidence: to read them may
    /// take long.
    #[arg(long)]
    pub journal_only: bool,

    /// The hash that was noted of its last record: it must be that of one of its records. Lines that are missing at the
    /// end, and a journal made anew, show only so or by a signature.
    #[arg(long, value_name = "SHA256", value_parser = head)]
    pub head: Option<String>,

    /// The list of who signs with which key, as ssh-keygen takes it; without it allowed_signers in piton's folder of
    /// configuration, if there is one.
    #[arg(long, value_name = "FILE")]
    pub signers: Option<PathBuf>,

    /// Require a good signature of all records by somebody whom that list names so; for scripts.
    #[arg(long, value_name = "NAME")]
    pub signed_by: Option<String>,
}

/// `piton sign`.
#[derive(Debug, Args)]
pub struct SignArguments {
    /// The run's name, or a part from its start that no other run shares, or its folder.
    pub run: String,

    /// The key: its file, or that of its public half when an agent holds it; without it ~/.ssh/id_ed25519, id_ecdsa or
    /// id_rsa, whichever is there first.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,

    /// As who.
    #[arg(long = "as", value_enum, default_value_t = SignRole::Operator)]
    pub role: SignRole,

    /// Only write what is to be signed, and say how; the signature may be made elsewhere and put beside it.
    #[arg(long, conflicts_with = "key")]
    pub unsigned: bool,
}

/// `piton review`.
#[derive(Debug, Args)]
pub struct ReviewArguments {
    /// The run's name, or a part from its start that no other run shares, or its folder.
    pub run: String,

    /// A remark on the run, or on the record that is named.
    #[arg(long, value_name = "TEXT", conflicts_with = "verdict")]
    pub comment: Option<String>,

    /// The number of the record that the remark is on.
    #[arg(long, value_name = "N", requires = "comment", value_parser = clap::value_parser!(u64).range(1..))]
    pub record: Option<u64>,

    /// What you came to; a later verdict of yours counts instead of an earlier one.
    #[arg(long, value_enum)]
    pub verdict: Option<Verdict>,

    /// Why; must be said unless the run is accepted as it is.
    #[arg(long, value_name = "TEXT", requires = "verdict")]
    pub why: Option<String>,

    /// Print JSON, one line of a review a line.
    #[arg(long, conflicts_with_all = ["comment", "verdict"])]
    pub json: bool,
}

/// What a reviewer comes to.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Verdict {
    /// As it is.
    Accepted,
    /// With remarks that somebody should take care of.
    Remarks,
    /// Not so.
    Rejected,
}

/// `piton diff`.
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// A run (its name or a part from its start that no other run shares, its folder, or a journal file), or a runbook (its
    /// name, or a file that ends with .toml).
    pub one: String,

    /// What it is held against.
    pub other: String,

    /// List every step, also those that went alike, and all of what is cut short else.
    #[arg(long)]
    pub all: bool,

    /// Print JSON.
    #[arg(long, conflicts_with = "all")]
    pub json: bool,
}

/// As who somebody signs a journal.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SignRole {
    /// Whoever walked the run.
    Operator,
    /// Whoever stood beside.
    Witness,
    /// Whoever looked at it afterwards.
    Reviewer,
}

/// `piton replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// The run's name or a part from its start that no other run shares, its folder, or a journal file.
    pub run: String,

    /// Go on with what a running piton records meanwhile.
    #[arg(long)]
    pub follow: bool,

    /// Begin at the record of this number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub at: Option<u64>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as INPUT=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// How fast a simulated cluster runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As fast as it can be worked out: its clock is stepped.
    Max,
    /// So many times as fast as real time.
    Times(f64),
}

impl Speed {
    /// The speed that a walk with these options has; `None`: it is stepped.
    pub fn paced(typed: Option<Self>, is_autopilot: bool) -> Result<Option<f64>, &'static str> {
        match (typed, is_autopilot) {
            (Some(Self::Times(speed)), _) => Ok(Some(speed)),
            (None, false) => Ok(Some(1.0)),
            (None | Some(Self::Max), true) => Ok(None),
            (Some(Self::Max), false) => Err("--speed max is for --autopilot: a person needs time"),
        }
    }
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    let speed: f64 = text.parse().map_err(|_| "a number or `max` is needed")?;
    if (0.1..=10_000.0).contains(&speed) {
        Ok(Speed::Times(speed))
    } else {
        Err("it must lie between 0.1 and 10000".into())
    }
}

/// A hash, all of it: a part of it is soon made.
fn head(text: &str) -> Result<String, String> {
    let text = text.strip_prefix("head=").unwrap_or(text).to_ascii_lowercase();
    match text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(text),
        false => Err("all 64 hexadecimal digits are needed, as they are printed at the end of a run".into()),
    }
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let wrong = || "write it as COLUMNSxROWS, from 80x24 to 300x100".to_owned();
    let (columns, rows) = text.split_once('x').ok_or_else(wrong)?;
    let size = (columns.parse().map_err(|_| wrong())?, rows.parse().map_err(|_| wrong())?);
    let [may_be_wide, may_be_high] = crate::tui::CAST_SIZES;
    if may_be_wide.contains(&size.0) && may_be_high.contains(&size.1) { Ok(size) } else { Err(wrong()) }
}
