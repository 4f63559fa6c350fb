//! `nomad agent-info`, `nomad operator …`, `nomad license …`.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::practice::CommandResult;
use crate::practice::host::{Entry, Hosts, failed, printed};

use super::bodies::license;
use super::cli::{Asked, cell, pretty, refusal};
use super::columns::{heads, pairs, table};
use super::state::Nomad;

/// What is told of each server, by the names of its fields.
const COLUMNS: [&str; 11] = [
    "ID",
    "Name",
    "Address",
    "SerfStatus",
    "Version",
    "Leader",
    "Voter",
    "Healthy",
    "LastContact",
    "LastTerm",
    "LastIndex",
];

impl Nomad {
    pub(super) fn agent_info(&mut self, asked: &Asked) -> CommandResult {
        let body = match self.fetch(asked, "agent/self", "Error querying agent info: failed querying self endpoint") {
            Ok(body) => body,
            Err(result) => return result,
        };
        if asked.has("json") {
            return printed(&pretty(&body));
        }
        let mut text = String::new();
        for (group, values) in body["stats"].as_object().into_iter().flatten() {
            text.push_str(&format!("{group}\n"));
            for (name, value) in values.as_object().into_iter().flatten() {
                text.push_str(&format!("  {name} = {}\n", cell(value)));
            }
        }
        printed(&text)
    }

    pub(super) fn list_peers(&mut self, asked: &Asked) -> CommandResult {
        let target =
            if asked.has("stale") { "operator/raft/configuration?stale" } else { "operator/raft/configuration" };
        let body = match self.fetch(asked, target, "Failed to retrieve raft configuration") {
            Ok(body) => body,
            Err(result) => return result,
        };
        let mut rows = vec![heads(["Node", "ID", "Address", "State", "Voter", "RaftProtocol"])];
        for peer in body["Servers"].as_array().into_iter().flatten() {
            let state = if peer["Leader"] == true { "leader" } else { "follower" };
            let cells = [&peer["Node"], &peer["ID"], &peer["Address"]].map(cell);
            rows.push(
                cells
                    .into_iter()
                    .chain([state.to_owned(), cell(&peer["Voter"]), cell(&peer["RaftProtocol"])])
                    .collect(),
            );
        }
        printed(&table(&rows))
    }

    pub(super) fn remove_peer(&mut self, asked: &Asked) -> CommandResult {
        let target = match (asked.value("peer-id"), asked.value("peer-address")) {
            (Some(id), None) => format!("operator/raft/peer?id={id}"),
            (None, Some(address)) => format!("operator/raft/peer?address={address}"),
            (None, None) => {
                return failed(1, "Error removing peer: an address or id is required for the peer to remove");
            }
            _ => return failed(1, "Error removing peer: cannot give both an address and id"),
        };
        match self.ask(asked, "DELETE", &target, b"") {
            Ok(_) => {
                let named = asked.value("peer-id").map(|id| format!("id {id:?}"));
                let named =
                    named.unwrap_or_else(|| format!("address {:?}", asked.value("peer-address").unwrap_or_default()));
                printed(&format!("Removed peer with {named}\n"))
            }
            Err(why) => refusal(&format!("Error removing peer: {why}")),
        }
    }

    pub(super) fn autopilot_health(&mut self, asked: &Asked) -> CommandResult {
        let body = match self.fetch(asked, "operator/autopilot/health", "Error querying Autopilot health") {
            Ok(body) => body,
            Err(result) => return result,
        };
        if asked.has("json") {
            return printed(&pretty(&body));
        }
        let mut rows = vec![heads(COLUMNS)];
        for server in body["Servers"].as_array().into_iter().flatten() {
            rows.push(COLUMNS.map(|name| cell(&server[name])).to_vec());
        }
        let head = pairs(&[
            ("Healthy", cell(&body["Healthy"])),
            ("FailureTolerance", cell(&body["FailureTolerance"])),
            ("Leader", cell(&body["Leader"])),
        ]);
        printed(&format!("{head}\n{}", table(&rows)))
    }

    pub(super) fn autopilot_config(&mut self, asked: &Asked) -> CommandResult {
        match self.fetch(asked, "operator/autopilot/configuration", "Error querying Autopilot configuration") {
            Ok(body) => {
                let names = [
                    "CleanupDeadServers",
                    "LastContactThreshold",
                    "MaxTrailingLogs",
                    "MinQuorum",
                    "ServerStabilizationTime",
                ];
                printed(&names.map(|name| format!("{name} = {}\n", cell(&body[name]))).concat())
            }
            Err(result) => result,
        }
    }

    pub(super) fn snapshot_save(&mut self, asked: &Asked) -> CommandResult {
        let file = match asked.operands.as_slice() {
            [] => format!("nomad-state-{}.snap", self.now.as_millis() / 1_000),
            [file] => file.clone(),
            _ => return asked.usage("This command takes up to one argument: <filename>"),
        };
        let target = if asked.has("stale") { "operator/snapshot?stale=true" } else { "operator/snapshot" };
        let content = match self.ask(asked, "GET", target, b"") {
            Ok(content) => content,
            Err(why) => return refusal(&format!("Error fetching snapshot: {why}")),
        };
        let entry = Entry { mode: 0o600, ..Entry::file(content, &asked.user, self.now) };
        let written = self.files(asked.place).map_or(Ok(()), |files| files.write(&file, entry, &asked.user));
        match written {
            Ok(()) => {
                printed(&format!("State file written to {file}\n")).lasting(std::time::Duration::from_millis(480))
            }
            Err(why) => failed(1, &format!("Failed to create snapshot file: open {file}: {}", why.to_lowercase())),
        }
    }

    fn snapshot_file(&mut self, asked: &Asked) -> Result<Vec<u8>, CommandResult> {
        let [file] = asked.operands.as_slice() else {
            return Err(asked.usage("This command takes one argument: <filename>"));
        };
        let read =
            self.files(asked.place).map(|files| files.read(file, &asked.user).map(|entry| entry.bytes().to_vec()));
        match read {
            Some(Ok(content)) => Ok(content),
            Some(Err(why)) => {
                Err(failed(1, &format!("Error opening snapshot file: open {file}: {}", why.to_lowercase())))
            }
            None => Err(failed(1, &format!("Error opening snapshot file: open {file}: no such file or directory"))),
        }
    }

    pub(super) fn snapshot_restore(&mut self, asked: &Asked) -> CommandResult {
        let content = match self.snapshot_file(asked) {
            Ok(content) => content,
            Err(result) => return result,
        };
        match self.ask(asked, "PUT", "operator/snapshot", &content) {
            Ok(_) => printed("Snapshot Restored\n").lasting(std::time::Duration::from_secs(2)),
            Err(why) => refusal(&format!("Failed to restore snapshot: {why}")),
        }
    }

    pub(super) fn snapshot_inspect(&mut self, asked: &Asked) -> CommandResult {
        let content = match self.snapshot_file(asked) {
            Ok(content) => content,
            Err(result) => return result,
        };
        match self.snapshots.iter().find(|snapshot| snapshot.content == content) {
            None => failed(1, "Error verifying snapshot: failed to read snapshot file: gzip: invalid header"),
            Some(known) => printed(&pairs(&[
                ("ID", format!("{}-{}-{}", self.term, known.index, self.options.seed)),
                ("Size", known.content.len().to_string()),
                ("Index", known.index.to_string()),
                ("Term", self.term.to_string()),
                ("Version", "1".into()),
            ])),
        }
    }

    pub(super) fn license_get(&mut self, asked: &Asked) -> CommandResult {
        match self.fetch(asked, "operator/license", "Error getting license") {
            Ok(body) => printed(&license_text(&body["License"])),
            Err(result) => result,
        }
    }

    /// Judges a license file by the client's own binary.
    pub(super) fn license_inspect(&mut self, asked: &Asked) -> CommandResult {
        if !asked.version.as_str().contains("+ent") {
            return failed(127, "Usage: nomad [-version] [-help] [-autocomplete-(un)install] <command> [args]");
        }
        let content = match self.snapshot_file(asked) {
            Ok(content) => content,
            Err(result) => {
                return CommandResult { stderr: result.stderr.replace("snapshot file", "license file"), ..result };
            }
        };
        // The license of this place is known by its sum.
        let own = self.bastion.get("/home/operator/license.hclic").map(|entry| Sha256::digest(entry.bytes()));
        match own == Some(Sha256::digest(&content)) && !content.is_empty() {
            true => printed(&license_text(&Value::Object(license()))),
            false => failed(1, "Error validating license: error decoding version: expected integer"),
        }
    }
}

fn license_text(license: &Value) -> String {
    pairs(&[
        ("Product", cell(&license["Product"])),
        ("License Status", "valid".into()),
        ("License ID", cell(&license["LicenseID"])),
        ("Customer ID", cell(&license["CustomerID"])),
        ("Issued At", cell(&license["IssueTime"])),
        ("Expires At", cell(&license["ExpirationTime"])),
        ("Terminates At", cell(&license["TerminationTime"])),
        ("Datacenter", cell(&license["InstallationID"])),
    ]) + "Modules:\n\tgovernance-policy\n"
}
