//! What cluster to build.

use crate::practice::Shape;

/// What cluster to build.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many servers the cluster has; the first one leads.
    pub servers: usize,
    /// How many further hosts stand ready to become servers, with nothing installed.
    pub spare: usize,
    /// How many clients.
    pub clients: usize,
    /// The version that runs.
    pub old: String,
    /// The version that the packages also offer.
    pub target: String,
    /// Whether the servers run the target version already.
    pub servers_are_new: bool,
    /// The token without which the API refuses; `None`: access control is off.
    pub token: Option<String>,
    /// Allocations that a client has room for, those of system jobs aside.
    pub room: usize,
    /// Everything that is left to chance follows from it.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            servers: 3,
            spare: 0,
            clients: 4,
            old: "1.7.7".into(),
            target: "1.8.4".into(),
            servers_are_new: false,
            token: None,
            room: 6,
            seed: 1,
        }
    }
}

impl Options {
    /// The cluster that a runbook is practised with.
    pub fn of(shape: &Shape<'_>) -> Self {
        let plain = Self { servers: usize::from(shape.nodes), seed: shape.seed, ..Self::default() };
        match shape.runbook {
            "nomad-servers-add-remove" => Self { spare: plain.servers, ..plain },
            "nomad-clients" => Self { servers_are_new: true, ..plain },
            "nomad-enterprise" => Self { target: format!("{}+ent", plain.old), ..plain },
            _ => plain,
        }
    }
}
