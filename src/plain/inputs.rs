//! Inputs that nothing has bound, asked for line by line before a live run opens: what each takes is said, and of a value
//! that is not taken why.

use std::future::Future;
use std::io::{self, Write};

use serde_json::{Map, Value};
use tokio::sync::mpsc::Receiver;

use crate::plain::before::{Talk, Wanted, place_of};
use crate::plain::read::Heard;
use crate::runbook::takes::NODES_HINT;
use crate::runbook::value::parse_value;
use crate::runbook::{Input, InputKind, Runbook};
use crate::site::{check_input, meant};

/// Asks for these inputs of a runbook; `None`: somebody gave it up, or nobody types any more.
///
/// # Errors
/// The output cannot be written.
pub async fn give(
    (runbook, asked): (&Runbook, &[&Input]),
    wanted: &Wanted<'_>,
    typed: &mut Receiver<Heard>,
    out: &mut dyn Write,
    is_echoed: bool,
    interrupted: impl Future<Output = ()>,
) -> io::Result<Option<Map<String, Value>>> {
    let mut talk = Talk::new(out, place_of(wanted.site), is_echoed, typed);
    talk.say_place(&wanted.runbook, wanted.site);
    let given = tokio::select! {
        given = talk.give(runbook, asked) => given,
        () = interrupted => None,
    };
    talk.mouth.gone().map_or(Ok(given), Err)
}

impl Talk<'_> {
    async fn give(&mut self, runbook: &Runbook, asked: &[&Input]) -> Option<Map<String, Value>> {
        let all = asked.len();
        let inputs = if all == 1 { "One input has".to_owned() } else { format!("{all} inputs have") };
        self.mouth.say(&format!("{inputs} no value yet. Type back for the one before, or leave to give it up."));
        let (mut given, mut at) = (Map::new(), 0);
        while let Some(input) = asked.get(at) {
            let takes = input.kind.takes();
            let told = format!("Input {} of {all}, {}: {}. It takes {takes}.", at + 1, input.id, input.prompt);
            self.mouth.say(&told);
            if matches!(&input.kind, InputKind::Nodes(fields) if !fields.is_empty()) {
                self.mouth.say(&format!("Here {NODES_HINT}."));
            }
            let line = self.line(input.id.as_str()).await?;
            // An option of that name is what is meant.
            let is_option = matches!(&input.kind, InputKind::Choice(options) if options.contains(&line));
            match line.as_str() {
                "leave" if !is_option => return None,
                "back" if !is_option && at == 0 => self.mouth.say("There is none before."),
                "back" if !is_option => at -= 1,
                text => match value(runbook, input, text) {
                    Ok(value) => {
                        if let Some(path) = meant(&input.kind, text) {
                            self.mouth.say(&format!("It is used as {path}."));
                        }
                        given.insert(input.id.to_string(), value);
                        at += 1;
                    }
                    Err(why) => self.mouth.say(&format!("Not taken: {why}.")),
                },
            }
        }
        Some(given)
    }
}

fn value(runbook: &Runbook, input: &Input, text: &str) -> Result<Value, String> {
    let value = parse_value(&input.kind, text)?;
    check_input(runbook, input, &value).map(|()| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::parse;

    #[test]
    fn a_command_whose_texts_use_a_name_that_is_not_there_is_not_taken() {
        let book = "format = 1\nid = \"b\"\ntitle = \"B\"\nsystem = \"demo\"\n\n[inputs.check]\ntype = \"command\"\n\
                    prompt = \"Check\"\n\n[[phase]]\nid = \"p\"\ntitle = \"P\"\n[[phase.step]]\nid = \"s\"\n\
                    title = \"S\"\nconfirm = \"What was seen?\"\n";
        let (book, told) = parse(book);
        let book = book.unwrap_or_else(|| panic!("{told:?}"));
        let input = &book.inputs[0];
        assert!(value(&book, input, r#"["echo", "{{ .inputs.check }}"]"#).is_ok());
        let why = value(&book, input, r#"["echo", "{{ .inputs.nope }}"]"#).expect_err("nothing is called so");
        assert!(why.contains("in argument 1") && why.contains("nope"), "{why}");
    }
}
