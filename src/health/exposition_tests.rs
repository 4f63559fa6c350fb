use proptest::prelude::*;

use super::*;

fn all(text: &str) -> Result<Value, String> {
    parse(text, false, |_| true).map(|page| Value::Object(page.metrics))
}

#[test]
fn a_page_is_read_with_labels_escapes_times_and_exemplars() {
    for (text, expected) in [
        ("", json!({})),
        ("# HELP up Anything.\n# TYPE up gauge\nup 1\n", json!({"up": [{"labels": {}, "value": 1}]})),
        (
            "ranges{store=\"1\"} 0\r\nranges{ store = \"2\" , } 3.5 1395066363000\n",
            json!({"ranges": [{"labels": {"store": "1"}, "value": 0}, {"labels": {"store": "2"}, "value": 3.5}]}),
        ),
        (
            r#"file{path="C:\\DIR\\a.txt",error="no\n\"such\" \d }{,"} 1.458255915e9"#,
            json!({"file": [{"labels": {"path": "C:\\DIR\\a.txt", "error": "no\n\"such\" \\d }{,"}, "value": 1_458_255_915}]}),
        ),
        (
            "a:b_1{} NaN\nx +Inf\nx -Inf\ny -0.5",
            json!({
                "a:b_1": [{"labels": {}, "value": null}],
                "x": [{"labels": {}, "value": null}, {"labels": {}, "value": null}],
                "y": [{"labels": {}, "value": -0.5}],
            }),
        ),
        (
            "h_bucket{le=\"0.1\"} 8 1.5 # {trace=\"a # b\"} 0.067 1520879607.7",
            json!({"h_bucket": [{"labels": {"le": "0.1"}, "value": 8}]}),
        ),
        (
            "{\"my.metric\", \"my label\"=\"x # y\", plain=\"z\"} 7",
            json!({"my.metric": [{"labels": {"my label": "x # y", "plain": "z"}, "value": 7}]}),
        ),
    ] {
        assert_eq!(all(text), Ok(expected), "{text:?}");
    }
}

#[test]
fn what_is_no_page_is_refused_with_its_line() {
    for (text, why) in [
        ("<html>\n", "line 1 of the page: no metric's name"),
        ("up 1\n\n{\"up\": 1}\n", "line 3 of the page: the labels are not closed"),
        ("up", "line 1 of the page: no value"),
        ("up one", "line 1 of the page: \"one\" is no number"),
        ("up 1 now", "line 1 of the page: \"now\" is no time"),
        ("up 1 2 3", "line 1 of the page: \"3\" follows value and time"),
        ("9up 1", "line 1 of the page: a metric's name begins with a digit"),
        ("up{a=\"1\"", "line 1 of the page: the labels are not closed"),
        ("up{a=\"1} 2", "line 1 of the page: a quote is not closed"),
        ("up{a=1} 2", "line 1 of the page: a label's value without quotes"),
        ("up{=\"1\"} 2", "line 1 of the page: a label without a name"),
        ("up{a=\"1\",a=\"2\"} 2", "line 1 of the page: the label \"a\" stands there twice"),
        ("up{\"down\"} 2", "line 1 of the page: two names for one metric"),
    ] {
        assert_eq!(all(text), Err(why.into()), "{text:?}");
    }
}

#[test]
fn open_metrics_must_end_where_it_says() {
    let up = json!([{"labels": {}, "value": 1}]);
    assert_eq!(parse("up 1\n# EOF\n", true, |_| true).unwrap().metrics["up"], up);
    let broken = parse("up 1\n", true, |_| true);
    assert_eq!(broken, Err("the page breaks off: its `# EOF` is missing".into()));
    assert_eq!(parse("# EOF\nup 1\n", true, |_| true), Err("line 2 of the page: something follows `# EOF`".into()));
    assert_eq!(parse("# EOF\nup 1\n", false, |_| true).unwrap().series, 1);
}

#[test]
fn only_what_is_wanted_is_kept_and_too_much_is_refused() {
    let page = parse("a 1\nb 2\na 3\n", false, |name| name == "a").unwrap();
    assert_eq!((page.series, page.metrics.len(), page.metrics["a"].as_array().unwrap().len()), (3, 1, 2));
    let full = "a 1\n".repeat(MAX_SERIES);
    assert_eq!(parse(&full, false, |_| false).unwrap().series, MAX_SERIES);
    let why = parse(&(full + "a 1\n"), false, |_| false).unwrap_err();
    assert_eq!(why, "the page holds more than 50000 series");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof!["\\PC{0,60}", "[a#{}=\",\\\\ \n1.ü]{0,40}"], ends: bool) {
        let _ = parse(&text, ends, |_| true);
    }

    #[test]
    fn what_is_written_is_read_again(label in "\\PC{0,12}|[\\\\\"\nn]{0,6}", value: i32) {
        let escaped = label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let page = all(&format!("up{{a=\"{escaped}\"}} {value}\n"));
        prop_assert_eq!(page, Ok(json!({"up": [{"labels": {"a": label}, "value": value}]})));
    }
}
