//! The handler against a real MariaDB that requires TLS, with a secret that a test
//! can rotate.

mod connection;
mod contributors;
mod stage;
mod tables;
