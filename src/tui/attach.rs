//! The dialog that attaches a file to a step or to the run.

use crate::runbook::StepKey;
use crate::tui::dialog::{Answer, Field};
use crate::tui::message::Effect;

/// How many names are told at a time when several fit.
const TOLD: usize = 6;

/// A file that is to be evidence.
#[derive(Debug)]
pub struct Attach {
    /// For which step; `None`: for the run.
    pub step: Option<StepKey>,
    /// Where it is.
    pub field: Field,
    /// Whether a copy goes into the run's folder.
    pub is_kept: bool,
}

impl Attach {
    /// One of which nothing is typed yet.
    pub fn new(step: Option<StepKey>) -> Self {
        Self { step, field: Field::default(), is_kept: true }
    }

    pub(super) fn act(&mut self) -> Answer {
        let path = self.field.text().trim().to_owned();
        if path.is_empty() {
            return self.field.refuse("a file is needed");
        }
        Answer::Do(Effect::Attach { step: self.step.clone(), path, is_kept: self.is_kept })
    }
}

/// Takes in which paths begin as it was typed: as far as they agree they are written out.
pub fn complete(field: &mut Field, typed: &str, found: &[String]) {
    // Whoever went on typing does not want it any more.
    if field.text() != typed {
        return;
    }
    let Some(first) = found.first() else {
        field.problem = Some("nothing there begins like that".into());
        return;
    };
    let agreed = found.iter().fold(first.as_str(), |agreed, path| common(agreed, path));
    if agreed.len() > typed.len() || typed.starts_with('~') {
        field.replace(agreed);
        return;
    }
    if found.len() > 1 {
        let from = if field.told < found.len() { field.told } else { 0 };
        field.told = (from + TOLD).min(found.len());
        let name = |path: &String| {
            let bare = path.trim_end_matches('/');
            let from = bare.rfind('/').map_or(0, |at| at + 1);
            path[from..].to_owned()
        };
        let names: Vec<_> = found.iter().skip(from).take(TOLD).map(name).collect();
        let more = format!("  ({} to {} of {}; {{complete}}: more)", from + 1, field.told, found.len());
        let more = if found.len() > TOLD { more } else { String::new() };
        field.problem = None;
        field.hint = Some(format!("{}{more}", names.join("  ")));
    }
}

/// As far as two texts begin alike.
fn common<'a>(one: &'a str, other: &str) -> &'a str {
    let alike = one.char_indices().zip(other.chars()).find(|((_, one), other)| one != other);
    let end = alike.map_or_else(|| one.len().min(other.len()), |((at, _), _)| at);
    &one[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(typed: &str, found: &[&str]) -> (String, Option<String>) {
        let mut field = Field::with(typed);
        let found: Vec<_> = found.iter().map(|path| (*path).to_owned()).collect();
        complete(&mut field, typed, &found);
        (field.text(), field.problem.or(field.hint))
    }

    #[test]
    fn a_path_is_written_out_as_far_as_all_that_fit_agree() {
        assert_eq!(completed("/t", &["/tmp/"]), ("/tmp/".into(), None));
        assert_eq!(completed("/v", &["/var/", "/vault/"]).0, "/va");
        assert_eq!(completed("/va", &["/var/", "/vault/"]), ("/va".into(), Some("var/  vault/".into())));
        assert_eq!(completed("/ä", &["/äb", "/äc"]).0, "/ä");
        assert!(completed("/x", &[]).1.is_some());
        assert_eq!(completed("~/a", &["/home/jo/ab", "/home/jo/ac"]), ("/home/jo/a".into(), None));
        let mut field = Field::with("/tmp/more");
        complete(&mut field, "/tmp", &["/tmpfs".to_owned()]);
        assert_eq!(field.text(), "/tmp/more");
    }

    #[test]
    fn of_many_names_each_key_shows_the_next() {
        let found: Vec<_> = (1..=14).map(|n| format!("/logs/{n:02}")).collect();
        let mut field = Field::with("/logs/");
        let mut told = Vec::new();
        for _ in 0..4 {
            complete(&mut field, "/logs/", &found[..]);
            assert_eq!(field.problem, None);
            told.extend(field.hint.clone());
        }
        assert_eq!(told[0], "01  02  03  04  05  06  (1 to 6 of 14; {complete}: more)");
        assert_eq!(told[2], "13  14  (13 to 14 of 14; {complete}: more)");
        assert_eq!(told[3], told[0]);
        field.type_key(crossterm::event::KeyCode::Char('0').into());
        assert_eq!((field.hint, field.told), (None, 0));
    }
}
