//! What a database's error means. Its own words are left behind: they quote values,
//! users and host names.

use std::io;
use std::time::Duration;

use mysql_async::{DriverError, IoError, TlsError};
use rustls::CertificateError;

/// Server errors that say "not now": full, shutting down, failing over, locked out or
/// cut off.
/// Source: <https://mariadb.com/docs/server/reference/error-codes>,
/// <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>
const LATER: [u16; 31] = [
    1020, // a row has changed since it was read
    1021, 1026, 1114, // disk full, as InnoDB says it, too
    1037, 1038, 1041, // out of memory
    1040, // too many connections
    1053, // shutting down
    1077, 1079, 1080, // shut down, aborted, forced close
    1135, // no thread
    1152, 1158, 1159, 1160, 1161, 1184, // connection aborted, reading or writing failed
    1203, 1226, // the user's connections or resources are used up
    1205, // lock wait timeout
    1213, // deadlock
    1290, 1836, // read-only: the writer is another server since a failover
    1317, // interrupted
    1412, // the table was altered meanwhile
    1615, // prepare again
    1927, 3169, // connection killed
    4031, // cut off for doing nothing
];

/// Server errors that refuse a login.
const LOGIN: [u16; 2] = [1045, 1698];

/// Server errors that blame the values of a row: too long, out of range, not of the
/// column's type, or against a constraint or trigger of the installation's own.
const DATA: [u16; 15] = [
    1048, 1062, 1216, 1264, 1265, 1292, 1364, 1366, 1367, 1406, 1441, 1452, 1644, 3819, 4025,
];

/// SQLSTATE classes that blame them, too, with whatever code: data exception,
/// integrity constraint, view's check, and what an installation's own trigger signals.
const DATA_STATES: [&str; 4] = ["22", "23", "44", "45"];

/// How the standard library's error begins when a name cannot be looked up.
const LOOKUP: &str = "failed to lookup address information";

/// Why the database could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server answered with an error.
    #[error("MySQL error {code}, {}", meaning(*code, *blames_row))]
    Server {
        /// Its code.
        code: u16,
        /// Whether its SQLSTATE blames the values of a row.
        blames_row: bool,
    },
    /// The server could not be reached or was lost.
    #[error("no connection: {0}")]
    Io(io::ErrorKind),
    /// No answer in time.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// TLS is required and the server has none.
    #[error("the server does not offer TLS, which is required")]
    NoTls,
    /// TLS failed.
    #[error("{0}")]
    Tls(&'static str),
    /// The host's name leads nowhere, or nobody could be asked.
    #[error("the host's name cannot be looked up")]
    Lookup,
    /// The driver does not understand the server, or the server not the driver.
    #[error("{0}")]
    Protocol(&'static str),
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Try again, on another connection.
    Later,
    /// Read the secret again.
    Login,
    /// The row is to blame.
    Data,
    /// Nothing will help but an operator.
    Final,
}

impl Failure {
    pub(crate) fn class(self) -> Class {
        match self {
            Self::Server { code, .. } if LATER.contains(&code) => Class::Later,
            Self::Server { code, .. } if LOGIN.contains(&code) => Class::Login,
            Self::Server { code, blames_row } if blames_row || DATA.contains(&code) => Class::Data,
            Self::Io(_) | Self::TimedOut(_) | Self::Lookup => Class::Later,
            Self::Server { .. } | Self::NoTls | Self::Tls(_) | Self::Protocol(_) => Class::Final,
        }
    }
}

impl From<mysql_async::Error> for Failure {
    fn from(error: mysql_async::Error) -> Self {
        use mysql_async::Error;
        match error {
            Error::Server(error) => Self::Server {
                code: error.code,
                blames_row: DATA_STATES
                    .iter()
                    .any(|class| error.state.starts_with(class)),
            },
            Error::Driver(DriverError::NoClientSslFlagFromServer) => Self::NoTls,
            Error::Driver(DriverError::ConnectionClosed) => Self::Io(io::ErrorKind::NotConnected),
            Error::Io(IoError::Tls(TlsError::Tls(error))) => Self::Tls(tls(&error)),
            Error::Io(IoError::Tls(_)) => Self::Tls(tls(&rustls::Error::DecryptError)),
            // The standard library has no kind for it, and no word of the host in it.
            Error::Io(IoError::Io(error)) if error.to_string().starts_with(LOOKUP) => Self::Lookup,
            Error::Io(IoError::Io(error)) => {
                let inner = error
                    .get_ref()
                    .and_then(|e| e.downcast_ref::<rustls::Error>());
                inner.map_or(Self::Io(error.kind()), |error| Self::Tls(tls(error)))
            }
            Error::Driver(
                DriverError::UnknownAuthPlugin { .. }
                | DriverError::MysqlOldPasswordDisabled
                | DriverError::CleartextPluginDisabled,
            ) => Self::Protocol(
                "the user logs in by a plugin that is not known here: \
                 expected caching_sha2_password or mysql_native_password",
            ),
            Error::Driver(_) | Error::Other(_) | Error::Url(_) => {
                Self::Protocol("the server does not speak the protocol as expected")
            }
        }
    }
}

/// A server error's meaning, in words for an operator.
fn meaning(code: u16, blames_row: bool) -> &'static str {
    match code {
        1040 | 1203 | 1226 => "the server has too many connections",
        1044 | 1142 | 1143 | 1227 | 1370 => "the user lacks a right that the README names",
        1045 | 1698 => "the login is refused",
        1049 => "there is no such database: create it, or set DB_NAME or the secret's dbname",
        1129 | 1130 => "the server does not let this function's address in",
        1205 | 1213 => "others hold a lock",
        1290 | 1836 => "the server is read-only: use the cluster's writer endpoint",
        3159 => "the server requires TLS: set DB_CA_FILE",
        _ if LATER.contains(&code) => "the server cannot answer now",
        _ if blames_row || DATA.contains(&code) => "the table does not accept the row",
        _ => "the statement is refused",
    }
}

/// A TLS error's meaning. Its own words may name the host.
fn tls(error: &rustls::Error) -> &'static str {
    let rustls::Error::InvalidCertificate(error) = error else {
        return "the server does not speak TLS as expected";
    };
    match error {
        // An authority of the same name and another key signs badly.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is not of an authority in DB_CA_FILE"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another host name"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid today"
        }
        _ => "the server's certificate is not acceptable",
    }
}

#[cfg(test)]
mod tests {
    use mysql_async::ServerError;

    use super::*;

    fn server(code: u16) -> Failure {
        let error = ServerError {
            code,
            message: "Access denied for user 'u'@'db.example'".to_owned(),
            state: "HY000".to_owned(),
        };
        Failure::from(mysql_async::Error::Server(error))
    }

    #[test]
    fn an_error_of_the_server_is_for_later_for_the_login_for_the_row_or_for_good() {
        for (code, class) in [
            (1040, Class::Later),
            (1213, Class::Later),
            (1290, Class::Later),
            (1045, Class::Login),
            (1264, Class::Data),
            (1406, Class::Data),
            (1049, Class::Final),
            (1142, Class::Final),
            (9999, Class::Final),
        ] {
            assert_eq!(server(code).class(), class, "{code}");
            assert!(!server(code).to_string().contains("db.example"));
        }
    }

    #[test]
    fn an_error_that_an_installations_own_trigger_makes_up_blames_the_row() {
        let error = ServerError {
            code: 30_001,
            message: "no".to_owned(),
            state: "45000".to_owned(),
        };
        let failure = Failure::from(mysql_async::Error::Server(error));
        assert_eq!(failure.class(), Class::Data);
    }

    #[tokio::test]
    async fn a_name_that_leads_nowhere_may_lead_somewhere_later() {
        let nowhere = tokio::net::TcpStream::connect(("name.invalid", 3306)).await;
        let failure = Failure::from(mysql_async::Error::from(nowhere.expect_err("no such name")));
        assert_eq!((failure, failure.class()), (Failure::Lookup, Class::Later));
    }
}
