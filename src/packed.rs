//! The texts that are part of the program: runbooks, obligations, practice scenarios. They are packed (deflate), since as
//! they are they would be a tenth of it. `build.rs` finds them, packs them and writes the tables that stand here.

use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

include!(concat!(env!("OUT_DIR"), "/packed.rs"));

/// A text that is part of the program.
#[derive(Debug)]
pub struct Packed {
    /// Its name: the file's stem, with the folder's name and a `/` before it where a table says so.
    pub name: &'static str,
    /// What stands before its first table. It is not packed: to list things, nothing is unpacked.
    pub top: &'static str,
    rest: &'static [u8],
    /// Of the rest, in bytes, unpacked.
    length: usize,
}

impl Packed {
    /// The whole text, unpacked at each call.
    pub fn text(&self) -> String {
        let mut rest = vec![0; self.length];
        let mut state = DecompressorOxide::new();
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        // That it is all there, and text, a test tells of each: it is part of the program.
        let (_, _, length) = decompress(&mut state, self.rest, &mut rest, 0, flags);
        rest.truncate(length);
        self.top.to_owned() + &String::from_utf8_lossy(&rest)
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    /// The `*.toml` below `folder` by what stands after it in their path, without the ending.
    fn lying(folder: &str, depth: usize) -> Vec<(String, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut folders = vec![root.clone()];
        for _ in 1..depth {
            folders = folders.iter().flat_map(|folder| inside(folder)).filter(|path| path.is_dir()).collect();
        }
        let files = folders.iter().flat_map(|folder| inside(folder));
        let mut found: Vec<(String, String)> = files
            .filter_map(|path| {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().strip_suffix(".toml")?;
                Some((name.to_owned(), std::fs::read_to_string(&path).unwrap()))
            })
            .collect();
        found.sort();
        found
    }

    fn inside(folder: &Path) -> Vec<PathBuf> {
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn every_file_of_the_folders_is_there_as_it_lies_there() {
        for (table, folder, depth) in
            [(RUNBOOKS, "runbooks", 1), (SOURCES, "assets/sources", 1), (SCENARIOS, "assets/scenarios", 2)]
        {
            let lying = lying(folder, depth);
            let packed: Vec<(String, String)> = table.iter().map(|one| (one.name.to_owned(), one.text())).collect();
            assert!(packed == lying, "{folder}");
            assert!(!lying.is_empty() || !Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).exists(), "{folder}");
        }
    }
}
