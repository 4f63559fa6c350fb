//! What a command line comes to: through `ssh`, `sudo` and shells down to the programs that run.

/// So many wrappers are looked through.
const MAX_DEPTH: usize = 5;
/// What runs other programs and may stand in front: its options that take a value, and how many words of its own follow.
const WRAPPERS: &[(&str, &[&str], usize)] = &[
    ("sudo", &["-u", "-g", "-h", "-C", "-p", "-D", "-T"], 0),
    ("doas", &["-u", "-C"], 0),
    ("env", &["-u", "-C", "-S"], 0),
    ("nohup", &[], 0),
    ("time", &[], 0),
    ("exec", &[], 0),
    ("nice", &["-n"], 0),
    ("ionice", &["-c", "-n"], 0),
    ("timeout", &["-s", "-k"], 1),
    (
        "ssh",
        &[
            "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-p", "-R", "-S", "-W",
            "-w",
        ],
        1,
    ),
];
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh", "ksh"];
/// Programs whose arguments are only looked for or shown.
const READERS: &[&str] =
    &["grep", "egrep", "echo", "printf", "cat", "journalctl", "awk", "sed", "jq", "man", "test", "["];
/// How the name of a file ends that nobody fetches to read it.
const ARCHIVES: &[&str] = &[".tgz", ".gz", ".xz", ".bz2", ".zst", ".zip", ".tar", ".deb", ".rpm"];

/// What a command line comes to.
#[derive(Debug, Default)]
pub(crate) struct Command {
    /// The programs that run, each with its arguments.
    pub(crate) programs: Vec<Vec<String>>,
    /// The lines that a shell takes apart.
    pub(crate) lines: Vec<Line>,
    /// The names of the variables that are set for them.
    pub(crate) variables: Vec<String>,
    /// A shell was called with `-c`.
    pub(crate) has_shell: bool,
}

/// Commands in a row, each with the operator in front of it (empty for the first).
pub(crate) type Line = Vec<(String, Vec<String>)>;

impl Command {
    pub(crate) fn of(words: &[String]) -> Self {
        let mut command = Self::default();
        command.take_apart(words, 0);
        command
    }

    fn take_apart(&mut self, words: &[String], depth: usize) {
        let set = words.iter().take_while(|word| is_assignment(word)).count();
        self.variables.extend(words[..set].iter().filter_map(|word| Some(word.split_once('=')?.0.to_owned())));
        let words = &words[set..];
        let Some((first, rest)) = words.split_first() else { return };
        let program = base_name(first);
        if depth == MAX_DEPTH {
            return;
        }
        if SHELLS.contains(&program) {
            let is_inline = |word: &String| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
            if let Some(line) = rest.iter().position(is_inline).and_then(|at| rest.get(at + 1)) {
                self.has_shell = true;
                self.line(line, depth);
                return;
            }
        }
        if let Some((_, valued, own)) = WRAPPERS.iter().find(|(name, ..)| *name == program) {
            let inner = behind(rest, valued, *own);
            match program {
                // The words are joined with blanks and read by a shell over there.
                "ssh" => self.line(&inner.join(" "), depth),
                _ => self.take_apart(inner, depth + 1),
            }
            return;
        }
        self.programs.push(words.to_vec());
    }

    fn line(&mut self, text: &str, depth: usize) {
        let line = split(text);
        for (_, words) in &line {
            self.take_apart(words, depth + 1);
        }
        self.lines.push(line);
    }

    /// What of it destroys, as it would be typed.
    pub(crate) fn destroys(&self) -> Option<String> {
        self.programs.iter().find_map(|words| destroys(words))
    }

    /// What of it would ask a question that nobody answers.
    pub(crate) fn asks(&self) -> Option<(String, &'static str)> {
        let is_answered = |words: &[String]| {
            base_name(&words[0]) == "gitlab-backup" && self.variables.iter().any(|name| name == "GITLAB_ASSUME_YES")
        };
        self.programs.iter().filter(|words| !is_answered(words)).find_map(|words| asks(words))
    }

    /// A search in the list of processes that finds itself.
    pub(crate) fn finds_itself(&self) -> bool {
        self.lines.iter().any(finds_itself)
    }

    /// A program that ends every process of a name, as it would be typed.
    pub(crate) fn ends_all_of_a_name(&self) -> Option<&str> {
        // Of one parent, or of a file that holds the process id.
        let is_one = |words: &[String]| has_letter(words, 'F') || has_letter(words, 'P') || has(words, &["--pidfile"]);
        let is_it = |words: &&Vec<String>| matches!(base_name(&words[0]), "pkill" | "killall") && !is_one(&words[1..]);
        self.programs.iter().find(is_it).map(|words| base_name(&words[0]))
    }

    /// An archive that is fetched and printed: it lies nowhere afterwards.
    pub(crate) fn prints_archive(&self) -> bool {
        let is_taken = |line: &Line| line.windows(2).any(|pair| prints_archive(&pair[0].1) && pair[1].0 == "|");
        let is_curl = |words: &&Vec<String>| base_name(&words[0]) == "curl";
        self.programs.iter().filter(is_curl).any(|words| prints_archive(words)) && !self.lines.iter().any(is_taken)
    }

    /// A shell line that ends well whatever happened in it.
    pub(crate) fn hides_failure(&self) -> bool {
        self.lines.iter().any(|line| {
            let Some((operator, words)) = line.last() else { return false };
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            matches!(operator.as_str(), "||" | ";" | "\n") && matches!(words[..], ["true" | ":"] | ["exit", "0"])
        })
    }
}

fn base_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// The words behind a wrapper's options, assignments and own words.
fn behind<'w>(words: &'w [String], valued: &[&str], own: usize) -> &'w [String] {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if valued.contains(&word.as_str()) {
            at += 2;
        } else if word == "--" {
            at += 1;
            break;
        } else if word.starts_with('-') {
            at += 1;
        } else {
            break;
        }
    }
    words.get(at + own..).unwrap_or_default()
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    })
}

/// A shell line as its commands; quotes are taken away, what they hold stays one word.
fn split(text: &str) -> Line {
    let mut line: Line = vec![(String::new(), Vec::new())];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars().peekable();
    let finish = |word: &mut Option<String>, line: &mut Line| {
        if let (Some(word), Some((_, words))) = (word.take(), line.last_mut()) {
            words.push(word);
        }
    };
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, ';' | '|' | '&' | '\n' | '(' | ')') => {
                finish(&mut word, &mut line);
                let mut operator = String::from(c);
                operator.extend(chars.next_if(|next| *next == c && matches!(c, '|' | '&')));
                line.push((operator, Vec::new()));
            }
            (None, c) if c.is_whitespace() => finish(&mut word, &mut line),
            _ => word.get_or_insert_default().push(c),
        }
    }
    finish(&mut word, &mut line);
    line.retain(|(_, words)| !words.is_empty());
    line
}

fn has(words: &[String], any: &[&str]) -> bool {
    words.iter().any(|word| any.contains(&word.as_str()))
}

/// Whether one of the short options (`-rf`) holds the letter.
fn has_letter(words: &[String], letter: char) -> bool {
    words.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
}

fn destroys(words: &[String]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    let program = base_name(first);
    if READERS.contains(&program) || has(rest, &["--dry-run", "-dry-run", "--help", "-help"]) {
        return None;
    }
    let told = |word: &str| Some(format!("{program} {word}"));
    if program.starts_with("mkfs") || matches!(program, "wipefs" | "shred") {
        return Some(program.to_owned());
    }
    let by_program = match program {
        "rm" => (has_letter(rest, 'r') || has_letter(rest, 'R') || has(rest, &["--recursive"])).then_some("-r"),
        "dd" => rest.iter().any(|word| word.starts_with("of=")).then_some("of="),
        "kill" | "pkill" | "killall" => {
            has(rest, &["-9", "-KILL", "-SIGKILL", "--signal=KILL", "--signal=SIGKILL"]).then_some("-9")
        }
        "systemctl" => (has(rest, &["kill"])
            && has(rest, &["-9", "KILL", "SIGKILL", "-sKILL", "--signal=KILL", "--signal=SIGKILL"]))
        .then_some("kill -9"),
        "rsync" => rest.iter().find(|word| word.starts_with("--delete")).map(String::as_str),
        _ => None,
    };
    if let Some(word) = by_program {
        return told(word);
    }
    // A word of its own: a path or a name that holds it is none.
    let is_destructive = |word: &&String| {
        matches!(
            word.trim_start_matches('-'),
            "delete" | "destroy" | "purge" | "wipe" | "drop" | "decommission" | "force-leave" | "remove-peer"
        ) && (!word.starts_with('-') || word.ends_with("purge"))
    };
    if let Some(word) = rest.iter().find(is_destructive) {
        return told(word);
    }
    let is_clean_up = rest.windows(2).any(|pair| pair[0] == "state" && matches!(pair[1].as_str(), "cleanup" | "clean"));
    if is_clean_up {
        return told("state cleanup");
    }
    rest.iter().find_map(|word| in_sql(word)).and_then(told)
}

/// A statement that destroys, in an argument that is SQL.
fn in_sql(word: &str) -> Option<&'static str> {
    let upper = word.to_uppercase();
    let starts = |statement: &str, begin: &[&str]| {
        let statement = statement.trim_start();
        begin.iter().any(|begin| statement.starts_with(begin))
    };
    upper.split(';').find_map(|statement| {
        let table: &[(&[&str], &str)] = &[
            (&["DROP TABLE ", "DROP DATABASE ", "DROP SCHEMA ", "DROP INDEX ", "DROP USER "], "DROP"),
            (&["TRUNCATE "], "TRUNCATE"),
            (&["DELETE FROM "], "DELETE FROM"),
        ];
        table.iter().find(|(begin, _)| starts(statement, begin)).map(|(_, told)| *told)
    })
}

fn asks(words: &[String]) -> Option<(String, &'static str)> {
    let (first, rest) = words.split_first()?;
    let program = base_name(first);
    let changes =
        ["install", "remove", "purge", "upgrade", "full-upgrade", "dist-upgrade", "autoremove", "downgrade", "update"];
    let verb = rest.iter().find(|word| changes.contains(&word.as_str())).map(String::as_str);
    let is_dry = has(rest, &["-s", "--dry-run", "--simulate", "--download-only", "-d"]);
    let told = |word: &str, cure| Some((format!("{program} {word}"), cure));
    match program {
        "apt" | "apt-get" => {
            let is_yes = has_letter(rest, 'y') || has(rest, &["--yes", "--assume-yes", "-qq"]);
            verb.filter(|verb| *verb != "update" && !is_yes && !is_dry).and_then(|verb| told(verb, "add `-y`"))
        }
        "yum" | "dnf" => {
            let is_yes = has_letter(rest, 'y') || has(rest, &["--assumeyes", "--downloadonly"]);
            verb.filter(|_| !is_yes).and_then(|verb| told(verb, "add `-y`"))
        }
        "rm" | "mv" | "cp" if has(rest, &["-i", "-I", "-ri", "-ir", "--interactive"]) => {
            told("-i", "leave `-i` out, and let the step be `critical`")
        }
        "terraform" if has(rest, &["apply", "destroy"]) && !has(rest, &["-auto-approve", "--auto-approve"]) => {
            told("apply", "apply a saved plan, or add `-auto-approve`").filter(|_| rest.len() < 2)
        }
        "gitlab-backup"
            if has(rest, &["restore"]) && !rest.iter().any(|word| word.eq_ignore_ascii_case("force=yes")) =>
        {
            told("restore", "add `force=yes`, or have it run by hand in a `confirm` step")
        }
        "ipfs-cluster-service" if has(rest, &["state"]) && has(rest, &["cleanup", "clean", "import"]) => {
            let is_forced = has(rest, &["-f", "--force"]);
            told("state", "add `--force`").filter(|_| !is_forced)
        }
        "vault" if matches!(rest, [.., one, two] if one == "operator" && two == "unseal") => {
            told("operator unseal", "have the key holders do it, in a `confirm` step")
        }
        "passwd" => Some((program.to_owned(), "have it done by hand, in a `confirm` step")),
        _ => None,
    }
}

fn prints_archive(words: &[String]) -> bool {
    // Behind a wrapper in a line of the shell too.
    let Some(at) = words.iter().position(|word| base_name(word) == "curl") else { return false };
    let words = &words[at + 1..];
    let is_kept = has_letter(words, 'o')
        || has_letter(words, 'O')
        || words
            .iter()
            .any(|word| word.starts_with("--output") || word.starts_with("--remote-name") || word.starts_with('>'));
    let is_asked_only = has_letter(words, 'I') || has(words, &["--head"]);
    let is_archive = |word: &String| word.contains("://") && ARCHIVES.iter().any(|end| word.ends_with(end));
    !is_kept && !is_asked_only && words.iter().any(is_archive)
}

fn finds_itself(line: &Line) -> bool {
    let is_grep = |words: &[String]| matches!(base_name(&words[0]), "grep" | "egrep");
    line.windows(2).enumerate().any(|(at, pair)| {
        let [(_, list), (operator, search)] = pair else { return false };
        let pattern = search.iter().skip(1).find(|word| !word.starts_with('-'));
        let is_left_out = line[at + 1..].iter().any(|(_, words)| {
            is_grep(words) && has_letter(&words[1..], 'v') && words.iter().any(|word| word.contains("grep"))
        });
        base_name(&list[0]) == "ps"
            && operator == "|"
            && is_grep(search)
            && !has_letter(&search[1..], 'v')
            && pattern.is_some_and(|pattern| !pattern.contains('['))
            && !is_left_out
    })
}
