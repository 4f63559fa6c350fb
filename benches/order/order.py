"""Draws assets/order.txt anew: which functions run in ordinary use. Run it from anywhere, on Linux on x86-64.

build.rs has the linker put what that file names together: the kernel maps 64 KiB of a program around each place that is
run, so what is run in one part of the program keeps the rest of it out of memory. The release build is walked here at a
terminal as people use it, with a breakpoint at the start of each function that is taken away where it is reached.

It needs cargo, python3 and nothing else, and takes as long as a release build. Names that no walk of yours reaches cost
nothing but a few pages, so this is done anew now and then (another compiler, another package), not with each change.
"""

import collections
import ctypes
import fcntl
import http.server
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ORDER = ROOT / "assets" / "order.txt"
HEAD = """\
# What runs in ordinary use, as benches/order/order.py draws it: the beginnings of the linker's names of functions, with
# a star for what changes with compiler and packages. build.rs has the linker put together what stands in each of the
# two parts: first what a run over panes of health runs, then what else people call for.
"""
# So much of what a beginning names besides may be code that was not run, as a part of the code that was.
WASTE = 0.05

# -- ptrace, as <sys/ptrace.h> has it on Linux on x86-64

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long
TRACEME, CONT, GETREGS, SETREGS, DETACH, SETOPTIONS = 0, 7, 12, 13, 17, 0x4200
# Forks, vforks, clones and what is begun instead are told; who is traced ends with the tracer.
OPTIONS = 0x02 | 0x04 | 0x08 | 0x10 | 0x100000
EVENT_EXEC = 4
ALL_THREADS = 0x40000000
RIP = 16


def trace(program, arguments, addresses, reached):
    """Runs the program, notes each address that is reached in `reached`, in order, and ends as the program does."""
    child = os.fork()
    if child == 0:
        LIBC.ptrace(TRACEME, 0, None, None)
        os.execv(program, [str(program), *arguments])
    os.waitpid(child, 0)
    LIBC.ptrace(SETOPTIONS, child, None, OPTIONS)
    base = int(Path(f"/proc/{child}/maps").read_text().split("-", 1)[0], 16)
    memories = {}

    def memory(of):
        if of not in memories:
            memories[of] = os.open(f"/proc/{of}/mem", os.O_RDWR)
        return memories[of]

    first = {base + address: os.pread(memory(child), 1, base + address) for address in addresses}
    for address in first:
        os.pwrite(memory(child), b"\xcc", address)
    seen, begun = set(), {child}
    registers = (ctypes.c_ulonglong * 27)()
    with open(reached, "w") as out:
        LIBC.ptrace(CONT, child, None, None)
        while True:
            thread, status = os.waitpid(-1, ALL_THREADS)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                if thread == child:
                    return os.waitstatus_to_exitcode(status)
                continue
            passed = os.WSTOPSIG(status)
            if status >> 16 == EVENT_EXEC:
                LIBC.ptrace(DETACH, thread, None, None)
                continue
            if passed == signal.SIGTRAP or (passed == signal.SIGSTOP and thread not in begun):
                begun.add(thread)
                LIBC.ptrace(GETREGS, thread, None, registers)
                at = registers[RIP] - 1
                if status >> 16 == 0 and passed == signal.SIGTRAP and at in first:
                    # A forked child has a memory of its own until it begins another program.
                    os.pwrite(memory(thread), first[at], at)
                    registers[RIP] = at
                    LIBC.ptrace(SETREGS, thread, None, registers)
                    if at not in seen:
                        seen.add(at)
                        out.write(f"{at - base:x}\n")
                        out.flush()
                passed = 0
            LIBC.ptrace(CONT, thread, None, passed)


# -- a terminal, and who sits at it


# What programs ask a terminal, and what one says: where the cursor is, what it is, which flags its keyboard has, and how
# its ground is coloured.
ANSWERS = {
    b"\x1b[6n": "\x1b[1;1R",
    b"\x1b[c": "\x1b[?62;22c",
    b"\x1b[?u": "\x1b[?0u",
    b"\x1b]11;?": "\x1b]11;rgb:0000/0000/0000\x1b\\",
}


class Terminal:
    """A program in a terminal of 120 to 60, and all that it wrote."""

    def __init__(self, home, command):
        self.written = b""
        pid, self.end = pty.fork()
        if pid == 0:
            os.chdir(home)
            of = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm-256color", "TZ": "UTC", "USER": "order"}
            os.execvpe(command[0], command, of)
        self.pid, self.columns = pid, 120
        self.resize()

    def resize(self):
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 60, self.columns, 0, 0))

    def look(self):
        """What is shown, as it is drawn for a terminal of another width."""
        self.until(1.0, 4.0)
        since = len(self.written)
        self.columns = 241 - self.columns
        self.resize()
        self.until(1.0, 4.0)
        return re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", self.written[since:])

    def until(self, quiet, patience=60.0):
        """Waits until nothing was written for so many seconds; whether the program is still there."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if not select.select([self.end], [], [], quiet)[0]:
                return True
            try:
                part = os.read(self.end, 65536)
            except OSError:
                part = b""
            if not part:
                return False
            self.written += part
            for asked, told in ANSWERS.items():
                self.key(told * part.count(asked))
        return True

    def key(self, keys):
        try:
            os.write(self.end, keys.encode())
        except OSError:
            pass

    def close(self):
        self.until(1.0, 10.0)
        try:
            os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        while self.until(1.0, 20.0) and os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            pass
        os.close(self.end)


class Watched(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"role":"up","seen":0}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def book(port, silent=None, phase=20):
    """A runbook of 200 steps over eight panes, or none where there is no port; in phases of so many steps."""
    text = 'format = 1\nid = "order"\ntitle = "Order"\nrevision = "1"\nsystem = "vault"\nsummary = "Many steps."\n'
    for step in range(1, 201):
        if step % phase == 1:
            text += f'\n[[phase]]\nid = "p{step // phase + 1}"\ntitle = "Phase {step // phase + 1}"\n'
        text += f'\n[[phase.step]]\nid = "s{step}"\ntitle = "Step {step}"\nconfirm = "What was seen?"\n'
    for pane in range(1, 9 if port else 1):
        text += f'\n[[health]]\nid = "pane-{pane}"\ntitle = "Pane {pane}"\nevery = "1s"\ntimeout = "1s"\n'
        text += f'http = {{ url = "http://127.0.0.1:{port if pane != silent else 1}/{pane}" }}\n'
        text += "fields = { role = \".body.role\", seen = \".body.seen\" }\nok = '.role == \"up\"'\n"
    return text


def begun(terminal):
    """Goes on through all that is asked before a run is on the screen."""
    for _ in range(12):
        shown = terminal.look()
        if b" confirm" in shown:
            return
        # What a question takes, it takes only after it has stood there for a while.
        time.sleep(1.0)
        terminal.key("live\r" if b"ype live" in shown else "a" if b"all the same" in shown else "\r")
    sys.exit("the run did not begin")


def watch(terminal):
    begun(terminal)
    terminal.until(60.0, 15.0)


def walk(terminal):
    begun(terminal)
    for keys in ["w", "\x1b", "?", "\x1b", ":", "note", "\x1b", "n", "a note", "\x13", "\x1b", "\r", "as it should be", "\r"]:
        terminal.key(keys)
        terminal.until(0.8, 3.0)
    for keys in ["j", "j", "k", ".", "\t", "\t", "z", "z", "o", "\x1b", "/", "Step 1", "\r", "\x1b", "g", "\x1b", "t", "\x1b", "q", "y"]:
        terminal.key(keys)
        terminal.until(0.8, 3.0)


def browse(terminal):
    for keys in ["", "\x1b[B", "\x1b[B", "\x1b[A", "?", "\x1b", "J", "\r", "\x1b[C", "\x1b[C", "t", "\x1b", "q", "\x1b"]:
        terminal.key(keys)
        terminal.until(0.8, 4.0)


def wait(terminal):
    terminal.until(5.0, 60.0)


# -- names


def functions(table):
    """Of each address where a function begins its name and length, from the linker's table of what lies where."""
    line = re.compile(r"\s*([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)\s+\d+\s+\S.*:\(\.text\.(?:unlikely\.)?(_[RZ]\S+)\)$")
    found = (line.match(text) for text in Path(table).read_text().splitlines())
    return {int(found[1], 16): (lasting(found[3]), int(found[2], 16)) for found in found if found and int(found[2], 16)}


def lasting(name):
    """A name without what changes with the compiler, with packages and with what else is linked."""
    # Which of several copies it is; sums of crates, and places within the name; which crate it was made for first.
    name = re.sub(r"\.\d+$", "", name)
    name = re.sub(r"B[0-9A-Za-z]{0,3}_", "B*_", re.sub(r"Cs[0-9A-Za-z]{6,12}_", "Cs*_", name))
    last = re.search(r"Cs\*_(\d+)_?([a-z]\w*)$", name)
    if last and len(last[2]) == int(last[1]):
        return name[: last.start()]
    return name.removesuffix("B*_")


def beginnings(lengths, wanted, settled):
    """The shortest beginnings that name what is wanted and not much besides; what is settled costs nothing."""
    names = sorted(lengths)

    def below(low, high, depth):
        run = sum(lengths[name] for name in names[low:high] if name in wanted)
        if run == 0:
            return
        idle = sum(lengths[name] for name in names[low:high] if name not in wanted and name not in settled)
        shared = os.path.commonprefix([names[low], names[high - 1]])
        # Never so short that what other packages bring one day is named as well.
        if idle <= WASTE * run and len(shared) > 8:
            # A name alone is cut where it differs from all others, and as late as before the sum at its end.
            yield shared if high - low > 1 else shortest(names, low, shared)
            return
        depth = max(depth, len(shared))
        start = low
        if len(names[low]) == depth:
            # The name of one is the beginning of another's.
            if names[low] in wanted:
                yield names[low]
            start = low + 1
        while start < high:
            end = start
            while end < high and names[end][depth] == names[start][depth]:
                end += 1
            yield from below(start, end, depth + 1)
            start = end

    return list(below(0, len(names), 0))


def shortest(names, at, name):
    """The shortest beginning of that name that none of its neighbours has."""
    beside = [names[other] for other in (at - 1, at + 1) if 0 <= other < len(names)]
    least = max((len(os.path.commonprefix([name, other])) for other in beside), default=0) + 1
    cut = name.rfind("17h")
    return name[: max(least, cut + 3)] if cut > 0 else name


def main():
    target = ROOT / "target" / "order"
    table = target / "table.txt"
    target.mkdir(parents=True, exist_ok=True)
    build = ["cargo", "build", "--release", "--locked", "--bin", "piton", "--target-dir", str(target)]
    subprocess.run(build, cwd=ROOT, env={**os.environ, "PITON_LINK_TABLE": str(table)}, check=True)
    named = functions(table)
    home = Path(tempfile.mkdtemp())
    addresses = home / "addresses"
    addresses.write_text("\n".join(f"{address:x}" for address in sorted(named)))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Watched)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (home / "order.toml").write_text(book(server.server_port))
    (home / "silent.toml").write_text(book(server.server_port, silent=3, phase=250).replace('"order"', '"silent"'))
    (home / "bare.toml").write_text(book(None).replace('"order"', '"bare"'))
    lengths = collections.Counter()
    for name, length in named.values():
        lengths[name] += length
    settled, parts = set(), []
    program = target / "release" / "piton"
    walks = [
        # Several times, since not all of it is done each time, and where one of those who are asked is not there.
        [(watch, ["run", name]) for name in ("order.toml", "silent.toml", "order.toml")],
        [
            (walk, ["run", "order.toml"]),
            (browse, []),
            (walk, ["practice", "bare.toml"]),
            (wait, ["list"]),
            (wait, ["check", "order.toml"]),
            (wait, ["journals"]),
        ],
    ]
    for part in walks:
        wanted = set()
        for number, (walked, arguments) in enumerate(part):
            reached = home / f"reached-{number}"
            terminal = Terminal(home, [sys.executable, str(Path(__file__)), "trace", str(program), str(addresses), str(reached), *arguments])
            walked(terminal)
            terminal.close()
            names = {named[int(line, 16)][0] for line in reached.read_text().split()}
            print(f"piton {' '.join(arguments)}: {len(names)} functions, {sum(lengths[name] for name in names) // 1024} KiB")
            wanted |= names
        wanted -= settled
        parts.append(beginnings(lengths, wanted, settled))
        settled |= wanted
    ORDER.write_text(HEAD + "".join("\n" + "".join(f"{name}\n" for name in part) for part in parts))
    shutil.rmtree(home)
    print(f"{ORDER}: {sum(map(len, parts))} beginnings, {ORDER.stat().st_size // 1024} KiB")


if sys.argv[1:2] == ["trace"]:
    program, addresses, reached, *arguments = sys.argv[2:]
    sys.exit(trace(program, arguments, [int(line, 16) for line in Path(addresses).read_text().split()], reached))
main()
