//! The small runbook of the screens' tests.

use std::time::Duration;

use crate::runbook::{
    Action, ActionKind, Argv, Ask, Blocked, Caution, CautionLevel, Condition, Expr, Guard, GuardId, InputKind, Order,
    Phase, PhaseId, Probe, ProbeId, Rollback, RollbackId, Runbook, RunbookId, Source, Step, StepId, Template,
};

pub fn expr(source: &str) -> Expr {
    Expr::compile(source).unwrap()
}

pub fn text(source: &str) -> Template {
    Template::compile(source).unwrap()
}

pub fn step(id: &str, title: &str, action: Action) -> Step {
    Step {
        id: StepId::new(id),
        title: text(title),
        source: vec!["VLT-HA-05".into()],
        mends: Vec::new(),
        cautions: vec![],
        text: None,
        when: None,
        gate: None,
        requires: vec![],
        critical: false,
        irreversible: false,
        disturbs: None,
        defer: None,
        actor: None,
        verify: None,
        watch: Vec::new(),
        action,
    }
}

pub fn run_action(words: &[&str]) -> Action {
    Action::Run {
        argv: Argv::Words(words.iter().map(|word| text(word)).collect()),
        cwd: None,
        env: vec![],
        timeout: Duration::from_secs(60),
        expect: None,
        capture: vec![],
    }
}

fn condition(source: &str, why: &str) -> Condition {
    Condition { holds: expr(source), why: why.into() }
}

fn prepare() -> Phase {
    let options = vec!["yes".into(), "no".into()];
    let mut notes = step(
        "notes",
        "Read the release notes",
        Action::Confirm { prompt: text("Does anything in them apply?"), options },
    );
    notes.cautions = vec![
        Caution {
            level: CautionLevel::Warning,
            text: text("Data written by the new version cannot be read by the old one."),
        },
        Caution {
            level: CautionLevel::Caution,
            text: text("Clients see errors for a moment while the active node changes."),
        },
        Caution { level: CautionLevel::Note, text: text("Plan for three quarters of an hour.") },
    ];
    notes.text =
        Some(text("Look for changes between your version and the target.\n\n- `storage` stanzas\n- removed options"));
    let mut backup = step(
        "backup",
        "Take a snapshot",
        Action::Ask { name: "snapshot".into(), prompt: text("What is the snapshot called?"), kind: InputKind::Text },
    );
    backup.text = Some(text("Keep it where the old version can read it."));
    let leader = step(
        "leader",
        "Find the active node",
        Action::Confirm { prompt: text("Which node is active?"), options: vec![] },
    );
    Phase {
        id: PhaseId::new("prepare"),
        title: text("Prepare"),
        for_each: None,
        inner: None,
        order: Order::OneByOne,
        when: None,
        steps: vec![notes, backup, leader],
    }
}

fn standbys() -> Phase {
    let mut stop = step(
        "stop",
        "Stop Vault on {{ .node.name }}",
        run_action(&["ssh", "{{ .node.name }}", "sudo", "systemctl stop vault"]),
    );
    stop.critical = true;
    stop.gate = Some(condition(
        r#"[.health.vault[] | select(.verdict == "ok")] | length >= 3"#,
        "another node is away already",
    ));
    let start = step(
        "start",
        "Start and unseal {{ .node.name }}",
        run_action(&["ssh", "{{ .node.name }}", "sudo", "systemctl", "start", "vault"]),
    );
    let ready = step(
        "ready",
        "Ready as a standby",
        Action::Check {
            holds: expr(r#"[.health.vault[] | select(.verdict == "ok")] | length == 3"#),
            hold: Duration::from_secs(10),
            soak: None,
            timeout: None,
            why: "It answers as an unsealed standby.".into(),
        },
    );
    Phase {
        id: PhaseId::new("standbys"),
        title: text("Each standby"),
        for_each: Some(expr(r#".health.vault[] | select(.role == "standby") | .node"#)),
        inner: None,
        order: Order::OneByOne,
        when: None,
        steps: vec![stop, start, ready],
    }
}

fn verify() -> Phase {
    let rest = step("rest", "Let it rest", Action::Wait(Duration::from_secs(60)));
    let steps = vec![rest];
    Phase {
        id: PhaseId::new("verify"),
        title: text("Verify"),
        for_each: None,
        inner: None,
        order: Order::OneByOne,
        when: None,
        steps,
    }
}

pub fn runbook() -> Runbook {
    let probe = Probe {
        id: ProbeId::new("vault"),
        title: "Vault".into(),
        when: None,
        each: Some(expr(".inputs.nodes[]")),
        every: Duration::from_secs(2),
        timeout: Duration::from_secs(2),
        ask: Ask::Tcp(text("{{ .node.name }}:8200")),
        fields: vec![("role".into(), expr(".role")), ("version".into(), expr(".version"))],
        ok: expr("true"),
        degraded: None,
    };
    let guard = Guard {
        id: GuardId::new("one-away"),
        title: "At most one node is away".into(),
        source: Vec::new(),
        holds: expr(r#"[.health.vault[] | select(.verdict != "ok")] | length <= 1"#),
        why: "A second missing node can cost the cluster its quorum.".into(),
        blocks: vec![Blocked::Kind(ActionKind::Run)],
    };
    let rollback = Rollback {
        id: RollbackId::new("swap"),
        title: "put the old binary back".into(),
        when: None,
        source: vec![],
        phases: vec![],
    };
    Runbook {
        id: RunbookId::new("vault-ha-upgrade"),
        title: "Upgrade a Vault HA cluster".into(),
        revision: "1".into(),
        system: "vault".into(),
        summary: "Every standby first, then the active node.".into(),
        minutes: Some(45),
        source: Some(Source { document: "Upgrading Vault".into(), headings: vec!["HA Installations".into()] }),
        inputs: vec![],
        health: vec![probe],
        guards: vec![guard],
        phases: vec![prepare(), standbys(), verify()],
        rollbacks: vec![rollback],
        text: String::new(),
        sha256: "4f1c9a2e".repeat(8),
    }
}
