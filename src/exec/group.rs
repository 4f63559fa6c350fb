//! One command in a process group of its own.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{ChildStderr, ChildStdout};

use crate::engine::{CommandLine, Ended};
use crate::exec::secret::Secret;

/// A command whose secrets have been looked up. Not `Debug`: it holds them.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub argv: Vec<String>,
    pub cwd: Option<String>,
    pub env: Vec<(String, Secret)>,
    /// Variables of this process that it must not inherit.
    pub without: Vec<String>,
}

impl Prepared {
    /// The command without its variables.
    pub fn plain(line: &CommandLine) -> Self {
        Self { argv: line.argv.clone(), cwd: line.cwd.clone(), env: Vec::new(), without: Vec::new() }
    }

    /// Why it cannot be started, as far as that can be told without trying.
    pub fn check(&self) -> Result<(), String> {
        if self.argv.first().is_none_or(String::is_empty) {
            return Err("it has no program".into());
        }
        if let Some(at) = self.argv.iter().position(|word| word.contains('\0')) {
            return Err(format!("argument {at} holds a NUL character"));
        }
        if self.cwd.as_ref().is_some_and(|cwd| cwd.contains('\0')) {
            return Err("its directory holds a NUL character".into());
        }
        for (name, value) in &self.env {
            if name.is_empty() || name.contains(['=', '\0']) || value.reveal().contains('\0') {
                return Err(format!("the variable {name:?} cannot be set"));
            }
        }
        Ok(())
    }
}

/// A started command. Its pipes are for the taking; it is not killed when this is dropped.
pub(crate) struct Group {
    child: Child,
    pid: Option<Pid>,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
}

impl Group {
    /// Starts it with an empty standard input. Must be called inside a tokio runtime. The error is for people.
    pub fn spawn(prepared: &Prepared) -> Result<Self, String> {
        prepared.check()?;
        let (program, arguments) = prepared.argv.split_first().ok_or("it has no program")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        prepared.without.iter().for_each(|name| _ = command.env_remove(name));
        prepared.env.iter().for_each(|(name, value)| _ = command.env(name, value.reveal()));
        if let Some(cwd) = &prepared.cwd {
            command.current_dir(cwd);
        }
        let mut child = command.spawn().map_err(|error| explain(prepared, program, &error))?;
        let pipes = (child.stdout.take().map(ChildStdout::from_std), child.stderr.take().map(ChildStderr::from_std));
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        match pipes {
            (Some(Ok(stdout)), Some(Ok(stderr))) => Ok(Self { child, pid, stdout, stderr }),
            _ => {
                signal(pid, Signal::KILL);
                Err("its output cannot be read".into())
            }
        }
    }

    /// How it ended, once it has.
    pub fn ended(&mut self) -> Option<Ended> {
        self.child.try_wait().ok().flatten().map(described)
    }

    /// Asks every process of the group to end; stopped ones are woken so that they hear it.
    pub fn terminate(&self) {
        signal(self.pid, Signal::TERM);
        signal(self.pid, Signal::CONT);
    }

    /// Ends every process of the group.
    pub fn kill(&self) {
        signal(self.pid, Signal::KILL);
    }

    /// Waits for the end of its first process.
    pub fn reap(mut self) {
        let _ = self.child.wait();
    }

    /// Whether a process of the group is left.
    pub fn is_alive(&self) -> bool {
        self.pid.is_some_and(|pid| test_kill_process_group(pid).is_ok())
    }
}

fn signal(pid: Option<Pid>, signal: Signal) {
    if let Some(pid) = pid {
        // ESRCH: it is gone already, which is what was wanted.
        let _ = kill_process_group(pid, signal);
    }
}

fn described(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exit(code),
        (None, Some(signal)) => Ended::Signal(signal),
        (None, None) => Ended::Lost,
    }
}

fn explain(prepared: &Prepared, program: &str, error: &io::Error) -> String {
    match &prepared.cwd {
        Some(cwd) if !Path::new(cwd).is_dir() => format!("the directory {cwd:?} does not exist"),
        _ if error.kind() == io::ErrorKind::NotFound => format!("the program {program:?} was not found"),
        _ => format!("the program {program:?} cannot be started: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_an_argument_is_refused() {
        let prepared = |argv: &[&str], env: &[(&str, &str)]| Prepared {
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            cwd: None,
            env: env.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect(),
            without: Vec::new(),
        };
        for (wrong, why) in [
            (prepared(&[], &[]), "it has no program"),
            (prepared(&[""], &[]), "it has no program"),
            (prepared(&["echo", "a\0b"], &[]), "argument 1 holds a NUL character"),
            (prepared(&["echo"], &[("A=B", "x")]), "the variable \"A=B\" cannot be set"),
            (prepared(&["echo"], &[("A", "x\0")]), "the variable \"A\" cannot be set"),
        ] {
            assert_eq!(wrong.check(), Err(why.to_owned()));
        }
        assert_eq!(prepared(&["echo", "-n", ""], &[("A", "")]).check(), Ok(()));
    }
}
