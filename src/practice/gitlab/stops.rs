//! The vendor's table of stops, and the versions that the package repository holds.

/// A stop, and whether every instance must make it.
type Stop = ((u64, u64), bool);

/// `upgrade_path.yml` of 2026: from 17.5 on always .2, .5, .8 and .11.
const STOPS: &[Stop] = &[
    ((14, 0), true),
    ((14, 3), true),
    ((14, 9), true),
    ((14, 10), true),
    ((15, 0), true),
    ((15, 1), false),
    ((15, 4), true),
    ((15, 11), true),
    ((16, 0), false),
    ((16, 1), false),
    ((16, 2), false),
    ((16, 3), true),
    ((16, 7), true),
    ((16, 11), true),
    ((17, 1), false),
    ((17, 3), true),
    ((17, 5), true),
    ((17, 8), true),
    ((17, 11), true),
    ((18, 2), true),
    ((18, 5), true),
    ((18, 8), true),
    ((18, 11), true),
];

/// What the repository offers, oldest first.
pub(super) const OFFERED: &[&str] = &[
    "16.3.9", "16.7.10", "16.11.10", "17.0.8", "17.1.8", "17.2.9", "17.3.7", "17.4.6", "17.5.4", "17.5.5", "17.6.5",
    "17.7.7", "17.8.6", "17.8.7", "17.9.8", "17.10.8", "17.11.6", "17.11.7", "18.0.6", "18.1.6", "18.2.8",
];

/// The first two numbers of a version.
pub(super) fn minor(version: &str) -> (u64, u64) {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// The stop that an upgrade leaves out, such as `17.8`.
pub(super) fn left_out(old: &str, new: &str) -> Option<String> {
    let (old, new) = (minor(old), minor(new));
    let mut between = STOPS.iter().filter(|(stop, always)| *always && *stop > old && *stop < new);
    between.next().map(|((major, minor), _)| format!("{major}.{minor}"))
}
