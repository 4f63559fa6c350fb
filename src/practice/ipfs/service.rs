//! The command `ipfs-cluster-service`.

use crate::practice::CommandResult;
use crate::practice::host::{Arguments, Call, Version, failed, printed};

use super::disk::FOLDER;
use super::processes::Wanted;
use super::releases;
use super::state::{IpfsCluster, UnitName};

/// What the program says of itself.
const HELP: &str = "NAME:\n   ipfs-cluster-service - IPFS Cluster peer\n\nUSAGE:\n   ipfs-cluster-service [global options] command [command options] [arguments...]\n\nCOMMANDS:\n     init     Creates a configuration and generates an identity\n     daemon   Runs the IPFS Cluster peer (default)\n     state    Manages the peer's persistent state (pinset)\n     version  Prints the ipfs-cluster version\n     help, h  Shows a list of commands or help for one command\n";

impl IpfsCluster {
    /// Runs it as it was typed.
    pub(super) fn service_command(&mut self, index: usize, version: &Version, call: &Call<'_>) -> CommandResult {
        let (folder, words) = globals(call);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["--version" | "-v"] => printed(&format!("ipfs-cluster-service version {version}\n")),
            ["version", ..] => printed(&format!("{version}\n")),
            ["help" | "h", ..] => printed(HELP),
            words if words.iter().any(|word| matches!(*word, "--help" | "-h")) => printed(HELP),
            ["daemon", ..] => {
                if let Some(refusal) = refuses(call, &folder) {
                    return refusal;
                }
                match self.daemon_wanted(version, call.typed, call.words, UnitName::Hand) {
                    Ok(wanted) => self.run_daemon(index, wanted),
                    Err(result) => result,
                }
            }
            ["init", ..] => {
                failed(1, "ipfs-cluster-service: practice: init is not simulated, every peer has its configuration")
            }
            ["state", rest @ ..] => {
                let rest: Vec<String> = rest.iter().map(|word| (*word).to_owned()).collect();
                self.state_command(index, version, &call.shell.user, &folder, &rest)
            }
            _ => CommandResult { exit: 1, ..printed(HELP) },
        }
    }

    /// What a `daemon` command line asks for.
    pub(super) fn daemon_wanted(
        &self,
        version: &Version,
        program: &str,
        words: &[String],
        unit: UnitName,
    ) -> Result<Wanted, CommandResult> {
        let given = Arguments::parse(words, "cjl", &["config", "bootstrap", "loglevel"]);
        if given.operands.first().map(String::as_str) != Some("daemon") {
            return Err(CommandResult { exit: 1, ..printed(HELP) });
        }
        let bootstrap = given.value(&["bootstrap", "j"]).filter(|text| !text.is_empty());
        let bootstrap = match bootstrap {
            None => None,
            Some(address) => match address.split_once("/p2p/").or_else(|| address.split_once("/ipfs/")) {
                Some((_, id)) if address.starts_with('/') => Some((id.to_owned(), address.to_owned())),
                _ => {
                    return Err(failed(
                        1,
                        &format!("error error parsing bootstrap multiaddress ({address}): failed to parse multiaddr"),
                    ));
                }
            },
        };
        Ok(Wanted {
            unit,
            command: format!("{program} {}", words.join(" ")),
            version: version.clone(),
            folder: given.value(&["config", "c"]).unwrap_or(FOLDER).trim_end_matches('/').to_owned(),
            bootstrap,
            upgrades: releases::converts_by_itself(version) || given.has(&["upgrade", "u"]),
        })
    }
}

/// The folder that is meant, and what follows the options in front.
fn globals(call: &Call<'_>) -> (String, Vec<String>) {
    let home = if call.shell.is_root() { "/root".to_owned() } else { format!("/home/{}", call.shell.user) };
    let usual = format!("{home}/.ipfs-cluster");
    let mut folder = call.shell.variable("IPFS_CLUSTER_PATH").map_or(usual, str::to_owned);
    let mut rest = call.words;
    while let [option, after @ ..] = rest {
        match option.split_once('=').map_or((option.as_str(), None), |(name, value)| (name, Some(value))) {
            ("--config" | "-c", Some(value)) => value.clone_into(&mut folder),
            ("--config" | "-c", None) => {
                if let [value, rest_of @ ..] = after {
                    value.clone_into(&mut folder);
                    rest = rest_of;
                    continue;
                }
            }
            ("--loglevel" | "-l", None) => {
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
            ("--debug" | "-d" | "--force" | "-f" | "--loglevel", _) => {}
            _ => break,
        }
        rest = after;
    }
    (folder.trim_end_matches('/').to_owned(), rest.to_vec())
}

/// What is said to an account that may not write into the folder.
fn refuses(call: &Call<'_>, folder: &str) -> Option<CommandResult> {
    let may = call.shell.is_root() || call.shell.user == super::state::ACCOUNT;
    let lock = format!("{folder}/cluster.lock");
    (!may).then(|| {
        failed(
            1,
            &format!(
                "error obtaining execution lock: open {lock}: permission denied. If no other ipfs-cluster-service process is \
                 running, remove {lock}, or make sure that the config folder is writable for the user running \
                 ipfs-cluster-service."
            ),
        )
    })
}
