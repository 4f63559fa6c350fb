//! Hold points among steps in any order, and those of which another acts while piton senses.

use super::verified::{key, state_of};
use super::*;

const BOOK: &str = r#"
format = 1
id = "hold"
title = "Hold"
system = "demo"
rollback = []

[[phase]]
id = "all"
title = "All"
order = "any"
[[phase.step]]
id = "lamp"
title = "Look at the lamp"
confirm = "Lit?"
[[phase.step]]
id = "eyes"
title = "Four eyes before anything is switched"
release = "another person"
[[phase.step]]
id = "switch"
title = "Switch it"
run = ["switch"]
[[phase.step]]
id = "point"
title = "Throw the key away"
irreversible = true
confirm = "Thrown?"
[[phase.step]]
id = "typed"
title = "Type the name"
critical = true
confirm = "Typed?"
[[phase.step]]
id = "bad"
title = "Take it away"
disturbs = { health = ["node"], for = "1m" }
confirm = "Away?"
[[phase.step]]
id = "look"
title = "Look around"
actor = "Jo"
confirm = "Well?"

[[health]]
id = "node"
tcp = "localhost:1"
ok = "true"
"#;

fn hold() -> Walk {
    Walk::of(parse(BOOK).0.expect("it is a runbook"))
}

fn takeable(walk: &Walk) -> Vec<StepId> {
    let of = |allowed: Allowed| if let Allowed::TakeUp(key) = allowed { Some(key.step) } else { None };
    walk.allowed().into_iter().filter_map(of).collect()
}

fn release(by: &str) -> Proposal {
    let (released_by, said) = (by.into(), "the plan".into());
    Proposal::Release { step: key("eyes"), released_by, said, signature: None }
}

fn sit(walk: &mut Walk, operator: &str) {
    walk.must(Proposal::Leave { how: Leaving::Left });
    let (host, face, version) = ("bastion".into(), "test".into(), "0".into());
    walk.must(Proposal::Sit { operator: operator.into(), host, pid: 2, face, version });
    walk.sense();
}

#[test]
fn nothing_that_changes_something_passes_a_hold_point_that_stands_before_it() {
    let mut walk = hold();
    let names = |names: &[&str]| names.iter().map(|name| StepId::new(*name)).collect::<Vec<_>>();
    assert_eq!(takeable(&walk), names(&["eyes", "look"]), "what changes nothing may be looked at before");
    for step in ["switch", "point", "typed", "bad"] {
        let refused = walk.propose(Proposal::TakeUp { step: key(step) });
        assert_eq!(refused, Err(Refusal::NotNow("a hold point that stands before it comes first")), "{step}");
    }
    walk.must(Proposal::TakeUp { step: key("look") });
    walk.must(Proposal::Confirm { step: key("look"), said: "well".into() });
    walk.must(Proposal::TakeUp { step: key("eyes") });
    walk.must(release("kim"));
    walk.sense();
    assert_eq!(takeable(&walk), names(&["switch", "point", "typed", "bad"]));
    assert_eq!(walk.fold(&walk.records), walk.state);
    // Left out with a reason, it holds nothing back.
    let mut walk = hold();
    walk.must(Proposal::TakeUp { step: key("eyes") });
    walk.must(Proposal::Skip { step: key("eyes"), reason: "nobody is there".into() });
    walk.sense();
    assert_eq!(takeable(&walk), names(&["switch", "point", "typed", "bad", "look"]));
}

#[test]
fn whoever_acted_before_does_not_release_wherever_that_step_stands() {
    let mut walk = hold();
    walk.must(Proposal::TakeUp { step: key("look") });
    walk.must(Proposal::Confirm { step: key("look"), said: "well".into() });
    sit(&mut walk, "kim");
    walk.must(Proposal::TakeUp { step: key("eyes") });
    assert_eq!(walk.propose(release("maria")), Err(Refusal::SamePerson("maria".into())));
    assert_eq!(walk.propose(release("jo")), Err(Refusal::SamePerson("Jo".into())));
    assert_eq!(walk.propose(release("kim")), Err(Refusal::SamePerson("kim".into())));
    walk.must(release("ann"));
}

#[test]
fn who_acts_while_piton_senses_does_not_verify_it_and_releases_nothing_behind_it() {
    let text = r#"
format = 1
id = "sensed"
title = "Sensed"
system = "demo"
rollback = []
[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "open"
title = "Open the door"
actor = "Anna Schmidt"
verify = "independent"
check = "true"
[[phase.step]]
id = "eyes"
title = "Four eyes"
release = "another person"
"#;
    let mut walk = Walk::of(parse(text).0.expect("it is a runbook"));
    assert_eq!(walk.key(), key("eyes"));
    assert_eq!(state_of(&walk, "open").doer, Some("Anna Schmidt".into()));
    let anna = || Err(Refusal::SamePerson("Anna Schmidt".into()));
    assert_eq!(walk.propose(release("anna schmidt")), anna());
    let verify = Proposal::Release {
        step: key("open"),
        released_by: "Anna Schmidt".into(),
        said: "open".into(),
        signature: None,
    };
    assert_eq!(walk.propose(verify), anna());
    walk.must(release("kim"));
    let lines = serde_json::to_string(&walk.records).unwrap();
    assert_eq!(lines.matches(r#""doer":"Anna Schmidt""#).count(), 1, "{lines}");
    assert_eq!(walk.fold(&walk.records), walk.state);
}
