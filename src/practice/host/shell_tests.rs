//! What a line comes to that is given to a shell.

use super::tests::Lab;
use super::{Place, Shell, run};

/// Exit status and both streams of a line on the one host.
fn on_one(lab: &mut Lab, line: &str) -> (i32, String, String) {
    let words = ["ssh", "one", line].map(str::to_owned);
    let result = run(lab, &Shell::on(Place::Bastion), &words, 0);
    (result.exit, result.stdout, result.stderr)
}

#[test]
fn an_empty_end_leaves_the_exit_status_alone() {
    let mut lab = Lab::new();
    for (line, exit) in [
        ("false;", 1),
        ("false ; ", 1),
        ("false\n\n", 1),
        ("true;", 0),
        ("bash -c 'false;'", 1),
        ("exit 3; true", 3),
        ("bash -c 'exit 3;'; exit", 3),
        ("false; exit", 1),
        ("sudo systemctl is-active none;", 4),
        ("false # ; true", 1),
        ("", 0),
        ("false &&\n true", 1),
        ("true &&\n false", 1),
    ] {
        assert_eq!(on_one(&mut lab, line).0, exit, "{line}");
    }
}

/// A line with something in it that no shell takes, or that this one does not know, does nothing at all.
#[test]
fn nothing_of_a_line_runs_that_cannot_be_read() {
    let mut lab = Lab::new();
    for (line, why) in [
        ("echo a > f; for n in 1 2; do echo $n; done", "practice: 'for' is not simulated"),
        ("echo a > f; if true; then echo b; fi", "practice: 'if' is not simulated"),
        ("echo a > f && (cd /tmp; ls)", "practice: '(' is not simulated"),
        ("echo a > f & echo b", "practice: '&' is not simulated"),
        ("echo a > f; echo \"`hostname`\"", "practice: '`' is not simulated"),
        ("echo a > f; echo ${HOME%/*}", "practice: '${…}' is not simulated"),
        ("echo a > f; echo $((1 + 1))", "practice: '$((' is not simulated"),
        ("echo a > f; cat << EOF", "practice: '<<' is not simulated"),
        ("echo a > f; echo 'b", "unexpected EOF while looking for matching `''"),
        ("echo a > f; echo $(b", "unexpected EOF while looking for matching `)'"),
        ("echo a > f;; echo b", "syntax error near unexpected token `;;'"),
        ("; echo a > f", "syntax error near unexpected token `;'"),
        ("echo a > f | | cat", "syntax error near unexpected token `|'"),
        ("echo a > f &&", "syntax error: unexpected end of file"),
        ("echo a > f )", "syntax error near unexpected token `)'"),
    ] {
        assert_eq!(on_one(&mut lab, line), (2, String::new(), format!("bash: {why}\n")), "{line}");
        assert_eq!(on_one(&mut lab, "test -e f").0, 1, "{line}");
    }
}

#[test]
fn variables_are_what_was_set_and_how_it_ended() {
    let mut lab = Lab::new();
    for (line, stdout) in [
        ("false; echo $?; echo $?", "1\n0\n"),
        ("true && false || echo \"${?}\"", "1\n"),
        ("X='a  b'; echo $X; echo \"$X\" '$X' \\$X", "a b\na  b $X $X\n"),
        ("X=a; echo ${X}b $Xb.", "ab .\n"),
        ("MODE=x; /usr/bin/thing version", "thing 1.0 -\n"),
        ("export MODE=x; /usr/bin/thing version; unset MODE; /usr/bin/thing version", "thing 1.0 x\nthing 1.0 -\n"),
        ("MODE=x; export MODE; sudo -E /usr/bin/thing version", "thing 1.0 x\n"),
        ("echo $USER $HOME; sudo bash -c 'echo $USER $HOME'", "operator /home/operator\nroot /root\n"),
        ("echo $(echo a; echo b) \"$(echo c; echo d)\" $NONE end", "a b c\nd end\n"),
        ("echo \"a \\\"b\\\" \\d\" 5$ a#b", "a \"b\" \\d 5$ a#b\n"),
        ("cd; cd /tmp || cd /nowhere || echo $?", "1\n"),
    ] {
        assert_eq!(on_one(&mut lab, line).1, stdout, "{line}");
    }
}

/// `ps aux | grep X` finds its own grep: whoever looks for a process in this way always finds one.
#[test]
fn a_list_of_processes_shows_what_looks_at_it() {
    let mut lab = Lab::new();
    let (exit, all, _) = on_one(&mut lab, "ps aux");
    let mut lines = all.lines();
    assert_eq!(lines.next(), Some("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"));
    assert_eq!(exit, 0);
    let thing = lines.find(|line| line.ends_with("/usr/bin/thing daemon")).unwrap();
    let cells: Vec<&str> = thing.split_whitespace().collect();
    assert_eq!((cells[0], cells[1], cells[6], cells[7], cells.len()), ("thing", "7", "?", "Ssl", 12), "{thing}");
    assert!(all.lines().last().unwrap().ends_with(" ps aux"), "{all}");
    let found = |lab: &mut Lab, line: &str| on_one(lab, line).1.lines().map(str::to_owned).collect::<Vec<_>>();
    let gone = found(&mut lab, "ps aux | grep nothing-of-the-kind");
    assert_eq!(gone.len(), 2, "{gone:?}");
    assert!(gone[0].ends_with(" bash -c ps aux | grep nothing-of-the-kind"), "{gone:?}");
    assert!(gone[1].ends_with(" grep nothing-of-the-kind"), "{gone:?}");
    assert_eq!(found(&mut lab, "ps -ef | grep [n]othing-of-the-kind"), [""; 0]);
    assert_eq!(found(&mut lab, "ps aux | grep nothing-of-the-kind | grep -v grep"), [""; 0]);
    assert_eq!(found(&mut lab, "ps aux | grep -c [t]hing")[0], "1");
    // It leaves out itself, and nobody else.
    assert_eq!(on_one(&mut lab, "pgrep -f nothing-of-the-kind").0, 1);
    assert_eq!(on_one(&mut lab, "pgrep -f nothing-of-the-kind && echo up").1, "91204\nup\n");
    assert_eq!(on_one(&mut lab, "pgrep -x nothing && echo up").0, 1);
    assert_eq!(on_one(&mut lab, "pgrep '^th.ng$'").1, "7\n");
    let full = found(&mut lab, "ps -ef");
    assert_eq!(full[0], "UID          PID    PPID  C STIME TTY          TIME CMD");
    assert!(full[1].starts_with("root           1       0  2 "), "{full:?}");
    // Without being asked for more it shows those of its own terminal.
    assert_eq!(found(&mut lab, "ps").len(), 2);
    assert_eq!(
        on_one(&mut lab, "ps -p 7 -o pid,user,stat,args").1,
        "PID USER STAT COMMAND\n7 thing Ssl /usr/bin/thing daemon\n"
    );
    assert_eq!(on_one(&mut lab, "ps -p 8").0, 1);
}

#[test]
fn grep_takes_expressions_and_tells_what_is_around() {
    let mut lab = Lab::new();
    on_one(&mut lab, "echo 'one 1.2' > list; echo two >> list; echo 'three [x]' >> list; echo four >> list");
    for (line, exit, stdout) in [
        ("grep 'e.*1\\.2' list", 0, "one 1.2\n"),
        ("grep -E 'two|four' list", 0, "two\nfour\n"),
        ("grep 'two|four' list", 1, ""),
        ("grep -F '[x]' list", 0, "three [x]\n"),
        ("grep -n -A1 two list", 0, "2:two\n3-three [x]\n"),
        ("grep -C1 -e one -e four list", 0, "one 1.2\ntwo\nthree [x]\nfour\n"),
        ("grep -B1 four list", 0, "three [x]\nfour\n"),
        ("grep -A0 -e one -e four list", 0, "one 1.2\nfour\n"),
        ("grep -o '[0-9]' list", 0, "1\n2\n"),
        ("grep -iw ONE list", 0, "one 1.2\n"),
        ("grep -l two list /etc/thing/thing.conf", 0, "list\n"),
        ("grep -vc two list", 0, "3\n"),
        ("grep '[x' list", 2, ""),
        ("grep", 2, ""),
    ] {
        let (found, text, _) = on_one(&mut lab, line);
        assert_eq!((found, text.as_str()), (exit, stdout), "{line}");
    }
}

/// What goes on until it is stopped goes on, and what is looked for is what is shown.
#[test]
fn what_operators_type_besides() {
    let mut lab = Lab::new();
    on_one(&mut lab, "echo 'b 2' > list; echo 'a 10' >> list; echo 'a 10' >> list; echo 'c:x:y' >> list");
    for (line, exit, stdout) in [
        ("tail -n +3 list", 0, "a 10\nc:x:y\n"),
        ("head -n -3 list", 0, "b 2\n"),
        ("tac list | head -1", 0, "c:x:y\n"),
        ("sort -k2n list | tail -1", 0, "a 10\n"),
        ("sort list | uniq -c | head -1", 0, "      2 a 10\n"),
        ("uniq -d list", 0, "a 10\n"),
        ("cut -d: -f2- list | tail -1", 0, "x:y\n"),
        ("cut\t-d:\t-f\t1\tlist | tail -1", 0, "c\n"),
        ("awk 'NR>3 {print $1}' list", 0, "c:x:y\n"),
        ("awk -F: '/x/{print $2, $NF}' list", 0, "x y\n"),
        ("awk '{print $1; exit}' list", 2, ""),
        ("sudo journalctl -o cat", 0, "long ago\njust now\n"),
        ("sudo journalctl -u thing -o cat -g JUST", 0, "-- No entries --\n"),
        ("sudo journalctl -u thing -o cat -g just", 0, "just now\n"),
        ("sudo journalctl -ro cat -n1", 0, "just now\n"),
        ("sudo journalctl -u thing -n nonsense", 1, ""),
        ("systemctl thing stop", 1, ""),
        ("systemctl --failed", 0, "  UNIT LOAD ACTIVE SUB DESCRIPTION\n"),
        ("echo one two | xargs echo three", 0, "three one two\n"),
        ("pgrep -x nothing | xargs -r kill", 0, ""),
        ("pgrep -x thing | xargs sudo kill -HUP", 0, ""),
        ("timeout 5 sleep 9", 124, ""),
        ("timeout 5 echo a", 0, "a\n"),
    ] {
        let (found, text, told) = on_one(&mut lab, line);
        assert_eq!((found, text.as_str()), (exit, stdout), "{line}: {told}");
    }
    assert_eq!(lab.signals.len(), 1);
    let day = 24 * 3_600_000;
    for (line, stdout) in [
        ("watch -n 1 hostname", "Every 1s: hostname\n\none\n"),
        ("sudo journalctl -fu thing -o cat", "long ago\njust now\n"),
        ("tail -f list | grep b", "b 2\n"),
    ] {
        let words = ["ssh", "one", line].map(str::to_owned);
        let result = run(&mut lab, &Shell::on(Place::Bastion), &words, 0);
        assert!(result.takes_ms >= day && result.stdout == stdout, "{line}: {result:?}");
    }
    // What is not there is not started by the way, and nobody is told of what is only forgotten.
    lab.unit.has_process = false;
    on_one(&mut lab, "sudo systemctl try-restart thing; sudo systemctl reset-failed thing");
    assert!(lab.orders.is_empty(), "{:?}", lab.orders);
}
