//! `ipfs-cluster-service state …`: export, import, cleaning and conversion of a stopped peer's state.

use std::time::Duration;

use serde_json::{Deserializer, Value};

use crate::practice::CommandResult;
use crate::practice::host::{Arguments, Entry, Version, failed, printed};

use super::disk::{self, Place, Saved};
use super::pins::Pin;
use super::processes::locked;
use super::releases;
use super::state::{ACCOUNT, Consensus, IpfsCluster};

impl IpfsCluster {
    /// Runs `state` with what follows it.
    pub(super) fn state_command(
        &mut self,
        index: usize,
        version: &Version,
        user: &str,
        folder: &str,
        words: &[String],
    ) -> CommandResult {
        let is_old = !releases::converts_by_itself(version);
        let Some((verb, rest)) = words.split_first() else {
            return printed(
                "NAME:\n   ipfs-cluster-service state - Manages the peer's persistent state (pinset)\n\nCOMMANDS:\n     crdt     CRDT-state commands\n     export   save the state to a JSON file\n     import   load the state from a file produced by 'export'\n     cleanup  remove persistent data\n",
            );
        };
        let is_known = matches!(verb.as_str(), "export" | "import" | "cleanup" | "crdt")
            || (is_old && matches!(verb.as_str(), "upgrade" | "version"));
        if !is_known {
            return failed(3, &format!("No help topic for '{verb}'"));
        }
        if let Err(refusal) = self.takes_lock(index, user, folder) {
            return refusal;
        }
        let place = self.place(folder, version);
        if let Err(why) = disk::settings(&self.peers[index].files, folder, user) {
            return failed(1, &format!("error loading configurations: {why}"));
        }
        match verb.as_str() {
            "export" => self.export(index, version, user, &place, rest),
            "import" => self.import(index, version, user, &place, rest),
            "cleanup" => self.cleanup(index, &place, rest),
            "upgrade" => self.upgrade(index, version, user, &place),
            "version" => printed(&format!("{}\n", releases::format(version))),
            _ => self.crdt_info(index, &place, rest),
        }
    }

    /// A process that runs holds the folder, and so does whoever may not write into it.
    fn takes_lock(&self, index: usize, user: &str, folder: &str) -> Result<(), CommandResult> {
        let peer = &self.peers[index];
        if user != "root" && user != ACCOUNT {
            let lock = format!("{folder}/cluster.lock");
            return Err(failed(
                1,
                &format!(
                    "error obtaining execution lock: open {lock}: permission denied. If no other ipfs-cluster-service process is running, remove {lock}, or make sure that the config folder is writable for the user running ipfs-cluster-service."
                ),
            ));
        }
        match peer.launched() {
            Some(_) if folder == disk::FOLDER => {
                Err(failed(1, &format!("error obtaining execution lock: {}", locked(folder))))
            }
            _ => Ok(()),
        }
    }

    /// The state as these commands find it; with raft nothing is found where there is no snapshot.
    fn offline(&self, index: usize, version: &Version, place: &Place) -> Result<Saved, String> {
        let own = releases::format(version);
        let saved = match disk::snapshot(&self.peers[index].files, place) {
            None => return Ok(Saved { format: own, ..Saved::default() }),
            Some(saved) => saved?,
        };
        match saved.format > own || saved.format < releases::oldest_format(version) {
            true => Err(format!("error unmarshalling snapshot: unknown state version {}, this is {own}", saved.format)),
            false => Ok(saved),
        }
    }

    fn export(
        &mut self,
        index: usize,
        version: &Version,
        user: &str,
        place: &Place,
        words: &[String],
    ) -> CommandResult {
        let given = Arguments::parse(words, "f", &["file"]);
        let at = self.now;
        let target = given.value(&["f", "file"]).map(str::to_owned);
        // The file is there, and empty, before anything is read.
        if let Some(file) = &target
            && let Err(why) = self.peers[index].files.write(file, Entry::file("", user, at), user)
        {
            return failed(1, &format!("error creating output file: open {file}: {}", why.to_lowercase()));
        }
        let saved = match self.offline(index, version, place) {
            Ok(saved) => saved,
            Err(why) => return failed(1, &format!("error exporting state: {why}")),
        };
        let text: String = match releases::exports_lines(version) {
            true => saved.pins.iter().map(|pin| format!("{}\n", pin.json(!releases::streams(version)))).collect(),
            false => {
                let pins: Vec<Value> = saved.pins.iter().map(|pin| pin.json(true)).collect();
                format!("{:#}\n", Value::Array(pins))
            }
        };
        let told = format!("{at}\tINFO\tservice\tstate successfully exported\n");
        let Some(file) = target else {
            return CommandResult { stderr: told, ..printed(&text) }.lasting(Duration::from_secs(1));
        };
        if let Err(why) = self.peers[index].files.write(&file, Entry::file(text, user, at), user) {
            return failed(1, &format!("error exporting state: write {file}: {}", why.to_lowercase()));
        }
        CommandResult { stderr: told, ..printed("") }.lasting(Duration::from_secs(1))
    }

    fn import(
        &mut self,
        index: usize,
        version: &Version,
        user: &str,
        place: &Place,
        words: &[String],
    ) -> CommandResult {
        let given = Arguments::parse(
            words,
            "",
            &["replication-min", "rmin", "replication-max", "rmax", "allocations", "allocs"],
        );
        if !given.has(&["f", "force"]) {
            return printed("The pinset (state) of this peer will be replaced. Continue? [y/n]:");
        }
        let Some(file) = given.operands.first() else {
            return CommandResult {
                exit: 1,
                stderr: "error importing state: EOF\n".into(),
                ..printed("reading from stdin, Ctrl-D to finish\n")
            };
        };
        let text = match self.peers[index].files.read(file, user) {
            Ok(entry) => entry.text(),
            Err(why) => return failed(1, &format!("error reading import file: open {file}: {}", why.to_lowercase())),
        };
        let at = self.now;
        let read = read_export(&text, version);
        // From 0.11 on the state is cleaned before a word of the file is read.
        let cleans_first = releases::converts_by_itself(version);
        if cleans_first || read.is_ok() {
            disk::clean(&mut self.peers[index].files, place);
        }
        let mut pins = match read {
            Ok(pins) => pins,
            Err(why) => return failed(1, &format!("error importing state: {why}")),
        };
        let number = |names: &[&str]| given.value(names).and_then(|text| text.parse::<i64>().ok()).filter(|n| *n > 0);
        for pin in &mut pins {
            pin.replicas.0 = number(&["replication-min", "rmin"]).unwrap_or(pin.replicas.0);
            pin.replicas.1 = number(&["replication-max", "rmax"]).unwrap_or(pin.replicas.1);
        }
        let count = pins.len();
        let saved = self.imported(index, version, place, pins);
        let files = &mut self.peers[index].files;
        match place.consensus {
            Consensus::Raft => disk::save_snapshot(files, place, &saved, user, at),
            Consensus::Crdt => disk::save(files, place, &saved, user, at),
        }
        let told =
            format!("{at}\tINFO\tservice\tstate successfully imported.  Make sure all peers have consistent states\n");
        CommandResult { stderr: told, ..printed("") }.lasting(Duration::from_millis(900 + count as u64 / 5))
    }

    /// A state of these pins. With raft, all whom the peer knows by their addresses belong to its cluster from then on.
    fn imported(&self, index: usize, version: &Version, place: &Place, pins: Vec<Pin>) -> Saved {
        let peer = &self.peers[index];
        let ids = disk::peerstore(&peer.files, &place.folder);
        let mut peerset: Vec<String> =
            ids.iter().filter_map(|address| address.rsplit('/').next()).map(str::to_owned).collect();
        if !peerset.contains(&peer.id) {
            peerset.push(peer.id.clone());
        }
        if place.consensus == Consensus::Crdt {
            peerset.clear();
        }
        Saved { format: releases::format(version), term: 1, index: 2, peerset, pins, gone: Vec::new() }
    }

    fn cleanup(&mut self, index: usize, place: &Place, words: &[String]) -> CommandResult {
        let given = Arguments::parse(words, "", &[]);
        if !given.has(&["f", "force"]) {
            return printed(
                "The peer's state will be removed from the load path.  Existing pins may be lost. Continue? [y/n]:",
            );
        }
        let at = self.now;
        let told = disk::clean(&mut self.peers[index].files, place);
        let source = place.consensus.word();
        let text = format!("{at}\tINFO\t{source}\t{told}\n{at}\tINFO\tservice\tdata correctly cleaned up\n");
        CommandResult { stderr: text, ..printed("") }.lasting(Duration::from_millis(700))
    }

    /// Up to 0.10: converts the state into this version's form.
    fn upgrade(&mut self, index: usize, version: &Version, user: &str, place: &Place) -> CommandResult {
        let at = self.now;
        let saved = match disk::snapshot(&self.peers[index].files, place) {
            None => return failed(1, "error upgrading state: no state to upgrade"),
            Some(Err(why)) => return failed(1, &format!("error upgrading state: {why}")),
            Some(Ok(saved)) => saved,
        };
        let own = releases::format(version);
        if saved.format > own {
            return failed(1, &format!("error upgrading state: unknown state version {}", saved.format));
        }
        let saved = Saved { format: own, ..saved };
        let wait = Duration::from_millis(500 + saved.pins.len() as u64 / 10 + self.peers[index].slow_conversion);
        let files = &mut self.peers[index].files;
        disk::clean(files, place);
        disk::save_snapshot(files, place, &saved, user, at);
        printed("").lasting(wait)
    }

    fn crdt_info(&self, index: usize, place: &Place, words: &[String]) -> CommandResult {
        if place.consensus == Consensus::Raft {
            return failed(1, "error : crdt subcommands can only be run on peers initialized with crdt consensus");
        }
        match words.first().map(String::as_str) {
            Some("info") => {
                let saved = disk::snapshot(&self.peers[index].files, place).and_then(Result::ok).unwrap_or_default();
                printed(&format!(
                    "Number of heads: 1. Current max-height: {}. Dirty: false\nHeads: [bafybeihead]",
                    saved.index
                ))
            }
            Some("mark-dirty") => printed("Datastore marked 'dirty'\n"),
            Some("mark-clean") => printed("Datastore marked 'clean'\n"),
            Some(other) => failed(3, &format!("No help topic for '{other}'")),
            None => printed("COMMANDS:\n     info, dot, mark-dirty, mark-clean\n"),
        }
    }
}

/// The pins of an export, as that version reads it: one object after the other, or, up to 0.10, one array.
fn read_export(text: &str, version: &Version) -> Result<Vec<Pin>, String> {
    if !releases::exports_lines(version) {
        let body: Value =
            serde_json::from_str(text).map_err(|_| "invalid character after top-level value".to_owned())?;
        return match body {
            Value::Array(pins) => pins.iter().map(Pin::from_json).collect(),
            _ => Err("json: cannot unmarshal object into Go value of type []api.PinSerial".into()),
        };
    }
    let mut pins = Vec::new();
    for value in Deserializer::from_str(text).into_iter::<Value>() {
        pins.push(Pin::from_json(&value.map_err(|_| "invalid character looking for beginning of value".to_owned())?)?);
    }
    Ok(pins)
}
