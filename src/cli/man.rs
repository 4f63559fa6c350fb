//! The manual: one page, on which every command has a section of its own with all that it takes.

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::args::Arguments;

/// What stands behind the commands.
const REST: &str = r#".SH EXIT STATUS
.TP
\fB0\fR
completed, or what was asked for is so
.TP
\fB1\fR
an error, or what was asked for is not so
.TP
\fB2\fR
wrong usage, a broken file of settings; trouble of \fBpiton diff\fR
.TP
\fB10\fR
completed with deviations
.TP
\fB20\fR
rolled back
.TP
\fB30\fR
abandoned
.TP
\fB40\fR
suspended
.SH FILES
.TP
\fI$XDG_STATE_HOME/piton/runs\fR, \fIpractice\fR
the journals of live runs and of rehearsals, a folder each; \fI~/.local/state\fR where the variable is not set
.TP
\fI$XDG_STATE_HOME/piton/keeping.jsonl\fR
what became of runs that were archived or deleted
.TP
\fI$XDG_CONFIG_HOME/piton/runbooks\fR, \fIsites\fR
runbooks and site files of your own; \fI~/.config\fR where the variable is not set
.TP
\fI$XDG_CONFIG_HOME/piton/config.toml\fR, \fIkeymap.toml\fR, \fIthemes/NAME.toml\fR
settings, keys and themes of the screens
.TP
\fI$XDG_CONFIG_HOME/piton/allowed_signers\fR
who signs with which key, as ssh\-keygen(1) describes it
.SH ENVIRONMENT
.TP
\fBPITON_LOG\fR
error, warn, info, debug or trace: keeps \fIpiton.log\fR beside the folders of the runs
.TP
\fBVISUAL\fR, \fBEDITOR\fR
the editor that a text is opened in
.TP
\fBNO_COLOR\fR, \fBCOLORFGBG\fR, \fBTERM\fR
without colours; light or dark; where it is dumb or not set the run is a dialogue of lines
"#;

/// The page.
///
/// # Errors
/// Cannot happen: it is written into memory.
pub fn page() -> std::io::Result<Vec<u8>> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    let whole = Man::new(command.clone());
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    whole.render_description_section(&mut page)?;
    whole.render_options_section(&mut page)?;
    page.extend_from_slice(b".SH COMMANDS\n");
    let mut told = command.get_subcommands().filter(|command| is_told(command));
    told.try_for_each(|command| section(command, "piton", &mut page))?;
    page.extend_from_slice(REST.as_bytes());
    Ok(page)
}

/// Not what is for piton itself, nor the help that each has.
fn is_told(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

/// A command, and those behind it.
fn section(command: &Command, above: &str, page: &mut Vec<u8>) -> std::io::Result<()> {
    let name = format!("{above} {}", command.get_name());
    // What every command takes stands at the top.
    let own = command.clone().display_name(name.clone()).disable_help_flag(true).mut_args(|arg| {
        let is_common = arg.is_global_set() || arg.get_id() == "help";
        arg.hide(is_common)
    });
    let mut text = Vec::new();
    let man = Man::new(own.clone());
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if own.get_arguments().any(|arg| !arg.is_hide_set()) {
        man.render_options_section(&mut text)?;
    }
    page.extend(format!(".SS {name}\n").bytes());
    for line in
        String::from_utf8_lossy(&text).lines().filter(|line| !line.starts_with(".ie ") && !line.starts_with(".el "))
    {
        page.extend(if line.starts_with(".SH") { ".PP" } else { line }.bytes());
        page.push(b'\n');
    }
    command.get_subcommands().filter(|command| is_told(command)).try_for_each(|command| section(command, &name, page))
}
