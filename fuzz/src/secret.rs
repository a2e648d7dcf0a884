//! The database's secret.

use history::{Login, Place};

use crate::memory::bounded;

/// A JSON value of its own for each few bytes, as `[[[[…` or `{"a":{"a":{…` make.
const MEMORY: usize = 256;

/// Checks one secret.
///
/// # Panics
/// - if a login has what none can have;
/// - if an error or a debug text quotes the secret;
/// - if more memory is held than the secret's length allows.
pub fn check(data: &[u8]) {
    let Ok(json) = std::str::from_utf8(data) else {
        return;
    };
    let place = Place {
        host: None,
        port: Some(3307),
        database: "logs".to_owned(),
    };
    match bounded(data.len(), MEMORY, || Login::parse(json, &place)) {
        Ok(login) => {
            assert!((1..=253).contains(&login.host.len()) && login.host.is_ascii());
            assert!(!login.host.contains(['/', '@', ' ', '\0']));
            assert!(login.port > 0);
            assert!((1..=64).contains(&login.database.chars().count()));
            assert!(!login.database.contains(char::is_control));
            assert!(!login.user.is_empty() && !login.password.is_empty());
            assert_eq!(format!("{login:?}"), "Login");
        }
        Err(error) => {
            // Seven bytes in a row would be no coincidence with a fixed text.
            let text = format!("{error} {error:?}");
            assert!(text.starts_with("the secret"), "{text}");
            for marker in ["hunter2", "\u{1}", "\0"] {
                assert!(!text.contains(marker), "{text}");
            }
        }
    }
}
