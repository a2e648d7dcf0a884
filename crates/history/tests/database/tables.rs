//! What is in the tables afterwards.

use serde_json::json;
use testkit::MariaDb;
use tokio::task::JoinSet;

use crate::stage::{alarm, authorities, cold_start, database, fails, keep, one, records};

const COUNT: &str = "SELECT COUNT(*) FROM logs_history";
/// How the tables and views are, but for numbers that rows have moved on.
const SHAPE: &str = "SELECT table_name, table_type, engine, table_comment FROM information_schema.tables \
     WHERE table_schema = DATABASE() ORDER BY 1; \
     SELECT table_name, ordinal_position, column_name, column_type, character_set_name, collation_name, is_nullable, extra \
     FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, 2; \
     SELECT table_name, index_name, seq_in_index, column_name, non_unique \
     FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1, 2, 3";

fn surge() -> Vec<String> {
    vec![
        alarm("ALARM", 0, &json!({})),
        alarm("REMINDER", 300, &json!({"peak_count": 96})),
        alarm("OK", 577, &json!({"order_count": 3, "peak_count": 96})),
    ]
}

#[tokio::test]
async fn an_empty_database_gets_the_tables_and_an_alarm_is_one_row_however_often_it_comes() {
    let server = MariaDb::shared();
    let (name, vault, handler) = database(server);
    let batch = records(1, &surge());
    for delivery in 0..5 {
        let counts = keep(&handler, &batch).await;
        let new = if delivery == 0 { 3 } else { 0 };
        assert_eq!((counts.alarms_stored, counts.alarms_known), (new, 3 - new));
        assert_eq!(counts.connections_opened, u64::from(delivery == 0));
    }
    assert_eq!(vault.reads(), 1);
    let rows = server.sql(
        &name,
        "SELECT id, alarm_creation_time, Number_of_orders, alarm_id, kind, site, trigger_count, peak_count, \
         cancellation_count, threshold, window_seconds, measure, started_at, `signal` FROM logs_history ORDER BY 2",
    );
    let rows: Vec<String> = rows.iter().map(|row| row[1..].join("|")).collect();
    let tail = "2|15|15|orders|2018-12-17 22:11:04|surge";
    assert_eq!(
        rows,
        [
            format!("2018-12-17 22:12:03|74|website-0|ALARM|website|60|74|{tail}"),
            format!("2018-12-17 22:17:03|74|website-0|REMINDER|website|60|96|{tail}"),
            format!("2018-12-17 22:21:40|3|website-0|OK|website|60|96|{tail}"),
        ]
    );
}

#[tokio::test]
async fn copies_within_one_batch_are_one_row() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    let one_alarm = alarm("ALARM", 0, &json!({}));
    let counts = keep(&handler, &records(1, &vec![one_alarm; 3])).await;
    assert_eq!((counts.alarms_stored, counts.alarms_known), (1, 2));
    assert_eq!(one(server, &name, COUNT), "1");
}

#[tokio::test]
async fn an_existing_two_column_table_is_upgraded_and_keeps_its_rows() {
    let server = MariaDb::shared();
    let (fresh, _, handler) = database(server);
    keep(&handler, &records(1, &surge())).await;
    // As somebody made it by hand, with an engine that knows no transactions, and rows
    // that no one would insert today.
    let (old, _, handler) = database(server);
    server.sql(
        &old,
        "CREATE TABLE logs_history (alarm_creation_time DATETIME, Number_of_orders INT) ENGINE = MyISAM; \
         SET SESSION sql_mode = ''; \
         INSERT INTO logs_history VALUES ('2018-01-01 10:00:00', 17), ('2018-01-01 10:00:00', 17), \
         (NULL, NULL), ('0000-00-00 00:00:00', -1)",
    );
    let counts = keep(&handler, &records(1, &surge())).await;
    assert_eq!(counts.alarms_stored, 3);
    assert_eq!(server.sql(&old, SHAPE), server.sql(&fresh, SHAPE));
    let rows = server.sql(
        &old,
        "SELECT alarm_creation_time, Number_of_orders, alarm_id, started_at FROM logs_history \
         WHERE alarm_id IS NULL ORDER BY id",
    );
    let rows: Vec<String> = rows.iter().map(|row| row.join("|")).collect();
    let old_row = "2018-01-01 10:00:00|17|NULL|NULL";
    assert_eq!(
        rows,
        [
            old_row,
            old_row,
            "NULL|NULL|NULL|NULL",
            "0000-00-00 00:00:00|-1|NULL|NULL"
        ]
    );
    assert_eq!(one(server, &old, COUNT), "7");
}

#[tokio::test]
async fn a_migration_that_died_anywhere_is_finished_by_the_next_cold_start() {
    let server = MariaDb::shared();
    let (name, vault, handler) = database(server);
    keep(&handler, &records(1, &surge())).await;
    let shape = server.sql(&name, SHAPE);
    // Back to where it may have died, from the last step to the first.
    for undo in [
        "ALTER TABLE logs_history COMMENT = ''",
        "DROP VIEW logs_alarms_per_day",
        "DROP VIEW logs_alarms_per_day, logs_alarms_per_hour, logs_surges",
        "DROP TABLE logs_rejects",
        "DROP VIEW logs_contributors_of_alarms",
        "DROP TABLE logs_contributors",
        "ALTER TABLE logs_history MODIFY COLUMN measure VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL",
        "ALTER TABLE logs_history DROP KEY alarm_once, DROP COLUMN started_at, DROP COLUMN `signal`",
        "ALTER TABLE logs_history DROP COLUMN id",
    ] {
        server.sql(
            &name,
            &format!("{undo}; ALTER TABLE logs_history COMMENT = 'mine'"),
        );
        let cold = cold_start(&vault, Some(authorities(server)));
        let counts = keep(&cold, &records(1, &surge())).await;
        assert_eq!(counts.alarms_known, 3, "{undo}");
        assert_eq!(server.sql(&name, SHAPE), shape, "{undo}");
    }
    assert_eq!(one(server, &name, COUNT), "3");
    server.sql(&name, "DROP TABLE logs_history, logs_rejects, logs_contributors; CREATE TABLE logs_history (alarm_creation_time DATETIME, Number_of_orders INT)");
    let cold = cold_start(&vault, Some(authorities(server)));
    keep(&cold, &records(1, &surge())).await;
    assert_eq!(server.sql(&name, SHAPE), shape);
}

#[tokio::test]
async fn a_migration_that_fails_in_the_middle_is_not_taken_for_done() {
    let server = MariaDb::shared();
    let (name, vault, handler) = database(server);
    // Where a view shall be, stands a table.
    server.sql(&name, "CREATE TABLE logs_alarms_per_hour (n INT)");
    let error = fails(&handler, &records(1, &surge())).await;
    let cause = "bringing the tables up to date failed for good: MySQL error 1347";
    assert!(error.starts_with(cause), "{error}");
    server.sql(&name, "DROP TABLE logs_alarms_per_hour");
    // The function that failed goes on by itself, and a new one has nothing to do.
    let cold = cold_start(&vault, Some(authorities(server)));
    for (handler, new) in [(handler, 3), (cold, 0)] {
        let counts = keep(&handler, &records(1, &surge())).await;
        assert_eq!(counts.alarms_stored, new);
        assert_eq!(
            one(server, &name, "SELECT COUNT(*) FROM logs_alarms_per_day"),
            "1"
        );
    }
}

#[tokio::test]
async fn a_table_of_a_later_form_is_left_as_it_is() {
    let server = MariaDb::shared();
    let (name, vault, handler) = database(server);
    keep(&handler, &records(1, &surge())).await;
    server.sql(
        &name,
        "DROP VIEW logs_surges; ALTER TABLE logs_history COMMENT = 'sitewatch 3'",
    );
    let cold = cold_start(&vault, Some(authorities(server)));
    assert_eq!(keep(&cold, &records(1, &surge())).await.alarms_known, 3);
    let comment = "SELECT table_comment FROM information_schema.tables \
                   WHERE table_schema = DATABASE() AND table_name = 'logs_history'";
    assert_eq!(one(server, &name, comment), "sitewatch 3");
}

#[tokio::test]
async fn the_rights_that_the_readme_names_are_enough() {
    let server = MariaDb::shared();
    let (name, vault, _) = database(server);
    let grant = |rights: &str| {
        let grant = format!("GRANT {rights} ON {name}.* TO '{name}'@'%'");
        server.sql(
            "mysql",
            &format!("REVOKE ALL ON {name}.* FROM '{name}'@'%'; {grant}"),
        );
    };
    grant("SELECT, INSERT, UPDATE, CREATE, ALTER, INDEX, CREATE VIEW, DROP");
    for undo in [
        "DO 0",
        "ALTER TABLE logs_history COMMENT = '', DROP KEY alarm_once, DROP COLUMN site",
    ] {
        server.sql(&name, undo);
        let cold = cold_start(&vault, Some(authorities(server)));
        keep(&cold, &records(1, &surge())).await;
    }
    grant("SELECT, INSERT, UPDATE");
    let cold = cold_start(&vault, Some(authorities(server)));
    let counts = keep(
        &cold,
        &records(1, &["no alarm", &alarm("ALARM", 9, &json!({}))]),
    )
    .await;
    assert_eq!((counts.alarms_stored, counts.alarms_rejected), (1, 1));
}

#[tokio::test]
async fn ten_cold_starts_at_once_do_not_trip_over_each_other() {
    let server = MariaDb::shared();
    for first_form in [
        "DO 0",
        "CREATE TABLE logs_history (alarm_creation_time DATETIME, Number_of_orders INT)",
    ] {
        let (name, vault, _) = database(server);
        server.sql(&name, first_form);
        let mut running = JoinSet::new();
        for second in 0..10 {
            let cold = cold_start(&vault, Some(authorities(server)));
            running.spawn(async move {
                let own = alarm("REMINDER", second, &json!({}));
                let shared = alarm("ALARM", 0, &json!({}));
                keep(&cold, &records(1, &[shared, own])).await
            });
        }
        let counts = running.join_all().await;
        assert_eq!(counts.iter().map(|c| c.alarms_stored).sum::<u64>(), 11);
        assert!(
            counts.iter().all(|c| c.connections_opened == 1),
            "{counts:?}"
        );
        assert_eq!(one(server, &name, COUNT), "11");
    }
}

#[tokio::test]
async fn ten_thousand_records_are_one_batch() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    let payloads: Vec<String> = (0..10_000)
        .map(|n| {
            if n % 100 == 7 {
                format!("no alarm {n}")
            } else {
                alarm("REMINDER", n, &json!({}))
            }
        })
        .collect();
    let batch = records(1, &payloads);
    for new in [9_900, 0] {
        let counts = keep(&handler, &batch).await;
        assert_eq!((counts.alarms_stored, counts.alarms_rejected), (new, 100));
    }
    assert_eq!(one(server, &name, COUNT), "9900");
    assert_eq!(
        one(server, &name, "SELECT COUNT(*) FROM logs_rejects"),
        "100"
    );
}

#[tokio::test]
async fn a_record_that_never_fits_is_kept_once_with_reason_and_bytes_and_blocks_nothing() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    let too_many = alarm("ALARM", 2, &json!({"order_count": 2_147_483_648_u64}));
    let too_long = alarm("ALARM", 3, &json!({"trigger_count": 4_294_967_296_u64}));
    let most = json!({"order_count": 2_147_483_647, "trigger_count": 4_294_967_295_u32, "peak_count": u64::MAX,
                      "threshold": u64::MAX, "cancellation_count": u64::MAX, "window_seconds": u32::MAX,
                      "alarm_id": "x".repeat(128), "site": "s".repeat(64)});
    let payloads: [&[u8]; 6] = [
        alarm("ALARM", 0, &json!({})).into_bytes().leak(),
        b"\xff\x00'\"\\",
        too_many.as_bytes(),
        too_long.as_bytes(),
        b"",
        alarm("OK", 1, &most).into_bytes().leak(),
    ];
    for _ in 0..2 {
        let counts = keep(&handler, &records(7, &payloads)).await;
        assert_eq!(counts.alarms_rejected, 4);
    }
    let rejects = server.sql(
        &name,
        "SELECT reason, message LIKE 'expected %', stream, shard, CAST(sequence_number AS UNSIGNED), \
         CAST(arrived_at AS CHAR), HEX(data), ABS(TIMESTAMPDIFF(SECOND, rejected_at, UTC_TIMESTAMP())) < 60 \
         FROM logs_rejects ORDER BY sequence_number",
    );
    let rejects: Vec<String> = rejects.iter().map(|row| row.join("|")).collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02X}")).collect::<String>();
    let reject = |reason: &str, number: u32, bytes: &[u8]| {
        let at = format!("2010-12-01 08:26:00.{number:03}");
        format!(
            "{reason}|1|orders|shardId-000000000006|{number}|{at}|{}|1",
            hex(bytes)
        )
    };
    assert_eq!(
        rejects,
        [
            reject("not_an_alarm", 8, payloads[1]),
            reject("out_of_range", 9, payloads[2]),
            reject("out_of_range", 10, payloads[3]),
            reject("not_an_alarm", 11, payloads[4]),
        ]
    );
    let largest = "SELECT Number_of_orders, trigger_count, peak_count, LENGTH(alarm_id) FROM logs_history WHERE kind = 'OK'";
    assert_eq!(
        one(server, &name, largest),
        "2147483647|4294967295|18446744073709551615|128"
    );
}

#[tokio::test]
async fn a_row_that_the_table_refuses_is_rejected_alone() {
    let server = MariaDb::shared();
    let (name, vault, handler) = database(server);
    keep(&handler, &records(1, &[alarm("ALARM", 0, &json!({}))])).await;
    server.sql(
        &name,
        "ALTER TABLE logs_history MODIFY Number_of_orders SMALLINT, ADD CONSTRAINT few CHECK (threshold < 1000)",
    );
    let cold = cold_start(&vault, Some(authorities(server)));
    let mut payloads: Vec<String> = (1..900).map(|n| alarm("REMINDER", n, &json!({}))).collect();
    payloads[3] = alarm("REMINDER", 3, &json!({"order_count": 40_000}));
    payloads[800] = alarm("REMINDER", 800, &json!({"threshold": 1000}));
    for new in [897, 0] {
        let counts = keep(&cold, &records(2, &payloads)).await;
        assert_eq!((counts.alarms_stored, counts.alarms_rejected), (new, 2));
    }
    let rejects = server.sql(
        &name,
        "SELECT reason, message FROM logs_rejects ORDER BY sequence_number",
    );
    let messages: Vec<String> = rejects.iter().map(|row| row.join(": ")).collect();
    let refused = "refused_by_table: expected a row that the table accepts (MySQL error";
    assert_eq!(
        messages,
        [
            format!("{refused} 1264, the table does not accept the row)"),
            format!("{refused} 4025, the table does not accept the row)"),
        ]
    );
}

#[tokio::test]
async fn no_alarm_vanishes_behind_a_unique_key_of_the_installations_own() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    server.sql(
        &name,
        "CREATE TABLE logs_history (alarm_creation_time DATETIME PRIMARY KEY, Number_of_orders INT); \
         INSERT INTO logs_history VALUES ('2018-12-17 22:12:04', 17)",
    );
    // Two sites' alarms of one second, and one of the second of an old row.
    let payloads = [
        alarm("ALARM", 0, &json!({})),
        alarm("ALARM", 0, &json!({"alarm_id": "shop-0", "site": "shop"})),
        alarm("REMINDER", 1, &json!({})),
    ];
    for new in [1, 0] {
        let counts = keep(&handler, &records(1, &payloads)).await;
        assert_eq!((counts.alarms_stored, counts.alarms_rejected), (new, 2));
    }
    assert_eq!(one(server, &name, COUNT), "2");
    let rejects = server.sql(&name, "SELECT reason FROM logs_rejects");
    assert_eq!(rejects, [["refused_by_table"], ["refused_by_table"]]);
}

#[tokio::test]
async fn a_batch_is_in_the_tables_as_a_whole_or_not_at_all() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    keep(&handler, &records(1, &[alarm("ALARM", 0, &json!({}))])).await;
    server.sql(&name, "RENAME TABLE logs_rejects TO elsewhere");
    let mut payloads: Vec<String> = (1..700).map(|n| alarm("REMINDER", n, &json!({}))).collect();
    payloads.push("no alarm".to_owned());
    let error = fails(&handler, &records(2, &payloads)).await;
    assert_eq!(
        error,
        "storing the batch failed for good: MySQL error 1146, the statement is refused"
    );
    assert_eq!(one(server, &name, COUNT), "1");
    // Put right, it is stored when it comes again.
    server.sql(&name, "RENAME TABLE elsewhere TO logs_rejects");
    assert_eq!(
        keep(&handler, &records(2, &payloads)).await.alarms_stored,
        699
    );
}

#[tokio::test]
async fn the_metacharacters_of_sql_are_but_characters() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    let evil = [
        "x');DROP/**/TABLE/**/logs_history;--",
        "'",
        "\"",
        "\\",
        "`",
        "%",
        "?",
        ":id",
        "x'/*",
        "*/",
    ];
    let payloads: Vec<String> = evil
        .iter()
        .map(|id| alarm("ALARM", 0, &json!({"alarm_id": id})))
        .collect();
    let sites = evil
        .iter()
        .map(|site| alarm("ALARM", 1, &json!({"site": site})));
    let payloads: Vec<String> = payloads.into_iter().chain(sites).collect();
    let counts = keep(&handler, &records(1, &payloads)).await;
    assert_eq!((counts.alarms_stored, counts.alarms_rejected), (10, 10));
    let ids = server.sql(&name, "SELECT HEX(alarm_id) FROM logs_history ORDER BY id");
    let hex = |text: &str| text.bytes().map(|b| format!("{b:02X}")).collect::<String>();
    let expected: Vec<Vec<String>> = evil.iter().map(|id| vec![hex(id)]).collect();
    assert_eq!(ids, expected);
    assert_eq!(
        one(
            server,
            &name,
            "SELECT COUNT(*) FROM logs_rejects WHERE data LIKE '%DROP/**/TABLE%'"
        ),
        "1"
    );
}

#[tokio::test]
async fn the_views_tell_each_surge_and_the_alarms_of_each_hour_and_day() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    server.sql(
        &name,
        "CREATE TABLE logs_history (alarm_creation_time DATETIME, Number_of_orders INT); \
         INSERT INTO logs_history VALUES ('2018-12-17 22:40:00', 200), ('2018-12-16 01:00:00', 20), \
         ('2018-12-16 23:59:59', 30), (NULL, 5)",
    );
    let second =
        json!({"alarm_id": "website-1", "peak_count": 30, "started_at": "2018-12-17T22:58:00Z"});
    let other = json!({"alarm_id": "shop-0", "site": "shop", "peak_count": 50, "threshold": 40,
                       "started_at": "2018-12-18T00:01:00Z"});
    let at = |time: &str, base: &serde_json::Value| {
        let mut all = base.clone();
        all["at"] = json!(time);
        all
    };
    let mut payloads = surge();
    payloads.push(alarm("REMINDER", 301, &json!({})));
    payloads.push(alarm("ALARM", 0, &at("2018-12-17T22:59:00Z", &second)));
    payloads.push(alarm("OK", 0, &at("2018-12-17T23:30:00Z", &second)));
    payloads.push(alarm("ALARM", 0, &at("2018-12-18T00:02:00Z", &other)));
    keep(&handler, &records(1, &payloads)).await;
    let rows = |query: &str| -> Vec<String> {
        server
            .sql(&name, query)
            .iter()
            .map(|row| row.join("|"))
            .collect()
    };
    assert_eq!(
        rows(
            "SELECT site, alarm_id, started_at, raised_at, recovered_at, duration_seconds, peak, threshold, reminders \
              FROM logs_surges ORDER BY raised_at"
        ),
        [
            "website|website-0|2018-12-17 22:11:04|2018-12-17 22:12:03|2018-12-17 22:21:40|636|96|15|2",
            "website|website-1|2018-12-17 22:58:00|2018-12-17 22:59:00|2018-12-17 23:30:00|1920|30|15|0",
            "shop|shop-0|2018-12-18 00:01:00|2018-12-18 00:02:00|NULL|NULL|50|40|0",
        ]
    );
    assert_eq!(
        rows(
            "SELECT `hour`, site, alarms, longest_seconds, highest_peak FROM logs_alarms_per_hour ORDER BY 1, 2"
        ),
        [
            "2018-12-16 01:00:00|NULL|1|NULL|20",
            "2018-12-16 23:00:00|NULL|1|NULL|30",
            "2018-12-17 22:00:00|NULL|1|NULL|200",
            "2018-12-17 22:00:00|website|2|1920|96",
            "2018-12-18 00:00:00|shop|1|NULL|50",
        ]
    );
    assert_eq!(
        rows(
            "SELECT `day`, site, alarms, longest_seconds, highest_peak FROM logs_alarms_per_day ORDER BY 1, 2"
        ),
        [
            "2018-12-16|NULL|2|NULL|30",
            "2018-12-17|NULL|1|NULL|200",
            "2018-12-17|website|2|1920|96",
            "2018-12-18|shop|1|NULL|50",
        ]
    );
}
