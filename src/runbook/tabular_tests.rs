use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::runbook::{Expr, Truth};

fn read(filter: &str, text: &str) -> Result<Value, String> {
    let expr = Expr::compile(&format!(".stdout | {filter}")).unwrap();
    expr.one(&json!({ "stdout": text })).map_err(|error| error.0)
}

#[test]
fn comma_separated_values_are_read_as_rfc_4180_has_them() {
    for (text, expected) in [
        ("id,live\n1,true\n2,false\n", json!([{"id": "1", "live": "true"}, {"id": "2", "live": "false"}])),
        ("id,live\r\n1,true\r\n", json!([{"id": "1", "live": "true"}])),
        ("\u{feff}id\n007", json!([{"id": "007"}])),
        ("a,b\n\"x, \"\"y\"\"\nz\",\n", json!([{"a": "x, \"y\"\nz", "b": ""}])),
        ("a\n\n\"\"\n\n", json!([{"a": ""}])),
        ("\na,b\n , \n", json!([{"a": " ", "b": " "}])),
        ("a,b\n", json!([])),
    ] {
        assert_eq!(read("fromcsv", text), Ok(expected), "{text:?}");
    }
    for (text, why) in [
        ("", "there is no header line"),
        ("a,b\n1,2\n3\n", "line 3: 1 values under a header of 2 names"),
        ("a,b\n\"x\ny\",1\n3,4,5\n", "line 4: 3 values under a header of 2 names"),
        ("a,a\n", "the header names \"a\" twice"),
        ("a,\n", "the header has a column without a name"),
        ("a\n\"x\n", "line 2: a quote is not closed"),
        ("a\nx\"y\n", "line 2: a quote within a value that does not begin with one"),
        ("a\n\"x\"y\n", "line 2: something follows a closing quote"),
    ] {
        assert_eq!(read("fromcsv", text), Err(why.into()), "{text:?}");
    }
}

const KUBECTL: &str = "\
NAME    READY   STATUS    RESTARTS       AGE   NOMINATED NODE
web-0   1/1     Running   2 (3d ago)     9d    <none>
web-1   0/1     Pending   0              9d
";

const NOMAD: &str = "
Name       Address    Port  Status  Leader  Raft Version  Build
a.global   10.0.0.1   4648  alive   true    3             1.7.6
b.global   10.0.0.2   4648  left    false   3             1.7.6

";

const COCKROACH: &str = "  id |     address     |  build  | is_live
-----+-----------------+---------+----------
   1 | localhost:26257 | v24.1.0 | true
   2 | localhost:26258 |         | false
(2 rows)

";

#[test]
fn tables_of_kubectl_nomad_and_cockroach_are_read_by_their_headers() {
    let pods = read("fromtable", KUBECTL).unwrap();
    assert_eq!(
        pods[0],
        json!({"NAME": "web-0", "READY": "1/1", "STATUS": "Running", "RESTARTS": "2 (3d ago)", "AGE": "9d", "NOMINATED NODE": "<none>"})
    );
    assert_eq!((&pods[1]["STATUS"], &pods[1]["NOMINATED NODE"]), (&json!("Pending"), &json!("")));
    let servers = read("fromtable | map([.Name, .Status, .\"Raft Version\", .Build])", NOMAD);
    assert_eq!(servers, Ok(json!([["a.global", "alive", "3", "1.7.6"], ["b.global", "left", "3", "1.7.6"]])));
    let nodes = read("fromtable", COCKROACH).unwrap();
    assert_eq!(
        nodes,
        json!([
            {"id": "1", "address": "localhost:26257", "build": "v24.1.0", "is_live": "true"},
            {"id": "2", "address": "localhost:26258", "build": "", "is_live": "false"},
        ])
    );
    assert_eq!(read("fromtable", "NAME   STATUS\nzürich x\n"), read("fromtable", "NAME   STATUS\nzürich x"));
    assert_eq!(read("fromtable", "NAME  READY\n"), Ok(json!([])));
}

#[test]
fn a_table_that_does_not_keep_to_its_columns_is_an_error_with_its_line() {
    for (text, why) in [
        (" \n\n", "there is no header line"),
        ("NAME  READY\nlong-name  1/1\n", "line 2 does not keep to the columns of the header, at character 6"),
        ("NAME  READY\na     1\n\nNAME  AGE\n", "line 4: something follows the table"),
        ("NAME\tREADY\na\t1\n", "the header holds a tab"),
        ("NAME  NAME\n", "the header names \"NAME\" twice"),
        ("a | b\n--+--\n1 | 2\n1\n", "line 4 does not keep to the columns of the header, at character 3"),
        (" | b\n-+--\n", "the header has a column without a name"),
    ] {
        assert_eq!(read("fromtable", text), Err(why.into()), "{text:?}");
    }
}

#[test]
fn what_is_no_text_and_what_is_too_much_is_unknown() {
    assert!(read("fromcsv", "a\n1").is_ok());
    for source in ["null | fromcsv", "[] | fromtable", "1 | fromcsv"] {
        assert!(Expr::compile(source).unwrap().one(&json!({})).is_err(), "{source}");
    }
    let names: Vec<String> = (0..2000).map(|index| format!("n{index}")).collect();
    let wide = names.join("  ") + &"\nx".repeat(2000);
    let truth = Expr::compile(".stdout | fromtable | length > 0").unwrap().truth(&json!({ "stdout": wide }));
    let Truth::Unknown(why) = truth else { panic!("{truth:?}") };
    assert!(why.contains("too many steps"), "{why}");
    let thousand = "id,name,address,live\n".to_owned() + &"1,cockroach-node-1,localhost:26257,true\n".repeat(1000);
    assert_eq!(read("fromcsv | length", &thousand), Ok(json!(1000)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "[a ,\"|+ü\\-\r\n\t]{0,40}") {
        let _ = csv(&text, &mut |_| true);
        let _ = table(&text, &mut |_| true);
    }

    #[test]
    fn what_is_written_is_read_again(cells in proptest::collection::vec(("\\PC{0,9}", "[a\"\r\n,]{1,9}"), 0..5)) {
        let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let lines = cells.iter().map(|(a, b)| format!("{},{}\r\n", quote(a), quote(b)));
        let text = ["x,y\r\n".to_owned()].into_iter().chain(lines).collect::<String>();
        let rows = csv(&text, &mut |_| true).unwrap();
        prop_assert_eq!(rows.rows, cells.into_iter().map(|(a, b)| vec![a, b]).collect::<Vec<_>>());
    }
}
