//! Real parts for the tests of every crate: an AWS endpoint and a Lambda runtime
//! API that nobody here wrote, a database server, faults between them and a function,
//! and orders and requests.
//!
//! Nothing here is skipped when a part is missing: a test that needs it fails and
//! says what to run.

mod authority;
mod data;
mod endpoint;
mod faults;
mod folder;
mod forms;
mod kinesis;
mod mariadb;
mod process;
mod requests;
mod runtime;

pub use authority::Authority;
pub use data::{Orders, agent_json, small_orders};
pub use endpoint::{Endpoint, embedded_dynamodb, embedded_kinesis, embedded_services, sdk_config};
pub use faults::{Fault, FaultProxy};
pub use folder::Folder;
pub use forms::{SEMICOLON_CSV, WHOLE_ORDERS, semicolon_csv, whole_orders};
pub use kinesis::{aggregate, event};
pub use mariadb::MariaDb;
pub use process::{free_port, python};
pub use requests::Requests;
pub use runtime::{Function, RuntimeApi, sample};
