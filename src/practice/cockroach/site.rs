//! What lies around the cluster: the vendor's archives, and what a runbook is bound to.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::practice::host::{ACCOUNT, Entry};

use super::balancer::{BALANCER, SETTINGS};
use super::state::{CERTS, Cockroach};

/// The platforms for which the vendor builds.
const PLATFORMS: [&str; 3] = ["linux-amd64", "linux-arm64", "darwin-10.9-amd64"];

impl Cockroach {
    /// What the vendor's server answers. `Err` is what curl says.
    pub(super) fn vendor(&self, url: &str) -> Result<Entry, (i32, String)> {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !matches!(host, "binaries.cockroachdb.com" | "binaries.cockroachlabs.com") {
            return Err((6, format!("Could not resolve host: {}", host.split(':').next().unwrap_or_default())));
        }
        let missing = || (22, "The requested URL returned error: 404".to_owned());
        let (archive, is_sum) = match path.strip_suffix(".sha256sum") {
            Some(archive) => (archive, true),
            None => (path, false),
        };
        let stem =
            archive.strip_prefix("cockroach-v").and_then(|rest| rest.strip_suffix(".tgz")).ok_or_else(missing)?;
        let platform = PLATFORMS.into_iter().find(|platform| stem.ends_with(platform)).ok_or_else(missing)?;
        let version = stem.strip_suffix(platform).and_then(|rest| rest.strip_suffix('.')).ok_or_else(missing)?;
        if version != self.options.old && version != self.options.target {
            return Err(missing());
        }
        let whole = archive_of(version, platform);
        if is_sum {
            return Ok(Entry::file(format!("{}  {archive}\n", sum(&whole)), ACCOUNT, self.now));
        }
        match self.download.1 {
            true => Ok(whole),
            // Cut off on the way: no archive any more.
            false => Ok(Entry::file(whole.bytes()[..whole.bytes().len() / 2].to_vec(), ACCOUNT, self.now)),
        }
    }

    /// What a runbook of this system is bound to.
    pub(super) fn bindings(&self, address: &dyn Fn(&str) -> String) -> Map<String, Value> {
        let node = |member: usize| {
            let name = &self.hosts[self.members[member].host].name;
            json!({
                "name": name,
                "http": address(name),
                "sql": self.sql_address(member),
                "ssh": name,
                "platform": PLATFORMS[0],
            })
        };
        let sums = [PLATFORMS[0], PLATFORMS[2]].map(|platform| sum(&archive_of(&self.options.target, platform)));
        let inputs = json!({
            "nodes": (0..self.hosts.len()).map(node).collect::<Vec<_>>(),
            "from": self.options.old,
            "target": self.options.target,
            "secure": self.options.secure,
            "certs": CERTS,
            "managed": true,
            "sums": sums.join(" "),
            "zip": format!("/home/{ACCOUNT}/cockroach-before-{}.zip", self.options.target),
            "zip_after": format!("/home/{ACCOUNT}/cockroach-in-trouble.zip"),
            "backup_to": "external://backups",
            "balancer_check": ["ssh", BALANCER, "grep", "httpchk", SETTINGS],
        });
        match inputs {
            Value::Object(inputs) => inputs,
            _ => Map::new(),
        }
    }
}

/// The archive of a version: the same bytes whenever it is fetched.
pub(super) fn archive_of(version: &str, platform: &str) -> Entry {
    let at = Timestamp::from_millis(1_705_437_936_000);
    let folder = format!("cockroach-v{version}.{platform}");
    // What is built for another platform does not run here.
    let name = if platform == PLATFORMS[0] { "cockroach".to_owned() } else { format!("cockroach-{platform}") };
    let members = vec![
        (folder.clone(), Entry::folder("root", at)),
        (format!("{folder}/LICENSE.txt"), Entry::file("CockroachDB software\n", "root", at)),
        (format!("{folder}/cockroach"), Entry::program(&name, version, "root", at)),
        (format!("{folder}/lib"), Entry::folder("root", at)),
        (format!("{folder}/lib/libgeos.so"), Entry::file(format!("libgeos of {version}\n"), "root", at)),
        (format!("{folder}/lib/libgeos_c.so"), Entry::file(format!("libgeos_c of {version}\n"), "root", at)),
    ];
    Entry::archive(members, "root", at)
}

/// The sum of a file.
pub(super) fn sum(entry: &Entry) -> String {
    Sha256::digest(entry.bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
