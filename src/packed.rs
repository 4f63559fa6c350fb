//! The texts that are part of the program: runbooks, obligations, practice scenarios. They are packed (deflate), since as
//! they are they would be a tenth of it. `build.rs` finds them, packs them and writes the tables that stand here.

use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

include!(concat!(env!("OUT_DIR"), "/packed.rs"));

/// How many bytes the shortest of [`Packed::beginnings`] has: the top of nearly every runbook.
const SHORTEST: usize = 1024;

/// A text that is part of the program.
#[derive(Debug)]
pub struct Packed {
    /// Its name: the file's stem, with the folder's name and a `/` before it where a table says so.
    pub name: &'static str,
    bytes: &'static [u8],
    /// In bytes, unpacked.
    length: usize,
}

impl Packed {
    /// The whole text, unpacked at each call.
    pub fn text(&self) -> String {
        self.beginning(self.length)
    }

    /// Ever longer beginnings, each shorter than the whole, for who needs but the top. No more is unpacked than is asked
    /// for.
    pub fn beginnings(&self) -> impl Iterator<Item = String> {
        let lengths = std::iter::successors(Some(SHORTEST), |length| length.checked_mul(4));
        lengths.take_while(|length| *length < self.length).map(|length| self.beginning(length))
    }

    /// The first `most` bytes, or fewer where these would end inside a character.
    fn beginning(&self, most: usize) -> String {
        let mut bytes = vec![0; most];
        let mut state = DecompressorOxide::new();
        // Of what it returns only the length tells anything new: it ends for want of room, or with the text.
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (_, _, length) = decompress(&mut state, self.bytes, &mut bytes, 0, flags);
        bytes.truncate(length);
        bytes.utf8_chunks().next().map_or_else(String::new, |chunk| chunk.valid().to_owned())
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

    #[test]
    fn a_beginning_is_one_and_ends_between_characters() {
        for packed in RUNBOOKS {
            let whole = packed.text();
            for most in 0..=2 * SHORTEST {
                let end = (0..=most).rev().find(|end| whole.is_char_boundary(*end)).unwrap();
                assert!(packed.beginning(most) == whole[..end], "{}: {most}", packed.name);
            }
            let lengths: Vec<usize> = packed.beginnings().map(|text| text.len()).collect();
            assert!(lengths.is_sorted() && lengths.last() < Some(&whole.len()), "{}: {lengths:?}", packed.name);
            assert!(packed.beginnings().all(|text| whole.starts_with(&text)), "{}", packed.name);
        }
    }
}
