//! What every shell knows, and small programs that tell of nothing but the host.

use std::time::Duration;

use crate::practice::CommandResult;

use super::command::{BASTION, failed, printed};
use super::{Call, Hosts, Place, Shell};

/// Commands that no simulator replaces.
pub(super) fn always(hosts: &dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    Some(match call.name {
        "true" | ":" => CommandResult::default(),
        "false" => failed(1, ""),
        "echo" => printed(&format!("{}\n", call.words.join(" "))),
        "hostname" => printed(&format!("{}\n", host_name(hosts, call.shell))),
        "whoami" => printed(&format!("{}\n", call.shell.user)),
        _ => return None,
    })
}

/// Commands that are there unless a simulator has its own.
pub(super) fn else_where(hosts: &dyn Hosts, call: &Call<'_>) -> Option<CommandResult> {
    Some(match call.name {
        "date" => printed(&format!("{}\n", hosts.now())),
        "uname" => uname(hosts, call),
        "id" => match call.shell.is_root() {
            true => printed("uid=0(root) gid=0(root) groups=0(root)\n"),
            false => printed(&format!("uid=1000({0}) gid=1000({0}) groups=1000({0})\n", call.shell.user)),
        },
        "sleep" => match call.words {
            [time] => match time.trim_end_matches('s').parse::<f64>() {
                Ok(seconds) if (0.0..1e6).contains(&seconds) => {
                    CommandResult::default().lasting(Duration::from_secs_f64(seconds))
                }
                _ => failed(1, &format!("sleep: invalid time interval '{time}'")),
            },
            _ => failed(1, "sleep: missing operand"),
        },
        _ => return None,
    })
}

pub(super) fn host_name(hosts: &dyn Hosts, shell: &Shell) -> String {
    match shell.place {
        Place::Bastion => BASTION.to_owned(),
        Place::Node(index) => hosts.host_name(index),
    }
}

fn uname(hosts: &dyn Hosts, call: &Call<'_>) -> CommandResult {
    match call.words.first().map(String::as_str) {
        None | Some("-s") => printed("Linux\n"),
        Some("-m" | "-p" | "-i") => printed("x86_64\n"),
        Some("-r") => printed("6.1.0-28-amd64\n"),
        Some("-n") => printed(&format!("{}\n", host_name(hosts, call.shell))),
        Some("-a") => {
            let name = host_name(hosts, call.shell);
            printed(&format!("Linux {name} 6.1.0-28-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 x86_64 GNU/Linux\n"))
        }
        Some(other) => failed(1, &format!("uname: extra operand '{other}'")),
    }
}
