//! The dialog of a hold point: who releases it, what that person looked at, and what is signed of it.

use crate::engine::RELEASE_NAMESPACE;
use crate::report::command_line;
use crate::text::clean_block;
use crate::tui::release::{Release, Signing};
use crate::tui::screen::run::Run;
use crate::tui::screen::run::page::StepPage;
use crate::tui::theme::Meaning;
use crate::tui::widget::paint::Strip;
use crate::tui::widget::step::wrapped;

/// The title of the dialog.
pub fn title(release: &Release) -> &'static str {
    match release.verify {
        Some(_) if release.is_dispute => "Another person sees something else",
        Some(_) => "Another person verifies it",
        None => "Another person releases it",
    }
}

/// The keys at the lower edge of the dialog.
pub fn keys(release: &Release) -> &'static str {
    match (release.is_named(), &release.signing) {
        (false, _) => "enter|go on   esc|back",
        (true, None) if release.is_dispute => "enter|record it   esc|another name   f1|keys   ctrl-j|line",
        (true, None) => "enter|record it   ctrl-s|sign it first   esc|another name   f1|keys",
        (true, Some(_)) => "enter|record it   ctrl-s|sign it here   esc|back, to do without",
    }
}

/// What stands above its field.
pub fn lines(run: &Run, release: &Release, cells: usize) -> Vec<Strip> {
    if let Some(signing) = &release.signing {
        return of_statement(release, signing, cells);
    }
    let mut lines = wrapped(&format!("{}: {}", run.spoken(&release.step), release.who), cells, Meaning::Title);
    lines.extend(looked_at(run, release, cells));
    lines.push(Strip::default());
    if release.is_named() {
        let (told, asks) = match release.verify {
            Some(_) if release.is_dispute => {
                let told = "This is a deviation, and the step has failed: it is done anew, left out or overruled.";
                (format!("{} looks too. {told}", release.released_by), "What do you see instead?")
            }
            Some(_) => (format!("{} looks too.", release.released_by), "What do you see yourself?"),
            None => (format!("{} lets the run go on.", release.released_by), "What did you look at?"),
        };
        lines.extend(wrapped(&told, cells, Meaning::Text));
        lines.push(Strip::of(asks, Meaning::Title));
    } else if release.verify.is_some() {
        let told = "Hand over the keyboard: whoever did it cannot verify it.";
        lines.extend(wrapped(told, cells, Meaning::Text));
        let asks = match release.is_dispute {
            true => "The name of who sees something else:",
            false => "The name of who verifies it:",
        };
        lines.push(Strip::of(asks, Meaning::Title));
    } else {
        let acts = run.state.sitting.as_ref().map_or("the operator", |sitting| sitting.operator.as_str());
        let told =
            format!("Hand over the keyboard: neither {acts} nor whoever acted in this part of the run can release it.");
        lines.extend(wrapped(&told, cells, Meaning::Text));
        lines.push(Strip::of("The name of who releases it:", Meaning::Title));
    }
    lines
}

/// What a second person looks at: what the step asks for or does, and, at the same moment, what the first has stated.
fn looked_at(run: &Run, release: &Release, cells: usize) -> Vec<Strip> {
    if release.verify.is_none() {
        return Vec::new();
    }
    let page = StepPage::of(&run.runbook, &run.state, &run.view.moment, Some(&release.step));
    let mut told: Vec<String> = Vec::new();
    if !page.prompt.is_empty() {
        told.push(format!("It asks: {}", page.prompt));
    }
    if !page.options.is_empty() {
        told.push(format!("One of: {}", page.options.join(", ")));
    }
    told.extend(page.ways.iter().map(|(title, name)| format!("- {title} ({name})")));
    told.extend(page.command.iter().flatten().map(|command| format!("It ran: {}", command_line(command))));
    if let Some((holds, _)) = &page.waits_for {
        told.push(format!("It was sensed that this holds: {holds}"));
        if !page.why.is_empty() {
            told.push(format!("If it does not: {}", page.why));
        }
    }
    if run.state.waits_for_peer(&release.step) {
        told.push(format!("Stated by {}: {}", page.by, page.said));
    }
    told.iter().flat_map(|told| wrapped(told, cells, Meaning::Text)).collect()
}

fn of_statement(release: &Release, signing: &Signing, cells: usize) -> Vec<Strip> {
    let mut lines = wrapped(&format!("What {} signs:", release.released_by), cells, Meaning::Title);
    lines.extend(wrapped(&clean_block(signing.statement.trim_end()), cells, Meaning::Text));
    lines.push(Strip::default());
    match &signing.kept {
        None => lines.extend(wrapped("It is being written to a file.", cells, Meaning::Text)),
        Some(Ok(path)) => {
            let told = "It stands in this file. Take it, as it is, to where the key is:";
            lines.extend(wrapped(told, cells, Meaning::Text));
            // On lines of its own, to be copied.
            lines.extend(wrapped(&path.display().to_string(), cells, Meaning::Text));
        }
        Some(Err(why)) => {
            let told = format!("It is in no file: {why}. Write these seven lines, each with its end, to one:");
            lines.extend(wrapped(&told, cells, Meaning::Problem));
        }
    }
    let command = format!("ssh-keygen -Y sign -n {RELEASE_NAMESPACE} -f KEY < {}", signing.name);
    lines.extend(wrapped(&command, cells, Meaning::Command));
    lines.push(Strip::default());
    lines.extend(wrapped("Paste what that prints, or give the path of its file:", cells, Meaning::Title));
    lines
}
