//! Order data: the real year of orders where it is at hand, else the project's own
//! selection of it.

use std::io::{self, Write as _};

use serde_json::{Map, Value};

use crate::process::workspace;

/// Orders as a shop exports them: a header line, then one CSV line each.
#[derive(Debug)]
pub struct Orders {
    /// Whether this is the whole Online Retail file.
    pub whole: bool,
    text: String,
}

/// The text of a file of real data that lies beside the workspace; `None`, and a notice of
/// what stands in for it, if it does not.
pub(crate) fn beside(name: &str, instead: &str) -> Option<String> {
    let path = workspace().join("../shared/data").join(name);
    let packed = match std::fs::read(&path) {
        Ok(packed) => packed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Past the test harness, which shows a passed test's output to nobody.
            let notice = format!("{name} is absent: tested with {instead}");
            writeln!(io::stderr(), "{notice}").expect("an open standard error");
            return None;
        }
        Err(error) => panic!("{}: {error}", path.display()),
    };
    let text = zstd::decode_all(packed.as_slice()).expect("a zstd file");
    Some(String::from_utf8(text).expect("UTF-8"))
}

/// The project's own selection of 2,000 lines.
#[must_use]
pub fn small_orders() -> Orders {
    let text = include_str!("../data/online-retail-small.csv").to_owned();
    Orders { whole: false, text }
}

impl Orders {
    /// The whole file if it lies beside the workspace, else the small one; says which.
    #[must_use]
    pub fn load() -> Self {
        beside("online-retail.csv.zst", "online-retail-small.csv")
            .map_or_else(small_orders, |text| Self { whole: true, text })
    }

    /// The lines behind the header, without their line breaks but with their `\r`.
    #[must_use]
    pub fn lines(&self) -> Vec<&str> {
        self.text.split_terminator('\n').skip(1).collect()
    }

    /// The file as it is.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What the Kinesis Agent's `CSVTOJSON` makes of a line: cut at every comma,
/// quoted or not; all values texts; the last one keeps its `\r`; columns too many
/// are dropped, trailing empty or missing ones are null.
#[must_use]
pub fn agent_json(line: &str) -> String {
    const NAMES: [&str; 8] = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "Customer",
        "Country",
    ];
    let pieces: Vec<&str> = line.split(',').collect();
    let filled = pieces
        .iter()
        .rposition(|piece| !piece.is_empty())
        .map_or(0, |last| last + 1);
    let value = |column: usize| match pieces.get(column) {
        Some(piece) if column < filled => Value::from(*piece),
        _ => Value::Null,
    };
    let fields: Map<String, Value> = NAMES
        .iter()
        .enumerate()
        .map(|(column, name)| ((*name).to_owned(), value(column)))
        .collect();
    let mut json = Value::Object(fields).to_string();
    json.push('\n');
    json
}
