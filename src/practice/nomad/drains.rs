//! `nomad node …`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::practice::CommandResult;
use crate::practice::host::{Place, failed, printed};

use super::answers::{go, read_go};
use super::bodies::second;
use super::cli::{Asked, cell, pretty, refusal};
use super::columns::{heads, pairs, table};
use super::state::Nomad;

/// How long a drain waits for what cannot move, when nothing else is said.
const DEADLINE: Duration = Duration::from_hours(1);
/// How long the client watches a drain that has no deadline, at most.
const LONGEST_WATCH: Duration = Duration::from_hours(24);

impl Nomad {
    pub(super) fn node_status(&mut self, asked: &Asked) -> CommandResult {
        if asked.operands.is_empty() && !asked.has("self") {
            return self.all_nodes(asked);
        }
        let node = match self.meant(asked, "Error querying node") {
            Ok(node) => node,
            Err(result) => return result,
        };
        if asked.has("json") {
            return printed(&pretty(&node));
        }
        let allocs =
            self.fetch(asked, &format!("node/{}/allocations", cell(&node["ID"])), "Error querying node allocations");
        let allocs = allocs.map(|allocs| self.alloc_table(&allocs)).unwrap_or_default();
        let up = self.client_by_id(&cell(&node["ID"])).map(|client| {
            let host = self.host_of(client);
            match self.agents[host].process {
                super::state::Process::Up { since, .. } => go(Duration::from_secs(self.now.since(since).as_secs())),
                _ => "0s".into(),
            }
        });
        let told = pairs(&[
            ("ID", cell(&node["ID"])),
            ("Name", cell(&node["Name"])),
            ("Node Pool", cell(&node["NodePool"])),
            ("Class", "<none>".into()),
            ("DC", cell(&node["Datacenter"])),
            ("Drain", cell(&node["Drain"])),
            ("Eligibility", cell(&node["SchedulingEligibility"])),
            ("Status", cell(&node["Status"])),
            ("CSI Controllers", "<none>".into()),
            ("CSI Drivers", "<none>".into()),
            ("Uptime", up.unwrap_or_default()),
            ("Host Volumes", "<none>".into()),
            ("Host Networks", "<none>".into()),
            ("CSI Volumes", "<none>".into()),
            ("Driver Status", "docker,exec".into()),
        ]);
        printed(&format!("{told}\nAllocations\n{allocs}"))
    }

    fn all_nodes(&mut self, asked: &Asked) -> CommandResult {
        let body = match self.fetch(asked, "nodes", "Error querying node status") {
            Ok(body) if asked.has("json") => return printed(&pretty(&body)),
            Ok(body) => body,
            Err(result) => return result,
        };
        let nodes = body.as_array().cloned().unwrap_or_default();
        let (is_long, with_allocs) = (asked.has("verbose"), asked.has("allocs"));
        let mut head = heads(["ID", "Node Pool", "DC", "Name", "Class"]);
        if is_long {
            head.extend(heads(["Address", "Version"]));
        }
        head.extend(heads(["Drain", "Eligibility", "Status"]));
        if with_allocs {
            head.extend(heads(["Running Allocs"]));
        }
        let mut rows = vec![head];
        for node in &nodes {
            let id = cell(&node["ID"]);
            let shown = if is_long { id.clone() } else { id.chars().take(8).collect() };
            let mut row =
                vec![shown, cell(&node["NodePool"]), cell(&node["Datacenter"]), cell(&node["Name"]), "<none>".into()];
            if is_long {
                row.extend([cell(&node["Address"]), cell(&node["Version"])]);
            }
            row.extend(["Drain", "SchedulingEligibility", "Status"].map(|name| cell(&node[name])));
            if with_allocs {
                let running =
                    self.allocs.iter().filter(|alloc| alloc.is_active() && self.clients[alloc.client].id == id);
                row.push(running.count().to_string());
            }
            rows.push(row);
        }
        printed(&table(&rows))
    }

    /// The one node that is meant, by its id, the beginning of it, or `-self`.
    fn meant(&mut self, asked: &Asked, doing: &str) -> Result<Value, CommandResult> {
        let own = match asked.place {
            Place::Node(host) => self.client_of(host).map(|client| self.clients[client].id.clone()),
            Place::Bastion => None,
        };
        let wanted = match (asked.operands.as_slice(), own) {
            ([], Some(id)) if asked.has("self") => id,
            ([], None) if asked.has("self") => return Err(failed(1, "Error querying node: agent is not a client")),
            ([id], _) => id.clone(),
            _ => return Err(asked.usage("Node ID must be specified if -self isn't being used")),
        };
        if wanted.len() == 1 {
            return Err(failed(1, "Identifier must contain at least two characters."));
        }
        let all = self.fetch(asked, &format!("nodes?prefix={wanted}"), doing)?;
        let found = all.as_array().cloned().unwrap_or_default();
        match found.as_slice() {
            [] => Err(failed(1, &format!("No node(s) with prefix or id {wanted:?} found"))),
            [node] => {
                let whole = self.fetch(asked, &format!("node/{}", cell(&node["ID"])), doing)?;
                let is_prefix = cell(&whole["ID"]) != wanted;
                let asks = is_prefix && asked.command != "node status" && asked.command != "node-status";
                match asks && !asked.has("yes") && !asked.has("y") {
                    true => Err(failed(
                        1,
                        &format!(
                            "Are you sure you want to change node {:?}? [y/N] Failed to parse answer: EOF",
                            cell(&whole["ID"])
                        ),
                    )),
                    false => Ok(whole),
                }
            }
            several => {
                let names: Vec<String> = several.iter().map(|node| cell(&node["ID"])).collect();
                Err(failed(1, &format!("Prefix matched multiple nodes\n\n{}", names.join("\n"))))
            }
        }
    }

    pub(super) fn node_drain(&mut self, asked: &Asked) -> CommandResult {
        let (enables, disables) = (asked.has("enable"), asked.has("disable"));
        // Only watching needs neither.
        if enables == disables && !asked.has("monitor") {
            return asked.usage("Either the '-enable' or '-disable' flag must be set, unless using '-monitor'");
        }
        if asked.operands.len() + usize::from(asked.has("self")) != 1 {
            return asked.usage("Node ID must be specified if -self isn't being used");
        }
        if asked.has("force") && (asked.has("deadline") || asked.has("no-deadline")) {
            return asked.usage("-force and -deadline are mutually exclusive");
        }
        let deadline = match asked.value("deadline").map(read_go) {
            Some(None) => {
                return failed(
                    1,
                    &format!(
                        "Failed to parse deadline {:?}: time: invalid duration",
                        asked.value("deadline").unwrap_or_default()
                    ),
                );
            }
            Some(Some(deadline)) => deadline.as_nanos() as i64,
            None if asked.has("force") => -1,
            None if asked.has("no-deadline") => 0,
            None => DEADLINE.as_nanos() as i64,
        };
        let id = match self.meant(asked, "Error toggling drain mode") {
            Ok(node) => cell(&node["ID"]),
            Err(result) => return result,
        };
        if asked.has("monitor") && !enables {
            return self.watch(&id, String::new());
        }
        let spec = match enables {
            true => json!({ "Deadline": deadline, "IgnoreSystemJobs": asked.has("ignore-system") }),
            false => Value::Null,
        };
        let body = json!({ "DrainSpec": spec, "MarkEligible": disables && !asked.has("keep-ineligible") });
        if let Err(why) = self.ask(asked, "PUT", &format!("node/{id}/drain"), body.to_string().as_bytes()) {
            return refusal(&format!("Error updating drain specification: {why}"));
        }
        match (enables, asked.has("detach")) {
            (false, _) => printed(&format!("Node {id:?} drain strategy unset\n")),
            (true, true) => printed(&format!("Node {id:?} drain strategy set\n")),
            (true, false) => {
                let at = second(self.now);
                let head = format!(
                    "{at}: Ctrl-C to stop monitoring: will not cancel the node drain\n{at}: Node {id:?} drain strategy set\n"
                );
                self.watch(&id, head)
            }
        }
    }

    /// Watches a drain to its end, as it will come when nobody interferes: the command takes as long as that.
    fn watch(&self, id: &str, head: String) -> CommandResult {
        let Some(client) = self.client_by_id(id) else { return failed(1, "Error monitoring drain: node not found") };
        let mut ahead = self.clone();
        let last = self.now.plus(LONGEST_WATCH);
        while ahead.clients[client].drain.is_some() && ahead.next_event().is_some_and(|at| at <= last) {
            ahead.step();
        }
        let told: String =
            ahead.clients[client].told.iter().map(|(at, line)| format!("{}: {line}\n", second(*at))).collect();
        printed(&format!("{head}{told}")).lasting(ahead.now.since(self.now) + Duration::from_millis(200))
    }

    pub(super) fn node_eligibility(&mut self, asked: &Asked) -> CommandResult {
        let (enables, disables) = (asked.has("enable"), asked.has("disable"));
        if enables == disables {
            return asked.usage("Either the '-enable' or '-disable' flag must be set");
        }
        let id = match self.meant(asked, "Error updating scheduling eligibility") {
            Ok(node) => cell(&node["ID"]),
            Err(result) => return result,
        };
        let word = super::nodes::eligibility(enables);
        let body = json!({ "Eligibility": word }).to_string();
        match self.ask(asked, "PUT", &format!("node/{id}/eligibility"), body.as_bytes()) {
            Ok(_) => printed(&format!("Node {id:?} scheduling eligibility set: {word} for scheduling\n")),
            Err(why) => refusal(&format!("Error updating scheduling eligibility: {why}")),
        }
    }
}
