//! What differs from version to version, and the archives that can be fetched.

use crate::clock::Timestamp;
use crate::practice::host::{Entry, Version};

/// The platforms for which there are archives.
const PLATFORMS: [&str; 2] = ["linux-amd64", "linux-arm64"];

/// The two programs of a release.
pub(super) const PROGRAMS: [&str; 2] = ["ipfs-cluster-service", "ipfs-cluster-ctl"];

fn at_least(version: &Version, least: &str) -> bool {
    *version >= Version::new(least)
}

/// The protocol that peers of this version speak among themselves; only equal ones understand each other.
pub(super) fn protocol(version: &Version) -> String {
    let minor = || version.as_str().splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    match () {
        () if at_least(version, "1.0.0") => "/ipfscluster/1.0/rpc".into(),
        () if at_least(version, "0.12.1") => "/ipfscluster/0.12/rpc".into(),
        () if at_least(version, "0.6.0") => format!("/ipfscluster/{}/rpc", minor()),
        () => format!("/ipfscluster/{version}/rpc"),
    }
}

/// The number of the form in which this version keeps its state.
pub(super) fn format(version: &Version) -> u64 {
    match () {
        () if at_least(version, "1.1.2") => 8,
        () if at_least(version, "0.11.0") => 7,
        () if at_least(version, "0.10.0") => 6,
        () if at_least(version, "0.5.0") => 5,
        () if at_least(version, "0.3.5") => 4,
        () => 2,
    }
}

/// Whether a state of an older form is converted by itself when a peer starts.
pub(super) fn converts_by_itself(version: &Version) -> bool {
    at_least(version, "0.11.0")
}

/// The oldest form that this version can read at all.
pub(super) fn oldest_format(version: &Version) -> u64 {
    if at_least(version, "0.11.0") { 6 } else { 2 }
}

/// Whether lists are sent as one object after the other, and not as one array.
pub(super) fn streams(version: &Version) -> bool {
    at_least(version, "1.0.0")
}

/// Whether `/health` is there.
pub(super) fn has_health(version: &Version) -> bool {
    at_least(version, "1.1.0")
}

/// Whether `/health/alerts` is there.
pub(super) fn has_alerts(version: &Version) -> bool {
    at_least(version, "0.13.3")
}

/// Whether an export is one pin a line, and not one array.
pub(super) fn exports_lines(version: &Version) -> bool {
    at_least(version, "0.11.0")
}

/// The name of the folder in which raft keeps its state.
pub(super) fn raft_folder(version: &Version) -> &'static str {
    if at_least(version, "0.4.0") { "raft" } else { "ipfs-cluster-data" }
}

/// The name of the archive of a program.
fn archive_name(program: &str, version: &str, platform: &str) -> String {
    format!("{program}_v{version}_{platform}.tar.gz")
}

/// The archive of a program as the project publishes it.
pub(super) fn archive(program: &str, version: &str, platform: &str) -> Entry {
    // What was published is the same whenever it is fetched.
    let at = Timestamp::default();
    let members = vec![
        (format!("{program}/{program}"), Entry::program(program, version, "root", at)),
        (format!("{program}/README.md"), Entry::file(format!("# {program} for {platform}\n"), "root", at)),
        (format!("{program}/LICENSE-MIT"), Entry::file("MIT\n", "root", at)),
    ];
    Entry::archive(members, "root", at)
}

/// What lies behind a path of the project's download site: program, version, platform.
pub(super) fn published<'a>(path: &'a str, known: &[&'a str]) -> Option<(&'static str, &'a str, &'static str)> {
    let mut parts = path.trim_start_matches('/').split('/');
    let (folder, version, file) = (parts.next()?, parts.next()?.strip_prefix('v')?, parts.next()?);
    let program = PROGRAMS.into_iter().find(|program| *program == folder)?;
    let platform = PLATFORMS.into_iter().find(|platform| archive_name(program, version, platform) == file)?;
    (known.contains(&version) && parts.next().is_none()).then_some((program, version, platform))
}

/// The platforms for which there are archives.
pub(super) const fn platforms() -> [&'static str; 2] {
    PLATFORMS
}
