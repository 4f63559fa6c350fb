use serde_json::{Value, json};

use super::Lab;
use crate::practice::Response;

const TEXT: &str = "text/plain";
const JSON: &str = "application/json; charset=utf-8";
const API: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const ADMIN: &str = "private-token: glpat-practice";
const OTHER: &str = "private-token: glpat-somebody";

/// One answer taken apart.
fn told(response: Response) -> (u16, &'static str, String) {
    match response {
        Response::Answer { status, content_type, body, .. } => {
            (status, content_type, String::from_utf8_lossy(&body).into_owned())
        }
        Response::Refused => (0, "", String::new()),
        Response::Silent => (1, "", String::new()),
    }
}

#[test]
fn every_path_answers_as_the_real_one_does() {
    const MIGRATIONS: &str = "/api/v4/admin/batched_background_migrations";
    let table: &[(&str, &str, &str, u16, &str, &str)] = &[
        ("GET", "/-/health", "", 200, TEXT, "GitLab OK"),
        ("HEAD", "/-/health", "", 200, TEXT, ""),
        ("GET", "/-/liveness", "", 200, JSON, r#"{"status":"ok"}"#),
        ("GET", "/-/readiness", "", 200, JSON, r#"{"status":"ok","master_check":[{"status":"ok"}]}"#),
        (
            "GET",
            "/-/readiness?all=1",
            "",
            200,
            JSON,
            r#""gitaly_check":[{"status":"ok","labels":{"shard":"default"}}]"#,
        ),
        ("GET", "/-/readiness?all=1", "", 200, JSON, r#""db_check":[{"status":"ok"}]"#),
        ("POST", "/-/readiness", "", 404, HTML, ""),
        ("GET", "/-/metrics/none", "", 404, HTML, ""),
        ("GET", "/health_check", "", 200, "text/plain; charset=utf-8", "success"),
        ("GET", "/health_check/migrations", "", 200, "text/plain; charset=utf-8", "success"),
        ("GET", "/health_check/nothing", "", 404, HTML, ""),
        ("GET", "/", "", 302, HTML, ""),
        ("GET", "/users/sign_in", "", 200, HTML, "Sign in"),
        ("GET", "/nowhere", "", 404, HTML, "The page could not be found"),
        ("GET", "/api/v4/version", "", 401, API, r#"{"message":"401 Unauthorized"}"#),
        ("GET", "/api/v4/version", "private-token: wrong", 401, API, r#"{"message":"401 Unauthorized"}"#),
        ("GET", "/api/v4/version", OTHER, 200, API, r#""version":"17.5.5-ee""#),
        ("GET", "/api/v4/version", "authorization: Bearer glpat-practice", 200, API, r#""revision":""#),
        ("GET", "/api/v4/metadata", ADMIN, 200, API, r#""enterprise":true"#),
        ("GET", "/api/v4/metadata", "", 401, API, "401 Unauthorized"),
        ("GET", "/api/v4/nothing", ADMIN, 404, API, r#"{"error":"404 Not Found"}"#),
        ("GET", MIGRATIONS, "", 401, API, "401 Unauthorized"),
        ("GET", MIGRATIONS, OTHER, 403, API, r#"{"message":"403 Forbidden"}"#),
        ("GET", MIGRATIONS, ADMIN, 200, API, r#""status":"active""#),
        ("GET", "/api/v4/admin/batched_background_migrations?database=ci", ADMIN, 200, API, r#""status":"finalized""#),
        ("GET", "/api/v4/admin/batched_background_migrations?database=geo", ADMIN, 400, API, "valid value"),
        ("GET", "/api/v4/admin/batched_background_migrations/40", ADMIN, 200, API, r#""job_class_name":""#),
        ("GET", "/api/v4/admin/batched_background_migrations/9", ADMIN, 404, API, "404 Not found"),
        ("PUT", "/api/v4/admin/batched_background_migrations/9/resume", ADMIN, 404, API, "404 Not found"),
        ("PUT", "/api/v4/admin/batched_background_migrations/40/resume", ADMIN, 422, API, "You can resume only paused"),
        ("PUT", "/api/v4/admin/batched_background_migrations/40/pause", ADMIN, 200, API, r#""status":"paused""#),
        ("PUT", "/api/v4/admin/batched_background_migrations/40/resume", ADMIN, 200, API, r#""status":"active""#),
        ("DELETE", MIGRATIONS, ADMIN, 405, API, "405 Not Allowed"),
    ];
    for machines in [1, 3] {
        let mut lab = Lab::new(machines);
        for &(method, target, header, status, kind, part) in table {
            let answer = told(lab.ask("gitlab-1", method, target, header));
            assert_eq!((answer.0, answer.1), (status, kind), "{method} {target}: {answer:?}");
            assert!(answer.2.contains(part), "{method} {target}: {answer:?}");
        }
    }
}

#[test]
fn a_row_of_a_migration_has_the_fields_of_the_api() {
    let mut lab = Lab::new(1);
    let (_, _, body) = told(lab.ask("gitlab-1", "GET", "/api/v4/admin/batched_background_migrations/40", ADMIN));
    let row: Value = serde_json::from_str(&body).unwrap();
    let fields = ["id", "job_class_name", "table_name", "column_name", "status", "progress", "created_at"];
    assert!(fields.iter().all(|field| !row[field].is_null()), "{row}");
    assert!(row["progress"].as_f64().is_some_and(|progress| progress > 80.0 && progress < 100.0), "{row}");
    assert!(row["estimated_time_remaining"].as_str().is_some_and(|text| text.ends_with("minutes")), "{row}");
}

/// What is done to a node, what is asked then, and the answer.
#[test]
fn a_state_is_told_by_the_status_and_the_words_of_the_real_one() {
    let ready = "/-/readiness?all=1";
    let table: &[(&[&str], &str, &str, u16, &str)] = &[
        (&["ssh gitlab-1 sudo gitlab-ctl stop puma"], "gitlab-1", ready, 502, "Whoops"),
        (&["ssh gitlab-1 sudo gitlab-ctl stop puma"], "gitlab-2", ready, 200, ""),
        (&["ssh gitlab-1 sudo gitlab-ctl stop gitlab-workhorse"], "gitlab-1", "/-/health", 502, ""),
        (&["ssh gitlab-1 sudo gitlab-ctl stop nginx"], "gitlab-1", "/-/health", 0, ""),
        (&["ssh gitlab-1 sudo gitlab-ctl restart puma"], "gitlab-1", "/-/liveness", 502, ""),
        (&["ssh gitlab-1 sudo gitlab-ctl deploy-page up"], "gitlab-1", "/", 503, "Deploy in progress"),
        (&["ssh gitlab-db sudo gitlab-ctl stop postgresql"], "gitlab-1", ready, 500, "PG::ConnectionBad"),
        (&["ssh gitlab-db sudo gitlab-ctl stop postgresql"], "gitlab-1", "/-/health", 200, "GitLab OK"),
        (&["ssh gitlab-db sudo gitlab-ctl stop postgresql"], "gitlab-1", "/-/readiness", 200, "ok"),
        (&["ssh gitlab-db sudo gitlab-ctl stop postgresql"], "gitlab-1", "/users/sign_in", 500, ""),
        (&["ssh gitlab-db sudo gitlab-ctl stop redis"], "gitlab-1", ready, 503, "unexpected Redis check result"),
        (
            &["ssh gitlab-db sudo gitlab-ctl stop redis"],
            "gitlab-1",
            "/health_check/cache",
            500,
            "health_check failed: ",
        ),
        (&["ssh gitlab-db sudo gitlab-ctl stop gitaly"], "gitlab-1", ready, 503, r#""status":"failed","message":"14:"#),
        (&["ssh gitlab-1 sudo pkill -STOP -f puma"], "gitlab-1", ready, 1, ""),
        (&["ssh gitlab-1 sudo systemctl stop gitlab-runsvdir"], "gitlab-1", "/-/health", 0, ""),
        (&["ssh gitlab-1 sudo dpkg -r gitlab-ee"], "gitlab-1", "/-/health", 0, ""),
    ];
    for &(lines, node, target, status, part) in table {
        let mut lab = Lab::new(3);
        lines.iter().for_each(|line| drop(lab.done(line)));
        let answer = told(lab.ask(node, "GET", target, ""));
        assert_eq!(answer.0, status, "{lines:?} {target}: {answer:?}");
        assert!(answer.2.contains(part), "{lines:?} {target}: {answer:?}");
    }
}

#[test]
fn what_is_not_well_carries_the_header_for_load_balancers() {
    let mut lab = Lab::new(3);
    lab.done("ssh gitlab-db sudo gitlab-ctl stop redis");
    let Response::Answer { headers, .. } = lab.ask("gitlab-1", "GET", "/-/readiness?all=1", "") else {
        panic!("it answers")
    };
    assert_eq!(headers, [("x-gitlab-custom-error", "1".to_owned())]);
}

#[test]
fn an_address_that_is_not_listed_is_answered_404_and_the_node_is_well() {
    let mut lab = Lab::new(3);
    lab.fault("address-not-listed", &json!({ "node": "gitlab-1" }));
    for target in ["/-/readiness?all=1", "/-/liveness", "/-/health", "/health_check"] {
        assert_eq!(told(lab.ask("gitlab-1", "GET", target, "")).0, 404, "{target}");
    }
    let health = told(lab.ask("gitlab-1", "GET", "/-/health", ""));
    assert_eq!((health.1, health.2.as_str()), (TEXT, ""), "empty, so that it tells nothing");
    let with_token = told(lab.ask("gitlab-1", "GET", "/-/readiness?token=practice-health", ""));
    assert_eq!(with_token.0, 200, "the old token opens it");
    let from_itself = lab.done("ssh gitlab-1 curl -s http://localhost/-/readiness?all=1");
    assert!(from_itself.contains(r#""status":"ok""#), "{from_itself}");
    assert_eq!(told(lab.ask("gitlab-1", "GET", "/api/v4/version", ADMIN)).0, 200);

    lab.done("ssh gitlab-1 sudo sed -i \"s/'::1\\\\/128'/'::1\\\\/128','192.0.2.10'/\" /etc/gitlab/gitlab.rb");
    assert_eq!(lab.ready("gitlab-1"), 404, "not before it is configured");
    lab.done("ssh gitlab-1 sudo gitlab-ctl reconfigure");
    lab.pass(90);
    assert_eq!(lab.ready("gitlab-1"), 200);
}
