//! Programs that make, move and remove files.

use std::time::Duration;

use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::files::absolute;
use super::{Arguments, Call, Entry, Hosts};

/// `None`: it is none of these commands.
pub(super) fn run(hosts: &mut dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    hosts.files(call.shell.place)?;
    Some(match call.name {
        "cp" => copy(hosts, call),
        "mv" => rename(hosts, call),
        "rm" | "unlink" | "rmdir" => remove(hosts, call),
        "install" => install(hosts, call),
        "mkdir" => make_folder(hosts, call),
        "touch" => touch(hosts, call),
        "chmod" | "chown" | "chgrp" => change(hosts, call),
        "rsync" => synchronize(hosts, call),
        _ => return None,
    })
}

/// What went wrong, as the program says it.
fn refused(call: &Call<'_>, exit: i32, why: &str) -> CommandResult {
    failed(exit, &format!("{}: {why}", call.name))
}

/// Sources and target, from the operands or `-t`.
fn ends(call: &Call<'_>, given: &Arguments) -> Result<(Vec<String>, String), CommandResult> {
    let mut sources = given.operands.clone();
    let target = match given.value(&["t", "target-directory"]) {
        Some(target) => Some(target.to_owned()),
        None => sources.pop(),
    };
    match (target, sources.is_empty()) {
        (None, _) => Err(refused(call, 1, "missing file operand")),
        (Some(target), true) => Err(refused(call, 1, &format!("missing destination file operand after '{target}'"))),
        (Some(target), false) => Ok((sources, target)),
    }
}

fn copy(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "tS", &["target-directory", "suffix"]);
    let is_whole = given.has(&["a", "r", "R", "archive", "recursive"]);
    let is_same = given.has(&["a", "p", "archive", "preserve"]);
    let (now, user) = (hosts.now(), call.shell.user.clone());
    let (sources, target) = match ends(call, &given) {
        Ok(ends) => ends,
        Err(result) => return result,
    };
    let Some(files) = hosts.files(call.shell.place) else { return CommandResult::default() };
    let mut bytes = 0;
    for source in &sources {
        let goal = match given.has(&["T", "no-target-directory"]) {
            true => absolute(&target),
            false => files.inside(&target, source),
        };
        match files.read(source, &user) {
            Err(why) => return refused(call, 1, &format!("cannot stat '{source}': {why}")),
            Ok(entry) if entry.is_folder() && !is_whole => {
                return refused(call, 1, &format!("-r not specified; omitting directory '{source}'"));
            }
            Ok(_) if given.has(&["n", "no-clobber"]) && files.get(&goal).is_some_and(|entry| !entry.is_folder()) => {
                continue;
            }
            Ok(_) if absolute(source) == goal => {
                return refused(call, 1, &format!("'{source}' and '{target}' are the same file"));
            }
            Ok(_) => {}
        }
        for (path, mut entry) in files.tree(source) {
            let goal = if path.is_empty() { goal.clone() } else { format!("{goal}/{path}") };
            if !is_same {
                (entry.owner, entry.at) = (user.clone(), now);
            }
            bytes += entry.bytes().len();
            if entry.is_folder() && files.get(&goal).is_some_and(Entry::is_folder) {
                continue;
            }
            if let Err(why) = files.write(&goal, entry, &user) {
                return refused(call, 1, &format!("cannot create regular file '{goal}': {why}"));
            }
        }
    }
    printed("").lasting(Duration::from_millis(30 + bytes as u64 / 200_000))
}

fn rename(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "tS", &["target-directory", "suffix"]);
    let user = call.shell.user.clone();
    let (sources, target) = match ends(call, &given) {
        Ok(ends) => ends,
        Err(result) => return result,
    };
    let Some(files) = hosts.files(call.shell.place) else { return CommandResult::default() };
    for source in &sources {
        if files.get(source).is_none() {
            return refused(call, 1, &format!("cannot stat '{source}': No such file or directory"));
        }
        let goal = match given.has(&["T", "no-target-directory"]) {
            true => absolute(&target),
            false => files.inside(&target, source),
        };
        let there = files.get(&goal).cloned();
        if there.is_some() && given.has(&["n", "no-clobber"]) {
            continue;
        }
        let is_full = there.as_ref().is_some_and(Entry::is_folder) && !files.names(&goal).is_empty();
        if is_full {
            return refused(call, 1, &format!("cannot overwrite '{goal}': Directory not empty"));
        }
        let tree = files.tree(source);
        let moved = files.remove(source, &user).and_then(|()| {
            if there.as_ref().is_some_and(Entry::is_folder) {
                files.take(&goal);
            }
            tree.iter().try_for_each(|(path, entry)| {
                let goal = if path.is_empty() { goal.clone() } else { format!("{goal}/{path}") };
                files.write(&goal, entry.clone(), if path.is_empty() { &user } else { "root" })
            })
        });
        if let Err(why) = moved {
            // What could not arrive stays where it was, and so does what lay there.
            files.take(&goal);
            if let Some(there) = there {
                files.put(&goal, there);
            }
            for (path, entry) in tree {
                let old = absolute(source);
                files.put(&if path.is_empty() { old } else { format!("{old}/{path}") }, entry);
            }
            return refused(call, 1, &format!("cannot move '{source}' to '{goal}': {why}"));
        }
    }
    printed("")
}

fn remove(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "", &[]);
    let (is_whole, is_forced) = (given.has(&["r", "R", "recursive"]), given.has(&["f", "force"]));
    let mut result = printed("");
    let Some(files) = hosts.files(call.shell.place) else { return result };
    for name in &given.operands {
        let why = match files.get(name) {
            None if is_forced => continue,
            None => "No such file or directory".to_owned(),
            Some(entry) if entry.is_folder() && call.name == "rm" && !is_whole => "Is a directory".to_owned(),
            Some(_) if call.name == "rmdir" && !files.names(name).is_empty() => "Directory not empty".to_owned(),
            Some(_) => match files.remove(name, &call.shell.user) {
                Ok(()) => continue,
                Err(why) => why,
            },
        };
        result.exit = 1;
        result.stderr.push_str(&format!("{}: cannot remove '{name}': {why}\n", call.name));
    }
    result
}

fn install(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "mtog", &["mode", "target-directory", "owner", "group"]);
    let mode = match given.value(&["m", "mode"]).map(|text| u32::from_str_radix(text, 8)) {
        None => 0o755,
        Some(Ok(mode)) => mode,
        Some(Err(_)) => return refused(call, 1, "invalid mode"),
    };
    let (now, user) = (hosts.now(), call.shell.user.clone());
    let owner = given.value(&["o", "owner"]).unwrap_or(&user).to_owned();
    let Some(files) = hosts.files(call.shell.place) else { return CommandResult::default() };
    if given.has(&["d", "directory"]) {
        for name in &given.operands {
            if user != "root"
                && files.get(name).is_none()
                && files.write(name, Entry::folder(&owner, now), &user).is_err()
            {
                return refused(call, 1, &format!("cannot create directory '{name}': Permission denied"));
            }
            if let Err(why) = files.try_put(name, Entry { mode, ..Entry::folder(&owner, now) }) {
                return refused(call, 1, &format!("cannot create directory '{name}': {why}"));
            }
        }
        return printed("");
    }
    let (sources, target) = match ends(call, &given) {
        Ok(ends) => ends,
        Err(result) => return result,
    };
    let into = given.has(&["t", "target-directory"]);
    let is_folder = |files: &super::Files| files.get(&target).is_some_and(Entry::is_folder);
    if into && !is_folder(files) {
        if !given.has(&["D"]) {
            return refused(call, 1, &format!("failed to access '{target}': No such file or directory"));
        }
        if let Err(why) = files.try_put(&target, Entry::folder(&user, now)) {
            return refused(call, 1, &format!("cannot create directory '{target}': {why}"));
        }
    }
    for source in &sources {
        let mut entry = match files.read(source, &user) {
            Ok(entry) if entry.is_folder() => return refused(call, 1, &format!("omitting directory '{source}'")),
            Ok(entry) => entry.clone(),
            Err(why) => return refused(call, 1, &format!("cannot stat '{source}': {why}")),
        };
        (entry.mode, entry.at) = (mode, now);
        entry.owner.clone_from(&owner);
        let goal = files.inside(&target, source);
        if let Err(why) = files.write(&goal, entry, &user) {
            return refused(call, 1, &format!("cannot create regular file '{goal}': {why}"));
        }
    }
    printed("").lasting(Duration::from_millis(60))
}

fn make_folder(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "m", &["mode"]);
    let (now, user, with_parents) = (hosts.now(), &call.shell.user, given.has(&["p", "parents"]));
    let Some(files) = hosts.files(call.shell.place) else { return CommandResult::default() };
    for name in &given.operands {
        if files.get(name).is_some() {
            match with_parents {
                true => continue,
                false => return refused(call, 1, &format!("cannot create directory '{name}': File exists")),
            }
        }
        let whole = absolute(name);
        let ends = whole.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(at, _)| at);
        let above: Vec<&str> = ends.map(|at| &whole[..at]).filter(|_| with_parents).collect();
        for path in above.into_iter().chain([whole.as_str()]).filter(|path| *path != "/") {
            if files.get(path).is_none()
                && let Err(why) = files.write(path, Entry::folder(user, now), user)
            {
                return refused(call, 1, &format!("cannot create directory '{name}': {why}"));
            }
        }
    }
    printed("")
}

fn touch(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "", &[]);
    let (now, user) = (hosts.now(), &call.shell.user);
    let Some(files) = hosts.files(call.shell.place) else { return CommandResult::default() };
    for name in &given.operands {
        let entry = files.get(name).cloned().unwrap_or_else(|| Entry::file("", user, now));
        if !entry.is_folder()
            && let Err(why) = files.write(name, Entry { at: now, ..entry }, user)
        {
            return refused(call, 1, &format!("cannot touch '{name}': {why}"));
        }
    }
    printed("")
}

fn change(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "", &[]);
    let Some((what, names)) = given.operands.split_first().filter(|(_, names)| !names.is_empty()) else {
        return refused(call, 1, "missing operand");
    };
    let user = &call.shell.user;
    let mode = match call.name {
        "chmod" => match u32::from_str_radix(what, 8) {
            Ok(mode) => Some(mode),
            Err(_) if what.ends_with("+x") => Some(0o755),
            Err(_) => return refused(call, 1, &format!("invalid mode: '{what}'")),
        },
        _ => None,
    };
    let Some(files) = hosts.files(call.shell.place) else { return CommandResult::default() };
    for name in names {
        let Some(entry) = files.get(name) else {
            return refused(call, 1, &format!("cannot access '{name}': No such file or directory"));
        };
        if user != "root" && (mode.is_none() || entry.owner != *user) {
            return refused(call, 1, &format!("changing '{name}': Operation not permitted"));
        }
        let tree = files.tree(name);
        let reach = if given.has(&["R", "recursive"]) { tree.len() } else { 1 };
        for (path, mut entry) in tree.into_iter().take(reach) {
            match mode {
                Some(mode) => entry.mode = mode,
                None if call.name == "chown" => {
                    let owner = what.split([':', '.']).next().unwrap_or_default();
                    owner.clone_into(&mut entry.owner);
                }
                None => {}
            }
            if let Err(why) = files.try_put(&format!("{}/{path}", absolute(name)), entry) {
                return refused(call, 1, &format!("changing '{name}': {why}"));
            }
        }
    }
    printed("")
}

/// `rsync -a [--delete] FOLDER/ FOLDER/` on one host.
fn synchronize(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "e", &["exclude", "include"]);
    let [source, target] = given.operands.as_slice() else {
        return refused(call, 1, "syntax or usage error (code 1)");
    };
    let user = call.shell.user.clone();
    let Some(files) = hosts.files(call.shell.place) else { return CommandResult::default() };
    if let Err(why) = files.read(source, &user) {
        let why = format!(
            "link_stat \"{source}\" failed: {why} (2)\nrsync error: some files could not be transferred (code 23)"
        );
        return refused(call, 23, &why);
    }
    let goal = match source.ends_with('/') {
        true => absolute(target),
        false => format!("{}/{}", absolute(target), absolute(source).rsplit('/').next().unwrap_or_default()),
    };
    let tree = files.tree(source);
    if given.has(&["delete"]) {
        let gone = files.tree(&goal).into_iter().filter(|(path, _)| !tree.iter().any(|(known, _)| known == path));
        for (path, _) in gone {
            files.take(&format!("{goal}/{path}"));
        }
    }
    for (path, entry) in tree {
        let goal = if path.is_empty() { goal.clone() } else { format!("{goal}/{path}") };
        if let Err(why) = files.write(&goal, entry, &user).or_else(|why| match files.get(&goal) {
            Some(there) if there.is_folder() => Ok(()),
            _ => Err(why),
        }) {
            return refused(call, 23, &format!("mkstemp \"{goal}\" failed: {why} (13)"));
        }
    }
    printed("").lasting(Duration::from_millis(300))
}
