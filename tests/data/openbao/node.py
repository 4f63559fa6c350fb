"""The commands of a test cluster's site: node.py CLUSTER VERB [NODE] [ARGUMENT].

CLUSTER is a folder with a `cluster.json`: the folder of the binaries and the API address of each node. Keys and token
lie in files of mode 0600 there; they are never an argument and are never printed.

stop NODE            SIGTERM; returns when the process has ended, as `systemctl stop` does
gone NODE            exit status 3 when no process is left, 0 while there is one, as `systemctl is-active` does
replace NODE VERSION puts another binary in place, beside it and by rename
installed NODE       prints the version of the file
start NODE           returns when the server answers, as `systemctl start` does
unseal NODE          gives shares until the node is unsealed
log NODE             prints the end of the server's log
snapshot FILE        takes a snapshot through the active node
history              prints which versions have been active, as JSON
autopilot            prints the state of autopilot, as JSON
guard                kills every node when its standard input ends, that is when whoever started it is gone
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

CLUSTER = os.path.abspath(sys.argv[1])
with open(os.path.join(CLUSTER, "cluster.json")) as _file:
    SETTINGS = json.load(_file)
# A proxy of the surroundings has no business between a test and its cluster.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def inside(node, *names):
    if node not in SETTINGS["nodes"]:
        sys.exit(f"there is no node {node}")
    return os.path.join(CLUSTER, node, *names)


def secret(name):
    with open(os.path.join(CLUSTER, name)) as file:
        return file.read().split()


def call(node, method, path, body=None, token=False, limit=5):
    """Status and raw body; status 0 when nobody answers."""
    headers = {"X-Vault-Token": secret("token")[0]} if token else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(SETTINGS["nodes"][node] + path, data=data, headers=headers, method=method)
    try:
        with OPENER.open(request, timeout=limit) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def process(node):
    """The process id of the node's server, when it really is one and not a zombie."""
    try:
        with open(inside(node, "pid")) as file:
            pid = int(file.read())
        running = os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)")
    except (OSError, ValueError):
        return None
    return pid if running == inside(node, "bin", "bao") else None


def until(what, limit, wanted):
    end = time.monotonic() + limit
    while not wanted():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {limit} s")
        time.sleep(0.02)


def stop(node):
    pid = process(node)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        until(f"the end of {node}", 45, lambda: process(node) is None)
    print(f"{node} is stopped")


def gone(node):
    pid = process(node)
    print("inactive" if pid is None else "active")
    sys.exit(3 if pid is None else 0)


def replace(node, version):
    source, target = os.path.join(SETTINGS["binaries"], version, "bao"), inside(node, "bin", "bao")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    beside = target + ".new"
    try:
        os.unlink(beside)
    except FileNotFoundError:
        pass
    try:
        os.link(source, beside)
    except OSError:
        shutil.copy2(source, beside)
    # Two links to one file would make the rename a silent no-op and leave the second name behind.
    if os.path.exists(target) and os.path.samefile(beside, target):
        os.unlink(beside)
    else:
        os.replace(beside, target)
    print(f"{node} has the binary of {version}")


def installed(node):
    sys.exit(subprocess.run([inside(node, "bin", "bao"), "version"]).returncode)


def start(node):
    if process(node) is None:
        binary, config = inside(node, "bin", "bao"), inside(node, "config.hcl")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("BAO_", "VAULT_", "LD_", "FAULT"))}
        with open(inside(node, "log"), "ab") as log:
            server = subprocess.Popen(
                [binary, "server", f"-config={config}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=environment,
            )
        with open(inside(node, "pid"), "w") as file:
            file.write(str(server.pid))

        def answers():
            if server.poll() is not None:
                sys.exit(f"{node} ended with status {server.returncode}; see its log")
            return call(node, "GET", "/v1/sys/health", limit=1)[0] in (200, 429, 501, 503)

        until(f"an answer of {node}", 30, answers)
    print(f"{node} runs")


def sealed(node):
    status, body = call(node, "GET", "/v1/sys/seal-status")
    return json.loads(body)["sealed"] if status == 200 else None


def unseal(node):
    def initialised():
        status, body = call(node, "GET", "/v1/sys/seal-status")
        return status == 200 and json.loads(body)["initialized"]

    until(f"{node} to know of the cluster", 30, initialised)
    for share in secret("shares"):
        if sealed(node) is False:
            break
        status, _ = call(node, "PUT", "/v1/sys/unseal", {"key": share}, limit=20)
        if status != 200:
            sys.exit(f"{node} refused a share with status {status}")
        print(f"{node} took a share")
    until(f"{node} to be unsealed", 30, lambda: sealed(node) is False)
    print(f"{node} is unsealed")


def active():
    for node in SETTINGS["nodes"]:
        if call(node, "GET", "/v1/sys/health")[0] == 200:
            return node
    sys.exit("there is no active node")


def log(node):
    with open(inside(node, "log"), "rb") as file:
        sys.stdout.buffer.write(b"\n".join(file.read().splitlines()[-400:]) + b"\n")


def snapshot(path):
    node = active()
    status, body = call(node, "GET", "/v1/sys/storage/raft/snapshot", token=True, limit=60)
    if status != 200 or not body:
        sys.exit(f"{node} gave no snapshot: status {status}")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    print(f"{len(body)} bytes from {node}")


def tell(path):
    node = active()
    status, body = call(node, "GET", path, token=True, limit=10)
    sys.stdout.write(body.decode())
    sys.exit(0 if status == 200 else f"{node} answered with status {status}")


def history():
    tell("/v1/sys/version-history?list=true")


def autopilot():
    tell("/v1/sys/storage/raft/autopilot/state")


def guard():
    sys.stdin.read()
    for node in SETTINGS["nodes"]:
        pid = process(node)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            until(f"the end of {node}", 10, lambda: process(node) is None)


VERBS = (stop, gone, replace, installed, start, unseal, log, snapshot, history, autopilot, guard)
os.umask(0o077)
{verb.__name__: verb for verb in VERBS}[sys.argv[2]](*sys.argv[3:])
