//! The function's configuration.

use std::fmt;
use std::sync::Arc;

use function::env::{ConfigError, Env};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// What the `history` function must be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// `DB_SECRET_ID`: the name or ARN of the database's secret.
    pub secret: String,
    /// Where the database is, as far as the secret does not say.
    pub place: Place,
    /// `DB_CA_FILE`: who may vouch for the database. Without it only a database on
    /// this machine is talked to.
    pub authorities: Option<Authorities>,
}

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `DB_HOST`: its host.
    pub host: Option<String>,
    /// `DB_PORT`: its port; 3306 if nobody says.
    pub port: Option<u16>,
    /// `DB_NAME`: its name, `logs` unless it is set.
    pub database: String,
}

impl Config {
    /// Reads the configuration, and the file that it names.
    ///
    /// # Errors
    /// The first variable that is missing or malformed.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        // Whoever pastes a secret or a URL with a password must not find it in the log.
        let env = &env.private();
        let secret = "the name or ARN of a secret in Secrets Manager";
        let authorities = "the path of a readable PEM file with certificates of authorities";
        Ok(Self {
            secret: env.required("DB_SECRET_ID", secret, parse_secret_id)?,
            place: Place {
                host: env.optional("DB_HOST", "a host name or an IP address", parse_host)?,
                port: env.optional("DB_PORT", "a port (1 to 65535)", parse_port)?,
                database: env
                    .optional(
                        "DB_NAME",
                        "a database name (1 to 64 characters)",
                        parse_name,
                    )?
                    .unwrap_or_else(|| "logs".to_owned()),
            },
            authorities: env.optional("DB_CA_FILE", authorities, |path| {
                Authorities::parse(&std::fs::read(path).ok()?)
            })?,
        })
    }
}

/// At most 512 characters for a name, 2,048 for an ARN.
/// Source: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>
fn parse_secret_id(id: &str) -> Option<String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@-:!".contains(&b);
    (id.len() <= 2048 && id.bytes().all(legal)).then(|| id.to_owned())
}

/// A host name or an IP address of either version.
pub(crate) fn parse_host(host: &str) -> Option<String> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    ((1..=253).contains(&host.len()) && host.bytes().all(legal)).then(|| host.to_owned())
}

/// A port that something can listen on.
pub(crate) fn parse_port(port: &str) -> Option<u16> {
    port.parse().ok().filter(|port| *port > 0)
}

/// A MySQL database name.
/// Source: <https://dev.mysql.com/doc/refman/8.0/en/identifier-length.html>
pub(crate) fn parse_name(name: &str) -> Option<String> {
    let length = (1..=64).contains(&name.chars().count());
    (length && !name.contains(char::is_control)).then(|| name.to_owned())
}

/// The certificates of those who may vouch for the database, and nobody else.
#[derive(Clone)]
pub struct Authorities(Arc<[u8]>);

impl Authorities {
    /// `None` if `pem` holds no certificate, or one that cannot vouch for anybody.
    #[must_use]
    pub fn parse(pem: &[u8]) -> Option<Self> {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            store.add(certificate.ok()?).ok()?;
        }
        (!store.is_empty()).then(|| Self(pem.into()))
    }

    /// The certificates in PEM.
    #[must_use]
    pub fn pem(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({} bytes)", self.0.len())
    }
}
