//! The built function through the Lambda runtime API, against a Secrets Manager that
//! nobody here wrote and a real MariaDB that requires TLS.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Endpoint, Function, MariaDb, RuntimeApi};

const PASSWORD: &str = "Open-Sesame-1";
const SECRET: &str = "sitewatch/history";

struct Stage {
    endpoint: Endpoint,
    runtime: RuntimeApi,
    server: &'static MariaDb,
    ca_file: String,
    database: String,
}

impl Stage {
    fn set() -> Self {
        let server = MariaDb::shared();
        Self {
            endpoint: Endpoint::start(),
            runtime: RuntimeApi::start(),
            server,
            ca_file: server.ca_file().display().to_string(),
            database: server.create_database(PASSWORD),
        }
    }

    /// A secret with where the database is, as an operator writes it.
    fn full_secret(&self, password: &str) -> Value {
        json!({
            "engine": "mysql", "host": "127.0.0.1", "port": self.server.port(), "dbname": self.database,
            "username": self.database, "password": password,
        })
    }

    fn function(&self, variables: &[(&str, &str)]) -> Function {
        let mut all = vec![
            ("DB_SECRET_ID", SECRET),
            ("DB_CA_FILE", self.ca_file.as_str()),
            ("AWS_ENDPOINT_URL", self.endpoint.url()),
            ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ];
        all.extend(variables);
        self.runtime
            .run("history", Path::new(env!("CARGO_BIN_EXE_history")), &all)
    }

    fn rows(&self) -> Vec<String> {
        let query =
            "SELECT kind, alarm_creation_time, Number_of_orders FROM logs_history ORDER BY 2";
        self.texts(query)
    }

    fn texts(&self, query: &str) -> Vec<String> {
        let rows = self.server.sql(&self.database, query);
        rows.iter().map(|row| row.join("|")).collect()
    }

    /// No log line, of whatever level, may tell what is whose or where.
    fn assert_discreet(&self, function: &Function) {
        function.assert_silent_about(&[
            PASSWORD,
            "127.0.0.1",
            "localhost",
            &self.database,
            "website",
            "DROP TABLE",
            "eyJ",
        ]);
    }
}

fn sample(name: &str) -> Vec<u8> {
    testkit::sample("history", name)
}

async fn succeeds(function: &Function, name: &str) {
    let (status, answer) = function.invoke(sample(name)).await;
    let success = json!({"batchItemFailures": []});
    assert_eq!((status.as_u16(), answer), (200, success), "{name}");
}

#[tokio::test]
async fn the_samples_become_rows_and_rejects_once_however_often_they_come() {
    let stage = Stage::set();
    let secret = stage.full_secret(PASSWORD).to_string();
    stage.endpoint.create_secret(SECRET, &secret).await;
    let function = stage.function(&[]);
    let surge = [
        "ALARM|2018-12-17 22:12:03|74",
        "REMINDER|2018-12-17 22:17:03|90",
        "OK|2018-12-17 22:21:40|3",
    ];
    for _ in 0..2 {
        succeeds(&function, "surge.json").await;
        assert_eq!(stage.rows(), surge);
        assert_eq!(
            stage.texts("SELECT duration_seconds, peak, reminders FROM logs_surges"),
            ["636|96|1"]
        );
    }
    stage
        .server
        .sql(&stage.database, "DELETE FROM logs_history");
    for _ in 0..2 {
        succeeds(&function, "mix-with-rejects.json").await;
        assert_eq!(stage.rows(), [surge[0], surge[2]]);
        let rejects = "SELECT reason, stream, COUNT(*) FROM logs_rejects GROUP BY 1, 2 ORDER BY 1";
        assert_eq!(
            stage.texts(rejects),
            ["not_an_alarm|alarms|5", "out_of_range|alarms|1"]
        );
    }

    let logs = function.logs();
    let with = |name: &str| -> Vec<&Value> {
        logs.iter()
            .filter(|line| line.get(name).is_some())
            .collect()
    };
    let done = with("alarms_stored");
    assert_eq!(done.len(), 4);
    let counts = |line: &Value| {
        [
            "records",
            "records_failed",
            "alarms_stored",
            "alarms_known",
            "alarms_rejected",
            "connections_opened",
        ]
        .map(|name| line[name].as_u64().expect(name))
    };
    assert_eq!(counts(done[0]), [3, 0, 3, 0, 0, 1]);
    assert_eq!(counts(done[1]), [3, 0, 0, 3, 0, 0]);
    assert_eq!(counts(done[3]), [8, 0, 0, 2, 6, 0]);
    assert_eq!(done[0]["span"]["stream"], "alarms");
    let metrics = with("_aws");
    assert_eq!(metrics.len(), 4);
    assert_eq!(
        (&metrics[0]["AlarmsStored"], &metrics[0]["Function"]),
        (&json!(3), &json!("history"))
    );
    stage.assert_discreet(&function);
}

#[tokio::test]
async fn a_secret_that_rds_manages_is_completed_by_the_environment() {
    let stage = Stage::set();
    let secret = json!({"username": stage.database, "password": PASSWORD}).to_string();
    stage.endpoint.create_secret(SECRET, &secret).await;
    let port = stage.server.port().to_string();
    let variables = [
        ("DB_HOST", "127.0.0.1"),
        ("DB_PORT", port.as_str()),
        ("DB_NAME", &stage.database),
    ];
    succeeds(&stage.function(&variables), "surge.json").await;
    assert_eq!(stage.rows().len(), 3);
}

#[tokio::test]
async fn what_cannot_be_stored_now_comes_again_as_a_whole_with_one_line_that_says_why() {
    let stage = Stage::set();
    let function = stage.function(&[]);
    let mut failed = Vec::new();
    for number in 0..3 {
        let number = "49545115243490985018280067714973144582180062593244200961"
            .replace("0961", &format!("096{}", 1 + number));
        failed.push(json!({"itemIdentifier": number}));
    }
    let failed = json!({"batchItemFailures": failed});
    // There is no secret; then one whose password is refused.
    let (status, answer) = function.invoke(sample("surge.json")).await;
    assert_eq!((status.as_u16(), &answer), (200, &failed));
    let secret = stage.full_secret("another").to_string();
    stage.endpoint.create_secret(SECRET, &secret).await;
    let (status, answer) = function.invoke(sample("surge.json")).await;
    assert_eq!((status.as_u16(), &answer), (200, &failed));

    let logs = function.logs();
    let warnings: Vec<&str> = logs
        .iter()
        .filter(|line| line["level"] == "WARN" || line["level"] == "ERROR")
        .map(|line| line["error"].as_str().expect("an error"))
        .collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let unknown = "the secret of DB_SECRET_ID cannot be read: the call cannot succeed";
    assert!(warnings[0].starts_with(unknown), "{}", warnings[0]);
    assert!(
        warnings[0].contains("ResourceNotFoundException"),
        "{}",
        warnings[0]
    );
    let refused =
        "connecting to the database failed for good: MySQL error 1045, the login is refused";
    assert_eq!(warnings[1], refused);
    let metrics: Vec<_> = logs
        .iter()
        .filter(|line| line.get("_aws").is_some())
        .collect();
    assert_eq!(
        (metrics.len(), &metrics[1]["RecordsFailed"]),
        (2, &json!(3))
    );
    stage.assert_discreet(&function);
}

#[tokio::test]
async fn a_wrong_variable_stops_the_cold_start_with_one_line_that_names_it() {
    let stage = Stage::set();
    let no_certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let long_name = "x".repeat(65);
    let ca_file = "expected the path of a readable PEM file with certificates of authorities";
    let secret = "expected the name or ARN of a secret in Secrets Manager";
    let malformed = |expected: &str| format!("is malformed: {expected}");
    for (name, value, expected) in [
        ("DB_SECRET_ID", "", format!("is not set: {secret}")),
        (
            "DB_SECRET_ID",
            "{\"password\":\"hunter2\"}",
            malformed(secret),
        ),
        (
            "DB_HOST",
            "mysql://a:hunter2@db/logs",
            malformed("expected a host name or an IP address"),
        ),
        ("DB_PORT", "0", malformed("expected a port (1 to 65535)")),
        (
            "DB_PORT",
            "65536",
            malformed("expected a port (1 to 65535)"),
        ),
        (
            "DB_NAME",
            &long_name,
            malformed("expected a database name (1 to 64 characters)"),
        ),
        // A path may be told, but one rule for all of them is easier to trust.
        ("DB_CA_FILE", "/nowhere.pem", malformed(ca_file)),
        ("DB_CA_FILE", no_certificate, malformed(ca_file)),
    ] {
        let function = stage.function(&[(name, value)]);
        function.stops_with(&format!("{name} {expected}"));
    }
}
