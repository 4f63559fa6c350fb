//! Lists of signers, as `ssh-keygen(1)` writes them.

use jiff::tz::TimeZone;

use super::signers::{Signers, Trust};
use super::sshsig::Checked;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHWkSem44vHAhJoqsQr2fVQT1ZvPyDwZSGz3y5BUysso";
const NAMESPACE: &str = "journal@piton";

/// 2026-11-21T00:00:00Z.
const AT: i64 = 1_795_219_200;

fn fingerprint() -> String {
    let by_itself = Signers::parse(&format!("x {KEY}"), &TimeZone::UTC).unwrap();
    let other = by_itself.judge(&checked(""), NAMESPACE, AT, "maria");
    assert!(matches!(other, Trust::Unknown { .. }));
    // `ssh-keygen -lf` prints this of the key.
    "SHA256:sHe0za8O3+nuOjykBP+m0SDZ+/NdG6y/MJBOq3S8osg".into()
}

fn checked(fingerprint: &str) -> Checked {
    let text = String::new;
    Checked { key_type: "ssh-ed25519".into(), fingerprint: fingerprint.into(), sha256: text(), armored: text() }
}

#[track_caller]
fn judged(list: &str) -> Trust {
    let signers = Signers::parse(list, &TimeZone::UTC).unwrap();
    signers.judge(&checked(&fingerprint()), NAMESPACE, AT, "maria")
}

#[test]
fn a_key_is_its_owners_where_and_when_the_list_says_so() {
    let good = |list: &str, name: &str| assert_eq!(judged(list), Trust::Good { principals: name.into() }, "{list}");
    let unknown = |list: &str, words: &str| match judged(list) {
        Trust::Unknown { why } => assert!(why.contains(words), "{list}: {why}"),
        Trust::Good { .. } => panic!("{list}"),
    };
    good(&format!("# people\n\nmaria@example.org {KEY} her laptop\n"), "maria@example.org");
    good(&format!("\"maria,jo\"\t{KEY}"), "maria,jo");
    good(&format!("maria namespaces=\"git,journal@piton\" {KEY}"), "maria");
    good(&format!("maria NAMESPACES=\"*@piton\" {KEY}"), "maria");
    good(&format!("maria namespaces=\"j?urnal@*\",valid-after=\"20261120\" {KEY}"), "maria");
    good(&format!("maria valid-before=\"20261121000000Z\" {KEY}"), "maria");
    // A line that does not count does not spoil another one.
    good(&format!("old valid-before=\"20200101\" {KEY}\nmaria {KEY}"), "maria");
    unknown("", "does not name the key SHA256:");
    unknown(&format!("maria namespaces=\"git\" {KEY}"), "not sign for journal@piton");
    unknown(&format!("maria namespaces=\"*,!journal@piton\" {KEY}"), "not sign for journal@piton");
    unknown(&format!("maria valid-after=\"202611210001\" {KEY}"), "valid only later");
    unknown(&format!("maria valid-before=\"20261120235959\" {KEY}"), "invalid before");
    // Patterns as OpenSSH reads them: nobody is named, or not the one who says to have signed.
    good(&format!("*,!jo {KEY}"), "*,!jo");
    unknown(&format!("!maria {KEY}"), "not that of \"maria\"");
    unknown(&format!("*,!ma* {KEY}"), "not that of \"maria\"");
    unknown(&format!("!jo {KEY}"), "of nobody");
    unknown(&format!("jo,!jo {KEY}"), "of nobody");
    unknown(&format!(", {KEY}"), "of nobody");
    // An authority signs certificates; its own key signs nothing.
    unknown(&format!("maria cert-authority {KEY}"), "does not name the key");
}

#[test]
fn times_without_a_z_are_those_of_the_zone() {
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let list = format!("maria valid-after=\"20261121020000\" {KEY}");
    let judged = Signers::parse(&list, &zone).unwrap().judge(&checked(&fingerprint()), NAMESPACE, AT, "maria");
    assert_eq!(judged, Trust::Good { principals: "maria".into() });
}

#[test]
fn a_line_that_is_none_is_an_error_with_its_number() {
    for (line, words) in [
        ("maria", "a key is missing after the names"),
        ("maria ssh-ed25519", "a key is missing"),
        ("maria ssh-ed25519 AAAA!", "not base64"),
        ("maria ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIHWkSem44vHAhJoqsQr2fVQT1ZvPyDwZSGz3y5BUysso", "not one of type"),
        ("maria sometimes ssh-ed25519 AAAA", "no option"),
        ("maria valid-after=\"tomorrow\" ssh-ed25519 AAAA", "is no time"),
        ("maria valid-after=\"20261341\" ssh-ed25519 AAAA", "is no time"),
        ("maria valid-after=\"2026é121\" ssh-ed25519 AAAA", "is no time"),
        ("\"maria ssh-ed25519 AAAA", "no end"),
        ("maria namespaces=\"git ssh-ed25519 AAAA", "no end"),
        ("maria namespaces=\"git\"", "a key is missing"),
        ("maria namespaces=journal@piton ssh-ed25519 AAAA", "stands in quotes"),
        ("maria namespaces=\"git\"x ssh-ed25519 AAAA", "stands in quotes"),
        ("maria namespaces ssh-ed25519 AAAA", "stands in quotes"),
        ("maria valid-after=20261120 ssh-ed25519 AAAA", "stands in quotes"),
        ("maria namespaces=\"a\",namespaces=\"b\" ssh-ed25519 AAAA", "twice"),
        ("maria valid-after=\"20261120\",valid-before=\"20261120\" ssh-ed25519 AAAA", "does not lie after"),
        ("maria namespaces=\"git\", ssh-ed25519 AAAA", "missing after the last comma"),
        ("maria cert-authority=\"x\" ssh-ed25519 AAAA", "no option"),
    ] {
        let error = Signers::parse(&format!("# two\n{line}\n"), &TimeZone::UTC).unwrap_err();
        assert_eq!(error.line, 2, "{line}");
        assert!(error.to_string().contains(words), "{line}: {error}");
    }
}

proptest::proptest! {
    #[test]
    fn no_list_makes_it_panic(text in ".{0,80}", option in "[a-z,=\"!*?0-9Zé -]{0,40}") {
        for list in [text.clone(), format!("{text} {KEY}"), format!("maria {option} {KEY}")] {
            if let Ok(signers) = Signers::parse(&list, &TimeZone::UTC) {
                signers.judge(&checked("x"), NAMESPACE, AT, "maria");
            }
        }
    }
}
