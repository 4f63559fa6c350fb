//! Several clusters that one bastion reaches: those of a replication, or a real one and its test cluster.
//!
//! Each is a [`Vault`] of its own; they share the bastion's files, which are lent to whichever cluster is at work.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::host::{Place, Random, Shell};
use crate::practice::{CommandResult, Ledger, Request, Response};

use super::cli::parse;
use super::links::{Link, Sort, oldest};
use super::state::{File, Options, Vault};
use super::trial::Trial;

/// How finely the time between the clusters is taken.
const TICK: Duration = Duration::from_secs(1);

/// Ticks worked through in one call; beyond it the rest of the gap is taken as uneventful.
const MOST_TICKS: i64 = 20_000;

/// The secondary does not follow its primary.
const OUT_OF_STEP: &str = "out-of-step";
/// A primary is newer than one of its secondaries.
const PRIMARY_FIRST: &str = "primary-first";

/// What a cluster is to the runbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Primary,
    PerformanceSecondary,
    DrSecondary,
    /// The cluster that is in use.
    Real,
    /// The cluster on which something is tried out.
    Trial,
}

impl Part {
    /// The word that a site file has for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::PerformanceSecondary => "performance secondary",
            Self::DrSecondary => "DR secondary",
            Self::Real => "real",
            Self::Trial => "trial",
        }
    }
}

/// Several simulated clusters.
#[derive(Clone, Debug)]
pub struct Estate {
    pub(super) clusters: Vec<(Part, Vault)>,
    pub(super) links: Vec<Link>,
    /// The test cluster's surroundings, where there is one.
    pub(super) trial: Option<Trial>,
    pub(super) files: BTreeMap<String, File>,
    pub(super) random: Random,
    pub(super) now: Timestamp,
    ticked: Timestamp,
    /// The harm between the clusters; each has its own beside it.
    pub(super) harms: Ledger,
}

impl Estate {
    /// A primary `east` and its secondaries `west` (performance) and `dr`, in step. `nodes`: of `east` and of `west`; the
    /// copy for a disaster is one server.
    pub fn replicated(nodes: usize, seed: u64, now: Timestamp) -> Self {
        let named = |cluster: &str, stem: &str, count: usize| Options {
            name: cluster.into(),
            nodes: (1..=count).map(|number| format!("{stem}-{number}")).collect(),
            old: "1.16.2+ent".into(),
            target: "1.17.3+ent".into(),
            seed: seed ^ stem.bytes().fold(0, |sum, byte| sum << 7 ^ u64::from(byte)),
            ..Options::default()
        };
        let mut clusters = vec![
            (Part::PerformanceSecondary, Vault::new(named("west", "vault-west", nodes), now)),
            (Part::DrSecondary, Vault::new(named("dr", "vault-dr", 1), now)),
            (Part::Primary, Vault::new(named("east", "vault", nodes), now)),
        ];
        // A secondary takes the shares of its primary.
        let keys = clusters[2].1.keys.clone();
        for (_, vault) in &mut clusters {
            vault.keys.clone_from(&keys);
        }
        let link =
            |sort, secondary: usize| Link::new(sort, (2, &clusters[2].1), (secondary, &clusters[secondary].1), now);
        let links = vec![link(Sort::Performance, 0), link(Sort::Disaster, 1)];
        Self::of(clusters, links, None, seed, now)
    }

    /// A real cluster and a test cluster that is to be loaded with its data.
    pub fn rehearsal(nodes: usize, seed: u64, now: Timestamp) -> Self {
        let real = Vault::new(Options { seed, ..Options::with_nodes(nodes) }, now);
        let names = (1..=nodes).map(|number| format!("trial-{number}")).collect();
        let trial = Vault::new(Options { nodes: names, seed: seed ^ 0x7269_616c, ..Options::default() }, now);
        let surroundings = Trial::new(nodes);
        Self::of(vec![(Part::Real, real), (Part::Trial, trial)], Vec::new(), Some(surroundings), seed, now)
    }

    fn of(clusters: Vec<(Part, Vault)>, links: Vec<Link>, trial: Option<Trial>, seed: u64, now: Timestamp) -> Self {
        let mut estate = Self {
            clusters,
            links,
            trial,
            files: BTreeMap::new(),
            random: Random::new(seed ^ 0x6573_7461_7465),
            now,
            ticked: now,
            harms: Ledger::default(),
        };
        estate.tell_links();
        estate
    }

    /// The cluster of that node, and which of its nodes it is.
    pub(super) fn find(&self, name: &str) -> Option<(usize, usize)> {
        let found = self.clusters.iter().map(|(_, vault)| vault.find(name)).enumerate();
        found.filter_map(|(cluster, node)| Some((cluster, node?))).next()
    }

    /// The cluster and the node with that number among all.
    pub(super) fn at(&self, mut index: usize) -> (usize, usize) {
        for (cluster, (_, vault)) in self.clusters.iter().enumerate() {
            if index < vault.nodes.len() {
                return (cluster, index);
            }
            index -= vault.nodes.len();
        }
        (0, 0)
    }

    /// The number among all of a cluster's first node.
    pub(super) fn first_of(&self, cluster: usize) -> usize {
        self.clusters[..cluster].iter().map(|(_, vault)| vault.nodes.len()).sum()
    }

    /// Has a cluster do something with the bastion's files at hand.
    pub(super) fn lend<T>(&mut self, cluster: usize, deed: impl FnOnce(&mut Vault) -> T) -> T {
        let vault = &mut self.clusters[cluster].1;
        std::mem::swap(&mut self.files, &mut vault.files);
        let done = deed(vault);
        std::mem::swap(&mut self.files, &mut vault.files);
        vault.note_harm(vault.now);
        done
    }

    /// Brings every cluster and what lies between them to `now`.
    pub(super) fn pass_time(&mut self, now: Timestamp) {
        let behind = i64::try_from(now.since(self.ticked).as_secs()).unwrap_or(i64::MAX);
        if behind > MOST_TICKS {
            self.ticked = self.ticked.plus(Duration::from_secs(u64::try_from(behind - MOST_TICKS).unwrap_or(0)));
        }
        while self.ticked.plus(TICK) <= now {
            self.ticked = self.ticked.plus(TICK);
            self.tick(self.ticked);
        }
        for (_, vault) in &mut self.clusters {
            vault.pass_time(now);
        }
        self.now = self.now.max(now);
    }

    fn tick(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
        for (_, vault) in &mut self.clusters {
            vault.pass_time(at);
        }
        let mut links = std::mem::take(&mut self.links);
        for link in &mut links {
            let (mut random, (primary, secondary)) = (self.random.clone(), self.ends(link));
            link.pass(primary, secondary, &mut random, at);
            self.random = random;
        }
        self.links = links;
        self.pass_trial(at);
        self.note_links(at);
    }

    /// The primary and the secondary of a link.
    fn ends(&mut self, link: &Link) -> (&mut Vault, &mut Vault) {
        // Secondaries stand before their primary.
        let (before, from) = self.clusters.split_at_mut(link.primary);
        (&mut from[0].1, &mut before[link.secondary].1)
    }

    /// Has every cluster say what its links are.
    pub(super) fn tell_links(&mut self) {
        let at = self.now;
        let mut links = std::mem::take(&mut self.links);
        for link in &mut links {
            let (primary, secondary) = self.ends(link);
            link.tell(primary, secondary, at);
        }
        self.links = links;
    }

    fn note_links(&mut self, at: Timestamp) {
        for link in self.links.clone() {
            let (primary, secondary) = (&self.clusters[link.primary].1, &self.clusters[link.secondary].1);
            let name = secondary.options.name.clone();
            let out = (!link.is_in_step(at)).then(|| format!("{name} does not follow its primary"));
            let newest = primary.nodes.iter().map(|node| &node.data.format).max();
            let first =
                newest.zip(oldest(secondary)).filter(|(newest, oldest)| newest > oldest).map(|(newest, oldest)| {
                    format!(
                        "{} has been active on {newest}, and its secondary {name} is on {oldest}",
                        primary.options.name
                    )
                });
            self.harms.stands(OUT_OF_STEP, &name, out, at);
            self.harms.stands(PRIMARY_FIRST, &name, first, at);
        }
    }

    /// One request to one node.
    pub(super) fn serve(&mut self, request: &Request) -> Response {
        let Some((cluster, _)) = self.find(&request.node) else { return Response::Refused };
        self.lend(cluster, |vault| vault.serve(request))
    }

    /// Runs one of the clusters' own programs, in the cluster that is meant by it.
    pub(super) fn own_program(&mut self, shell: &Shell, name: &str, words: &[String]) -> Option<CommandResult> {
        let cluster = match shell.place {
            Place::Node(index) => self.at(index).0,
            Place::Bastion => self.meant(shell, name, words),
        };
        let place = match shell.place {
            Place::Node(index) => Place::Node(self.at(index).1),
            Place::Bastion => Place::Bastion,
        };
        let shell = Shell { place, ..shell.clone() };
        self.lend(cluster, |vault| vault.own_program(&shell, name, words))
    }

    /// The cluster that a command on the bastion is about: that of the address or the node that it names.
    fn meant(&self, shell: &Shell, name: &str, words: &[String]) -> usize {
        let call = parse(shell, words);
        let target = if name == "vault" { Some(&call.address) } else { words.first() };
        let is_there = |vault: &Vault, word: &String| vault.find(word).or_else(|| vault.addressed(word)).is_some();
        let named = target.and_then(|word| self.clusters.iter().position(|(_, vault)| is_there(vault, word)));
        named.unwrap_or(0)
    }
}
