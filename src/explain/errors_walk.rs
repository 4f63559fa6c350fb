//! Errors about the way that a run takes: the text is refused.

use crate::explain::Explanation;

/// By code.
pub const ERRORS_WALK: &[Explanation] = &[
    Explanation {
        code: "not-later",
        title: "a step that is put off until a phase that is not a later one",
        why: "`defer` names a later phase of the same plan: who puts the step off does so with a reason, it stays a deviation, and it comes back before that phase opens. Until the step's own phase, or one before it, nothing can be put off.",
        bad: r#"[[phase]]
id    = "prepare"
title = "Prepare"
[[phase.step]]
id      = "tell"
title   = "Tell the customers"
defer   = "prepare"
confirm = "Who was told?"
"#,
        good: r#"[[phase]]
id    = "prepare"
title = "Prepare"
[[phase.step]]
id      = "tell"
title   = "Tell the customers"
defer   = "finish"
confirm = "Who was told?"
[[phase]]
id    = "finish"
title = "Finish"
[[phase.step]]
id      = "look"
title   = "Look at it"
confirm = "Done?"
"#,
    },
    Explanation {
        code: "not-repeatable",
        title: "a critical or irreversible step as fresh evidence",
        why: "Evidence that is older than its `within` is done anew, by one key. What is critical or irreversible is not repeated like that. Leave `within` out, so that the step need only have been done, or put a step behind it that looks at what it did, and let that be fresh.",
        bad: r#"[[phase]]
id    = "move"
title = "Move"
[[phase.step]]
id           = "wipe"
title        = "Wipe the old disk"
critical     = true
irreversible = true
confirm      = "Wiped?"
[[phase.step]]
id       = "join"
title    = "Let it join"
requires = [{ step = "wipe", within = "1h" }]
confirm  = "Joined?"
"#,
        good: r#"[[phase]]
id    = "move"
title = "Move"
[[phase.step]]
id           = "wipe"
title        = "Wipe the old disk"
critical     = true
irreversible = true
confirm      = "Wiped?"
[[phase.step]]
id      = "empty"
title   = "See that it is empty"
confirm = "What does it hold?"
[[phase.step]]
id       = "join"
title    = "Let it join"
requires = ["wipe", { step = "empty", within = "1h" }]
confirm  = "Joined?"
"#,
    },
    Explanation {
        code: "put-off-required",
        title: "a step requires what may be put off until after it",
        why: "A step that is put off comes back before the phase opens that its `defer` names. A step before that phase that requires it would hold the run up: only to skip or to override it would be left. Let what is required be put off until the phase of the step that requires it at most, or do not let it be put off.",
        bad: r#"[[phase]]
id    = "prepare"
title = "Prepare"
[[phase.step]]
id      = "tell"
title   = "Tell the customers"
defer   = "finish"
confirm = "Who was told?"
[[phase]]
id    = "stop"
title = "Stop"
[[phase.step]]
id       = "stop"
title    = "Stop it"
requires = "prepare/tell"
confirm  = "Stopped?"
[[phase]]
id    = "finish"
title = "Finish"
[[phase.step]]
id      = "look"
title   = "Look at it"
confirm = "Done?"
"#,
        good: r#"[[phase]]
id    = "prepare"
title = "Prepare"
[[phase.step]]
id      = "tell"
title   = "Tell the customers"
defer   = "stop"
confirm = "Who was told?"
[[phase]]
id    = "stop"
title = "Stop"
[[phase.step]]
id       = "stop"
title    = "Stop it"
requires = "prepare/tell"
confirm  = "Stopped?"
[[phase]]
id    = "finish"
title = "Finish"
[[phase.step]]
id      = "look"
title   = "Look at it"
confirm = "Done?"
"#,
    },
];
