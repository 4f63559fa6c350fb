//! Runbooks that the tests of several parts walk.

/// Two people: one step that a second one confirms at the same moment, one that is verified later, one that nobody else looks at.
pub(crate) const TWO_PEOPLE: &str = r#"
format = 1
id = "two"
title = "Two people"
system = "demo"

[[phase]]
id = "all"
title = "All"
[[phase.step]]
id = "read"
title = "Read the fuse"
verify = "peer"
confirm = "Which position?"
[[phase.step]]
id = "shut"
title = "Shut the valve"
verify = "independent"
confirm = "How does it stand?"
[[phase.step]]
id = "end"
title = "Look at it"
confirm = "What do you see?"
"#;
