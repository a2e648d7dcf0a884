//! The vocabulary that every sitewatch function shares: what an order line is,
//! how the bytes of a Kinesis record become order lines, why a line can be
//! refused, what identifies a line for good, and what an alarm tells. And what a
//! request is, and a flow, and how logs of many forms become these.
//!
//! Plain data in, plain data out. No AWS SDK, no runtime, no clock and no
//! environment belong here.
//!
//! ```
//! let record = br#"{"InvoiceNo":"536365","StockCode":"85123A","Description":"HOLDER",
//! "Quantity":"6","InvoiceDate":"12/1/2010 8:26","UnitPrice":"2.55","Customer":"17850",
//! "Country":"United Kingdom"}"#.map(|b| if b == b'\n' { b' ' } else { b });
//! let lines: Vec<_> = model::decode(&record).collect();
//! let order = lines[0].line.as_ref().expect("a well-formed line");
//! assert_eq!(order.quantity, 6);
//! assert_eq!(order.order_date.to_string(), "2010-12-01T08:26:00");
//! assert!(order.order_id().starts_with("536365-85123A#"));
//! ```

#![deny(clippy::float_arithmetic, clippy::float_cmp)]

mod alarm;
mod date;
mod dates;
pub mod digits;
mod envelope;
mod flow;
mod kpl;
mod log;
mod number;
mod order;
mod record;
mod reject;
mod request;
mod routes;
mod second;
mod sequence;
mod table;
mod tree;

pub use alarm::{
    Alarm, AlarmKind, Contributor, Contributors, Dimension, GUEST, Measure, Signal, Verdict,
    is_site_name,
};
pub use date::OrderDate;
pub use dates::DateForm;
pub use envelope::{Envelope, EnvelopeError, EnvelopeKind, Event, unpack};
pub use flow::{Action, Flow};
pub use kpl::{Aggregate, DamagedAggregate};
pub use log::{
    Content, Entry, FieldList, Log, LogDecoder, LogNameError, LogReject, Mapping, block_end,
};
pub use number::NumberForm;
pub use order::format::{FieldWords, OrderFormat};
pub use order::line::{Cancellation, Currency, Customer, OrderLine};
pub use record::{Decoded, Lines, Position, decode};
pub use reject::{Field, Found, Reason, Reject};
pub use request::Request;
pub use routes::Routes;
pub use rust_decimal::Decimal;
pub use second::Second;
pub use sequence::SequenceNumber;
pub use table::FormatError;
