use super::*;
use crate::clock::Timestamp;
use crate::practice::CommandResult;

/// One host with files and a service, and a bastion with files.
pub(super) struct Lab {
    now: Timestamp,
    files: [Files; 2],
    pub(super) unit: Unit,
    log: Log,
    pub(super) signals: Vec<(u32, Signal)>,
    pub(super) orders: Vec<Order>,
}

impl Lab {
    pub(super) fn new() -> Self {
        let now = Timestamp::from_millis(1_795_228_870_000);
        let mut files = [Files::new(now), Files::new(now)];
        files[1].put("/usr/bin/thing", Entry::program("thing", "1.0", "root", now));
        files[1].put("/etc/thing/thing.conf", Entry::file("a = 1\nleave_on_shutdown = false\n", "root", now));
        files[1].put("/etc/thing/secret", Entry { mode: 0o600, ..Entry::file("x\n", "root", now) });
        files[1].put("/home/operator/new/thing", Entry::program("thing", "2.0", "operator", now));
        let mut log = Log::default();
        log.push(Timestamp::from_millis(now.as_millis() - 3_600_000), 7, "long ago");
        log.push(now, 7, "just now");
        let unit = Unit {
            name: "thing".into(),
            description: "Thing".into(),
            file: "/etc/systemd/system/thing.service".into(),
            state: UnitState::Active,
            pid: 7,
            program: "thing".into(),
            command: "/usr/bin/thing daemon".into(),
            is_enabled: false,
            has_process: true,
            properties: vec![("KillSignal".into(), "2".into())],
        };
        Self { now, files, unit, log, signals: Vec::new(), orders: Vec::new() }
    }

    fn run(&mut self, line: &str) -> CommandResult {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        run(self, &Shell::on(Place::Bastion), &words, 0)
    }
}

impl Hosts for Lab {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn host(&self, name: &str) -> Option<usize> {
        (name == "one").then_some(0)
    }

    fn host_name(&self, _: usize) -> String {
        "one".into()
    }

    fn program(&mut self, call: &Call<'_>) -> Option<CommandResult> {
        let entry = self.files(call.shell.place)?.get(call.typed)?;
        let (name, version) = entry.as_program()?;
        Some(printed(&format!("{name} {version} {}\n", call.shell.variable("MODE").unwrap_or("-"))))
    }

    fn files(&mut self, place: Place) -> Option<&mut Files> {
        match place {
            Place::Bastion => Some(&mut self.files[0]),
            Place::Node(_) => Some(&mut self.files[1]),
        }
    }

    fn download(&mut self, _: Place, url: &str) -> Result<Entry, (i32, String)> {
        match url.ends_with("thing.tgz") {
            true => {
                let program = Entry::program("thing", "3.0", "root", self.now);
                Ok(Entry::archive(vec![("thing-3.0/thing".into(), program)], "root", self.now))
            }
            false => Err((22, "The requested URL returned error: 404".into())),
        }
    }

    fn units(&self, _: usize) -> Vec<Unit> {
        vec![self.unit.clone()]
    }

    fn order(&mut self, _: usize, _: &str, order: Order) -> CommandResult {
        self.orders.push(order);
        printed("")
    }

    fn journal(&self, _: usize, _: &str) -> Option<&Log> {
        Some(&self.log)
    }

    fn processes(&self, _: usize) -> Vec<Listed> {
        vec![Listed {
            pid: 7,
            user: "thing".into(),
            name: "thing".into(),
            command: "/usr/bin/thing daemon".into(),
            is_frozen: false,
        }]
    }

    fn signal(&mut self, _: usize, pid: u32, signal: Signal) {
        self.signals.push((pid, signal));
    }
}

#[test]
fn files_are_read_copied_moved_and_removed_as_by_the_real_programs() {
    // command, exit status, part of standard output, part of standard error; one after the other
    let table: &[(&str, i32, &str, &str)] = &[
        ("ssh one /usr/bin/thing version", 0, "thing 1.0 -\n", ""),
        ("ssh one MODE=x /usr/bin/thing version", 0, "thing 1.0 x\n", ""),
        ("ssh one sudo MODE=x /usr/bin/thing version", 0, "thing 1.0 x\n", ""),
        ("ssh one cat /etc/thing/secret", 1, "", "cat: /etc/thing/secret: Permission denied"),
        ("ssh one sudo cat /etc/thing/secret", 0, "x\n", ""),
        ("ssh one cat /nowhere", 1, "", "cat: /nowhere: No such file or directory"),
        ("ssh one grep -e leave_on_shutdown /etc/thing/thing.conf", 0, "leave_on_shutdown = false\n", ""),
        ("ssh one grep -q nothing /etc/thing/thing.conf", 1, "", ""),
        ("ssh one grep x /nowhere", 2, "", "No such file"),
        ("ssh one head -n 1 /etc/thing/thing.conf", 0, "a = 1\n", ""),
        ("ssh one tail -1 /etc/thing/thing.conf", 0, "leave_on_shutdown = false\n", ""),
        ("ssh one wc -l /etc/thing/thing.conf", 0, "2 /etc/thing/thing.conf\n", ""),
        ("ssh one ls -A1 /etc/thing", 0, "secret\nthing.conf\n", ""),
        ("ssh one ls -l /etc/thing/secret", 0, "-rw------- 1 root root 2 Nov 21", ""),
        ("ssh one ls /nowhere", 2, "", "ls: cannot access '/nowhere'"),
        ("ssh one cp new/thing /usr/bin/thing", 1, "", "Permission denied"),
        ("ssh one sudo cp -pn /usr/bin/thing /usr/bin/thing_v1.0", 0, "", ""),
        ("ssh one sudo install -m 0755 /home/operator/new/thing /usr/bin/thing", 0, "", ""),
        ("ssh one /usr/bin/thing version", 0, "thing 2.0", ""),
        ("ssh one /usr/bin/thing_v1.0 version", 0, "thing 1.0", ""),
        ("ssh one sudo install -D -m 0755 -t /opt/thing/old /usr/bin/thing_v1.0", 0, "", ""),
        ("ssh one /opt/thing/old/thing_v1.0 version", 0, "thing 1.0", ""),
        ("ssh one sudo install -t /opt/none /usr/bin/thing_v1.0", 1, "", "install: failed to access '/opt/none'"),
        ("ssh one sudo cp -aT /etc/thing /etc/thing.before", 0, "", ""),
        ("ssh one sudo diff -rq /etc/thing /etc/thing.before", 0, "", ""),
        ("ssh one sudo rm /etc/thing/secret", 0, "", ""),
        ("ssh one sudo diff -rq /etc/thing /etc/thing.before", 1, "Only in /etc/thing.before: secret\n", ""),
        ("ssh one sudo rsync -a --delete /etc/thing.before/ /etc/thing/", 0, "", ""),
        ("ssh one sudo diff -rq /etc/thing /etc/thing.before", 0, "", ""),
        ("ssh one sudo mv -T /etc/thing /etc/thing.before", 1, "", "Directory not empty"),
        ("ssh one sudo mv --no-target-directory /etc/thing.before /etc/thing.after", 0, "", ""),
        ("ssh one test -d /etc/thing.before", 1, "", ""),
        ("ssh one test -d /etc/thing.after", 0, "", ""),
        ("ssh one rm -rf /etc/thing.after", 1, "", "rm: cannot remove '/etc/thing.after': Permission denied"),
        ("ssh one sudo rm /etc/thing.after", 1, "", "Is a directory"),
        ("ssh one df -h /var", 0, "Use% Mounted on", ""),
        ("ssh one df -h /nowhere", 1, "", "df: /nowhere: No such file"),
        ("ssh one sudo du -d 1 --time /etc/thing", 0, "\t/etc/thing\n", ""),
        ("ssh one which thing", 0, "/usr/bin/thing\n", ""),
        ("ssh one which nothing", 1, "", ""),
    ];
    let mut lab = Lab::new();
    for &(line, exit, stdout, stderr) in table {
        let result = lab.run(line);
        assert_eq!(result.exit, exit, "{line}: {result:?}");
        assert!(result.stdout.contains(stdout), "{line}: {result:?}");
        assert!(result.stderr.contains(stderr), "{line}: {result:?}");
    }
}

#[test]
fn archives_and_downloads_are_what_they_hold() {
    let mut lab = Lab::new();
    for (line, exit) in [
        ("ssh one curl -fsSLo new/thing.tgz https://example.com/thing.tgz", 0),
        ("ssh one curl -fsSL --output-dir new --remote-name-all https://example.com/thing.tgz", 0),
        ("ssh one curl -fsSL https://example.com/none", 22),
        ("ssh one tar -xzf new/thing.tgz -C new", 0),
        ("ssh one tar xzf new/none.tgz", 2),
        ("ssh one new/thing-3.0/thing version", 0),
        ("ssh one sudo tar -C /etc/thing -cf /var/thing.tar .", 0),
        ("ssh one sudo tar -C /etc/thing -df /var/thing.tar", 0),
        ("ssh one sudo tar -tf /var/thing.tar", 0),
        ("ssh one sudo rm /etc/thing/secret", 0),
        ("ssh one sudo tar -C /etc/thing -df /var/thing.tar", 1),
        ("scp -p one:/etc/thing/thing.conf here.conf", 0),
        ("sha256sum here.conf", 0),
        ("scp -p here.conf one:/home/operator/", 0),
        ("scp -p here.conf one:/etc/", 1),
        ("ssh one sha512sum here.conf new/thing.tgz", 0),
    ] {
        let result = lab.run(line);
        assert_eq!(result.exit, exit, "{line}: {result:?}");
    }
    assert_eq!(lab.run("ssh one new/thing-3.0/thing version").stdout, "thing 3.0 -\n");
    let sums = ["sha256sum here.conf", "ssh one sha256sum here.conf"].map(|line| lab.run(line).stdout);
    assert_eq!(sums[0], sums[1]);
}

#[test]
fn units_and_processes_answer_as_systemd_and_procps_do() {
    let mut lab = Lab::new();
    let table: &[(&str, i32, &str, &str)] = &[
        ("ssh one systemctl show thing --property=KillSignal --value", 0, "2\n", ""),
        ("ssh one systemctl show -p ActiveState,SubState thing", 0, "ActiveState=active\nSubState=running\n", ""),
        ("ssh one systemctl is-active none thing", 0, "inactive\nactive\n", ""),
        ("ssh one systemctl is-enabled thing", 1, "disabled\n", ""),
        ("ssh one systemctl cat thing", 0, "ExecStart=/usr/bin/thing daemon\n", ""),
        ("ssh one systemctl status none", 4, "", "Unit none.service could not be found."),
        ("ssh one systemctl enable thing", 4, "", "Interactive authentication required"),
        ("ssh one sudo systemctl enable --now thing", 0, "", ""),
        ("ssh one sudo systemctl start --no-block thing", 0, "", ""),
        ("ssh one sudo systemctl kill --signal=SIGINT thing", 0, "", ""),
        ("ssh one sudo systemctl daemon-reload", 0, "", ""),
        ("ssh one sudo service thing restart", 0, "", ""),
        ("ssh one sudo journalctl -u thing --since -10min --no-pager", 0, "one thing[7]: just now\n", ""),
        ("ssh one sudo journalctl -u thing -n 400 -o cat --no-pager", 0, "long ago\njust now\n", ""),
        ("ssh one sudo journalctl -u thing --since nonsense", 1, "", "Failed to parse timestamp"),
        ("ssh one sudo journalctl -u none", 0, "-- No entries --\n", ""),
        ("ssh one pgrep -x thing", 0, "7\n", ""),
        ("ssh one pgrep -x thin", 1, "", ""),
        ("ssh one pgrep -af daemon", 0, "7 /usr/bin/thing daemon\n", ""),
        ("ssh one ps -ww -C thing -o args=", 0, "/usr/bin/thing daemon\n", ""),
        ("ssh one ps -C none -o args=", 1, "", ""),
        ("ssh one kill 7", 1, "", "Operation not permitted"),
        ("ssh one sudo kill -HUP 7", 0, "", ""),
        ("ssh one sudo pkill thing", 0, "", ""),
        ("ssh one sudo pkill none", 1, "", ""),
    ];
    for &(line, exit, stdout, stderr) in table {
        let result = lab.run(line);
        assert_eq!(result.exit, exit, "{line}: {result:?}");
        assert!(result.stdout.contains(stdout), "{line}: {result:?}");
        assert!(result.stderr.contains(stderr), "{line}: {result:?}");
    }
    assert!(!lab.run("ssh one sudo journalctl -u thing --since -10min").stdout.contains("long ago"));
    assert_eq!(lab.signals, [(7, Signal::Hangup), (7, Signal::Terminate)]);
    assert_eq!(
        lab.orders,
        [
            Order::Enable,
            Order::Start { wait: true },
            Order::Start { wait: false },
            Order::Kill(Signal::Interrupt),
            Order::Restart
        ]
    );
}

#[test]
fn a_shell_pipes_and_redirects() {
    let mut lab = Lab::new();
    for (line, exit, stdout) in [
        ("journalctl -u thing | tail -1", 0, ""),
        ("sudo journalctl -u thing -o cat | tail -1", 0, "just now\n"),
        ("sudo journalctl -u thing -o cat | grep -c o", 0, "2\n"),
        ("cat /etc/thing/thing.conf | grep leave | cut -d = -f 2", 0, " false\n"),
        ("echo b > list; echo a >> list; sort list", 0, "a\nb\n"),
        ("sort < list | head -n 1", 0, "a\n"),
        ("cat /nowhere 2>/dev/null || echo none", 0, "none\n"),
        ("cat /nowhere 2>&1 | wc -l", 0, "1\n"),
        ("false && cat list | wc -l; echo on", 0, "on\n"),
        ("echo x > /etc/thing/thing.conf", 1, ""),
        ("echo x | sudo tee /etc/thing/thing.conf", 0, "x\n"),
        ("ps aux | awk '{print $2}' | grep ^7", 0, "7\n"),
        ("echo '>' \"|\" a\\>b", 0, "> | a>b\n"),
        ("cat /nowhere > all 2>&1; cat all", 0, "cat: /nowhere: No such file or directory\n"),
        ("cat < /nowhere", 1, ""),
    ] {
        let words = ["ssh".to_owned(), "one".to_owned(), line.to_owned()];
        let result = run(&mut lab, &Shell::on(Place::Bastion), &words, 0);
        assert_eq!((result.exit, result.stdout.as_str()), (exit, stdout), "{line}: {result:?}");
    }
}

#[test]
fn options_are_taken_apart_as_getopt_does() {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let given = Arguments::parse(&words("-xzf a.tgz -C there --mode=7 --owner me b -- -c"), "fC", &["owner"]);
    assert_eq!(given.operands, ["b", "-c"]);
    assert!(given.has(&["x"]) && given.has(&["z"]) && !given.has(&["c"]));
    assert_eq!((given.value(&["f"]), given.value(&["C"])), (Some("a.tgz"), Some("there")));
    assert_eq!((given.value(&["mode"]), given.value(&["owner"])), (Some("7"), Some("me")));
}

#[test]
fn commands_within_commands_end_somewhere() {
    let nested = |prefix: &[&str], times: usize| -> Vec<String> {
        let words = prefix.iter().copied().cycle().take(prefix.len() * times).chain(["echo", "deep"]);
        ["ssh", "one"].into_iter().chain(words).map(str::to_owned).collect()
    };
    let quoted = |times: usize| (0..times).fold("echo deep".to_owned(), |line, _| format!("echo $({line})"));
    let over_ssh = |line: String| vec!["ssh".to_owned(), "one".to_owned(), line];
    let local: Vec<String> = nested(&["env"], 9_000).split_off(2);
    let table = [
        (nested(&["sudo"], 9_000), false),
        (nested(&["env"], 9_000), false),
        (nested(&["env", "sudo", "-u", "root"], 9_000), false),
        (nested(&["ssh", "one"], 9_000), false),
        (local, false),
        (nested(&["env"], 20), true),
        (nested(&["sudo", "env"], 10), true),
        (nested(&["ssh", "one"], 10), true),
        (over_ssh(quoted(8)), true),
        (over_ssh(format!("sudo env bash -c '{}'", quoted(6))), true),
    ];
    for (words, goes) in table {
        let result = run(&mut Lab::new(), &Shell::on(Place::Bastion), &words, 0);
        let shown = words.iter().take(6).collect::<Vec<_>>();
        assert_eq!(result.exit == 0, goes, "{shown:?} of {}: {result:?}", words.len());
        assert!(goes || result.stderr.contains("too many levels"), "{shown:?}: {result:?}");
    }
    // However deep the quotes are, it comes to an end.
    let _ = run(&mut Lab::new(), &Shell::on(Place::Bastion), &over_ssh(quoted(5_000)), 0);
}

#[test]
fn a_machine_holds_only_so_much() {
    let full = "No space left on device";
    // An archive of forty of the one before.
    let mut lab = Lab::new();
    lab.run("ssh one cp new/thing t0");
    let many = |at: usize| vec![format!("t{at}"); 40].join(" ");
    let results: Vec<CommandResult> =
        (1..5).map(|at| lab.run(&format!("ssh one tar cf t{at} {}", many(at - 1)))).collect();
    assert!(results.iter().any(|result| result.exit == 2 && result.stderr.contains(full)), "{results:?}");
    assert!(lab.files[1].held() <= (64 << 20, 10_000), "{:?}", lab.files[1].held());
    // A folder that is copied into itself, again and again.
    let mut lab = Lab::new();
    let results: Vec<CommandResult> =
        (0..20).map(|number| lab.run(&format!("ssh one cp -r /home/operator /home/operator/c{number}"))).collect();
    assert!(results[0].exit == 0 && results[19].exit == 1 && results[19].stderr.contains(full), "{:?}", results[19]);
    assert!(lab.files[1].held().1 <= 10_000, "{:?}", lab.files[1].held());
    // Room is made again by removing.
    assert_eq!(lab.run("ssh one cp new/thing again").exit, 1);
    assert_eq!(lab.run("ssh one rm -r c0 c1 c2 c3 c4 c5 c6 c7 c8 c9").exit, 0);
    assert_eq!(lab.run("ssh one cp new/thing again").exit, 0);
    // What is appended to itself.
    let line = "tee -a big < big > /dev/null";
    lab.run("ssh one cp new/thing big");
    let doubled = (0..24).map(|_| {
        let words = ["ssh", "one", line].map(str::to_owned);
        run(&mut lab, &Shell::on(Place::Bastion), &words, 0)
    });
    assert!(doubled.last().unwrap().stderr.contains(full));
    assert!(lab.files[1].held().0 <= 64 << 20, "{:?}", lab.files[1].held());
    // Deep folders and long names count too, whoever makes them.
    let deep = format!("/{}", "d".repeat(199)).repeat(900);
    for line in [
        format!("mkdir -p /home/operator{deep}"),
        format!("sudo install -d {deep}"),
        format!("sudo install -D -t {deep} new/thing"),
    ] {
        let result = lab.run(&format!("ssh one {line}"));
        assert!(result.exit != 0 && result.stderr.contains(full), "{}: {result:?}", &line[..20]);
    }
    let owner = "o".repeat(100_000);
    let result = lab.run(&format!("ssh one sudo chown -R {owner} /home/operator"));
    assert!(result.exit != 0 && result.stderr.contains(full), "{}", result.exit);
    assert!(lab.files[1].held() <= (64 << 20, 10_000), "{:?}", lab.files[1].held());
}

#[test]
fn archives_are_nested_only_so_deep() {
    let mut lab = Lab::new();
    lab.run("ssh one cp new/thing t");
    let mut told = String::new();
    for _ in 0..200 {
        told = lab.run("ssh one tar cf n t").stderr;
        lab.run("ssh one mv n t");
    }
    assert!(told.contains("No space left on device"), "{told}");
}

#[test]
fn what_could_not_be_moved_stays_where_it_was() {
    let mut lab = Lab::new();
    lab.run("ssh one mkdir from into");
    lab.run("ssh one cp new/thing from/thing");
    let before = lab.files[1].tree("/");
    lab.files[1].taken = lab.files[1].size;
    assert_eq!(lab.run("ssh one mv from into").exit, 1);
    assert_eq!(lab.run("ssh one mv -T from into").exit, 1);
    assert!(lab.files[1].tree("/") == before);
}

#[test]
fn a_line_prints_only_so_much_before_its_pipe_breaks() {
    let mut lab = Lab::new();
    let text = "a line of thirty-two characters\n".repeat(1 << 15);
    lab.files[1].put("/home/operator/big", Entry::file(text, "operator", lab.now));
    let mut on_one = |line: &str| {
        let words = ["ssh", "one", line].map(str::to_owned);
        run(&mut lab, &Shell::on(Place::Bastion), &words, 0)
    };
    // A mebibyte each: all of it is read, more is not.
    let fits = on_one(&vec!["cat big"; 64].join("; "));
    assert_eq!((fits.exit, fits.stdout.len()), (0, 64 << 20));
    let broken = on_one(&format!("{}; echo never", vec!["cat big"; 70].join("; ")));
    assert_eq!((broken.exit, broken.stdout.len()), (141, 64 << 20));
    assert_eq!(on_one("bash -c 'cat big big' | wc -c").stdout, "2097152\n");
    // The words of one command have a measure of their own.
    let short = on_one("echo $(cat big) end");
    assert!(short.exit == 0 && short.stdout.ends_with("characters end\n"), "{}", short.exit);
    let long = on_one(&format!("echo {}", vec!["$(cat big)"; 40].join(" ")));
    assert_eq!((long.exit, &*long.stderr), (126, "bash: echo: Argument list too long\n"));
}
