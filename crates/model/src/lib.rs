//! The vocabulary that every sitewatch function shares: what an order line is,
//! how the bytes of a Kinesis record become order lines, why a line can be
//! refused, what identifies a line for good, and what an alarm tells.
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
pub mod digits;
mod kpl;
mod order;
mod record;
mod reject;
mod second;
mod sequence;

pub use alarm::{Alarm, AlarmKind, Measure, is_site_name};
pub use order::date::OrderDate;
pub use order::format::{DateForm, FieldWords, FormatError, OrderFormat};
pub use order::line::{Cancellation, Currency, Customer, OrderLine};
pub use order::number::NumberForm;
pub use record::{Decoded, Lines, Position, decode};
pub use reject::{Field, Found, Reason, Reject};
pub use rust_decimal::Decimal;
pub use second::Second;
pub use sequence::SequenceNumber;
