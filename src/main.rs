//! The program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == piton::exec::HOLD) {
        // The supervisor of a command starts before anything else is set up.
        return piton::exec::hold_main(arguments);
    }
    ExitCode::SUCCESS
}
