//! What is drawn. A widget borrows what it shows, holds no state, does no I/O, and draws through [`paint::Paint`] only:
//! that is where every text is made harmless.

pub mod alarms;
pub mod cautions;
pub mod checklist;
pub mod commands;
pub mod dialog;
pub mod ending;
pub mod gate;
pub mod guards;
pub mod header;
pub mod health;
pub mod health_fit;
pub mod health_table;
pub mod help;
pub mod keybar;
pub mod meanwhile;
pub mod names;
mod offers;
pub mod output;
pub mod overview;
pub mod paint;
pub mod pick;
pub mod progress;
pub mod release;
pub mod results;
pub mod resume;
pub mod seen;
pub mod soak;
pub mod status;
pub mod step;
pub mod strip;
pub mod tally;
pub mod told_keys;
