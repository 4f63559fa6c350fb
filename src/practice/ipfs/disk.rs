//! What lies in a peer's folder: its configuration, its identity, the peers it knows, and the state in the form of its
//! consensus. A process reads it when it starts, and what it does is written there; copies and renamings of an operator
//! count for what they are.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::practice::host::{Entry, Files};

use super::pins::Pin;
use super::state::{ACCOUNT, Consensus};

/// The folder of every peer.
pub(super) const FOLDER: &str = "/home/ipfs/.ipfs-cluster";

/// The folder of the datastore with crdt.
pub(super) const DATASTORE: &str = "pebble";

/// Backups of the state that are kept.
const KEPT: usize = 6;

/// What a file of state begins with.
const HEAD: &str = "ipfs-cluster practice state\n";

/// Where a peer's things lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The folder of the peer.
    pub(super) folder: String,
    pub(super) consensus: Consensus,
    /// The name of the state's folder within.
    pub(super) data: &'static str,
}

impl Place {
    /// The state's folder.
    pub(super) fn data(&self) -> String {
        format!("{}/{}", self.folder, self.data)
    }

    fn log(&self) -> String {
        match self.consensus {
            Consensus::Raft => format!("{}/raft.db", self.data()),
            Consensus::Crdt => format!("{}/000004.sst", self.data()),
        }
    }

    fn snapshots(&self) -> String {
        format!("{}/snapshots", self.data())
    }
}

/// What a process takes from its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) peername: String,
    pub(super) leaves: bool,
    /// Milliseconds.
    pub(super) wait_for_leader: u64,
    pub(super) init_peerset: Vec<String>,
    pub(super) credentials: Option<(String, String)>,
}

impl Settings {
    /// Those of a process that could read none.
    pub(super) const fn empty() -> Self {
        Self {
            peername: String::new(),
            leaves: false,
            wait_for_leader: 15_000,
            init_peerset: Vec::new(),
            credentials: None,
        }
    }
}

/// A state as it lies on a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Saved {
    /// The number of its form.
    pub(super) format: u64,
    pub(super) term: u64,
    pub(super) index: u64,
    /// The ids of the peers that belong to the cluster; with raft.
    pub(super) peerset: Vec<String>,
    pub(super) pins: Vec<Pin>,
    /// What was unpinned; with crdt.
    pub(super) gone: Vec<String>,
}

impl Saved {
    fn bytes(&self) -> Vec<u8> {
        let pins: Vec<Value> = self.pins.iter().map(|pin| pin.json(false)).collect();
        let body = json!({
            "format": self.format, "term": self.term, "index": self.index, "peers": self.peerset, "pins": pins,
            "gone": self.gone,
        });
        format!("{HEAD}{body}\n").into_bytes()
    }

    fn read(entry: &Entry) -> Result<Self, String> {
        const SPOILT: &str = "checksum mismatch";
        let text = entry.text();
        let body: Value = text
            .strip_prefix(HEAD)
            .and_then(|body| serde_json::from_str(body).ok())
            .ok_or_else(|| SPOILT.to_owned())?;
        let number = |key: &str| body[key].as_u64().unwrap_or(0);
        Ok(Self {
            format: number("format"),
            term: number("term"),
            index: number("index"),
            peerset: texts(&body["peers"]),
            pins: body["pins"].as_array().into_iter().flatten().map(Pin::from_json).collect::<Result<_, _>>()?,
            gone: texts(&body["gone"]),
        })
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A configuration as `init` writes it.
pub(super) fn configuration(peername: &str, consensus: Consensus, credentials: Option<&(String, String)>) -> String {
    let api = json!({
        "http_listen_multiaddress": "/ip4/127.0.0.1/tcp/9094",
        "basic_auth_credentials": credentials.map(|(name, password)| json!({ name: password })),
        "cors_allowed_origins": ["*"],
    });
    let raft = json!({
        "init_peerset": [], "wait_for_leader_timeout": "15s", "network_timeout": "10s", "commit_retries": 1,
        "backups_rotate": KEPT,
    });
    let crdt = json!({ "cluster_name": "ipfs-cluster", "trusted_peers": ["*"], "rebroadcast_interval": "1m" });
    let chosen = if consensus == Consensus::Raft { json!({ "raft": raft }) } else { json!({ "crdt": crdt }) };
    let body = json!({
        "cluster": {
            "peername": peername,
            "secret": "5f6a0d1e3c7b2a498877665544332211ffeeddccbbaa99887766554433221100",
            "leave_on_shutdown": false,
            "listen_multiaddress": ["/ip4/0.0.0.0/tcp/9096"],
            "state_sync_interval": "5m0s",
            "pin_recover_interval": "12m0s",
            "peer_watch_interval": "5s",
            "disable_repinning": true,
        },
        "consensus": chosen,
        "api": { "restapi": api },
        "ipfs_connector": { "ipfshttp": { "node_multiaddress": "/ip4/127.0.0.1/tcp/5001" } },
        "monitor": { "pubsubmon": { "check_interval": "15s" } },
        "datastore": { "pebble": {} },
    });
    format!("{body:#}\n")
}

/// Reads a peer's configuration for the account that it runs as. `Err` is what the program says.
pub(super) fn settings(files: &Files, folder: &str, user: &str) -> Result<(Settings, Consensus), String> {
    let path = format!("{folder}/service.json");
    let entry = files.read(&path, user).map_err(|why| format!("open {path}: {}", why.to_lowercase()))?;
    let body: Value =
        serde_json::from_slice(entry.bytes()).map_err(|_| "error reading the configuration".to_owned())?;
    let identity = format!("{folder}/identity.json");
    files.read(&identity, user).map_err(|why| format!("open {identity}: {}", why.to_lowercase()))?;
    let raft = &body["consensus"]["raft"];
    let credentials = body["api"]["restapi"]["basic_auth_credentials"].as_object().and_then(|all| all.iter().next());
    let settings = Settings {
        peername: body["cluster"]["peername"].as_str().unwrap_or_default().to_owned(),
        leaves: body["cluster"]["leave_on_shutdown"] == json!(true),
        wait_for_leader: raft["wait_for_leader_timeout"].as_str().and_then(millis).unwrap_or(15_000),
        init_peerset: texts(&raft["init_peerset"]),
        credentials: credentials.map(|(name, word)| (name.clone(), word.as_str().unwrap_or_default().to_owned())),
    };
    Ok((settings, if raft.is_object() { Consensus::Raft } else { Consensus::Crdt }))
}

/// `15s`, `2m`, `1m30s`, `500ms`.
fn millis(text: &str) -> Option<u64> {
    let (mut total, mut rest) = (0, text);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        total += number
            * match &rest[digits..unit] {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Some(total)
}

/// The state that a process finds when it starts, and the account that it belongs to; `None`: there is none.
pub(super) fn load(files: &Files, place: &Place) -> Option<(Result<Saved, String>, String)> {
    let log = files.get(&place.log()).or_else(|| newest(files, place));
    log.map(|entry| (Saved::read(entry), entry.owner.clone()))
}

/// The state that the offline commands find: with raft, that of the last snapshot.
pub(super) fn snapshot(files: &Files, place: &Place) -> Option<Result<Saved, String>> {
    match place.consensus {
        Consensus::Raft => newest(files, place).map(Saved::read),
        Consensus::Crdt => load(files, place).map(|(saved, _)| saved),
    }
}

fn newest<'f>(files: &'f Files, place: &Place) -> Option<&'f Entry> {
    let folder = place.snapshots();
    let found = files.names(&folder).into_iter().filter_map(|name| files.get(&format!("{folder}/{name}/state.bin")));
    found.max_by_key(|entry| entry.at)
}

/// Writes what a process knows, as that account.
pub(super) fn save(files: &mut Files, place: &Place, saved: &Saved, owner: &str, at: Timestamp) {
    if files.get(&place.data()).is_none() {
        files.put(&place.data(), Entry { mode: 0o700, ..Entry::folder(owner, at) });
    }
    let owned = |bytes: Vec<u8>| Entry { owner: owner.to_owned(), ..private(bytes, at) };
    files.put(&place.log(), owned(saved.bytes()));
    if place.consensus == Consensus::Crdt && files.get(&format!("{}/CURRENT", place.data())).is_none() {
        files.put(&format!("{}/CURRENT", place.data()), owned(b"MANIFEST-000001\n".to_vec()));
    }
}

/// Writes a snapshot, as raft does when it ends; the last ones are kept.
pub(super) fn save_snapshot(files: &mut Files, place: &Place, saved: &Saved, owner: &str, at: Timestamp) {
    let (folder, name) = (place.snapshots(), format!("{}-{}-{}", saved.term, saved.index, at.as_millis()));
    if files.get(&place.data()).is_none() {
        files.put(&place.data(), Entry { mode: 0o700, ..Entry::folder(owner, at) });
    }
    let meta = json!({ "Version": 1, "ID": name, "Index": saved.index, "Term": saved.term });
    let owned = |bytes: Vec<u8>| Entry { owner: owner.to_owned(), ..private(bytes, at) };
    files.put(&format!("{folder}/{name}/meta.json"), owned(format!("{meta}\n").into_bytes()));
    files.put(&format!("{folder}/{name}/state.bin"), owned(saved.bytes()));
    let mut names: Vec<(Timestamp, String)> = files
        .names(&folder)
        .into_iter()
        .filter_map(|name| Some((files.get(&format!("{folder}/{name}/state.bin"))?.at, name)))
        .collect();
    names.sort();
    for (_, name) in names.iter().rev().skip(5) {
        files.take(&format!("{folder}/{name}"));
    }
}

fn private(bytes: Vec<u8>, at: Timestamp) -> Entry {
    Entry { mode: 0o600, ..Entry::file(bytes, ACCOUNT, at) }
}

/// Spoils what is there, as an end in the middle of a write may.
pub(super) fn spoil(files: &mut Files, place: &Place, at: Timestamp) {
    files.put(&place.log(), private(b"\0\0\0\0torn\n".to_vec(), at));
}

/// Cleans the state: with raft it is put away where there is a snapshot, with crdt it is deleted. What is logged.
pub(super) fn clean(files: &mut Files, place: &Place) -> String {
    let data = place.data();
    match place.consensus {
        Consensus::Crdt => {
            files.take(&place.log());
            "cleaning all CRDT data from datastore".into()
        }
        Consensus::Raft if newest(files, place).is_none() => {
            files.take(&data);
            format!("cleaning empty Raft data folder ({data})")
        }
        Consensus::Raft => {
            files.take(&format!("{data}.old.{}", KEPT - 1));
            for number in (0..KEPT - 1).rev() {
                rename(files, &format!("{data}.old.{number}"), &format!("{data}.old.{}", number + 1));
            }
            rename(files, &data, &format!("{data}.old.0"));
            format!("cleaning and backing up Raft data folder ({data})")
        }
    }
}

/// Puts the state away and gives the oldest backup its name, if there is one; the folder is of that moment then.
pub(super) fn restore_oldest(files: &mut Files, place: &Place, owner: &str, at: Timestamp) {
    let data = place.data();
    let backup = |number: usize| format!("{data}.old.{number}");
    let Some(oldest) = (0..KEPT).rev().map(backup).find(|path| files.get(path).is_some()) else { return };
    files.take(&data);
    rename(files, &oldest, &data);
    files.put(&data, Entry { mode: 0o700, ..Entry::folder(owner, at) });
}

fn rename(files: &mut Files, from: &str, to: &str) {
    let tree = files.tree(from);
    files.take(from);
    for (path, entry) in tree {
        files.put(&if path.is_empty() { to.to_owned() } else { format!("{to}/{path}") }, entry);
    }
}

/// The addresses of the peers that are known.
pub(super) fn peerstore(files: &Files, folder: &str) -> Vec<String> {
    let text = files.get(&format!("{folder}/peerstore")).map(Entry::text).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Writes the addresses of the peers that are known.
pub(super) fn save_peerstore(files: &mut Files, folder: &str, addresses: &[String], at: Timestamp) {
    let text: String = addresses.iter().map(|address| format!("{address}\n")).collect();
    files.put(&format!("{folder}/peerstore"), private(text.into_bytes(), at));
}
