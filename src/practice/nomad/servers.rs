//! `nomad server …`, and `nomad eval`, `alloc` and `job`.

use serde_json::{Value, json};

use crate::practice::CommandResult;
use crate::practice::host::{failed, printed};

use super::cli::{Asked, cell, pretty, refusal};
use super::columns::{heads, pairs, table};
use super::state::Nomad;

impl Nomad {
    pub(super) fn server_members(&mut self, asked: &Asked) -> CommandResult {
        let body = match self.fetch(asked, "agent/members", "Error querying servers") {
            Ok(body) => body,
            Err(result) => return result,
        };
        let leader = match self.ask(asked, "GET", "status/leader", b"") {
            Ok(body) => serde_json::from_slice::<Value>(&body).ok().and_then(|value| value.as_str().map(str::to_owned)),
            Err(_) => None,
        };
        let leader = leader.filter(|address| !address.is_empty());
        let mut members = body["Members"].as_array().cloned().unwrap_or_default();
        members.sort_by_key(|member| cell(&member["Name"]));
        for member in &mut members {
            let address = format!("{}:{}", cell(&member["Addr"]), cell(&member["Tags"]["port"]));
            member["Tags"]["Leader"] = json!((leader.as_deref() == Some(&address)).to_string());
        }
        if asked.has("json") {
            return printed(&pretty(&Value::Array(members)));
        }
        let is_long = asked.has("verbose") || asked.has("detailed");
        let mut rows = vec![match is_long {
            true => heads(["Name", "Address", "Port", "Tags"]),
            false => {
                heads(["Name", "Address", "Port", "Status", "Leader", "Raft Version", "Build", "Datacenter", "Region"])
            }
        }];
        for member in &members {
            let tags = &member["Tags"];
            rows.push(match is_long {
                true => {
                    let tags = tags.as_object().into_iter().flatten();
                    let told: Vec<String> = tags.map(|(name, value)| format!("{name}={}", cell(value))).collect();
                    vec![cell(&member["Name"]), cell(&member["Addr"]), cell(&member["Port"]), told.join(",")]
                }
                false => [
                    &member["Name"],
                    &member["Addr"],
                    &member["Port"],
                    &member["Status"],
                    &tags["Leader"],
                    &tags["raft_vsn"],
                    &tags["build"],
                    &tags["dc"],
                    &tags["region"],
                ]
                .map(cell)
                .to_vec(),
            });
        }
        let result = printed(&table(&rows));
        match leader {
            Some(_) => result,
            None => CommandResult {
                exit: 1,
                stderr: "\nError determining leaders: 1 error occurred:\n\t* Region \"global\": No cluster leader\n\n"
                    .into(),
                ..result
            },
        }
    }

    pub(super) fn client_force_leave(&mut self, asked: &Asked) -> CommandResult {
        let [name] = asked.operands.as_slice() else { return asked.usage("This command takes one argument: <node>") };
        let prune = if asked.has("prune") { "&prune=true" } else { "" };
        match self.ask(asked, "PUT", &format!("agent/force-leave?node={name}{prune}"), b"") {
            Ok(_) => printed("").lasting(std::time::Duration::from_millis(900)),
            Err(why) => refusal(&format!("Error force-leaving server {name}: {why}")),
        }
    }

    /// They know each other already.
    pub(super) fn client_join(&mut self, asked: &Asked) -> CommandResult {
        if asked.operands.is_empty() {
            return asked.usage("This command takes at least one argument: <address>");
        }
        match self.ask(asked, "GET", "agent/members", b"") {
            Ok(_) => printed(&format!("Joined {} servers successfully\n", asked.operands.len())),
            Err(why) => refusal(&format!("Error joining: {why}")),
        }
    }

    pub(super) fn eval_list(&mut self, asked: &Asked) -> CommandResult {
        let status = asked.value("status").map(|status| format!("?status={status}")).unwrap_or_default();
        let body = match self.fetch(asked, &format!("evaluations{status}"), "Error querying evaluations") {
            Ok(body) => body,
            Err(result) => return result,
        };
        if asked.has("json") {
            return printed(&pretty(&body));
        }
        let evals = body.as_array().cloned().unwrap_or_default();
        if evals.is_empty() {
            return printed("No evals found\n");
        }
        let names =
            ["ID", "Priority", "Triggered By", "Job ID", "Namespace", "Node ID", "Status", "Placement Failures"];
        let mut rows = vec![heads(names)];
        for eval in &evals {
            let short = cell(&eval["ID"]).chars().take(8).collect();
            let cells = ["Priority", "TriggeredBy", "JobID", "Namespace"].map(|name| cell(&eval[name]));
            let is_blocked = eval["Status"] == "blocked";
            let last = [
                "<none>".to_owned(),
                cell(&eval["Status"]),
                if is_blocked { "N/A - In Progress" } else { "false" }.to_owned(),
            ];
            rows.push([short].into_iter().chain(cells).chain(last).collect());
        }
        printed(&table(&rows))
    }

    pub(super) fn alloc_status(&mut self, asked: &Asked) -> CommandResult {
        let [id] = asked.operands.as_slice() else {
            return asked
                .usage("This command takes one of the following argument conditions:\n * A single <allocation>");
        };
        let all = match self.fetch(asked, "allocations", "Error querying allocation") {
            Ok(all) => all,
            Err(result) => return result,
        };
        let found: Vec<&Value> =
            all.as_array().into_iter().flatten().filter(|alloc| cell(&alloc["ID"]).starts_with(id.as_str())).collect();
        let [alloc] = found.as_slice() else {
            return failed(1, &format!("No allocation(s) with prefix or id {id:?} found"));
        };
        if asked.has("json") {
            return printed(&pretty(alloc));
        }
        let names = [
            ("ID", "ID"),
            ("Eval ID", "EvalID"),
            ("Name", "Name"),
            ("Node ID", "NodeID"),
            ("Node Name", "NodeName"),
            ("Job ID", "JobID"),
            ("Job Version", "JobVersion"),
            ("Client Status", "ClientStatus"),
            ("Desired Status", "DesiredStatus"),
        ];
        printed(&pairs(&names.map(|(name, field)| (name, cell(&alloc[field])))))
    }

    pub(super) fn job_status(&mut self, asked: &Asked) -> CommandResult {
        let jobs = match self.fetch(asked, "jobs", "Error querying jobs") {
            Ok(jobs) => jobs,
            Err(result) => return result,
        };
        let submitted = super::bodies::second(self.leader_since);
        let Some(wanted) = asked.operands.first() else {
            let mut rows = vec![heads(["ID", "Type", "Priority", "Status", "Submit Date"])];
            for job in jobs.as_array().into_iter().flatten() {
                let cells = ["ID", "Type", "Priority", "Status"].map(|name| cell(&job[name]));
                rows.push(cells.into_iter().chain([submitted.clone()]).collect());
            }
            return printed(&table(&rows));
        };
        let Some(job) = jobs.as_array().into_iter().flatten().find(|job| cell(&job["ID"]).starts_with(wanted.as_str()))
        else {
            return failed(1, &format!("No job(s) with prefix or ID {wanted:?} found"));
        };
        let id = cell(&job["ID"]);
        let summary = &job["JobSummary"]["Summary"][&id];
        let head = pairs(&[
            ("ID", id.clone()),
            ("Name", id.clone()),
            ("Submit Date", submitted),
            ("Type", cell(&job["Type"])),
            ("Priority", cell(&job["Priority"])),
            ("Datacenters", "dc1".into()),
            ("Namespace", "default".into()),
            ("Node Pool", "default".into()),
            ("Status", cell(&job["Status"])),
        ]);
        let names = ["Queued", "Starting", "Running", "Failed", "Complete", "Lost", "Unknown"];
        let mut rows =
            vec![heads(["Task Group", "Queued", "Starting", "Running", "Failed", "Complete", "Lost", "Unknown"])];
        rows.push([id.clone()].into_iter().chain(names.map(|name| cell(&summary[name]))).collect());
        let allocs = self.fetch(asked, &format!("job/{id}/allocations"), "Error querying job allocations");
        let allocs = allocs.map(|allocs| self.alloc_table(&allocs)).unwrap_or_default();
        printed(&format!("{head}\nSummary\n{}\nAllocations\n{allocs}", table(&rows)))
    }

    pub(super) fn job_stop(&mut self, asked: &Asked) -> CommandResult {
        let [id] = asked.operands.as_slice() else { return asked.usage("This command takes one argument: <job>") };
        let body = match self.ask(asked, "DELETE", &format!("job/{id}"), b"") {
            Ok(body) => serde_json::from_slice::<Value>(&body).unwrap_or(Value::Null),
            Err(why) if why.contains("404") => return failed(1, &format!("No job(s) with prefix or ID {id:?} found")),
            Err(why) => return refusal(&format!("Error deregistering job: {why}")),
        };
        let eval: String = cell(&body["EvalID"]).chars().take(8).collect();
        match asked.has("detach") {
            true => printed(&format!("{}\n", cell(&body["EvalID"]))),
            false => printed(&format!(
                "==> Monitoring evaluation {eval:?}\n    Evaluation triggered by job {id:?}\n    Evaluation status changed: \
                 \"pending\" -> \"complete\"\n==> Evaluation {eval:?} finished with status \"complete\"\n"
            ))
            .lasting(std::time::Duration::from_secs(2)),
        }
    }

    /// The list of allocations as the client prints it.
    pub(super) fn alloc_table(&self, allocs: &Value) -> String {
        let mut rows =
            vec![heads(["ID", "Node ID", "Task Group", "Version", "Desired", "Status", "Created", "Modified"])];
        let ago = |value: &Value| {
            let at = crate::clock::Timestamp::from_millis(value.as_i64().unwrap_or(0) / 1_000_000);
            let seconds = self.now.since(at).as_secs();
            match (seconds / 86_400, seconds / 3_600, seconds / 60) {
                (0, 0, 0) => format!("{seconds}s ago"),
                (0, 0, minutes) => format!("{minutes}m{}s ago", seconds % 60),
                (0, hours, _) => format!("{hours}h{}m ago", seconds / 60 % 60),
                (days, ..) => format!("{days}d{}h ago", seconds / 3_600 % 24),
            }
        };
        for alloc in allocs.as_array().into_iter().flatten() {
            let short = |name: &str| cell(&alloc[name]).chars().take(8).collect::<String>();
            rows.push(vec![
                short("ID"),
                short("NodeID"),
                cell(&alloc["TaskGroup"]),
                cell(&alloc["JobVersion"]),
                cell(&alloc["DesiredStatus"]),
                cell(&alloc["ClientStatus"]),
                ago(&alloc["CreateTime"]),
                ago(&alloc["ModifyTime"]),
            ]);
        }
        if rows.len() == 1 { "No allocations placed\n".into() } else { table(&rows) }
    }
}
