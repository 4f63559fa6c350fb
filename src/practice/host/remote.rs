//! `ssh` and `scp`.

use crate::practice::CommandResult;

use super::command::failed;
use super::shell::run_line;
use super::{Arguments, Call, Hosts, Place, Random, Shell};

/// Runs a command line on a host, as the operator's login shell there; `depth` is that of the shell.
pub(super) fn ssh(hosts: &mut dyn Hosts, from: &Shell, words: &[String], depth: usize) -> CommandResult {
    let mut rest = words;
    while let Some(option) = rest.first().filter(|word| word.starts_with('-')) {
        if option == "--" {
            rest = &rest[1..];
            break;
        }
        let takes_value = matches!(option.as_str(), "-o" | "-p" | "-l" | "-i" | "-F" | "-J" | "-b" | "-c" | "-S");
        rest = rest.get(if takes_value { 2 } else { 1 }..).unwrap_or_default();
    }
    let Some((target, line)) = rest.split_first() else {
        return failed(255, "usage: ssh [options] destination [command [argument ...]]");
    };
    // Options end with the host, or with a `--` behind it.
    let line = line.strip_prefix(&["--".to_owned()]).unwrap_or(line);
    let index = match reached(hosts, target) {
        Ok(index) => index,
        Err(result) => return result,
    };
    if line.is_empty() {
        return failed(0, "Pseudo-terminal will not be allocated because stdin is not a terminal.");
    }
    let place = Place::Node(index);
    let stdin = from.stdin.clone();
    let is_terminal = from.is_terminal;
    let shell = Shell { environment: hosts.environment(place), stdin, is_terminal, ..Shell::on(place) };
    let mut result = run_line(hosts, &shell, &line.join(" "), depth);
    result.takes_ms += latency(&line.join(" "));
    result
}

/// Milliseconds that a connection takes, by the line alone. Probes go over ssh, too, and are not recorded: what they drew
/// would be missing where a cluster is built again from its records. Nor does the time of day tell: one seed, one walk.
fn latency(line: &str) -> u64 {
    let seed = line
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |seed: u64, byte| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Random::new(seed).between(80, 160)
}

/// The host that is meant, when it can be reached.
fn reached(hosts: &dyn Hosts, target: &str) -> Result<usize, CommandResult> {
    let host = target.rsplit('@').next().unwrap_or_default();
    let Some(index) = hosts.host(host) else {
        return Err(failed(255, &format!("ssh: Could not resolve hostname {host}: Name or service not known")));
    };
    match hosts.is_reachable(index) {
        true => Ok(index),
        false => Err(CommandResult {
            takes_ms: 10_000,
            ..failed(255, &format!("ssh: connect to host {host} port 22: Connection timed out"))
        }),
    }
}

/// Copies one file between this place and a host.
pub(super) fn secure_copy(hosts: &mut dyn Hosts, call: &Call<'_>) -> CommandResult {
    let given = Arguments::parse(call.words, "oPliFJcS", &[]);
    let [source, target] = given.operands.as_slice() else {
        return failed(
            1,
            "usage: scp [-346ABCOpqRrsTv] [-i identity_file] [-o ssh_option] [-P port] source ... target",
        );
    };
    let ends = [end(hosts, call.shell.place, source), end(hosts, call.shell.place, target)];
    let [Ok((from, path)), Ok((to, goal))] = ends else {
        let refused = ends.into_iter().find_map(Result::err);
        return refused.map_or_else(|| failed(1, ""), |result| CommandResult { exit: 255, ..result });
    };
    let user = call.shell.user.clone();
    let read = match hosts.files(from) {
        Some(files) => files.read(&path, &user).cloned(),
        None => Err("No such file or directory".to_owned()),
    };
    let mut entry = match read {
        Ok(entry) if entry.is_folder() => return failed(1, &format!("scp: {path}: not a regular file")),
        Ok(entry) => entry,
        Err(why) => return failed(1, &format!("scp: {path}: {why}")),
    };
    entry.owner.clone_from(&user);
    let Some(files) = hosts.files(to) else { return failed(1, &format!("scp: {goal}: Permission denied")) };
    let goal = files.inside(&goal, &path);
    match files.write(&goal, entry, &user) {
        Ok(()) => CommandResult { takes_ms: 400, ..CommandResult::default() },
        Err(why) => failed(1, &format!("scp: dest open \"{goal}\": {why}")),
    }
}

fn end(hosts: &dyn Hosts, here: Place, word: &str) -> Result<(Place, String), CommandResult> {
    match word.split_once(':') {
        Some((host, path)) if !host.contains('/') => Ok((Place::Node(reached(hosts, host)?), path.to_owned())),
        _ => Ok((here, word.to_owned())),
    }
}
