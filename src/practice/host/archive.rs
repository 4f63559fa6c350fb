//! `tar` and `curl`.

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
        "curl" => curl(hosts, call),
        "wget" => wget(hosts, call),
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

fn curl(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let names =
        ["output", "output-dir", "max-time", "header", "request", "user", "data", "connect-timeout", "retry", "cacert"];
    let given = Arguments::parse(call.words, "oHXumdA", &names);
    if given.operands.is_empty() {
        return failed(2, "curl: try 'curl --help' or 'curl --manual' for more information");
    }
    let by_name = given.has(&["O", "remote-name", "remote-name-all"]);
    let mut result = printed("").lasting(Duration::ZERO);
    for url in &given.operands {
        let wait = hosts.download_time(call.shell.place, url);
        let entry = match hosts.download(call.shell.place, url) {
            Ok(entry) => entry,
            Err((exit, why)) => {
                let is_told = !given.has(&["s", "silent"]) || given.has(&["S", "show-error"]);
                return failed(exit, &if is_told { format!("curl: ({exit}) {why}") } else { String::new() });
            }
        };
        result = CommandResult { takes_ms: result.takes_ms + wait.as_millis() as u64, ..result };
        let name = url.rsplit('/').next().unwrap_or_default();
        let target = match given.value(&["o", "output"]) {
            Some(file) => Some(file.to_owned()),
            None if by_name => Some(name.to_owned()),
            None => None,
        };
        let Some(target) = target else {
            result.stdout.push_str(&entry.text());
            continue;
        };
        let target = match given.value(&["output-dir"]) {
            Some(folder) => format!("{folder}/{target}"),
            None => target,
        };
        if let Err(result) = keep(hosts, call, &target, entry) {
            return result;
        }
    }
    result
}

fn wget(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "OPT", &["output-document", "directory-prefix"]);
    let [url] = given.operands.as_slice() else { return failed(1, "wget: missing URL") };
    let entry = match hosts.download(call.shell.place, url) {
        Ok(entry) => entry,
        Err((_, why)) => return failed(4, &format!("wget: {why}")),
    };
    let name = url.rsplit('/').next().unwrap_or_default();
    let target = given.value(&["O", "output-document"]).unwrap_or(name).to_owned();
    match keep(hosts, call, &target, entry) {
        Ok(()) => printed("").lasting(hosts.download_time(call.shell.place, url)),
        Err(result) => CommandResult { exit: 3, ..result },
    }
}

fn keep(hosts: &mut dyn Hosts, call: &Call<'_>, target: &str, mut entry: Entry) -> Result<(), CommandResult> {
    if target == "/dev/null" {
        return Ok(());
    }
    entry.owner.clone_from(&call.shell.user);
    entry.at = hosts.now();
    let Some(files) = hosts.files(call.shell.place) else { return Ok(()) };
    files
        .write(target, entry, &call.shell.user)
        .map_err(|why| failed(23, &format!("curl: (23) Failed to open the file {target}: {why}")))
}
