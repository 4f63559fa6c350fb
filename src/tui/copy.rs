//! What can be copied of what is looked at: commands, what was said, what was printed. Only what the screen or the
//! journal shows, so nothing that is secret; and only as much as terminals take.

use crate::engine::CommandLine;
use crate::tui::app::App;
use crate::tui::message::Effect;
use crate::tui::palette::show;
use crate::tui::pick::{About, Gives, PickList, Row};
use crate::tui::screen::Screen;
use crate::tui::screen::run::Run;
use crate::tui::screen::run::possible::NO_COPY;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;

/// The most that is given to a terminal, in bytes: what it becomes on the way stays below 64 KiB.
pub const MAX_COPIED: usize = 48 * 1024;

/// One text that can be copied.
type Copied = (&'static str, String);

/// Copies what there is, or lets one be picked when there are several.
pub fn open(app: &mut App) -> Vec<Effect> {
    let mut texts = match &app.screen {
        Screen::Run(run) => of_run(run),
        Screen::Replay(replay) => {
            let record = &replay.record;
            let told = format!("#{} {} {} by {}", record.seq, record.at, tell::event(&record.event), record.by);
            of_run(&replay.run).into_iter().chain([("record", told)]).collect()
        }
        _ => return Vec::new(),
    };
    texts.retain(|(_, text)| !text.trim().is_empty());
    match texts.len() {
        0 => {
            app.notify("there is nothing to copy here");
            Vec::new()
        }
        1 => {
            let (what, text) = texts.remove(0);
            copy(app, what, text)
        }
        _ => {
            let row = |(what, text): Copied| {
                let first = text.lines().next().unwrap_or_default();
                let size = format!("{} bytes", text.len());
                Row::new(&format!("{what}: {first}"), size, Meaning::Dim, Gives::Copy(what, text))
            };
            show(app, PickList::new(About::Copy, texts.into_iter().map(row).collect()));
            Vec::new()
        }
    }
}

/// With this begins what is told of a text that was copied.
const GIVEN: &str = "given to the terminal's clipboard";

/// And with this what is told of a journal that was signed.
pub const SIGNED: &str = "signed with ";

/// How a notice looks, with its sign: that something was done is no trouble.
pub fn noticed(notice: &str, look: &Look) -> Strip {
    let is_well = [GIVEN, SIGNED].iter().any(|well| notice.starts_with(well));
    let (sign, meaning) = if is_well { (look.glyphs.done, Meaning::Ok) } else { (look.glyphs.alert, Meaning::Problem) };
    Strip::of(format!("{sign} {notice}"), meaning)
}

/// Gives a text to the terminal, and tells how much of it.
pub fn copy(app: &mut App, what: &'static str, text: String) -> Vec<Effect> {
    if !app.may_copy {
        app.notify(&format!("not copied: {NO_COPY}"));
        return Vec::new();
    }
    let whole = text.len();
    let kept = bounded(text);
    let cut = if kept.len() < whole { format!(", the last of {whole}") } else { String::new() };
    app.notify(&format!("{GIVEN}: {what}, {} bytes{cut}", kept.len()));
    vec![Effect::Copy(kept)]
}

/// The end of a text, as much as may be copied, from the beginning of a line on where there is one.
fn bounded(text: String) -> String {
    let Some(mut from) = text.len().checked_sub(MAX_COPIED).filter(|from| *from > 0) else { return text };
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let rest = &text[from..];
    rest.split_once('\n').map_or(rest, |(_, rest)| rest).to_owned()
}

fn of_run(run: &Run) -> Vec<Copied> {
    let page = &run.view.page;
    let command = |command: &CommandLine| tell::argv(command);
    let mut texts = Vec::new();
    if let Some(Ok(one)) = &page.command {
        texts.push(("command", command(one)));
    }
    if let Some(Ok((first, count))) = &page.commands {
        let all: Vec<_> = first.iter().map(|shown| command(&shown.command)).collect();
        let what = if first.len() < *count { "first commands" } else { "commands" };
        texts.push((what, all.join("\n")));
    }
    texts.push(("what was said", page.said.clone()));
    if !run.has_table() {
        texts.push(("output", run.printed().all().collect::<Vec<_>>().join("\n")));
    }
    if let Some(output) = &page.output {
        texts.push(("sha256 of the output", output.sha256.clone()));
    }
    texts.push(("step", page.headline("-")));
    if let Some(opened) = &run.state.opened {
        texts.push(("run", opened.run.clone()));
    }
    if let Some(head) = &run.head {
        texts.push(("head of the journal", format!("records={} head={head}", run.state.seq)));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_the_last_whole_lines_are_kept() {
        assert_eq!(bounded("short".into()), "short");
        let long = "é line\n".repeat(10_000);
        let kept = bounded(long.clone());
        assert!(kept.len() <= MAX_COPIED && kept.len() > MAX_COPIED - 20);
        assert!(kept.starts_with("é line\n") && long.ends_with(&kept));
        assert_eq!(bounded("x".repeat(MAX_COPIED + 1)).len(), MAX_COPIED);
    }
}
