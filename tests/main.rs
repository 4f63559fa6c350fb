//! The one integration test binary: every file of this folder is a module of it, and a test fails on one that is not.

mod beside;
mod cli;
mod cluster;
mod coverage;
mod crash;
mod dialogue;
mod edges;
mod exec;
mod format;
mod gitlab;
mod harness;
mod health;
mod ipfs;
mod journal;
mod journeys;
mod live_lines;
mod naive;
mod pipes;
mod prometheus;
mod replay;
mod report;
mod resize;
mod screens;
mod shipped;
mod support;
mod terminal;
mod tidy;
mod together;
mod walks;

use std::path::Path;

/// A test file that is not listed above would silently never run.
#[test]
fn every_file_of_this_folder_is_a_module_of_this_binary() {
    let main = include_str!("main.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let listed = |name: &str| main.lines().any(|line| line == format!("mod {name};"));
    let unlisted: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of this file is there")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") || path.join("mod.rs").is_file())
        .map(|path| path.file_stem().expect("a file has a name").to_string_lossy().into_owned())
        .filter(|name| name != "main" && !listed(name))
        .collect();
    assert!(unlisted.is_empty(), "not listed in tests/main.rs: {unlisted:?}");
}
