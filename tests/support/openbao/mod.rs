//! A real OpenBao cluster with integrated storage on loopback, as a site that the binary can be let loose on.

mod install;
mod watch;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use piton::clock::monotonic;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::http::{Response, request};
pub use watch::{Seen, Watcher};

/// The version that a test cluster begins with.
pub const OLD: &str = "2.6.1";
/// The version that it is upgraded to.
pub const NEW: &str = "2.7.2";

/// Two clusters at once on a small machine would make each other's elections slow: one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A running cluster of three nodes. Dropping it kills every process and then removes every file.
pub struct Cluster {
    // Dropped in this order: the processes end before their files go.
    guard: Option<Guard>,
    folder: TempDir,
    nodes: BTreeMap<String, SocketAddr>,
    secrets: Vec<String>,
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    /// Three nodes of `version`: initialised, unsealed, every one a voter that has all data, with one known secret.
    pub fn up(version: &str) -> Self {
        for version in [OLD, NEW, version] {
            install::fetch(version);
        }
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = TempDir::with_prefix_in("cluster-", env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
        let ports = free_ports(6);
        let names = ["n1", "n2", "n3"];
        let nodes = names.iter().zip(&ports).map(|(name, port)| ((*name).to_owned(), loopback(*port))).collect();
        let mut cluster = Self { guard: None, folder, nodes, secrets: Vec::new(), _turn: turn };
        cluster.write("cluster.json", &cluster.settings().to_string());
        cluster.guard = Some(cluster.begin_guard());
        for (name, cluster_port) in names.iter().zip(&ports[3..]) {
            cluster.write_config(name, *cluster_port);
            cluster.run(&["replace", name, version]);
        }
        cluster.bring_up();
        cluster
    }

    /// The folder of the cluster: its scripts, nodes and keys.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Every node and its API address.
    pub fn nodes(&self) -> &BTreeMap<String, SocketAddr> {
        &self.nodes
    }

    /// The unseal keys and the root token: what must be found in no file of a run.
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// What the nodes say of themselves now.
    pub fn seen(&self) -> BTreeMap<String, Seen> {
        self.nodes.iter().map(|(name, address)| (name.clone(), Seen::ask(*address))).collect()
    }

    /// The name of the node that is active now, when one is.
    pub fn active(&self) -> Option<String> {
        self.seen().into_iter().find_map(|(name, seen)| matches!(seen, Seen::Active(_)).then_some(name))
    }

    /// The argv of a verb of the site's script.
    pub fn argv(&self, args: &[&str]) -> Vec<String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/openbao/node.py");
        let head = ["python3".to_owned(), script.display().to_string(), self.folder().display().to_string()];
        head.into_iter().chain(args.iter().map(|arg| (*arg).to_owned())).collect()
    }

    /// Runs a verb of the site's script; panics with its output when it fails. Gives what it printed.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> String {
        let argv = self.argv(args);
        let output = Command::new(&argv[0]).args(&argv[1..]).output().expect("python3 is there");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {}\n{printed}{wrong}{}", output.status, self.logs());
        printed
    }

    /// Asks a node something, with the root token when `is_root`.
    pub fn ask(&self, node: &str, method: &str, path: &str, body: Option<&Value>, is_root: bool) -> Option<Response> {
        let token = self.secrets.last().filter(|_| is_root).map_or("", String::as_str);
        let headers = [("X-Vault-Token", token)];
        let headers = if is_root { &headers[..] } else { &[] };
        request(self.nodes[node], method, path, headers, body, Duration::from_secs(30)).ok()
    }

    /// Waits until `wanted` gives something; panics with the servers' logs when it does not in time.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, limit: Duration, wanted: impl Fn(&Self) -> Option<T>) -> T {
        let end = monotonic() + limit;
        loop {
            if let Some(found) = wanted(self) {
                return found;
            }
            assert!(monotonic() < end, "{what}: not within {limit:?}: {:?}\n{}", self.seen(), self.logs());
            // A server tells nobody when it changes: it has to be asked again.
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until a node follows the active one (or is it) as a voter and has all data of this moment.
    #[track_caller]
    pub fn wait_level(&self, node: &str) {
        self.wait(&format!("{node} level with the active node"), Duration::from_secs(60), |cluster| {
            let active = cluster.active()?;
            let lead = cluster.ask(&active, "GET", "/v1/sys/leader", None, false)?.json();
            let own = cluster.ask(node, "GET", "/v1/sys/leader", None, false)?.json();
            let peers = cluster.ask(&active, "GET", "/v1/sys/storage/raft/configuration", None, true)?.json();
            let servers = peers["data"]["config"]["servers"].as_array()?.clone();
            let is_voter = servers.iter().any(|server| server["node_id"] == node && server["voter"] == true);
            let is_level = own["raft_applied_index"].as_u64()? >= lead["raft_committed_index"].as_u64()?;
            let follows = own["leader_address"].as_str()? == cluster.api(&active);
            (is_voter && is_level && follows).then_some(())
        });
    }

    /// The known secret, read through the active node.
    pub fn known_secret(&self) -> Option<Value> {
        let answer = self.ask(&self.active()?, "GET", "/v1/secret/data/app", None, true)?;
        Some(answer.json()["data"]["data"].clone()).filter(|_| answer.status == 200)
    }

    /// The base URL of a node.
    pub fn api(&self, node: &str) -> String {
        format!("http://{}", self.nodes[node])
    }

    /// A site file that binds `vault-ha-upgrade` to this cluster, with `extra` lines among its inputs. Its probes ask
    /// as often as the runbook says.
    pub fn write_site(&self, from: &str, target: &str, extra: &str) -> PathBuf {
        let snapshot = self.folder().join("before.snap");
        let argv = |args: &[&str]| json!(self.argv(args)).to_string();
        let node = "{{ .node.name }}";
        let mut text = format!(
            "format = 1\nname = \"lab\"\nsystem = \"vault\"\n\n[environment]\nword = \"LAB\"\ncolour = \"green\"\n\n[inputs]\n\
             from = {from:?}\ntarget = {target:?}\nstorage = \"raft\"\nmlock = false\nbackup = {snapshot:?}\n"
        );
        for verb in ["stop", "gone", "installed", "start", "unseal", "log"] {
            let _ = writeln!(text, "{verb} = {}", argv(&[verb, node]));
        }
        let _ = writeln!(text, "replace = {}", argv(&["replace", node, "{{ .inputs.target }}"]));
        let _ = writeln!(text, "reinstall = {}", argv(&["replace", node, "{{ .inputs.from }}"]));
        let _ = writeln!(text, "snapshot = {}", argv(&["snapshot", "{{ .inputs.backup }}"]));
        for verb in ["history", "autopilot"] {
            let _ = writeln!(text, "{verb} = {}", argv(&[verb]));
        }
        text.push_str(extra);
        for name in self.nodes.keys() {
            let _ = write!(text, "\n[[inputs.nodes]]\nname = {name:?}\napi = {:?}\nssh = {name:?}\n", self.api(name));
        }
        self.write("site.toml", &text)
    }

    /// The end of every server's log, for a panic.
    pub fn logs(&self) -> String {
        let mut text = String::new();
        for name in self.nodes.keys() {
            let log = std::fs::read_to_string(self.folder().join(name).join("log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let _ = writeln!(text, "-- {name}\n{}", lines[lines.len().saturating_sub(15)..].join("\n"));
        }
        text
    }

    fn begin_guard(&self) -> Guard {
        let argv = self.argv(&["guard"]);
        let mut guard = Command::new(&argv[0]);
        // Keys of a terminal are signalled to the group of the tests; the guard has to survive them.
        guard.args(&argv[1..]).stdin(Stdio::piped()).process_group(0);
        Guard(guard.spawn().expect("python3 is there"))
    }

    fn bring_up(&mut self) {
        self.run(&["start", "n1"]);
        let shares = json!({ "secret_shares": 3, "secret_threshold": 2 });
        let answer =
            self.ask("n1", "PUT", "/v1/sys/init", Some(&shares), false).expect("the first node answers").json();
        let text = |value: &Value| value.as_str().expect("init gives keys and a token").to_owned();
        let keys = |name: &str| answer[name].as_array().expect("init gives keys").iter().map(text).collect::<Vec<_>>();
        self.secrets = [keys("keys"), keys("keys_base64"), vec![text(&answer["root_token"])]].concat();
        self.write("shares", &keys("keys_base64")[..2].join("\n"));
        self.write("token", &text(&answer["root_token"]));
        self.run(&["unseal", "n1"]);
        self.wait("the first node active", Duration::from_secs(30), Self::active);
        self.settle("1s");
        self.run(&["start", "n2"]);
        self.run(&["start", "n3"]);
        self.run(&["unseal", "n2"]);
        self.run(&["unseal", "n3"]);
        for node in ["n1", "n2", "n3"] {
            self.wait_level(node);
        }
        self.settle("10s");
        let kv = json!({ "type": "kv", "options": { "version": "2" } });
        self.ask("n1", "POST", "/v1/sys/mounts/secret", Some(&kv), true).expect("the active node answers");
        let known = json!({ "data": { "user": "demo" } });
        self.wait("the known secret", Duration::from_secs(20), |cluster| {
            let answer = cluster.ask("n1", "PUT", "/v1/secret/data/app", Some(&known), true)?;
            (answer.status == 200).then_some(())
        });
    }

    /// How long a newcomer is watched before it becomes a voter.
    fn settle(&self, time: &str) {
        let path = "/v1/sys/storage/raft/autopilot/configuration";
        let settings = json!({ "server_stabilization_time": time });
        let answer = self.ask("n1", "POST", path, Some(&settings), true).expect("the active node answers");
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    fn settings(&self) -> Value {
        let nodes: serde_json::Map<_, _> =
            self.nodes.keys().map(|name| (name.clone(), json!(self.api(name)))).collect();
        json!({ "binaries": install::binaries(), "nodes": nodes })
    }

    fn write_config(&self, name: &str, cluster_port: u16) {
        let folder = self.folder().join(name);
        std::fs::create_dir_all(folder.join("data")).expect("a folder of the test can be written");
        let others = self.nodes.keys().filter(|other| *other != name);
        let joins: String = others
            .map(|other| format!("  retry_join {{\n    leader_api_addr = {:?}\n  }}\n", self.api(other)))
            .collect();
        let text = format!(
            "ui = false\ncluster_name = \"lab\"\nlog_level = \"info\"\napi_addr = {api:?}\n\
             cluster_addr = \"https://127.0.0.1:{cluster_port}\"\n\
             listener \"tcp\" {{\n  address = \"{address}\"\n  cluster_address = \"127.0.0.1:{cluster_port}\"\n  tls_disable = true\n}}\n\
             storage \"raft\" {{\n  path = {data:?}\n  node_id = {name:?}\n  performance_multiplier = 1\n  \
             autopilot_update_interval = \"500ms\"\n  autopilot_reconcile_interval = \"1s\"\n{joins}}}\n",
            api = self.api(name),
            address = self.nodes[name],
            data = folder.join("data"),
        );
        self.write(&format!("{name}/config.hcl"), &text);
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, text).expect("a folder of the test can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("an own file");
        path
    }
}

/// Somebody who outlives this process and then kills the cluster, however this process ended.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // A guard that failed has left nothing that a test could mend.
        let _ = self.0.wait();
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Ports that nobody listens on at this moment, each another.
fn free_ports(count: usize) -> Vec<u16> {
    let open: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind(loopback(0)).expect("loopback has free ports")).collect();
    open.iter().map(|listener| listener.local_addr().expect("a listener has an address").port()).collect()
}
