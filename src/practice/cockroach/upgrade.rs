//! The version that the cluster as a whole has reached, and how it is finalized.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::Version;

use super::state::{Cockroach, Identity, Membership};

/// The series in their order.
const SERIES: &[&str] = &[
    "1.0", "1.1", "2.0", "2.1", "19.1", "19.2", "20.1", "20.2", "21.1", "21.2", "22.1", "22.2", "23.1", "23.2", "24.1",
    "24.2", "24.3", "25.1", "25.2", "25.3", "25.4",
];

/// Steps between two series, and how much of their numbers lies between two that are shown.
const STEPS: u32 = 6;
const STRIDE: u32 = 4;

/// How often the nodes look whether they can finalize.
const LOOK: Duration = Duration::from_secs(30);

/// The setting that keeps an upgrade from being finalized.
pub(super) const PRESERVE: &str = "cluster.preserve_downgrade_option";

/// What the cluster as a whole has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upgrade {
    /// The series, as `23.1`.
    pub(super) series: String,
    /// How many steps towards the next one are done.
    pub(super) step: u32,
    /// What it is on its way to.
    pub(super) towards: Option<String>,
    /// When the next step, or the next look, is due.
    pub(super) due: Timestamp,
}

impl Upgrade {
    /// A cluster that has reached the series of that version.
    pub(super) fn reached(version: &str) -> Self {
        Self { series: series(version), step: 0, towards: None, due: Timestamp::default() }
    }

    /// The version as the setting shows it.
    pub(super) fn shown(&self) -> String {
        match self.step {
            0 => self.series.clone(),
            step => format!("{}-{}", self.series, step * STRIDE),
        }
    }
}

impl Cockroach {
    /// Takes a step of a finalization that is on its way, or looks whether one can begin.
    pub(super) fn advance_upgrade(&mut self, at: Timestamp) {
        if self.upgrade.due > at {
            return;
        }
        match self.upgrade.towards.clone() {
            Some(towards) => self.take_step(&towards, at),
            None => {
                self.upgrade.due = at.plus(LOOK);
                let has_own_will = Version::new(&self.upgrade.series) >= Version::new("2.0");
                let is_off = self.settings.get("cluster.auto_upgrade.enabled").is_some_and(|value| value == "false");
                if has_own_will
                    && !is_off
                    && !self.settings.contains_key(PRESERVE)
                    && let Some(next) = self.common_series().filter(|next| is_after(next, &self.upgrade.series))
                {
                    self.begin_upgrade(next, at);
                }
            }
        }
    }

    /// Sets out towards a series.
    pub(super) fn begin_upgrade(&mut self, next: String, at: Timestamp) {
        self.note_finalizing(&next, at);
        self.upgrade.towards = Some(next);
        self.upgrade.due = at.plus(self.drift.millis(4_000, 9_000));
    }

    fn take_step(&mut self, towards: &str, at: Timestamp) {
        self.upgrade.due = at.plus(self.drift.millis(4_000, 12_000));
        // Every step waits for every node.
        if self.common_series().as_deref() != Some(towards) {
            return;
        }
        self.upgrade.step += 1;
        if self.upgrade.step > STEPS {
            let told = format!("active cluster version setting is now {towards} (up from {})", self.upgrade.shown());
            self.upgrade = Upgrade { series: towards.to_owned(), step: 0, towards: None, due: at.plus(LOOK) };
            for host in 0..self.hosts.len() {
                if self.member_on(host).is_some() {
                    self.write_log(host, at, &told);
                }
            }
        }
    }

    /// The one series that every active member runs, all of them being live; `None`: they do not, or are not.
    fn common_series(&self) -> Option<String> {
        let active = (0..self.members.len()).filter(|&index| self.members[index].membership == Membership::Active);
        let mut common = None;
        for member in active {
            let running = self.hosts[self.members[member].host].working();
            let run = running.filter(|run| run.identity == Identity::Member(member) && self.is_available(member))?;
            let series = series(run.build.as_str());
            match &common {
                None => common = Some(series),
                Some(known) if *known == series => {}
                Some(_) => return None,
            }
        }
        common
    }

    /// The lowest series that an active member runs or ran last, and that member.
    pub(super) fn lowest_series(&self) -> Option<(String, usize)> {
        let active = (0..self.members.len()).filter(|&index| self.members[index].membership == Membership::Active);
        active.map(|member| (series(self.build(member).as_str()), member)).min_by_key(|(series, _)| place(series))
    }

    /// Why a binary cannot run on the data of the cluster; `None`: it can.
    pub(super) fn misfit(&self, build: &Version, store: &str) -> Option<String> {
        let (binary, reached) = (series(build.as_str()), self.upgrade.shown());
        let (ours, data) = (place(&binary), place(&self.upgrade.series));
        let store = format!("<no-attributes>={store}");
        if ours < data || (ours == data && self.upgrade.step > 0) {
            return Some(format!(
                "cockroach version v{binary} is incompatible with data in store {store}; use version v{reached} or later"
            ));
        }
        // From 24.3 on every second series may be left out.
        let reach = if ours >= place("24.3") { 2 } else { 1 };
        let oldest = SERIES.get(ours.saturating_sub(reach)).unwrap_or(&"1.0");
        (data + reach < ours).then(|| {
            format!(
                "store {store}, last used with cockroach version v{reached}, is too old for running version v{binary} \
                 (which requires data from v{oldest} or later)"
            )
        })
    }
}

/// The series of a version: `23.1` of `23.1.14`.
pub(super) fn series(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// Whether one series comes after another.
pub(super) fn is_after(series: &str, other: &str) -> bool {
    place(series) > place(other)
}

/// Where a series stands; one that is not known stands at the end.
fn place(series: &str) -> usize {
    SERIES.iter().position(|known| *known == series).unwrap_or(SERIES.len())
}
