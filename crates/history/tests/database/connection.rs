//! The connection: found dead and replaced, secured or refused, waited for.

use std::net::TcpListener;
use std::time::Duration;

use function::Deadline;
use history::{Authorities, Counts};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, OptsBuilder, SslOpts};
use serde_json::json;
use testkit::{Authority, MariaDb};
use tokio::sync::watch;

use crate::stage::{
    PASSWORD, Vault, alarm, authorities, cold_start, database, fails, keep, one, records,
};

const COUNT: &str = "SELECT COUNT(*) FROM logs_history";

fn batch(second: i64) -> Vec<function::Record> {
    records(1, &[alarm("REMINDER", second, &json!({}))])
}

/// A way to a server that can be made to swallow all that is sent, in both directions,
/// as for a function that was frozen while the other side went away. New connections
/// are not affected.
async fn way_to(port: u16) -> (u16, watch::Sender<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let way = listener.local_addr().expect("a bound address").port();
    let (swallow, swallowed) = watch::channel(());
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut swallowed = swallowed.clone();
            swallowed.mark_unchanged();
            tokio::spawn(async move {
                let far = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
                let mut far = far.expect("a server");
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    Ok(()) = swallowed.changed() => std::future::pending().await,
                }
            });
        }
    });
    (way, swallow)
}

#[tokio::test]
async fn a_warm_connection_is_used_again_and_a_dead_one_replaced() {
    let server = MariaDb::shared();
    let (name, vault, handler) = database(server);
    assert_eq!(keep(&handler, &batch(0)).await.connections_opened, 1);
    assert_eq!(keep(&handler, &batch(1)).await.connections_opened, 0);
    server.sql("mysql", &format!("KILL CONNECTION USER '{name}'"));
    assert_eq!(keep(&handler, &batch(2)).await.connections_opened, 1);
    assert_eq!(one(server, &name, COUNT), "3");
    assert_eq!(vault.reads(), 1);
}

#[tokio::test]
async fn a_connection_that_died_in_silence_is_replaced_within_seconds() {
    let server = MariaDb::shared();
    let (name, vault, _) = database(server);
    let (way, swallow) = way_to(server.port()).await;
    vault.rotate(&Vault::of("127.0.0.1", way, &name, PASSWORD));
    let handler = cold_start(&vault, Some(authorities(server)));
    keep(&handler, &batch(0)).await;
    swallow.send(()).expect("a way");
    let soon = Deadline::after(Duration::from_secs(5));
    let mut counts = Counts::default();
    let kept = handler.keep(&batch(1), soon, &mut counts).await;
    kept.expect("a stored batch");
    assert_eq!((counts.connections_opened, counts.alarms_stored), (1, 1));
}

/// A session of somebody else.
async fn other_session(server: &MariaDb, database: &str) -> Conn {
    let pem = std::fs::read(server.ca_file()).expect("a CA file");
    let tls = SslOpts::default().with_root_certs(vec![pem.into()]);
    let options = OptsBuilder::default()
        .tcp_port(server.port())
        .prefer_socket(false)
        .ssl_opts(tls)
        .user(Some(database))
        .pass(Some(PASSWORD))
        .db_name(Some(database));
    Conn::new(options).await.expect("a session")
}

#[tokio::test]
async fn a_connection_on_which_time_ran_out_is_never_used_again() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    keep(&handler, &batch(0)).await;
    // Somebody is about to store the very alarm, and takes long.
    let mut other = other_session(server, &name).await;
    let insert = "INSERT INTO logs_history (alarm_id, kind, alarm_creation_time) \
                  VALUES ('website-0', 'REMINDER', '2018-12-17 22:12:04')";
    other.query_drop("BEGIN").await.expect("a transaction");
    other.query_drop(insert).await.expect("a row");
    let mut counts = Counts::default();
    let late = Deadline::after(Duration::from_secs(1));
    let failed = handler.keep(&batch(1), late, &mut counts).await;
    let error = failed.expect_err("must fail").to_string();
    assert_eq!(error, "no time left after 0 s, while storing the batch");
    other.query_drop("COMMIT").await.expect("a stored row");
    let counts = keep(&handler, &batch(1)).await;
    assert_eq!((counts.connections_opened, counts.alarms_known), (1, 1));
    assert_eq!(one(server, &name, COUNT), "2");
}

#[tokio::test]
async fn a_migration_by_another_function_is_waited_for_until_the_deadline() {
    let server = MariaDb::shared();
    let (name, _, handler) = database(server);
    let mut other = other_session(server, &name).await;
    let lock = "SELECT GET_LOCK('sitewatch.schema', 60)";
    let locked: Option<u8> = other.query_first(lock).await.expect("a lock");
    assert_eq!(locked, Some(1));
    let short = Deadline::after(Duration::from_secs(2));
    let failed = handler.keep(&batch(0), short, &mut Counts::default()).await;
    let error = function::telemetry::chain(&failed.expect_err("must fail"));
    let cause = "while bringing the tables up to date: another function is at it";
    assert!(error.ends_with(cause), "{error}");
    drop(other);
    assert_eq!(keep(&handler, &batch(0)).await.alarms_stored, 1);
}

#[tokio::test]
async fn a_server_that_was_restarted_between_two_invocations_is_connected_to_again() {
    let server = MariaDb::start();
    let (name, vault, handler) = database(&server);
    keep(&handler, &batch(0)).await;
    server.stop();
    server.resume();
    let counts = keep(&handler, &batch(1)).await;
    assert_eq!((counts.connections_opened, counts.alarms_stored), (1, 1));
    assert_eq!(one(&server, &name, COUNT), "2");
    assert_eq!(vault.reads(), 1);
}

#[tokio::test]
async fn a_server_that_comes_up_late_is_waited_for() {
    let server = MariaDb::start();
    let (_, _, handler) = database(&server);
    server.stop();
    // The first try finds somebody who hangs up.
    let listener = TcpListener::bind(("127.0.0.1", server.port())).expect("its port");
    let late = std::thread::spawn(move || {
        drop(listener.accept().expect("a first try"));
        drop(listener);
        server.resume();
        server
    });
    let counts = keep(&handler, &batch(0)).await;
    assert_eq!((counts.connections_opened, counts.alarms_stored), (1, 1));
    drop(late.join().expect("a server"));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_never_answers_is_tried_for_ten_seconds_at_a_time_until_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("a bound address").port();
    let handler = cold_start(&Vault::of("127.0.0.1", port, "u", PASSWORD), None);
    let minute = Deadline::after(Duration::from_secs(62));
    let start = tokio::time::Instant::now();
    let failed = handler
        .keep(&batch(0), minute, &mut Counts::default())
        .await;
    assert_eq!(start.elapsed().as_secs(), 60);
    let error = function::telemetry::chain(&failed.expect_err("must fail"));
    assert_eq!(
        error,
        "no time left after 60 s, while connecting to the database: \
         connecting to the database failed for now: no answer within 10 s"
    );
    listener.set_nonblocking(true).expect("a listener");
    let tries = std::iter::from_fn(|| listener.accept().ok()).count();
    // Six without a pause; with the longest ones five.
    assert!((5..=6).contains(&tries), "{tries}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_not_there_is_tried_until_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("a bound address").port();
    drop(listener);
    let handler = cold_start(&Vault::of("127.0.0.1", port, "u", PASSWORD), None);
    let error = fails(&handler, &batch(0)).await;
    let cause = "connecting to the database failed for now: no connection: connection refused";
    assert!(error.ends_with(cause), "{error}");
    assert!(error.starts_with("no time left after 2"), "{error}");
}

#[tokio::test]
async fn a_database_that_has_moved_is_found_by_the_next_batch() {
    let server = MariaDb::shared();
    let (_, vault, _) = database(server);
    let gone = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gone = gone.local_addr().expect("a bound address").port();
    let moving = Vault::of("127.0.0.1", gone, "u", PASSWORD);
    let handler = cold_start(&moving, Some(authorities(server)));
    let short = Deadline::after(Duration::from_millis(500));
    let failed = handler.keep(&batch(0), short, &mut Counts::default()).await;
    assert!(failed.is_err());
    moving.rotate(&vault);
    assert_eq!(keep(&handler, &batch(0)).await.alarms_stored, 1);
}

#[tokio::test]
async fn a_rotated_password_is_read_again_once() {
    let server = MariaDb::shared();
    let (name, vault, handler) = database(server);
    keep(&handler, &batch(0)).await;
    let kill = format!("KILL CONNECTION USER '{name}'");
    // Rotated, and the secret knows: one more reading.
    server.set_password(&name, "rotated");
    vault.rotate(&Vault::of("127.0.0.1", server.port(), &name, "rotated"));
    server.sql("mysql", &kill);
    let counts = keep(&handler, &batch(1)).await;
    assert_eq!((counts.connections_opened, vault.reads()), (1, 2));
    // Rotated, and the secret does not know yet: one more reading, then the batch
    // fails at once. (It is processed twice here, the second time from the start.)
    server.set_password(&name, "unknown");
    server.sql("mysql", &kill);
    let error = fails(&handler, &batch(2)).await;
    assert_eq!(
        error,
        "connecting to the database failed for good: MySQL error 1045, the login is refused"
    );
    assert_eq!(vault.reads(), 2 + 1 + 2);
    assert_eq!(one(server, &name, COUNT), "2");
    // When it knows, the batch that comes again is stored.
    vault.rotate(&Vault::of("127.0.0.1", server.port(), &name, "unknown"));
    assert_eq!(keep(&handler, &batch(2)).await.alarms_stored, 1);
}

#[tokio::test]
async fn only_the_server_that_the_authorities_vouch_for_is_talked_to() {
    let server = MariaDb::shared();
    let (name, vault, _) = database(server);
    let tls = "connecting to the database failed for good: the server's certificate is";
    for name in ["another", "testkit"] {
        let others = Authority::new(name);
        let others = Authorities::parse(others.pem().as_bytes()).expect("a certificate");
        let error = fails(&cold_start(&vault, Some(others)), &batch(0)).await;
        assert_eq!(error, format!("{tls} not of an authority in DB_CA_FILE"));
    }
    // Of the right authority, but for the server at 127.0.0.1.
    vault.rotate(&Vault::of("localhost", server.port(), &name, PASSWORD));
    let handler = cold_start(&vault, Some(authorities(server)));
    let error = fails(&handler, &batch(0)).await;
    assert_eq!(error, format!("{tls} for another host name"));
    let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()";
    assert_eq!(one(server, &name, tables), "0");
}

#[tokio::test]
async fn tls_is_never_given_up_in_silence() {
    let plain = MariaDb::without_tls();
    let (name, vault, handler) = database(&plain);
    // Required, for there are authorities, and the server has none.
    let error = fails(&handler, &batch(0)).await;
    let refused = "connecting to the database failed for good:";
    assert_eq!(
        error,
        format!("{refused} the server does not offer TLS, which is required")
    );
    // On this machine it may do without.
    let handler = cold_start(&vault, None);
    assert_eq!(keep(&handler, &batch(0)).await.alarms_stored, 1);
    assert_eq!(one(&plain, &name, COUNT), "1");
    // Unless the server requires it. (MySQL says so by error 3159.)
    let server = MariaDb::shared();
    let (_, vault, _) = database(server);
    let error = fails(&cold_start(&vault, None), &batch(0)).await;
    assert_eq!(
        error,
        format!("{refused} MySQL error 1045, the login is refused")
    );
    // Another machine is not even asked.
    let vault = Vault::of("db.invalid", 3306, "u", PASSWORD);
    let error = fails(&cold_start(&vault, None), &batch(0)).await;
    assert!(
        error.starts_with("DB_CA_FILE is not set: expected"),
        "{error}"
    );
}

#[tokio::test]
async fn what_no_time_will_mend_fails_at_once_and_says_what_it_is() {
    let server = MariaDb::shared();
    let (name, vault, _) = database(server);
    let handler = cold_start(&vault, Some(authorities(server)));
    let secret = |database: &str| {
        json!({"host": "127.0.0.1", "port": server.port(), "dbname": database,
               "username": name, "password": PASSWORD})
    };
    for (secret, cause) in [
        (
            secret("mysql"),
            "MySQL error 1044, the user lacks a right that the README names",
        ),
        (
            json!({"host": "127.0.0.1", "username": "u"}),
            "the secret has no password: expected the user's password",
        ),
        (
            json!({"engine": "postgres", "host": "h"}),
            "the secret's engine is of no use: expected mysql, mariadb or aurora-mysql",
        ),
    ] {
        vault.rotate(&Vault::new(&secret));
        let error = fails(&handler, &batch(0)).await;
        assert!(error.ends_with(cause), "{error}");
    }
    server.sql(
        "mysql",
        &format!(
            "REVOKE ALL ON {name}.* FROM '{name}'@'%'; GRANT SELECT ON {name}.* TO '{name}'@'%'"
        ),
    );
    vault.rotate(&Vault::new(&secret(&name)));
    let error = fails(&handler, &batch(0)).await;
    assert_eq!(
        error,
        "bringing the tables up to date failed for good: MySQL error 1142, the user lacks a right that the README names"
    );
    server.sql("mysql", &format!("GRANT ALL ON *.* TO '{name}'@'%'"));
    vault.rotate(&Vault::new(&secret("nowhere")));
    let error = fails(&handler, &batch(0)).await;
    let cause = "MySQL error 1049, there is no such database: create it, or set DB_NAME or the secret's dbname";
    assert!(error.ends_with(cause), "{error}");
    // Put right, all is well.
    vault.rotate(&Vault::new(&secret(&name)));
    assert_eq!(keep(&handler, &batch(0)).await.alarms_stored, 1);
}
