//! What piton costs, each figure against its limit measured in the same run: `cargo bench`.
//!
//! Times depend on the machine and are told; counts do not, and a missed one fails the run. The goals are those that
//! the project has set itself.

mod floor;
mod headless;
mod journal;
mod report;
mod screen;
#[path = "../../tests/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests need more of it than the benches")]
mod support;

use std::process::ExitCode;

use report::Figure;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["floor"] => floor::main(),
        ["append", root, count] => journal::child(root, count),
        _ => all(),
    }
}

fn all() -> ExitCode {
    let folder = tempfile::TempDir::with_prefix_in("bench-", env!("CARGO_TARGET_TMPDIR")).expect("a fresh folder");
    let mut figures = journal::figures(folder.path());
    figures.extend(screen::figures(folder.path()));
    figures.extend(headless::figures(folder.path()));
    figures.push(size());
    if report::print(&figures) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// P20: the program as it is installed, in MB.
fn size() -> Figure {
    let bytes = std::fs::metadata(support::binary::PITON).expect("the binary was built").len();
    Figure::count("P20", "size of the binary, in MB", (bytes as f64 / 1e4).round() / 100.0, 8.0)
}
