//! Packs the texts that are part of the program, leaves out of it what it does without, and puts together what is run
//! together.
//!
//! The texts are runbooks, obligations, practice scenarios. What lies in their folders is found here, so no list of them
//! is written by hand. `src/packed.rs` tells what becomes of them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use miniz_oxide::deflate::compress_to_vec;

/// What searches longest for the smallest pack.
const LEVEL: u8 = 10;
/// Which functions stand together: how their names begin, as the linker knows them. `benches/order/order.py` draws it.
const ORDER: &str = "assets/order.txt";
/// Names the file that shall tell what the linker puts where; `benches/order/order.py` asks for it.
const TABLE: &str = "PITON_LINK_TABLE";

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo gives it"));
    // A scenario lies in the folder of its system; its name is `system/stem`.
    let scenarios = folders("assets/scenarios").into_iter().flat_map(|folder| named(&folder, true)).collect();
    let tables = [
        ("RUNBOOKS", "The runbooks", named(Path::new("runbooks"), false)),
        ("SOURCES", "The obligations of each document", named(Path::new("assets/sources"), false)),
        ("SCENARIOS", "The practice scenarios, each as `system/stem`", scenarios),
    ];
    let code: String = tables.into_iter().map(|(name, what, files)| table(&out, name, what, files)).collect();
    put(&out.join("packed.rs"), code.as_bytes());
    linked_small(&out);
    // Whole folders: also a file or a folder that is new is seen.
    println!("cargo:rerun-if-changed=runbooks\ncargo:rerun-if-changed=assets");
}

/// A release build unwinds nothing (`panic = "abort"`), so what would describe its frames for that, a tenth of the program,
/// is not linked. What is run in ordinary use stands together, and so do the packed texts, which are read rarely: around
/// each place that is run or read the kernel maps 64 KiB, so what is scattered takes several times its room. The linkers
/// of Linux take this script beside their own. What else can be told shorter is.
fn linked_small(out: &Path) {
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    let script = out.join("small.ld");
    let lines = fs::read_to_string(ORDER).unwrap_or_else(|error| panic!("{ORDER}: {error}"));
    // What a run runs all the time stands beside what begins a program, and what people now and then call for is apart.
    let mut parts = lines.split("\n\n").skip(1).map(|part| part.lines().map(gathered).collect::<String>());
    let (Some(used), Some(called), None) = (parts.next(), parts.next(), parts.next()) else {
        panic!("{ORDER}: two parts are needed, an empty line before each");
    };
    let text = format!(
        "SECTIONS {{ /DISCARD/ : {{ *(.eh_frame) *(.eh_frame_hdr) }} }} INSERT AFTER .text;\n\
         SECTIONS {{ .text.used : {{\n{used}*(.text.main)\n*crt*.o(.text)\n}} }} INSERT AFTER .text;\n\
         SECTIONS {{ .text.called : {{\n{called}}} }} INSERT BEFORE .text;\n\
         SECTIONS {{ .rodata.packed : {{ *(.rodata.*5piton6packed*) }} }} INSERT AFTER .rodata;\n"
    );
    put(&script, text.as_bytes());
    println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    println!("cargo:rustc-link-arg-bins=-T\ncargo:rustc-link-arg-bins={}", script.display());
    println!("cargo:rerun-if-env-changed={TABLE}");
    if let Ok(table) = std::env::var(TABLE) {
        println!("cargo:rustc-link-arg-bins=-Wl,-Map={table}");
    }
    if packs_relocations() {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// What has the linker put the functions whose names begin so here.
fn gathered(name: &str) -> String {
    let is_name = name.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '.' | '$' | '*'));
    assert!(is_name, "{ORDER}: {name}: no function is named so");
    format!("*(.text.{name}* .text.unlikely.{name}*)\n")
}

/// Whether the addresses that are adapted when the program starts may be told in a twentieth of the room: the loader
/// knows it from glibc 2.36 on. A program that is built where that is there asks for it, and says so where it is not.
fn packs_relocations() -> bool {
    let told = std::process::Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let told = told.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let version = told.trim().strip_prefix("glibc 2.").and_then(|minor| minor.split('.').next()?.parse::<u32>().ok());
    is("CARGO_CFG_TARGET_ENV", "gnu") && std::env::var("HOST") == std::env::var("TARGET") && version >= Some(36)
}

fn is(name: &str, value: &str) -> bool {
    std::env::var(name).is_ok_and(|known| known == value)
}

/// Packs the files and writes the table of them, sorted by name.
fn table(out: &Path, table: &str, what: &str, mut files: Vec<(String, PathBuf)>) -> String {
    files.sort();
    let mut code = format!("/// {what}, sorted by name.\npub static {table}: &[Packed] = &[\n");
    let mut packs = String::new();
    for (number, (name, path)) in files.into_iter().enumerate() {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let pack = format!("{table}.{}", name.replace('/', "."));
        let (top, rest) = text.split_at(top(&text));
        let bytes = compress_to_vec(rest.as_bytes(), LEVEL);
        put(&out.join(&pack), &bytes);
        let (length, packed) = (rest.len(), bytes.len());
        // Each has a name, so that the linker can be told where they stand.
        let own = format!("{table}_{number}");
        writeln!(packs, "static {own}: [u8; {packed}] = *include_bytes!({pack:?});")
            .and_then(|()| {
                writeln!(code, "    Packed {{ name: {name:?}, top: {top:?}, rest: &{own}, length: {length} }},")
            })
            .expect("a string takes all that is written to it");
    }
    code + "];\n" + &packs
}

/// Where the first table begins: what stands before it is read at once, when things are listed, and stays as it is.
fn top(text: &str) -> usize {
    text.split_inclusive('\n').take_while(|line| !line.trim_start().starts_with('[')).map(str::len).sum()
}

/// Every `*.toml` of a folder by its stem, with the folder's name before it when that is asked for.
fn named(folder: &Path, with_folder: bool) -> Vec<(String, PathBuf)> {
    let stem = |path: &Path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let name = |path: &Path| match folder.file_stem().and_then(|name| name.to_str()) {
        Some(system) if with_folder => stem(path).map(|stem| format!("{system}/{stem}")),
        _ => stem(path),
    };
    let is_text = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml") && path.is_file();
    inside(folder).into_iter().filter(is_text).filter_map(|path| Some((name(&path)?, path))).collect()
}

/// The folders of a folder; none when it is not there.
fn folders(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(folder);
    if folder.is_dir() { inside(folder).into_iter().filter(|path| path.is_dir()).collect() } else { Vec::new() }
}

fn inside(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path()).collect()
}

fn put(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
