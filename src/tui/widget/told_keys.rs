//! The keys that the status line tells in its words: a click presses them, as it does those of the action bar.

use ratatui::layout::Rect;

use crate::tui::keymap::{Action, Context, Keymap};
use crate::tui::spot::Press;
use crate::tui::widget::paint::{Paint, Strip};
use crate::tui::wrap::width;

/// Those keys: what stands before each of them and behind it. What is clicked is the key with the words behind it.
const TOLD: [(Action, &str, &str); 8] = [
    (Action::Seen, "; ", ": seen"),
    (Action::Alarms, " more (", ")"),
    (Action::Alarms, " (", "); "),
    (Action::Close, "; ", " closes the run"),
    (Action::Return, "; ", " returns"),
    (Action::Return, " first (", ")"),
    (Action::Act, " below: ", " reads on"),
    (Action::Verify, " closed: ", ""),
];

/// Notes them in a line that is drawn there.
pub fn spots(keymap: &Keymap, area: Rect, strip: &Strip, paint: &mut Paint<'_>) {
    let told: String = strip.0.iter().map(|(text, _)| text.as_str()).collect();
    let cells = |text: &str| u16::try_from(width(text)).unwrap_or(u16::MAX);
    for (action, before, behind) in TOLD {
        let key = keymap.shown(action, Context::Run);
        let Some(at) = told.rfind(&format!("{before}{key}{behind}")) else { continue };
        let left = (area.x + 1).saturating_add(cells(&told[..at + before.len()]));
        if left < area.right() {
            let wide = cells(&key).saturating_add(cells(behind)).min(area.right() - left);
            paint.spot(Rect::new(left, area.y, wide, 1), Press::Key(key));
        }
    }
}
