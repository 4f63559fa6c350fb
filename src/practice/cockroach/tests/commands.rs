use serde_json::json;

use super::{CERTS, Lab, versions};
use crate::practice::System;
use crate::practice::cockroach::Options;

#[test]
fn every_command_prints_and_ends_as_the_real_one() {
    let mut lab = Lab::new(3);
    let sql =
        |statement: &str| format!("cockroach sql --format=csv --host=crdb-1:26257 {CERTS} --execute=\"{statement}\"");
    let status = |more: &str| format!("cockroach node status {more} --host=crdb-1:26257 {CERTS}");
    let base = "id,address,sql_address,build,started_at,updated_at,locality,is_available,is_live";
    let ranges = "replicas_leaders,replicas_leaseholders,ranges,ranges_unavailable,ranges_underreplicated";
    let stats = "live_bytes,key_bytes,value_bytes,range_key_bytes,range_value_bytes,intent_bytes,system_bytes";
    let leaving = "gossiped_replicas,is_decommissioning,membership,is_draining";
    // command, exit status, how the output begins, what the errors hold
    let table: &[(String, i32, &str, &str)] = &[
        (status("--format=csv"), 0, &format!("{base}\n1,crdb-1:26257,crdb-1:26257,v23.1.14,2026-10-22 "), ""),
        (status("--ranges --format=csv"), 0, &format!("{base},{ranges}\n1,"), ""),
        (status("--decommission --format=csv"), 0, &format!("{base},{leaving}\n1,"), ""),
        (status("--all --format=csv"), 0, &format!("{base},{ranges},{stats},{leaving}\n1,"), ""),
        (status("--ranges --format=tsv"), 0, "id\taddress\tsql_address\tbuild", ""),
        (status("--format=table"), 0, "  id |   address", ""),
        (status("2 --format=csv"), 0, &format!("{base}\n2,crdb-2:26257"), ""),
        (status("9"), 1, "", "ERROR: node 9 doesn't exist\nFailed running \"node status\"\n"),
        (status("--format=json"), 0, "[\n  {\"id\":\"1\",\"address\":", ""),
        (status("--format=ndjson"), 0, "{\"id\":\"1\",\"address\":\"crdb-1:26257\"", ""),
        (status("--format=sql"), 0, "CREATE TABLE results (\n  id STRING,\n", ""),
        (status("--format=html"), 0, "<table>\n<thead><tr><th>row</th><th>id</th>", ""),
        (status("--format=unnumbered-html"), 0, "<table>\n<thead><tr><th>id</th>", ""),
        (status("--format=xml"), 1, "", "invalid table display format: xml"),
        (format!("cockroach node ls --format=csv --host=crdb-2 {CERTS}"), 0, "id\n1\n2\n3\n", ""),
        (sql("SELECT 1"), 0, "?column?\n1\n", ""),
        (sql("select version();"), 0, "version\n\"CockroachDB CCL v23.1.14 (x86_64-pc-linux-gnu, built 2023/", ""),
        (sql("SHOW CLUSTER SETTING version"), 0, "version\n23.1\n", ""),
        (sql("SHOW CLUSTER SETTING cluster.preserve_downgrade_option"), 0, "cluster.preserve_downgrade_option\n\n", ""),
        (sql("SHOW CLUSTER SETTING server.time_until_store_dead"), 0, "server.time_until_store_dead\n00:05:00\n", ""),
        (sql("SHOW CLUSTER SETTING nothing"), 1, "", "ERROR: unknown cluster setting 'nothing'\nSQLSTATE: 42704"),
        (sql("SET CLUSTER SETTING cluster.preserve_downgrade_option = '22.2'"), 1, "", "(cluster version is 23.1)"),
        (sql("SET CLUSTER SETTING cluster.preserve_downgrade_option = '23.1'"), 0, "SET CLUSTER SETTING\n", ""),
        (
            sql("SHOW CLUSTER SETTING cluster.preserve_downgrade_option"),
            0,
            "cluster.preserve_downgrade_option\n23.1\n",
            "",
        ),
        (sql("RESET CLUSTER SETTING cluster.preserve_downgrade_option"), 0, "SET CLUSTER SETTING\n", ""),
        (sql("SET CLUSTER SETTING server.time_until_store_dead = '15m'"), 0, "SET CLUSTER SETTING\n", ""),
        (sql("SHOW CLUSTER SETTING server.time_until_store_dead"), 0, "server.time_until_store_dead\n00:15:00\n", ""),
        (sql("SET CLUSTER SETTING version = '23.2'"), 1, "", "cannot upgrade to 23.2: node 1 is running 23.1"),
        (sql("SHOW BACKUPS IN 'external://backups'"), 0, "path\n", ""),
        (
            sql("BACKUP INTO 'external://backups' AS OF SYSTEM TIME '-10s'"),
            0,
            "job_id,status,fraction_completed,rows,index_entries,bytes\n",
            "",
        ),
        (sql("SHOW BACKUPS IN 'external://backups'"), 0, "path\n/2026/11/21-02", ""),
        (sql("BACKUP INTO 'external://elsewhere'"), 1, "", "external connection with name 'elsewhere' does not exist"),
        (sql("SHOW JOBS"), 0, "job_id,job_type,description", ""),
        (
            sql("SELECT node_id, draining FROM crdb_internal.gossip_liveness"),
            0,
            "node_id,draining\n1,false\n2,false\n",
            "",
        ),
        (sql("SELECT * FROM crdb_internal.nothing"), 1, "", "relation \"crdb_internal.nothing\" does not exist"),
        (
            sql("FROBNICATE"),
            1,
            "",
            "at or near \"frobnicate\": syntax error\nSQLSTATE: 42601\nDETAIL: source SQL:\nFROBNICATE\n^\nFailed running \"sql\"\n",
        ),
        ("cockroach version".into(), 0, "Build Tag:        v23.1.14\n", ""),
        ("ssh crdb-2 cockroach version --build-tag".into(), 0, "v23.1.14\n", ""),
        ("cockroach --help".into(), 0, "CockroachDB command-line interface and server.\n", ""),
        ("cockroach frobnicate".into(), 1, "", "ERROR: unknown command \"frobnicate\" for \"cockroach\"\n"),
        ("cockroach quit --host=crdb-1".into(), 1, "", "unknown command \"quit\""),
        (
            "cockroach sql --host=crdb-1 --insecure -e 'SELECT 1'".into(),
            1,
            "",
            "node is running secure mode, SSL connection required",
        ),
        ("cockroach sql --host=crdb-1 --certs-dir=/nowhere -e 'SELECT 1'".into(), 1, "", "cannot load certificates."),
        (format!("cockroach node status --host=crdb-9 {CERTS}"), 1, "", "no such host"),
        ("cockroach node status".into(), 1, "", "connect: connection refused)\nFailed running \"node status\"\n"),
        ("ssh crdb-1 ps -ww -C cockroach -o args=".into(), 0, "/usr/local/bin/cockroach start --certs-dir=", ""),
        ("ssh crdb-1 pgrep -x cockroach".into(), 0, "", ""),
        ("ssh crdb-1 systemctl is-active cockroach".into(), 0, "active\n", ""),
        ("ssh crdb-1 systemctl stop cockroach".into(), 4, "", "Interactive authentication required"),
        ("ssh crdb-1 systemctl show -p Restart cockroach".into(), 0, "Restart=always\n", ""),
        ("ssh crdb-9 hostname".into(), 255, "", "Could not resolve hostname crdb-9"),
        ("frobnicate".into(), 127, "", "bash: frobnicate: command not found\n"),
        ("ssh crdb-1 /usr/local/bin/cockroach_v22.2.1 version".into(), 127, "", "No such file or directory"),
        (
            "ssh crdb-1 curl -fsSLo x https://binaries.cockroachdb.com/cockroach-v9.9.9.linux-amd64.tgz".into(),
            22,
            "",
            "error: 404",
        ),
    ];
    for (line, exit, begins, holds) in table {
        let result = lab.run(line);
        assert_eq!(result.exit, *exit, "{line}: {result:?}");
        assert!(result.stdout.starts_with(begins), "{line}: {}", result.stdout);
        assert!(result.stderr.contains(holds) && result.stderr.is_empty() == holds.is_empty(), "{line}: {result:?}");
    }
}

#[test]
fn a_table_is_drawn_as_the_client_draws_it() {
    let mut lab = Lab::new(3);
    let text = lab.done(&format!("cockroach node ls --format=table --host=crdb-1 {CERTS}"));
    assert_eq!(text, "  id\n-----\n   1\n   2\n   3\n(3 rows)\n");
    let text = lab.done(&format!("cockroach node ls --format=records --host=crdb-1 {CERTS}"));
    assert!(text.starts_with("-[ RECORD 1 ]\nid | 1\n"), "{text}");
}

#[test]
fn the_columns_come_and_go_with_the_clients_version() {
    let first = |old: &str, target: &str, more: &str| {
        let mut lab = Lab::with(Options { secure: false, ..versions(old, target) });
        lab.done(&format!("cockroach node status {more} --host=crdb-1 --insecure"))
            .lines()
            .next()
            .unwrap()
            .replace('\t', ",")
    };
    let old = "id,address,build,updated_at,started_at,live_bytes,key_bytes,value_bytes,intent_bytes,system_bytes,\
               leader_ranges,repl_ranges,avail_ranges";
    assert_eq!(first("1.0.6", "1.0.7", ""), old);
    assert_eq!(first("1.1.2", "1.1.9", ""), "id,address,build,updated_at,started_at");
    let leaving = "is_live,gossiped_replicas,is_decommissioning,is_draining";
    assert_eq!(first("1.1.2", "1.1.9", "--decommission"), format!("id,address,build,updated_at,started_at,{leaving}"));
    assert_eq!(first("2.1.2", "2.1.9", ""), "id,address,build,updated_at,started_at,is_live");
    assert_eq!(first("19.1.2", "19.1.9", ""), "id,address,build,started_at,updated_at,locality,is_available,is_live");
    assert!(first("20.1.2", "20.1.9", "--decommission").ends_with(",gossiped_replicas,is_decommissioning,is_draining"));
    assert!(first("22.1.2", "22.1.9", "--stats").ends_with("value_bytes,intent_bytes,system_bytes"));
    let mut lab = Lab::with(Options { secure: false, ..versions("1.0.6", "1.0.7") });
    let refused = lab.run("cockroach node status --format=csv --host=crdb-1 --insecure");
    assert!(refused.exit == 1 && refused.stderr.contains("unknown flag: --format"), "{refused:?}");
    let refused = lab.run("cockroach sql --host=crdb-1 --insecure -e 'SHOW CLUSTER SETTING version'");
    assert!(refused.exit == 1 && refused.stderr.contains("unknown setting: \"version\""), "{refused:?}");
    assert_eq!(lab.done("cockroach quit --host=crdb-1 --insecure"), "ok\n");
    assert_eq!(lab.ready("crdb-1"), 0);
}

#[test]
fn a_drain_leaves_the_process_and_turns_clients_away() {
    let mut lab = Lab::new(3);
    let result = lab.run(&format!("cockroach node drain 2 --host=crdb-1:26257 {CERTS}"));
    assert_eq!((result.exit, result.stdout.as_str()), (0, "ok\n"));
    assert!(result.stderr.starts_with("node is draining... remaining: "), "{result:?}");
    assert!(result.stderr.ends_with("node is draining... remaining: 0 (complete)\n"), "{result:?}");
    assert_eq!((lab.get("crdb-2", "/health").0, lab.ready("crdb-2")), (200, 503));
    assert_eq!(lab.system.leases(1), 0);
    let refused = lab.sql("crdb-2", "SELECT 1");
    assert!(
        refused.exit == 1 && refused.stderr.contains("server is not accepting clients, try another node"),
        "{refused:?}"
    );
    let slow = json!({ "node": "crdb-3", "seconds": 700 });
    lab.fault("slow-drain", slow);
    let result = lab.run(&format!("cockroach node drain --self --host=crdb-3 {CERTS}"));
    assert!(result.exit == 1 && result.stderr.contains("ERROR: drain timeout"), "{result:?}");
    assert_eq!(result.takes_ms, 600_000);
}

#[test]
fn a_debug_zip_is_written_by_a_live_node_and_names_the_others() {
    let mut lab = Lab::new(3);
    lab.fault("down", json!({ "node": "crdb-3" }));
    let told = lab.done(&format!("cockroach debug zip before.zip --host=crdb-1:26257 {CERTS}"));
    assert!(told.contains("[node 3] node is not live, skipping"), "{told}");
    let sum = lab.done("sha256sum before.zip");
    assert!(sum.len() == 64 + 2 + "before.zip\n".len() && !sum.starts_with("e3b0c442"), "{sum}");
    let refused = lab.run(&format!("cockroach debug zip again.zip --host=crdb-3:26257 {CERTS}"));
    assert!(refused.exit == 1 && refused.stderr.contains("cannot dial server."), "{refused:?}");
    assert_eq!(lab.run("sha256sum again.zip").exit, 1);
}

#[test]
fn a_decommissioned_node_gives_everything_away_and_never_comes_back() {
    let mut lab = Lab::new(4);
    let result = lab.run(&format!("cockroach node decommission 4 --host=crdb-1 {CERTS}"));
    assert_eq!(result.exit, 0, "{result:?}");
    assert!(result.stdout.contains("No more data reported on target nodes."), "{result:?}");
    lab.until(300, |lab| lab.system.replicas(3) == 0);
    lab.pass(10);
    assert_eq!(lab.done(&format!("cockroach node ls --format=csv --host=crdb-1 {CERTS}")), "id\n1\n2\n3\n");
    assert_eq!(lab.sum("crdb-1", "ranges_underreplicated"), 0);
    lab.done("ssh crdb-4 sudo systemctl stop cockroach");
    let refused = lab.run("ssh crdb-4 sudo systemctl start cockroach");
    assert_eq!(refused.exit, 1);
    let log = lab.done("ssh crdb-4 sudo journalctl -u cockroach -o cat");
    assert!(log.contains("n4 was previously decommissioned"), "{log}");
    let refused = lab.run(&format!("cockroach node decommission 3 --host=crdb-1 {CERTS}"));
    assert!(refused.exit == 1 && refused.stderr.contains("Cannot decommission nodes."), "{refused:?}");
}

#[test]
fn an_archive_that_is_fetched_without_a_file_lands_on_the_screen() {
    let mut lab = Lab::new(3);
    let url = "https://binaries.cockroachdb.com/cockroach-v23.2.4.linux-amd64.tgz";
    let result = lab.run(&format!("ssh crdb-1 curl {url}"));
    assert!(result.exit == 0 && !result.stdout.is_empty(), "{result:?}");
    assert_eq!(lab.run("ssh crdb-1 tar -xzf cockroach-v23.2.4.linux-amd64.tgz").exit, 2);
    lab.done(&format!("ssh crdb-1 curl -fsSO {url}"));
    lab.done("ssh crdb-1 tar -xzf cockroach-v23.2.4.linux-amd64.tgz");
    let told = lab.done("ssh crdb-1 ./cockroach-v23.2.4.linux-amd64/cockroach version");
    assert!(told.contains("v23.2.4"), "{told}");
    let mac = "cockroach-v23.2.4.darwin-10.9-amd64";
    lab.done(&format!("ssh crdb-1 curl -fsSO https://binaries.cockroachdb.com/{mac}.tgz"));
    lab.done(&format!("ssh crdb-1 tar -xzf {mac}.tgz"));
    let refused = lab.run(&format!("ssh crdb-1 {mac}/cockroach version"));
    assert!(refused.exit == 126 && refused.stderr.contains("Exec format error"), "{refused:?}");
}

#[test]
fn every_fault_that_is_named_can_be_set_and_no_other() {
    let arguments = json!({ "node": "crdb-2", "seconds": 1, "ranges": 1, "milliseconds": 1 });
    for (name, _) in Lab::new(3).system.faults() {
        let mut lab = Lab::new(3);
        lab.fault(name, arguments.clone());
        lab.pass(120);
    }
    let mut lab = Lab::new(3);
    let none = serde_json::Map::new();
    assert!(lab.system.fault("nothing", &none, lab.now).is_err());
    assert!(lab.system.fault("down", &none, lab.now).is_err());
}

#[test]
fn the_balancer_is_a_host_of_its_own() {
    let mut lab = Lab::new(3);
    let settings = "/etc/haproxy/haproxy.cfg";
    let unknown = "[ALERT]    (1) : config : parsing [/etc/haproxy/haproxy.cfg:9] : unknown keyword 'opinion'.";
    // command, exit status, how the output begins, what the errors hold
    let table: &[(String, i32, &str, &str)] = &[
        ("ssh lb-1 hostname".into(), 0, "lb-1\n", ""),
        (format!("ssh lb-1 grep httpchk {settings}"), 0, "    option httpchk GET /health?ready=1\n", ""),
        (format!("ssh lb-1 haproxy -c -f {settings}"), 0, "Configuration file is valid\n", ""),
        ("ssh lb-1 haproxy -v".into(), 0, "HAProxy version 2.8", ""),
        ("ssh lb-1 haproxy".into(), 1, "", "Usage : haproxy"),
        ("ssh lb-1 systemctl is-active haproxy".into(), 0, "active\n", ""),
        ("ssh lb-1 systemctl is-active cockroach".into(), 4, "inactive\n", ""),
        ("ssh lb-1 pgrep -x haproxy".into(), 0, "741\n", ""),
        ("ssh lb-1 cockroach version".into(), 127, "", "command not found"),
        (format!("ssh lb-1 sed -i s/a/b/ {settings}"), 4, "", "Permission denied"),
        ("curl -s 'http://lb-1:8404/stats;csv'".into(), 0, "# pxname,svname,status,stot,eresp\npsql,crdb-1,UP,,\n", ""),
        ("ssh lb-1 curl -s http://localhost:8404/stats".into(), 0, "<title>Statistics Report for HAProxy</title>", ""),
        ("curl -fsS http://lb-1:8404/".into(), 22, "", "The requested URL returned error: 503"),
        ("curl -sS http://lb-1:8080/health".into(), 7, "", "Failed to connect to lb-1 port 8080"),
        ("ssh lb-1 sudo systemctl reload haproxy".into(), 0, "", ""),
        ("ssh lb-1 sudo journalctl -u haproxy -o cat".into(), 0, "New worker forked, loading success.\n", ""),
        (format!("ssh lb-1 sudo sed -i s/option/opinion/ {settings}"), 0, "", ""),
        (format!("ssh lb-1 haproxy -c -f {settings}"), 1, "", unknown),
        ("ssh lb-1 sudo systemctl reload haproxy".into(), 1, "", "Job for haproxy.service failed"),
        ("ssh lb-1 systemctl is-active haproxy".into(), 0, "active\n", ""),
        ("ssh lb-1 sudo systemctl restart haproxy".into(), 1, "", "Job for haproxy.service failed"),
        ("ssh lb-1 systemctl is-active haproxy".into(), 3, "failed\n", ""),
        ("curl -sS http://lb-1:8404/stats".into(), 7, "", "Failed to connect to lb-1 port 8404"),
        ("ssh lb-1 sudo systemctl reload haproxy".into(), 1, "", "is not active, cannot reload"),
        (format!("ssh lb-1 sudo sed -i s/opinion/option/ {settings}"), 0, "", ""),
        (format!("ssh lb-1 sudo sed -i s/crdb-3:26257/crdb-9:26257/ {settings}"), 0, "", ""),
        (format!("ssh lb-1 haproxy -c -f {settings}"), 1, "", "could not resolve address 'crdb-9'"),
        (format!("ssh lb-1 sudo sed -i /crdb-9/d {settings}"), 0, "", ""),
        ("ssh lb-1 sudo systemctl start haproxy".into(), 0, "", ""),
        ("ssh lb-1 sudo systemctl stop haproxy".into(), 0, "", ""),
        ("ssh lb-1 systemctl is-active haproxy".into(), 3, "inactive\n", ""),
    ];
    for (line, exit, stdout, stderr) in table {
        let result = lab.run(line);
        assert_eq!(result.exit, *exit, "{line}: {result:?}");
        assert!(result.stdout.starts_with(stdout) && result.stderr.contains(stderr), "{line}: {result:?}");
    }
}
