//! The piton program: a supervisor when it was started as one, otherwise the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == piton::exec::HOLD) {
        return piton::exec::hold_main(arguments);
    }
    piton::cli::main()
}
