//! `tar`.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::files::absolute;
use super::{Arguments, Call, Entry, Hosts};

/// `None`: it is none of these commands.
pub(super) fn run(hosts: &mut dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    Some(match call.name {
        "tar" => tar(hosts, call),
        _ => return None,
    })
}

fn tar(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let mut words = call.words.to_vec();
    // The old style has no dash.
    if let Some(first) = words.first_mut().filter(|word| !word.starts_with('-')) {
        *first = format!("-{first}");
    }
    let given = Arguments::parse(&words, "fCX", &["file", "directory", "exclude"]);
    let Some(file) = given.value(&["f", "file"]).map(str::to_owned) else {
        return failed(2, "tar: Refusing to read archive contents from terminal (missing -f option?)");
    };
    let folder = given.value(&["C", "directory"]).unwrap_or(".").to_owned();
    let user = call.shell.user.clone();
    let is_made = given.has(&["c", "create"]);
    let now = hosts.now();
    let Some(files) = hosts.files(call.shell.place) else { return CommandResult::default() };
    if !files.get(&folder).is_some_and(Entry::is_folder) {
        return failed(
            2,
            &format!(
                "tar: {folder}: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now"
            ),
        );
    }
    if is_made {
        return created(files, &given.operands, (&folder, &file), &user, now);
    }
    let archive = match files.read(&file, &user) {
        Ok(entry) => entry.clone(),
        Err(why) => {
            return failed(2, &format!("tar: {file}: Cannot open: {why}\ntar: Error is not recoverable: exiting now"));
        }
    };
    if archive.members.is_empty() {
        return failed(
            2,
            "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors",
        );
    }
    match () {
        () if given.has(&["t", "list"]) => listed(&archive, &given),
        () if given.has(&["d", "diff", "compare"]) => compared(files, &archive, &folder),
        () if given.has(&["x", "extract", "get"]) => extracted(files, &archive, &folder, &user),
        () => failed(2, "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options"),
    }
}

fn created(
    files: &mut super::Files,
    names: &[String],
    (folder, file): (&str, &str),
    user: &str,
    now: Timestamp,
) -> CommandResult {
    let cannot = |what: &str, why: &str| {
        failed(2, &format!("tar: {file}: Cannot {what}: {why}\ntar: Error is not recoverable: exiting now"))
    };
    if let Err(why) = files.has_room_for_archive(&absolute(folder), names) {
        return cannot("write", &why);
    }
    let mut members = Vec::new();
    for name in names {
        let tree = files.tree(&format!("{}/{name}", absolute(folder)));
        if tree.is_empty() {
            return failed(
                2,
                &format!(
                    "tar: {name}: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors"
                ),
            );
        }
        members.extend(tree.into_iter().map(|(path, entry)| {
            let slash = if path.is_empty() { "" } else { "/" };
            (format!("{name}{slash}{path}"), entry)
        }));
    }
    match files.write(file, Entry::archive(members, user, now), user) {
        Ok(()) => printed("").lasting(Duration::from_secs(3)),
        Err(why) => cannot("open", &why),
    }
}

fn listed(archive: &Entry, given: &Arguments) -> CommandResult {
    // `*/*/*` leaves out what lies two folders down.
    let deepest = given.value(&["exclude"]).map(|pattern| pattern.matches('/').count());
    let shown = archive
        .members
        .iter()
        .filter(|(path, _)| deepest.is_none_or(|slashes| path.trim_start_matches("./").matches('/').count() < slashes));
    let line = |(path, entry): &(String, Entry)| format!("{path}{}\n", if entry.is_folder() { "/" } else { "" });
    printed(&shown.map(line).collect::<String>()).lasting(Duration::from_millis(400))
}

fn compared(files: &super::Files, archive: &Entry, folder: &str) -> CommandResult {
    let mut text = String::new();
    for (path, entry) in &archive.members {
        match files.get(&format!("{}/{path}", absolute(folder))) {
            None => text.push_str(&format!("tar: {path}: Warning: Cannot stat: No such file or directory\n")),
            Some(there) if there.content != entry.content => text.push_str(&format!("{path}: Contents differ\n")),
            Some(_) => {}
        }
    }
    CommandResult { exit: i32::from(!text.is_empty()), ..printed(&text) }.lasting(Duration::from_secs(2))
}

fn extracted(files: &mut super::Files, archive: &Entry, folder: &str, user: &str) -> CommandResult {
    for (path, entry) in &archive.members {
        let goal = absolute(&format!("{}/{path}", absolute(folder)));
        let mut entry = entry.clone();
        if user != "root" {
            user.clone_into(&mut entry.owner);
        }
        let above = goal.rsplit_once('/').map_or("/", |(above, _)| above).to_owned();
        if entry.is_folder() && files.get(&goal).is_some_and(Entry::is_folder) {
            continue;
        }
        let has_above = match files.get(&above) {
            Some(_) => Ok(()),
            None => files.try_put(&above, Entry::folder(user, entry.at)),
        };
        if let Err(why) = has_above.and_then(|()| files.write(&goal, entry, user)) {
            return failed(
                2,
                &format!("tar: {path}: Cannot open: {why}\ntar: Exiting with failure status due to previous errors"),
            );
        }
    }
    printed("").lasting(Duration::from_secs(1))
}
