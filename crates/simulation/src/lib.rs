//! The whole pipeline in one process, under virtual time, from one seed: producers, the
//! orders stream, access logs, event source mappings, all five functions' own logic, the
//! alarm stream, and services in memory that fail at every call. What the README promises is
//! checked once the world has come to rest.
//!
//! A world ([`world`]) is everything that is not a function. Functions ([`functions`])
//! reach it through clients ([`services`]) that stand where the SDK's are, so what is
//! exercised is all code between a Kinesis event and a client's trait; the SDK clients
//! themselves have tests of their own against real endpoints. A seed decides everything:
//! its plan ([`plan`]), every fault ([`faults`], [`weather`]), every pause.

pub mod access;
mod behind;
mod call;
pub mod check;
pub mod driver;
pub mod faults;
pub mod functions;
mod many;
pub mod order;
pub mod plan;
pub mod process;
pub mod processes;
pub mod producer;
pub mod recount;
mod run;
pub mod services;
pub mod shop;
pub mod stream;
pub mod tally;
pub mod weather;
pub mod world;

pub use many::{Findings, many};
pub use run::{Report, run};
