//! Who was behind an alarm, and the tables of version 1, which knew nothing of it.

use serde_json::{Value, json};
use testkit::MariaDb;

use crate::stage::{alarm, authorities, cold_start, database, fails, keep, one, records};

const COUNT: &str = "SELECT COUNT(*) FROM logs_contributors";
const HEX: &str =
    "SELECT HEX(value) FROM logs_contributors ORDER BY alarm_creation_time, `position`";

/// The tables as version 1 made them.
const VERSION_1: &str = "CREATE TABLE logs_history (alarm_creation_time DATETIME, Number_of_orders INT, \
     id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, \
     alarm_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL, \
     kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL, \
     site VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL, \
     trigger_count INT UNSIGNED NULL, peak_count BIGINT UNSIGNED NULL, cancellation_count BIGINT UNSIGNED NULL, \
     threshold BIGINT UNSIGNED NULL, window_seconds INT UNSIGNED NULL, \
     measure VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL, started_at DATETIME NULL, \
     UNIQUE KEY alarm_once (alarm_id, kind, alarm_creation_time)) \
     ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COMMENT = 'sitewatch 1'; \
     INSERT INTO logs_history (alarm_creation_time, Number_of_orders, alarm_id, kind, site, measure, started_at) \
     VALUES ('2018-12-16 10:00:00', 17, 'website-9', 'ALARM', 'website', 'orders', '2018-12-16 09:59:00')";
const SHAPE: &str = "SELECT table_name, table_comment FROM information_schema.tables \
     WHERE table_schema = DATABASE() ORDER BY 1; \
     SELECT table_name, ordinal_position, column_name, column_type, collation_name, is_nullable \
     FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, 2";

fn contributors(values: &[&str]) -> Value {
    let top = values
        .iter()
        .map(|value| json!({"value": value, "count": 61}));
    let customers = json!({
        "dimension": "customer", "measure": "orders", "total": 74, "different": 12, "missed": 2,
        "top": top.collect::<Vec<_>>(),
    });
    let articles = json!({
        "dimension": "article", "measure": "lines", "total": 200, "different": 8,
        "top": [{"value": "85123A", "count": 190}, {"value": "85123a", "count": 1}],
    });
    json!({"contributors": [customers, articles]})
}

/// An alarm of these customers' `second` seconds after the others.
fn of(second: i64, values: &[&str]) -> String {
    alarm("ALARM", second, &contributors(values))
}

fn hex(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02X}")).collect()
}

#[tokio::test]
async fn contributors_are_kept_once_however_often_their_alarm_comes() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    let batch = records(
        1,
        &[
            of(0, &["17850", "guest"]),
            of(1, &[]),
            of(0, &["17850", "guest"]),
        ],
    );
    for new in [2, 0, 0] {
        assert_eq!(keep(&handler, &batch).await.alarms_stored, new);
    }
    let rows = server.sql(
        &name,
        "SELECT site, alarm_id, `signal`, kind, alarm_creation_time, dimension, `position`, value, `count`, \
         measure, percent, total, `different`, missed FROM logs_contributors_of_alarms \
         WHERE alarm_creation_time = '2018-12-17 22:12:03' ORDER BY dimension DESC, `position`",
    );
    let rows: Vec<String> = rows.iter().map(|row| row.join("|")).collect();
    let head = "website|website-0|surge|ALARM|2018-12-17 22:12:03";
    assert_eq!(
        rows,
        [
            format!("{head}|customer|1|17850|61|orders|82.4|74|12|2"),
            format!("{head}|customer|2|guest|61|orders|82.4|74|12|2"),
            format!("{head}|article|1|85123A|190|lines|95.0|200|8|0"),
            format!("{head}|article|2|85123a|1|lines|0.5|200|8|0"),
        ]
    );
    assert_eq!(one(server, &name, COUNT), "6");
}

#[tokio::test]
async fn a_hostile_value_is_kept_as_it_came() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    let evil = [
        "x'); DROP TABLE logs_contributors; --",
        "\\' OR 1=1 --",
        "\u{202e}\0\r\n\t",
        "🦀 é\u{301}",
        " padded ",
        "?",
        "",
        &"x".repeat(256),
        &"é".repeat(128),
    ];
    let counts = keep(&handler, &records(1, &[of(0, &evil)])).await;
    assert_eq!((counts.alarms_stored, counts.alarms_rejected), (1, 0));
    let query = HEX.replace(" ORDER", " WHERE dimension = 'customer' ORDER");
    let rows: Vec<String> = server.sql(&name, &query).concat();
    assert_eq!(rows, evil.map(hex));
}

#[tokio::test]
async fn the_largest_numbers_are_kept_and_have_a_share() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    let most = json!({"contributors": [{
        "dimension": "customer", "measure": "units", "total": u64::MAX, "different": u64::MAX,
        "missed": u64::MAX, "top": [{"value": "1", "count": u64::MAX}],
    }, {
        "dimension": "country", "measure": "units", "total": 0, "different": 0,
        "top": [{"value": "unknown", "count": 0}],
    }]});
    keep(&handler, &records(1, &[alarm("ALARM", 0, &most)])).await;
    let query =
        "SELECT percent, `count` = total FROM logs_contributors_of_alarms ORDER BY dimension";
    assert_eq!(server.sql(&name, query), [["NULL", "1"], ["100.0", "1"]]);
}

#[tokio::test]
async fn a_contributor_that_the_table_refuses_costs_neither_its_alarm_nor_the_others() {
    let server = MariaDb::shared();
    let (name, vault, handler) = database(server);
    keep(&handler, &records(1, &[alarm("ALARM", -9, &json!({}))])).await;
    server.sql(
        &name,
        "ALTER TABLE logs_contributors MODIFY value VARCHAR(8) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
    );
    let cold = cold_start(&vault, Some(authorities(server)));
    let payloads = [
        of(0, &["17850"]),
        of(1, &["far-too-long", "13047", "too-long-as-well"]),
        of(2, &["12583"]),
    ];
    for new in [3, 0] {
        let counts = keep(&cold, &records(2, &payloads)).await;
        let (stored, known) = (counts.alarms_stored, counts.alarms_known);
        assert_eq!((stored, known, counts.alarms_rejected), (new, 3 - new, 0));
    }
    let query = HEX.replace(" ORDER", " WHERE dimension = 'customer' ORDER");
    let rows = server.sql(&name, &query).concat();
    assert_eq!(rows, ["17850", "13047", "12583"].map(hex));
    // The whole record is there to be looked at, once.
    let rejects = server.sql(
        &name,
        "SELECT message, data LIKE '%far-too-long%' FROM logs_rejects",
    );
    let message = "expected a row that the table accepts (MySQL error 1406, the table does not accept the row)";
    assert_eq!(rejects, [[message, "1"]]);
}

#[tokio::test]
async fn an_alarm_that_the_table_refuses_leaves_no_contributors() {
    let server = MariaDb::shared();
    let (name, vault, handler) = database(server);
    keep(&handler, &records(1, &[alarm("ALARM", -9, &json!({}))])).await;
    server.sql(
        &name,
        "ALTER TABLE logs_history ADD CONSTRAINT few CHECK (alarm_creation_time <> '2018-12-17 22:12:04')",
    );
    let cold = cold_start(&vault, Some(authorities(server)));
    let payloads = [of(0, &["17850"]), of(1, &["13047"]), of(2, &["12583"])];
    let counts = keep(&cold, &records(2, &payloads)).await;
    assert_eq!((counts.alarms_stored, counts.alarms_rejected), (2, 1));
    let query = HEX.replace(" ORDER", " WHERE dimension = 'customer' ORDER");
    let rows = server.sql(&name, &query).concat();
    assert_eq!(rows, ["17850", "12583"].map(hex));
}

#[tokio::test]
async fn alarms_and_contributors_are_there_together_or_not_at_all() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    keep(&handler, &records(1, &[alarm("ALARM", -9, &json!({}))])).await;
    server.sql(&name, "RENAME TABLE logs_contributors TO elsewhere");
    let batch = records(2, &[of(0, &["17850"])]);
    let error = fails(&handler, &batch).await;
    assert!(error.contains("MySQL error 1146"), "{error}");
    let alarms = "SELECT COUNT(*) FROM logs_history";
    assert_eq!(one(server, &name, alarms), "1");
    server.sql(&name, "RENAME TABLE elsewhere TO logs_contributors");
    assert_eq!(keep(&handler, &batch).await.alarms_stored, 1);
    assert_eq!(one(server, &name, COUNT), "3");
}

#[tokio::test]
async fn thousands_of_contributors_are_one_batch() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    let values: Vec<String> = (0..30).map(|n| format!("customer {n}")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let payloads: Vec<String> = (0..100).map(|second| of(second, &values)).collect();
    for new in [100, 0] {
        let counts = keep(&handler, &records(1, &payloads)).await;
        assert_eq!(counts.alarms_stored, new);
    }
    assert_eq!(one(server, &name, COUNT), "3200");
}

#[tokio::test]
async fn the_tables_of_version_1_are_upgraded_and_their_alarms_are_surges() {
    let server = MariaDb::shared();
    let (fresh, _, handler) = database(server);
    keep(&handler, &records(1, &[of(0, &["17850"])])).await;
    let (old, _, handler) = database(server);
    server.sql(&old, VERSION_1);
    let counts = keep(&handler, &records(1, &[of(0, &["17850"])])).await;
    assert_eq!(counts.alarms_stored, 1);
    assert_eq!(server.sql(&old, SHAPE), server.sql(&fresh, SHAPE));
    let comment = "SELECT table_comment FROM information_schema.tables \
                   WHERE table_schema = DATABASE() AND table_name = 'logs_history'";
    assert_eq!(one(server, &old, comment), "sitewatch 2");
    let rows = server.sql(
        &old,
        "SELECT Number_of_orders, `signal` FROM logs_history ORDER BY id",
    );
    assert_eq!(rows, [["17", "NULL"], ["74", "surge"]]);
    let surges = server.sql(
        &old,
        "SELECT alarm_id, `signal`, measure FROM logs_surges ORDER BY 1",
    );
    assert_eq!(
        surges,
        [
            ["website-0", "surge", "orders"],
            ["website-9", "surge", "orders"]
        ]
    );
}

#[tokio::test]
async fn a_wider_column_of_the_installations_own_is_left_as_it_is() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    server.sql(
        &name,
        &format!("{VERSION_1}; ALTER TABLE logs_history MODIFY measure VARCHAR(100)"),
    );
    keep(&handler, &records(1, &[of(0, &["17850"])])).await;
    let column = "SELECT column_type FROM information_schema.columns WHERE table_schema = DATABASE() \
                  AND table_name = 'logs_history' AND column_name = 'measure'";
    assert_eq!(one(server, &name, column), "varchar(100)");
}
