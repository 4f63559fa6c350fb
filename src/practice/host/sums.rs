//! `sha256sum`, `sha512sum`.

use sha2::{Digest, Sha256, Sha512};

use crate::practice::CommandResult;

use super::command::{failed, printed};
use super::{Arguments, Call, Files, Hosts};

/// `None`: it is none of these commands.
pub(super) fn run(hosts: &mut dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    let sum: fn(&[u8]) -> String = match call.name {
        "sha256sum" => |bytes| hex(&Sha256::digest(bytes)),
        "sha512sum" => |bytes| hex(&Sha512::digest(bytes)),
        _ => return None,
    };
    let given = Arguments::parse(call.words, "", &[]);
    let files = hosts.files(call.shell.place)?;
    let mut result = printed("");
    for name in &given.operands {
        let told = match given.has(&["c", "check"]) {
            true => check(files, call, name, sum),
            false => read(files, call, name, sum).map(|sum| (0, format!("{sum}  {name}\n"))),
        };
        match told {
            Ok((exit, text)) => {
                result.exit = result.exit.max(exit);
                result.stdout.push_str(&text);
            }
            Err(why) => {
                result.exit = 1;
                result.stderr.push_str(&format!("{}: {name}: {why}\n", call.name));
            }
        }
    }
    if given.operands.is_empty() {
        return Some(failed(1, &format!("{}: reading the standard input is not simulated", call.name)));
    }
    Some(result)
}

fn read(files: &Files, call: &Call<'_>, name: &str, sum: fn(&[u8]) -> String) -> Result<String, String> {
    match files.read(name, &call.shell.user)? {
        entry if entry.is_folder() => Err("Is a directory".into()),
        entry => Ok(sum(entry.bytes())),
    }
}

/// Checks a list of sums.
fn check(files: &Files, call: &Call<'_>, list: &str, sum: fn(&[u8]) -> String) -> Result<(i32, String), String> {
    let text = files.read(list, &call.shell.user)?.text();
    let (mut exit, mut told) = (0, String::new());
    for line in text.lines() {
        let Some((wanted, name)) = line.split_once("  ") else { continue };
        match read(files, call, name, sum) {
            Ok(found) if found == wanted => told.push_str(&format!("{name}: OK\n")),
            Ok(_) => {
                exit = 1;
                told.push_str(&format!("{name}: FAILED\n"));
            }
            Err(_) => {
                exit = 1;
                told.push_str(&format!("{name}: FAILED open or read\n"));
            }
        }
    }
    Ok((exit, told))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
