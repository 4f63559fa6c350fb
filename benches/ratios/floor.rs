//! The floor: the least program of this kind, a list of 200 rows that moves its selection.
//!
//! What it needs to start and to answer a key is what the framework and the machine need; the rest is ours. A run is
//! on disk before it is shown: its floor makes a folder and a line durable first.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crossterm::event::{Event, KeyCode, KeyEventKind, read};
use ratatui::widgets::{Block, List, ListState};

/// Makes a line in a new file of a new folder durable, then shows the list.
pub fn durable(folder: &Path) -> ExitCode {
    let name = format!("floor-{}", std::process::id());
    let folder = folder.join(name);
    std::fs::create_dir(&folder).expect("the folder of the bench can be written to");
    let mut file = File::create_new(folder.join("line")).expect("a new folder can be written to");
    file.write_all(b"the floor was started\n").expect("a new file can be written to");
    file.sync_data().expect("the disk keeps it");
    let sync = |path: &Path| File::open(path).and_then(|folder| folder.sync_all()).expect("the disk keeps it");
    sync(&folder);
    sync(folder.parent().expect("it was made in one"));
    main()
}

/// Shows the list until `q` is pressed.
pub fn main() -> ExitCode {
    let rows: Vec<String> = (1..=200).map(|row| format!("row {row} of the floor")).collect();
    let mut state = ListState::default().with_selected(Some(0));
    let mut terminal = ratatui::init();
    loop {
        let list =
            List::new(rows.iter().map(String::as_str)).highlight_symbol("> ").block(Block::bordered().title("floor"));
        let drawn = terminal.draw(|frame| frame.render_stateful_widget(list, frame.area(), &mut state));
        match (drawn, read()) {
            (Ok(_), Ok(Event::Key(key))) if key.kind == KeyEventKind::Press => match key.code {
                KeyCode::Char('q') => break,
                KeyCode::Down => state.select_next(),
                KeyCode::Up => state.select_previous(),
                _ => {}
            },
            (Ok(_), Ok(_)) => {}
            _ => break,
        }
    }
    // An error here says that the terminal has gone; then there is nothing to restore.
    let _ = ratatui::try_restore();
    ExitCode::SUCCESS
}
