//! A connection to the database: encrypted and to the right server, or none.

use std::net::IpAddr;
use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, OptsBuilder, SslOpts};
use rustls::crypto::{CryptoProvider, aws_lc_rs};

use crate::config::Authorities;
use crate::error::Error;
use crate::failure::Failure;
use crate::secret::Login;

/// One try to connect, from the TCP handshake to the session's settings. A cluster
/// that wakes up may take a connection and be silent for longer: another try it is.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A server in the same network that is alive answers a ping in milliseconds.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// Statements are kept prepared by their text: inserts of so many lengths, at a
/// megabyte of the server's memory each.
const STATEMENTS: usize = 8;

/// How a session must be, whatever the server's settings are: times in UTC, values
/// that do not fit refused rather than cut (but dates of zeros, which older rows may
/// hold, left as they are), no waiting for a lock beyond seconds, because the server
/// goes on waiting when the function has long given up, and no connection or lock kept
/// for a function that is gone without a word.
const SESSION: &str = "SET SESSION time_zone = '+00:00', autocommit = 1, \
    sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', \
    lock_wait_timeout = 10, innodb_lock_wait_timeout = 10, wait_timeout = 600";

/// How to connect.
///
/// # Errors
/// [`Error::NoAuthorities`], before anything is sent, for a host on another machine
/// whose certificate nobody could vouch for.
pub(crate) fn options(login: &Login, authorities: Option<&Authorities>) -> Result<Opts, Error> {
    if authorities.is_none() && !is_this_machine(&login.host) {
        return Err(Error::NoAuthorities);
    }
    // With these set the driver asks for TLS before it says who it is, and ends the
    // connection if the server has none.
    let tls = authorities.map(|authorities| {
        SslOpts::default()
            .with_root_certs(vec![authorities.pem().to_vec().into()])
            .with_disable_built_in_roots(true)
    });
    let options = OptsBuilder::default()
        .ip_or_hostname(&login.host)
        .tcp_port(login.port)
        .db_name(Some(&login.database))
        .user(Some(&login.user))
        .pass(Some(&login.password))
        .ssl_opts(tls)
        .prefer_socket(false)
        .stmt_cache_size(STATEMENTS)
        .init(vec![SESSION]);
    Ok(options.into())
}

/// One try to connect.
///
/// # Errors
/// [`Failure`], which says whether another try may succeed.
pub(crate) async fn connect(options: Opts) -> Result<Conn, Failure> {
    if CryptoProvider::get_default().is_none() {
        // Fails only if somebody else has just installed one.
        let _ = aws_lc_rs::default_provider().install_default();
    }
    match tokio::time::timeout(CONNECT_TIMEOUT, Conn::new(options)).await {
        Ok(connected) => connected.map_err(Failure::from),
        Err(_) => Err(Failure::TimedOut(CONNECT_TIMEOUT)),
    }
}

/// Whether somebody still answers. A connection that was lost while the function was
/// frozen looks like any other.
pub(crate) async fn is_alive(connection: &mut Conn) -> bool {
    let ping = tokio::time::timeout(PING_TIMEOUT, connection.ping()).await;
    matches!(ping, Ok(Ok(())))
}

/// Whether what is sent to this host stays on this machine.
fn is_this_machine(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    address.map_or_else(
        |_| host.eq_ignore_ascii_case("localhost"),
        |ip| ip.is_loopback(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(host: &str) -> bool {
        let login = Login {
            host: host.to_owned(),
            port: 3306,
            database: "logs".to_owned(),
            user: "u".to_owned(),
            password: "p".to_owned(),
        };
        matches!(options(&login, None), Err(Error::NoAuthorities))
    }

    #[test]
    fn only_this_machine_is_talked_to_without_tls() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(!refused(host), "{host}");
        }
        for host in [
            "db.example",
            "10.0.0.1",
            "0.0.0.0",
            "128.0.0.1",
            "::2",
            "localhost.evil",
            "127.0.0.1.nip.io",
        ] {
            assert!(refused(host), "{host}");
        }
    }
}
