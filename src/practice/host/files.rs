//! The files of one machine: folders, contents, owners; who may read and write what.

use std::collections::BTreeMap;

use crate::clock::Timestamp;

use super::command::ACCOUNT;
use super::room::Weight;

/// What the operating system says.
const MISSING: &str = "No such file or directory";
const DENIED: &str = "Permission denied";
const FULL: &str = "No space left on device";

/// How a program's content begins; its name and version follow.
const PROGRAM: &str = "\u{7f}ELF practice ";

/// One file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The content; `None`: a folder.
    pub content: Option<Vec<u8>>,
    /// What an archive holds, by path inside it; empty: no archive.
    pub members: Vec<(String, Entry)>,
    /// The permission bits.
    pub mode: u32,
    /// The account that owns it.
    pub owner: String,
    /// When it was last changed.
    pub at: Timestamp,
}

impl Entry {
    /// A file that everyone may read.
    pub fn file(content: impl Into<Vec<u8>>, owner: &str, at: Timestamp) -> Self {
        Self { content: Some(content.into()), members: Vec::new(), mode: 0o644, owner: owner.to_owned(), at }
    }

    /// A folder that everyone may look into.
    pub fn folder(owner: &str, at: Timestamp) -> Self {
        Self { content: None, members: Vec::new(), mode: 0o755, owner: owner.to_owned(), at }
    }

    /// A program: its content says which, so that a copy is the same program and another version is not.
    pub fn program(name: &str, version: &str, owner: &str, at: Timestamp) -> Self {
        Self { mode: 0o755, ..Self::file(format!("{PROGRAM}{name} {version}\n"), owner, at) }
    }

    /// An archive of these members, by their paths inside it, and a content that follows from them.
    pub fn archive(members: Vec<(String, Self)>, owner: &str, at: Timestamp) -> Self {
        let mut content = b"\x1f\x8b practice archive\n".to_vec();
        for (path, entry) in &members {
            content.extend(format!("{path} {:o} {}\n", entry.mode, entry.owner).into_bytes());
            content.extend(entry.content.as_deref().unwrap_or_default());
        }
        Self { members, ..Self::file(content, owner, at) }
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.content.is_none()
    }

    /// The content; none of a folder.
    pub fn bytes(&self) -> &[u8] {
        self.content.as_deref().unwrap_or_default()
    }

    /// The content as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// The name and version of a program that may be run.
    pub fn as_program(&self) -> Option<(String, String)> {
        let text = std::str::from_utf8(self.bytes()).ok().filter(|_| self.mode & 0o111 != 0)?;
        let (name, version) = text.strip_prefix(PROGRAM)?.trim_end().split_once(' ')?;
        Some((name.to_owned(), version.to_owned()))
    }
}

/// The files of one machine.
#[derive(Clone, Debug)]
pub struct Files {
    entries: BTreeMap<String, Entry>,
    /// What all of them take in memory.
    held: Weight,
    /// Bytes that the file system can hold in all.
    pub size: u64,
    /// Bytes that are taken by what is not shown here.
    pub taken: u64,
}

impl Files {
    /// A machine as it is set up: the usual folders and the operator's home.
    pub fn new(at: Timestamp) -> Self {
        let mut files = Self { entries: BTreeMap::new(), held: Weight::default(), size: 80 << 30, taken: 21 << 30 };
        for path in
            ["/", "/etc", "/opt", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/var", "/var/lib", "/home"]
        {
            files.insert(path.to_owned(), Entry::folder("root", at));
        }
        for path in ["/tmp", "/var/tmp"] {
            files.insert(path.to_owned(), Entry { mode: 0o1777, ..Entry::folder("root", at) });
        }
        files.insert(home(), Entry::folder(ACCOUNT, at));
        files
    }

    /// Puts something at an absolute path, whoever may; folders above it that are missing come with it.
    pub fn put(&mut self, path: &str, entry: Entry) {
        let path = absolute(path);
        let mut above = parent(&path).to_owned();
        while !self.entries.contains_key(&above) {
            self.insert(above.clone(), Entry::folder(&entry.owner, entry.at));
            parent(&above.clone()).clone_into(&mut above);
        }
        self.insert(path, entry);
    }

    /// [`Files::put`] for a command, which may ask for more than there is room for. `Err` is what the operating system
    /// says.
    ///
    /// # Errors
    /// No space is left.
    pub(super) fn try_put(&mut self, path: &str, entry: Entry) -> Result<(), String> {
        let whole = absolute(path);
        let above = std::iter::successors(Some(parent(&whole)), |path| (*path != "/").then(|| parent(path)));
        let missing = above.take_while(|path| !self.entries.contains_key(*path));
        let made: Weight = missing.map(|path| Weight::of(path, &Entry::folder(&entry.owner, entry.at))).sum();
        self.has_room(&whole, made.and(Weight::of(&whole, &entry)))?;
        self.put(&whole, entry);
        Ok(())
    }

    /// That there is room for so much, in place of what lies at that path.
    fn has_room(&self, path: &str, more: Weight) -> Result<(), String> {
        let old = self.entries.get(path).map(|old| Weight::of(path, old)).unwrap_or_default();
        if self.held.without(old).and(more).fits() { Ok(()) } else { Err(FULL.into()) }
    }

    /// That there is room for an archive of these. Nothing of it is built yet. `Err` is what the operating system says.
    ///
    /// # Errors
    /// No space is left.
    pub(super) fn has_room_for_archive(&self, folder: &str, names: &[String]) -> Result<(), String> {
        let packed = |name: &String| {
            let path = absolute(&format!("{folder}/{name}"));
            self.lying(&path).map(|(path, entry)| Weight::of(path, entry)).sum::<Weight>().packed(name)
        };
        self.has_room("", names.iter().map(packed).sum())
    }

    fn insert(&mut self, path: String, entry: Entry) {
        self.held = self.held.and(Weight::of(&path, &entry));
        let old = self.entries.get(&path).map(|old| Weight::of(&path, old)).unwrap_or_default();
        self.held = self.held.without(old);
        self.entries.insert(path, entry);
    }

    /// What lies at a path, whoever may.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(&absolute(path))
    }

    /// Takes away what lies at a path with all below it, whoever may; whether there was something.
    pub fn take(&mut self, path: &str) -> bool {
        let path = absolute(path);
        let below = below(&path);
        let known = self.entries.len();
        let held = &mut self.held;
        self.entries.retain(|name, entry| {
            let stays = *name != path && !name.starts_with(&below);
            if !stays {
                *held = held.without(Weight::of(name, entry));
            }
            stays
        });
        self.entries.len() < known
    }

    /// What lies at a path and below it, by paths relative to it (the thing itself is the empty one).
    pub fn tree(&self, path: &str) -> Vec<(String, Entry)> {
        let path = absolute(path);
        let below = below(&path);
        let relative = |name: &str| name.strip_prefix(&below).unwrap_or_default().to_owned();
        self.lying(&path).map(|(name, entry)| (relative(name), entry.clone())).collect()
    }

    /// What lies at an absolute path and below it.
    fn lying(&self, path: &str) -> impl Iterator<Item = (&String, &Entry)> {
        let below = below(path);
        self.entries.range(path.to_owned()..).filter(move |(name, _)| *name == path || name.starts_with(&below))
    }

    /// The names in a folder, in order.
    pub fn names(&self, path: &str) -> Vec<String> {
        let below = below(&absolute(path));
        let names = self.entries.keys().filter_map(|name| name.strip_prefix(&below));
        names.filter(|name| !name.is_empty() && !name.contains('/')).map(str::to_owned).collect()
    }

    /// What lies at a path, for an account that may read it. `Err` is what the operating system says.
    ///
    /// # Errors
    /// It is not there, or not for this account.
    pub fn read(&self, path: &str, user: &str) -> Result<&Entry, String> {
        let entry = self.see(path, user)?;
        if may(entry, user, 0o4) { Ok(entry) } else { Err(DENIED.into()) }
    }

    /// What lies at a path, for an account that may look into the folders above it, whether or not it may read the thing
    /// itself. `Err` is what the operating system says.
    ///
    /// # Errors
    /// It is not there, or a folder above it is closed to this account.
    pub fn see(&self, path: &str, user: &str) -> Result<&Entry, String> {
        let path = absolute(path);
        if user != "root" {
            let mut above = path.as_str();
            while above != "/" {
                above = parent(above);
                let is_closed = |entry: &Entry| entry.is_folder() && !may(entry, user, 0o1);
                if self.entries.get(above).is_some_and(is_closed) {
                    return Err(DENIED.into());
                }
            }
        }
        self.entries.get(&path).ok_or_else(|| MISSING.into())
    }

    /// Puts something at a path as this account; what is there is replaced. `Err` is what the operating system says.
    ///
    /// # Errors
    /// The folder is not there, this account may not write into it, or no space is left.
    pub fn write(&mut self, path: &str, entry: Entry, user: &str) -> Result<(), String> {
        let path = absolute(path);
        self.may_change(&path, user)?;
        if self.entries.get(&path).is_some_and(Entry::is_folder) && !entry.is_folder() {
            return Err("Is a directory".into());
        }
        if self.free() < entry.bytes().len() as u64 {
            return Err(FULL.into());
        }
        self.has_room(&path, Weight::of(&path, &entry))?;
        self.insert(path, entry);
        Ok(())
    }

    /// Takes something away as this account, with all below it. `Err` is what the operating system says.
    ///
    /// # Errors
    /// It is not there, or this account may not.
    pub fn remove(&mut self, path: &str, user: &str) -> Result<(), String> {
        let path = absolute(path);
        if !self.entries.contains_key(&path) {
            return Err(MISSING.into());
        }
        self.may_change(&path, user)?;
        self.take(&path);
        Ok(())
    }

    /// Where something named `source` goes when it is brought to `target`: into it when that is a folder.
    pub fn inside(&self, target: &str, source: &str) -> String {
        let target = absolute(target);
        match self.entries.get(&target).is_some_and(Entry::is_folder) {
            true => format!("{}{}", below(&target), absolute(source).rsplit('/').next().unwrap_or_default()),
            false => target,
        }
    }

    /// Bytes that are free.
    pub fn free(&self) -> u64 {
        self.size.saturating_sub(self.used())
    }

    /// Bytes that are taken.
    pub fn used(&self) -> u64 {
        self.taken + self.entries.values().map(|entry| entry.bytes().len() as u64).sum::<u64>()
    }

    /// Bytes and entries that are held, counted anew.
    #[cfg(test)]
    pub(super) fn held(&self) -> (u64, u64) {
        let held: Weight = self.entries.iter().map(|(path, entry)| Weight::of(path, entry)).sum();
        assert_eq!((held.bytes, held.entries), (self.held.bytes, self.held.entries));
        (held.bytes, held.entries)
    }

    fn may_change(&self, path: &str, user: &str) -> Result<(), String> {
        match self.entries.get(parent(path)) {
            None => Err(MISSING.into()),
            Some(folder) if !folder.is_folder() => Err("Not a directory".into()),
            Some(folder) if may(folder, user, 0o2) => Ok(()),
            Some(_) => Err(DENIED.into()),
        }
    }
}

fn may(entry: &Entry, user: &str, bit: u32) -> bool {
    user == "root" || entry.mode & bit != 0 || (entry.owner == user && entry.mode & (bit << 6) != 0)
}

/// The operator's home.
fn home() -> String {
    format!("/home/{ACCOUNT}")
}

/// A path from the root, without `.`, `..` and double slashes; a relative one lies in the operator's home.
pub(super) fn absolute(path: &str) -> String {
    let whole = match path.strip_prefix('~') {
        Some(rest) => format!("{}{rest}", home()),
        None if path.starts_with('/') => path.to_owned(),
        None => format!("{}/{path}", home()),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn parent(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// The path with one slash at its end.
fn below(path: &str) -> String {
    if path == "/" { path.to_owned() } else { format!("{path}/") }
}
