//! A soak: how long, how much of it was seen, the longest gap, the worst value, and when it can pass.

use crate::clock::Timestamp;
use crate::engine::SoakView;
use crate::tui::tell;
use crate::tui::theme::{Look, Meaning};
use crate::tui::widget::paint::Strip;
use crate::tui::widget::progress::Progress;
use crate::tui::widget::step::wrapped;

/// What it asks for, before it has begun as well.
pub fn asked(soak: &SoakView) -> String {
    format!(
        "passes by itself once its rule has held for {} and {} % of that time was seen",
        tell::duration(soak.length),
        soak.needed
    )
}

/// How it stands at `now`, `cells` wide; nothing before what it waits for was sensed.
pub fn lines(soak: &SoakView, now: Timestamp, is_over: bool, cells: usize, look: &Look) -> Vec<Strip> {
    let mut lines = Vec::new();
    let mut say = |told: String, meaning| lines.extend(wrapped(&told, cells, meaning));
    if let Some((at, lasted)) = soak.broken {
        let times = if soak.restarts == 1 { "once".to_owned() } else { format!("{} times", soak.restarts) };
        let told = format!(
            "{} started again {times}: at {} it did not hold after {}",
            look.glyphs.alert,
            look.day(at),
            tell::duration(lasted)
        );
        say(told, Meaning::Degraded);
    }
    let Some(since) = soak.since else {
        if !is_over {
            say("its time counts from the moment at which this is first sensed to hold".into(), Meaning::Dim);
        }
        return lines;
    };
    let lead = if is_over { "soaked" } else { "soaks" };
    let since = look.day(since);
    let told = format!("{lead} for {} of {}, since {since}", tell::duration(soak.elapsed), tell::duration(soak.length));
    say(told, Meaning::Current);
    if !is_over {
        lines.push(Progress::left(soak.length, soak.left).strip(cells, look));
    }
    let mut say = |told: String, meaning| lines.extend(wrapped(&told, cells, meaning));
    let is_enough = soak.coverage >= soak.needed;
    let short = if is_enough { String::new() } else { format!(" ({} % are needed)", soak.needed) };
    let gap = if soak.longest_gap.as_secs() == 0 {
        "no gap".to_owned()
    } else {
        format!("longest gap {}", tell::duration(soak.longest_gap))
    };
    let seen = format!("seen {} % of it{short}, {gap}", soak.coverage);
    say(seen, if is_enough { Meaning::Text } else { Meaning::Degraded });
    if let Some((title, value)) = &soak.worst {
        let value = value.as_ref().map_or_else(|| "not known yet".to_owned(), ToString::to_string);
        say(format!("worst value of {title}: {value}"), Meaning::Text);
    }
    if is_over {
        return lines;
    }
    match soak.gap_since {
        Some(gap) => {
            let told = format!("{} nobody senses it since {}: a gap", look.glyphs.unknown, look.day(gap));
            say(told, Meaning::Unknown);
        }
        None => say(format!("passes at {} at the earliest", look.day(now.plus(soak.left))), Meaning::Text),
    }
    lines
}

/// What whoever leaves is told.
pub const LEAVING: &str = "The soak goes on while piton looks; the time until somebody sits down again is a gap in it.";
