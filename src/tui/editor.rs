//! A text in the person's own editor: in a file that nobody else can read, which is gone afterwards, unless what was
//! written into it cannot be taken over.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::exec::Borrower;

/// The longest text that is taken back, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// How often a folder is tried to be made, when others have taken its name.
const TRIES: u32 = 100;

/// The words of `VISUAL`, or else of `EDITOR`: a program and what it is called with. No shell reads them.
///
/// # Errors
/// Neither of them is set.
pub fn wanted() -> Result<Vec<String>, String> {
    let set = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let words = set.map(|value| value.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    words
        .into_iter()
        .find(|words| !words.is_empty())
        .ok_or_else(|| "no editor is known: set VISUAL or EDITOR before piton is started".to_owned())
}

/// Lets a text be edited; comes back when the editor has ended, or was ended through `editing`. The terminal must be its
/// own meanwhile.
///
/// # Errors
/// Why nothing is taken over, for people.
pub fn edit(editor: &[String], text: &str, editing: &Borrower) -> Result<String, String> {
    let written = edit_draft(editor, text, editing);
    editing.tidied();
    written
}

fn edit_draft(editor: &[String], text: &str, editing: &Borrower) -> Result<String, String> {
    let [program, arguments @ ..] = editor else { return Err("no editor is known".into()) };
    let draft = Draft::new(text).map_err(|error| format!("no file could be made for the editor: {error}"))?;
    let mut command = Command::new(program);
    command.args(arguments).arg(&draft.file);
    let ended = editing.run(&mut command);
    let (ended, _) = ended.map_err(|error| format!("cannot start the editor {program}: {error}"))?;
    if !ended.success() {
        // Whoever ends piton is told nothing any more.
        let is_written = !editing.is_ended() && draft.bytes().is_ok_and(|bytes| bytes != text.as_bytes());
        let kept = if is_written { format!("; what it wrote stays in {}", draft.keep()) } else { String::new() };
        return Err(format!("the editor failed ({ended}): nothing was taken over{kept}"));
    }
    draft.text()
}

/// A file in a folder of its own, both for this user only. Dropping it takes them away, unless it is to stay.
struct Draft {
    folder: PathBuf,
    file: PathBuf,
    is_kept: bool,
}

impl Draft {
    fn new(text: &str) -> io::Result<Self> {
        let folder = private_folder(&std::env::temp_dir())?;
        let draft = Self { file: folder.join("text.md"), folder, is_kept: false };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft.file)?;
        file.write_all(text.as_bytes())?;
        Ok(draft)
    }

    /// What is in the file; of one that is too long a byte more than is taken.
    fn bytes(&self) -> io::Result<Vec<u8>> {
        if !std::fs::metadata(&self.file)?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let mut bytes = Vec::new();
        File::open(&self.file)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The text; one that cannot be taken over stays where it is, which is told.
    fn text(self) -> Result<String, String> {
        let bytes = self.bytes().map_err(|error| format!("what the editor wrote cannot be taken over: {error}"))?;
        let why = match String::from_utf8(bytes) {
            Ok(text) if text.len() as u64 <= MAX_BYTES => return Ok(text.trim_end().to_owned()),
            Err(error) if error.as_bytes().len() as u64 <= MAX_BYTES => "it is not UTF-8",
            _ => "it is longer than 64 KiB",
        };
        Err(format!("what the editor wrote cannot be taken over: {why}; all of it stays in {}", self.keep()))
    }

    /// Lets the file stay; where it is.
    fn keep(mut self) -> String {
        self.is_kept = true;
        self.file.display().to_string()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        // An editor may have left its own files beside it. What cannot be taken away nobody else can read.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Makes a folder of which nobody knew the name, for this user only.
fn private_folder(within: &Path) -> io::Result<PathBuf> {
    let mut last = io::Error::other("there is no name left");
    for number in 0..TRIES {
        let folder = within.join(format!("piton-{}-{number}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::*;
    use crate::clock::monotonic;

    /// A script as an editor; what it did with the file.
    fn with(script: &str, text: &str) -> Result<String, String> {
        let words = ["sh", "-c", script, "sh"].map(str::to_owned);
        edit(&words, text, &Borrower::default())
    }

    #[test]
    fn what_the_editor_writes_comes_back_and_its_file_is_gone() {
        let left = tempfile::tempdir().unwrap();
        let seen = left.path().join("seen");
        let script =
            format!("stat -c '%a %n' \"$1\" \"$(dirname \"$1\")\" > {}; echo and more >> \"$1\"", seen.display());
        assert_eq!(with(&script, "begun\n").unwrap(), "begun\nand more");
        let seen = std::fs::read_to_string(&seen).unwrap();
        let mut lines = seen.lines().map(|line| line.split_once(' ').unwrap());
        let (mode, file) = lines.next().unwrap();
        let (folder_mode, folder) = lines.next().unwrap();
        assert_eq!((mode, folder_mode), ("600", "700"));
        assert!(!Path::new(file).exists() && !Path::new(folder).exists());
    }

    #[test]
    fn an_editor_that_fails_or_writes_what_is_no_text_changes_nothing() {
        for (script, said) in [
            ("exit 3", "exit status: 3"),
            ("rm \"$1\"", "cannot be taken over"),
            ("rm \"$1\"; mkfifo \"$1\"", "not a file"),
        ] {
            let error = with(script, "x").unwrap_err();
            assert!(error.contains(said), "{script}: {error}");
        }
        assert!(
            edit(&["/nonexistent/editor".to_owned()], "x", &Borrower::default()).unwrap_err().contains("cannot start")
        );
    }

    #[test]
    fn what_cannot_be_taken_over_stays_in_a_file_that_is_named() {
        for (script, said, bytes) in [
            ("head -c 70000 /dev/zero | tr '\\0' x > \"$1\"", "it is longer than 64 KiB", 70_000),
            ("head -c 70000 /dev/zero | tr '\\0' '\\377' > \"$1\"", "it is longer than 64 KiB", 70_000),
            ("printf 'one \\377' > \"$1\"", "it is not UTF-8", 5),
            ("echo 'half a thought' > \"$1\"; exit 1", "the editor failed (exit status: 1)", 15),
        ] {
            let error = with(script, "x").unwrap_err();
            let (why, file) = error.split_once(" stays in ").unwrap_or_else(|| panic!("{script}: {error}"));
            assert!(why.contains(said), "{script}: {error}");
            let known = std::fs::metadata(file).unwrap();
            assert_eq!((known.len(), known.permissions().mode() & 0o777), (bytes, 0o600), "{script}");
            std::fs::remove_dir_all(Path::new(file).parent().unwrap()).unwrap();
        }
        let most = with("head -c 65536 /dev/zero | tr '\\0' x > \"$1\"", "x").unwrap();
        assert_eq!(most.len(), 65_536);
    }

    #[test]
    fn an_editor_that_is_ended_leaves_nothing_behind_willing_or_not() {
        for script in ["sleep 60; true", "trap '' TERM; sleep 60 & wait; sleep 60", "kill -STOP $$"] {
            let place = tempfile::tempdir().unwrap();
            let told = place.path().join("told");
            let script = format!("echo $$ \"$1\" > {0}.new; mv {0}.new {0}; {script}", told.display());
            let words = ["sh", "-c", &script, "sh"].map(str::to_owned);
            let editing = Borrower::default();
            let (of, began) = (editing.clone(), monotonic());
            let thread = std::thread::spawn(move || edit(&words, "half a thought", &of));
            while !told.exists() {
                std::thread::yield_now();
            }
            editing.end();
            assert!(began.elapsed() < Duration::from_secs(20));
            assert!(thread.join().unwrap().unwrap_err().contains("signal"), "{script}");
            let told = std::fs::read_to_string(told).unwrap();
            let (pid, file) = told.trim().split_once(' ').unwrap();
            // Another text may have taken the name meanwhile.
            let left = std::fs::read_to_string(file).unwrap_or_default();
            assert!(left != "half a thought" && !Path::new(&format!("/proc/{pid}")).exists(), "{script}");
        }
        // It is over, or was never begun.
        let editing = Borrower::default();
        editing.tidied();
        editing.end();
        assert!(edit(&["true".to_owned()], "x", &editing).unwrap_err().contains("piton ends"));
    }

    #[test]
    fn a_name_that_is_taken_is_not_used() {
        let within = tempfile::tempdir().unwrap();
        let first = private_folder(within.path()).unwrap();
        let second = private_folder(within.path()).unwrap();
        assert_ne!(first, second);
        assert_eq!(std::fs::metadata(&second).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
