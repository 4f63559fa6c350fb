//! Errors in the user's own files: settings, keymap and themes. No runbook has them, so there is no example of one.

use crate::explain::Explanation;

/// By code.
pub const ERRORS_OWN: &[Explanation] = &[
    Explanation {
        code: "config",
        title: "a setting that is none",
        why: "`config.toml` says how the screens look and behave: `theme` (a theme's name), `glyphs` (unicode or ascii), `motion` (full or reduced), `mouse` (true or false), `copy` (whether the terminal may be asked to put texts into the clipboard) and `notify` (off, bell, desktop or desktop-777). What it does not say is as it is without the file.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "key-lost",
        title: "a key that cannot mean this",
        why: "Every action has one key at least. Where a text is typed, also in a dialog, a character belongs to the text, and backspace (`ctrl-h` in many terminals) mends it; `yes` alone may be a character in a dialog, and a second key that scrolls. A key that many terminals send as another one (`shift-enter`, `ctrl-1`) needs one beside it that all of them send. And what says yes to a question is another key than the one that opens it, so that a key that is held down runs nothing.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "key-twice",
        title: "a key that means two things",
        why: "In one context a key means at most one thing, and what holds everywhere holds in every context. Whoever takes a key that is in use gives the other action another one in the same file. The same action of a context stands only once in it.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "keymap",
        title: "a keymap that cannot be read",
        why: "`keymap.toml` gives other keys to what there is: each `[[key]]` names a `context`, an `action` of that context, and its `keys`; `desc` changes what the help says. `piton keymap` prints all contexts and actions. What it does not name keeps its keys.",
        bad: "",
        good: "",
    },
    Explanation {
        code: "theme",
        title: "a theme that cannot be read",
        why: "A theme is a file `themes/NAME.toml` beside `config.toml`. `[styles]` gives each meaning `fg` and `bg` (a number from 0 to 255, #rrggbb or a name) and `bold`, `dim`, `italic`, `underline` and `reversed`. `base` names a theme that is built in, from which all comes that the file does not say. A text of which nobody could read a word is refused: its contrast to what is behind it, where both are named, is at least 3:1.",
        bad: "",
        good: "",
    },
];
