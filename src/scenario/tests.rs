use super::*;

const WHOLE: &str = r#"format = 1
id = "one"
runbook = "vault-ha-upgrade"
title = "T"
trouble = "W"
learn = "L"
[start]
nodes = 3
seed = 7
[[fault]]
id = "a"
step = "standbys[vault-2]/unseal"
fault = "seal"
with = { node = "vault-2" }
[[harm]]
kind = "away"
title = "Away"
points = 3
source = ["VLT-HA-08"]
[[hint]]
id = "h"
step = "*/unseal"
text = "Look."
[right]
outcome = "completed"
told = "So."
[[right.move]]
step = "standbys/unseal"
when = "failed"
retry = true
[wrong]
outcome = "abandoned"
told = "Not so."
harm = ["away"]
[[wrong.move]]
step = "standbys/unseal"
after = "10s"
type = ["ls"]
"#;

#[test]
fn a_whole_scenario_is_read() {
    let (scenario, findings) = parse(WHOLE);
    assert_eq!(findings, []);
    let scenario = scenario.unwrap();
    assert_eq!((scenario.nodes, scenario.seed, scenario.faults.len()), (Some(3), Some(7), 1));
    assert_eq!(scenario.faults[0].trigger, Trigger::Step(Pattern::read("standbys[vault-2]/unseal").unwrap()));
    assert_eq!(scenario.right.moves[0].deed, Deed::Retry);
    assert_eq!(scenario.trouble.as_deref(), Some("W"));
    assert!(is_scenario(WHOLE) && !is_scenario("name = \"prod\"\n") && !is_scenario("id = \"a\"\nrevision = \"1\"\n"));
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    for (old, new, part, told) in [
        ("format = 1", "format = 2", "2", "format 1 only"),
        ("id = \"one\"", "id = \"One\"", "\"One\"", "cannot be a name"),
        ("learn = \"L\"", "lern = \"L\"", "lern", "no key `lern`"),
        ("trouble = \"W\"", "trouble = \"\"", "\"\"", "empty"),
        ("nodes = 3", "nodes = 0", "0", "whole number"),
        ("nodes = 3", "node = 3", "node", "no key `node`"),
        ("nodes = 3", "versions = [\"1.0\"]", "\"1.0\"", "the one that runs and the target"),
        ("step = \"standbys[vault-2]/unseal\"", "step = \"unseal\"", "\"unseal\"", "names no step"),
        ("with = {", "wiht = {", "wiht", "no key `wiht`"),
        ("with = {", "after = \"1m\"\nwith = {", "", "a fault has one of"),
        ("with = {", "after = \"1 x\"\nwith = {", "\"1 x\"", ""),
        ("points = 3", "point = 3", "point", "no key `point`"),
        ("source = [\"VLT-HA-08\"]", "source = [\"VLT-HA-99\"]", "\"VLT-HA-99\"", "no document has"),
        ("id = \"h\"", "id = \"a\"", "\"a\"", "twice"),
        ("text = \"Look.\"", "text = \" \"", "\" \"", "empty"),
        ("outcome = \"completed\"", "outcome = \"complete\"", "\"complete\"", "cannot be"),
        ("when = \"failed\"", "when = \"broken\"", "\"broken\"", "no moment"),
        ("retry = true", "retry = true\nskip = \"x\"", "", "a move does one of"),
        ("retry = true", "retry = true\nchoose = \"x\"", "", "a move does one of"),
        ("type = [\"ls\"]", "choose = \"a\"\nanswer = \"b\"", "", "a move does one of"),
        ("type = [\"ls\"]", "typ = [\"ls\"]", "typ", "no key `typ`"),
    ] {
        let text = WHOLE.replacen(old, new, 1);
        assert_ne!(text, WHOLE, "{old}");
        let (scenario, findings) = parse(&text);
        assert_eq!(scenario, None, "{new}");
        let found =
            findings.iter().find(|finding| finding.message.contains(told) && text[finding.span.clone()].contains(part));
        assert!(found.is_some_and(|found| part.is_empty() || text[found.span.clone()] == *part), "{new}: {findings:?}");
        let shown = findings[0].clone().in_file("one.toml").render(&text, false);
        assert!(shown.contains("one.toml:"), "{shown}");
    }
}

#[test]
fn each_shipped_scenario_is_named_after_its_file_and_has_no_finding() {
    for packed in SCENARIOS {
        let (scenario, findings) = parse(&packed.text());
        assert_eq!(findings, [], "{}", packed.name);
        let scenario = scenario.unwrap();
        assert_eq!(packed.name, format!("{}/{}", scenario.runbook, scenario.id));
        let kinds: Vec<_> = scenario.harms.iter().map(|harm| &harm.kind).collect();
        let wrong = scenario.wrong.iter().flat_map(|wrong| &wrong.harm);
        assert!(wrong.into_iter().all(|kind| kinds.contains(&kind)), "{}: harm without a rule", packed.name);
    }
    for runbook in all_of("vault-ha-upgrade").iter().map(|scenario| &scenario.runbook) {
        assert!(find(runbook, CALM).is_some(), "{runbook} can be practised calmly");
    }
}

/// Columns that the chooser has for a title in a terminal of 80.
const TITLE: usize = 48;

#[test]
fn what_is_read_before_gives_nothing_away_and_is_short() {
    for packed in SCENARIOS {
        let one = parse(&packed.text()).0.unwrap();
        assert!(one.title.chars().count() <= TITLE, "{}: {:?} is long", packed.name, one.title);
        assert_eq!(one.trouble.is_some(), !one.faults.is_empty(), "{}: `trouble` says what goes wrong", packed.name);
        // No fault is called by the name that the simulator or the file has for it.
        let title = one.title.to_lowercase();
        let words: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).collect();
        for name in one.faults.iter().map(|fault| &fault.fault).chain((!one.faults.is_empty()).then_some(&one.id)) {
            let given: Vec<&str> = name.split('-').filter(|part| part.len() > 3 && words.contains(part)).collect();
            assert_eq!(given, [""; 0], "{}: {:?} gives {name} away", packed.name, one.title);
        }
    }
}

#[test]
fn a_scenario_is_found_by_its_number_as_the_list_has_it() {
    let all = all_of("vault-ha-upgrade");
    assert_eq!(all[0].id, CALM);
    for (number, one) in (1..).zip(&all) {
        assert_eq!(find("vault-ha-upgrade", &number.to_string()).as_ref(), Some(one));
        assert_eq!(find("vault-ha-upgrade", &one.id).as_ref(), Some(one));
    }
    for name in ["0", &(all.len() + 1).to_string(), "-1", "x"] {
        assert_eq!(find("vault-ha-upgrade", name), None, "{name}");
    }
}

#[test]
fn a_surprise_is_the_same_for_the_same_seed_and_never_calm() {
    let picked: std::collections::BTreeSet<String> = (0..200)
        .map(|seed| {
            let once = surprise("vault-ha-upgrade", seed).unwrap();
            assert_eq!(surprise("vault-ha-upgrade", seed), Some(once.clone()));
            once.id
        })
        .collect();
    let others = all_of("vault-ha-upgrade").len() - 1;
    assert!(picked.len() == others && !picked.contains(CALM), "{picked:?}");
    assert_eq!(surprise("no-such-book", 1), None);
}

#[test]
fn a_pattern_means_all_items_or_one() {
    for (pattern, name, is_met) in [
        ("standbys/stop", "standbys[vault-2]/stop", true),
        ("standbys[vault-2]/stop", "standbys[vault-2]/stop", true),
        ("standbys[vault-2]/stop", "standbys[vault-3]/stop", false),
        ("*/stop", "standbys[vault-3]/stop", true),
        ("active[vault-1]/*", "active[vault-1]/replace", true),
        ("prepare/backup", "prepare/backup", true),
        ("prepare/backup", "prepare/fingerprint", false),
        ("prepare[a]/backup", "prepare/backup", false),
    ] {
        assert_eq!(Pattern::read(pattern).unwrap().is_met(name), is_met, "{pattern} {name}");
    }
    assert!(["stop", "/stop", "a[]/stop", "a[b/stop", ""].iter().all(|text| Pattern::read(text).is_none()));
}
