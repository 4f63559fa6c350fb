//! Answers about jobs, allocations and evaluations.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::practice::Response;

use super::answers::{json, text};
use super::state::{Alloc, AllocStatus, Job, Kind, Nomad};

impl Kind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::System => "system",
        }
    }
}

impl Nomad {
    /// How many of a job are pending, running, complete, lost.
    pub(super) fn summary(&self, job: usize) -> [usize; 4] {
        let count = |status| self.allocs.iter().filter(|alloc| alloc.job == job && alloc.status == status).count();
        [AllocStatus::Pending, AllocStatus::Running, AllocStatus::Complete, AllocStatus::Lost].map(count)
    }

    fn job_body(&self, job: usize) -> Value {
        let Job { id, kind, count } = &self.jobs[job];
        let [starting, running, complete, lost] = self.summary(job);
        let queued = self.blocked.iter().filter(|blocked| blocked.job == job).count();
        json!({
            "ID": id, "Name": id, "Type": kind.word(), "Priority": 50, "Status": if running > 0 { "running" } else if *count == 0 { "dead" } else { "pending" },
            "Datacenters": ["dc1"], "NodePool": "default", "Namespace": "default", "Stop": *count == 0, "Version": 0,
            "JobSummary": { "JobID": id, "Namespace": "default", "Summary": { *id: {
                "Queued": queued, "Starting": starting, "Running": running, "Complete": complete, "Lost": lost,
                "Failed": 0, "Unknown": 0,
            } } },
            "CreateIndex": 20 + job, "ModifyIndex": 40 + job, "JobModifyIndex": 20 + job,
        })
    }

    pub(super) fn jobs_body(&self, prefix: &str) -> Value {
        let jobs = (0..self.jobs.len()).filter(|job| !self.is_blank && self.jobs[*job].id.starts_with(prefix));
        Value::Array(jobs.map(|job| self.job_body(job)).collect())
    }

    pub(super) fn job_answer(&self, id: &str) -> Response {
        match self.jobs.iter().position(|job| job.id == id && !self.is_blank) {
            None => text(404, "job not found"),
            Some(job) => {
                let mut body = self.job_body(job);
                body["TaskGroups"] = json!([{
                    "Name": id, "Count": self.jobs[job].count, "Tasks": [{ "Name": id, "Driver": "docker" }],
                }]);
                json(200, &body)
            }
        }
    }

    /// Takes a job away: what runs of it is ended, and its room is free again.
    pub(super) fn job_stopped(&mut self, id: &str) -> Response {
        let Some(job) = self.jobs.iter().position(|job| job.id == id && !self.is_blank) else {
            return text(404, "job not found");
        };
        self.jobs[job].count = 0;
        self.blocked.retain(|blocked| blocked.job != job);
        for alloc in 0..self.allocs.len() {
            if self.allocs[alloc].job == job && self.allocs[alloc].is_active() && self.allocs[alloc].is_wanted {
                self.stop_alloc(alloc);
            }
        }
        let (eval, index) = (self.uuid(), self.write());
        json(200, &json!({ "EvalID": eval, "EvalCreateIndex": index, "JobModifyIndex": index }))
    }

    /// `web.web[2]`.
    pub(super) fn alloc_name(&self, alloc: &Alloc) -> String {
        let id = self.jobs[alloc.job].id;
        let number = if self.jobs[alloc.job].kind == Kind::System { 0 } else { alloc.number };
        format!("{id}.{id}[{number}]")
    }

    fn alloc_body(&self, alloc: &Alloc) -> Value {
        let id = self.jobs[alloc.job].id;
        json!({
            "ID": alloc.id, "EvalID": alloc.eval, "Name": self.alloc_name(alloc), "Namespace": "default",
            "NodeID": self.clients[alloc.client].id, "NodeName": self.agents[self.host_of(alloc.client)].name,
            "JobID": id, "JobType": self.jobs[alloc.job].kind.word(), "JobVersion": 0, "TaskGroup": id,
            "DesiredStatus": if alloc.is_wanted { "run" } else { "stop" }, "ClientStatus": alloc.status.word(),
            "CreateTime": alloc.created.as_millis() * 1_000_000, "ModifyTime": alloc.changed.as_millis() * 1_000_000,
            "CreateIndex": alloc.create_index, "ModifyIndex": alloc.create_index,
        })
    }

    pub(super) fn allocs_body(&self, is_meant: impl Fn(&Self, &Alloc) -> bool) -> Value {
        Value::Array(
            self.allocs.iter().filter(|alloc| is_meant(self, alloc)).map(|alloc| self.alloc_body(alloc)).collect(),
        )
    }

    pub(super) fn alloc_answer(&self, id: &str) -> Response {
        match self.allocs.iter().find(|alloc| alloc.id == id) {
            None => text(404, "alloc not found"),
            Some(alloc) => json(200, &self.alloc_body(alloc)),
        }
    }

    pub(super) fn evaluations_body(&self, status: &str) -> Value {
        let body = |id: &str, job: usize, status: &str, trigger: &str, at: Timestamp| {
            json!({
                "ID": id, "Namespace": "default", "Priority": 50, "Type": self.jobs[job].kind.word(),
                "TriggeredBy": trigger, "JobID": self.jobs[job].id, "Status": status, "NodeID": "", "QuotaLimitReached": "",
                "CreateTime": at.as_millis() * 1_000_000, "ModifyTime": at.as_millis() * 1_000_000,
            })
        };
        let waiting = self
            .blocked
            .iter()
            .map(|blocked| body(&blocked.id, blocked.job, "blocked", "queued-allocs", blocked.since));
        let done = self
            .allocs
            .iter()
            .rev()
            .take(20)
            .map(|alloc| body(&alloc.eval, alloc.job, "complete", "job-register", alloc.created));
        let all = waiting.chain(done).filter(|eval| status.is_empty() || eval["Status"] == status);
        Value::Array(all.collect())
    }
}
