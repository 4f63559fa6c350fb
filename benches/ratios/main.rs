//! What piton costs, each figure against its limit measured in the same run: `cargo bench`, or
//! `cargo bench -- library` for one part.
//!
//! Times depend on the machine and are told; counts do not, and a missed one fails the run. The goals are those that
//! the project has set itself.

mod floor;
mod frames;
mod headless;
mod journal;
mod panes;
mod practice;
mod reading;
mod report;
mod scale;
mod screen;
mod storm;
#[path = "../../tests/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests need more of it than the benches")]
mod support;
mod waits;
mod watched;

use std::path::Path;
use std::process::{Command, ExitCode};

use report::Figure;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["floor"] => floor::main(),
        ["floor", folder] => floor::durable(std::path::Path::new(folder)),
        ["append", root, count] => journal::child(root, count),
        // cargo adds `--bench`.
        ["--bench"] | [] => told(None),
        [part, ..] => told(Some(part)),
    }
}

/// Measures in a folder of its own.
type Part = fn(&Path) -> Vec<Figure>;

/// All figures, or those of the part that is named.
fn told(part: Option<&str>) -> ExitCode {
    build();
    let folder = tempfile::TempDir::with_prefix_in("bench-", env!("CARGO_TARGET_TMPDIR")).expect("a fresh folder");
    let parts: [(&str, Part); 13] = [
        ("journal", journal::figures),
        ("screen", screen::figures),
        ("storm", storm::figures),
        ("panes", panes::figures),
        ("waits", waits::figures),
        ("frames", frames::figures),
        ("headless", headless::figures),
        ("library", scale::library),
        ("conditions", scale::conditions),
        ("memory", scale::memory),
        ("practice", practice::figures),
        ("reading", reading::figures),
        ("size", |_| vec![size()]),
    ];
    let wanted = parts.iter().filter(|(name, _)| part.is_none_or(|part| part == *name));
    let figures: Vec<Figure> = wanted.flat_map(|(_, figures)| figures(folder.path())).collect();
    if figures.is_empty() {
        eprintln!("there is no such part; they are: {}", parts.map(|(name, _)| name).join(", "));
        return ExitCode::FAILURE;
    }
    if report::print(&figures) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Builds the program as it is installed. What `cargo bench` has built is another one: with all that the tests ask of
/// packages which both use, under other names for the linker.
fn build() {
    let target = Path::new(support::binary::PITON).ancestors().nth(2).expect("it lies in the folder of its profile");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--quiet", "--bin", "piton", "--target-dir"]).arg(target);
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo has built this");
    assert!(status.success(), "the program could not be built: {status}");
}

/// P20: the program as it is installed, in MB.
fn size() -> Figure {
    let bytes = std::fs::metadata(support::binary::PITON).expect("the binary was built").len();
    Figure::count("P20", "size of the binary, in MB", (bytes as f64 / 1e4).round() / 100.0, 8.0)
}
