//! A MySQL server as the command line names it. Its password is in no output.

use std::ffi::OsStr;
use std::fmt;
use std::str::FromStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use serde_json::json;

/// `mysql://USER:PASSWORD@HOST:PORT/DATABASE`.
#[derive(Clone)]
pub(crate) struct MySqlUrl {
    user: String,
    password: String,
    host: String,
    port: u16,
    database: String,
}

impl fmt::Debug for MySqlUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MySqlUrl")
    }
}

impl MySqlUrl {
    /// The database's secret, as Secrets Manager would hold it.
    pub(crate) fn secret(&self) -> String {
        json!({
            "engine": "mysql",
            "host": self.host,
            "port": self.port,
            "username": self.user,
            "password": self.password,
            "dbname": self.database,
        })
        .to_string()
    }

    /// Reads it from the command line, and quotes no password in an error.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        MySqlUrlParser
    }
}

#[derive(Debug, Clone)]
struct MySqlUrlParser;

impl TypedValueParser for MySqlUrlParser {
    type Value = MySqlUrl;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<MySqlUrl, clap::Error> {
        let url = value.to_str().unwrap_or_default().parse();
        url.map_err(|expected| {
            let message = format!("--mysql is malformed: {expected}");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

impl FromStr for MySqlUrl {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (login, place) = url.strip_prefix("mysql://")?.rsplit_once('@')?;
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            let (host, database) = place.split_once('/')?;
            let (host, port) = host.split_once(':').unwrap_or((host, "3306"));
            let whole = !user.is_empty() && !host.is_empty() && !database.is_empty();
            whole.then_some(Self {
                user: decoded(user)?,
                password: decoded(password)?,
                host: host.to_owned(),
                port: port.parse().ok()?,
                database: decoded(database)?,
            })
        };
        parse().ok_or("expected mysql://USER:PASSWORD@HOST:PORT/DATABASE")
    }
}

/// A part of a URL with its %XX taken for what they stand for.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mysql_url_is_taken_apart() {
        let url = "mysql://me:p%40ss:w@127.0.0.1:3307/logs";
        let url: MySqlUrl = url.parse().expect("a URL");
        let secret: serde_json::Value = serde_json::from_str(&url.secret()).expect("JSON");
        assert_eq!(secret["password"], "p@ss:w");
        assert_eq!(
            (&secret["port"], &secret["dbname"]),
            (&json!(3307), &json!("logs"))
        );
        for bad in [
            "",
            "mysql://",
            "mysql://me@host",
            "postgres://me@h/d",
            "mysql://me@h:x/d",
        ] {
            assert!(bad.parse::<MySqlUrl>().is_err(), "{bad}");
        }
    }
}
