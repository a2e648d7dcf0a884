//! How a shop writes its orders: in the Online Retail forms, or in one of its own, which
//! an order format tells the functions.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::order::{Cancelled, Customer, Line, REFUSED, Sent};

/// A shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shop {
    /// Lines in the Online Retail forms, CSV and JSON in turn.
    Default,
    /// CSV with semicolons, decimal commas and local dates.
    Semicolons,
    /// Whole orders in JSON, of customers that are texts.
    Orders,
}

const SEMICOLONS: &str = r#"
format = "csv"
delimiter = ";"
columns = ["Nr", "Datum", "Artikel", "Text", "Menge", "Preis", "Kunde", "Land", "Pos"]
decimal = ","
thousands = "."
[line]
InvoiceNo = "Nr"
StockCode = "Artikel"
Description = "Text"
Quantity = "Menge"
InvoiceDate = { at = "Datum", format = "%d.%m.%Y %H:%M", zone = "Europe/Berlin" }
UnitPrice = "Preis"
CustomerID = { at = "Kunde", guest = ["0"] }
Country = "Land"
LineNo = "Pos"
Cancelled = { prefix = "C" }
"#;

const ORDERS: &str = r#"
format = "json"
lines = "/basket/lines"
[order]
InvoiceNo = "/id"
InvoiceDate = { at = "/at", format = "seconds" }
CustomerID = { at = "/customer/ref", text = true }
Country = { at = "/ship/country", default = "France" }
Currency = "/currency"
Cancelled = { at = "/status", is = ["void"] }
[line]
StockCode = "/sku"
Description = "/name"
Quantity = "/count"
UnitPrice = { at = "/cents", scale = 2 }
LineNo = "/n"
"#;

/// Dates of the Online Retail forms, which are kept as they are.
const LOCAL: [&str; 2] = ["", "2010-12-01T08:26:00"];
/// Dates of Berlin, and in UTC: in winter, in summer, in the hour that is skipped, and in
/// the one that comes twice, of which the first is meant.
const BERLIN: [[&str; 2]; 4] = [
    ["01.12.2010 08:26", "2010-12-01T07:26:00Z"],
    ["1.7.2010 8:26", "2010-07-01T06:26:00Z"],
    ["28.03.2010 02:30", "2010-03-28T01:30:00Z"],
    ["31.10.2010 02:30", "2010-10-31T00:30:00Z"],
];
/// Seconds since 1970.
const SECONDS: [[&str; 2]; 2] = [
    ["1291191960", "2010-12-01T08:26:00Z"],
    ["-0.5", "1969-12-31T23:59:59.500Z"],
];

impl Shop {
    /// What a seed decides: two of three worlds have the Online Retail forms.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        match seed % 6 {
            2 => Self::Orders,
            5 => Self::Semicolons,
            _ => Self::Default,
        }
    }

    /// Its order format file; `None` if it has none.
    #[must_use]
    pub fn file(self) -> Option<&'static str> {
        match self {
            Self::Default => None,
            Self::Semicolons => Some(SEMICOLONS),
            Self::Orders => Some(ORDERS),
        }
    }

    /// An order: lines of one invoice, with line numbers from `first` on if the shop sends
    /// any. No two lines of a world share one: a line that is corrected under its number
    /// is certain to win only in its shard and in order, which a retry does not keep.
    pub fn order(self, rng: &mut Rng, invoice: u32, first: u64) -> Vec<Line> {
        let cancelled = rng.u32(0..12) == 0;
        let customer = (rng.u32(0..4) > 0).then(|| 10_000 + rng.i64(0..20));
        let numbered = rng.bool();
        let mut lines: Vec<Line> = Vec::new();
        for number in first..first + rng.u64(1..4) {
            lines.push(Line {
                invoice: format!("{}{invoice}", if cancelled { "C" } else { "" }),
                stock: format!("{}", 85_000 + rng.u32(0..3)),
                description: match rng.u32(0..40) {
                    0 => REFUSED.to_owned(),
                    n => format!("HEART, SIZE {}", n % 4),
                },
                quantity: if cancelled { -1 } else { rng.i64(0..5) },
                cents: rng.u32(0..400),
                customer: customer.map_or(Customer::Guest, Customer::Number),
                number: numbered.then_some(number),
                date: LOCAL,
                currency: None,
                cancelled: if cancelled {
                    Cancelled::ByNumber
                } else {
                    Cancelled::No
                },
            });
        }
        match self {
            Self::Default => {}
            Self::Semicolons => localize(rng, &mut lines),
            Self::Orders => mark(rng, invoice, &mut lines),
        }
        lines
    }

    /// A line in a form of the shop, for shops that send lines, and now and then what is
    /// none behind it.
    pub fn sent(self, rng: &mut Rng, line: Line) -> Vec<Sent> {
        let bytes = match self {
            Self::Semicolons => semicolons(rng, &line),
            Self::Default | Self::Orders => line.written(rng.bool()),
        };
        let good = Sent::Good(line, bytes.into_bytes());
        if rng.u32(0..20) == 0 {
            return vec![good, self.nonsense(rng)];
        }
        vec![good]
    }

    /// A whole order of these lines, with what is no line among them, and now and then what
    /// is no order behind it.
    pub fn sent_whole(rng: &mut Rng, lines: Vec<Line>, in_array: bool) -> Vec<Sent> {
        let (mut items, mut values) = (Vec::new(), Vec::new());
        let first = lines[0].clone();
        for line in lines {
            for bad in bad_items(rng) {
                items.push(None);
                values.push(bad);
            }
            values.push(item(&line));
            items.push(Some(line));
        }
        let order = whole(&first, values);
        let is_pretty = rng.bool();
        let text = |order: &Value| {
            if is_pretty {
                format!("{order:#}")
            } else {
                order.to_string()
            }
        };
        let good = Sent::Order(items, text(&order).into_bytes());
        if in_array || rng.u32(0..12) > 0 {
            return vec![good];
        }
        let bad = match rng.u32(0..4) {
            // Cut off: behind a comma of it, never within a text.
            0 => {
                let text = text(&order);
                let commas: Vec<usize> = text.match_indices(',').map(|(at, _)| at).collect();
                let cut = commas.into_iter().find(|at| text[..*at].ends_with('"'));
                text[..cut.map_or(1, |at| at + 1)].to_owned()
            }
            1 => text(&whole(&first, Vec::new())),
            _ => return vec![good, Self::Orders.nonsense(rng)],
        };
        vec![good, Sent::Bad(bad.into_bytes())]
    }

    /// What is no order line.
    fn nonsense(self, rng: &mut Rng) -> Sent {
        if self == Self::Semicolons {
            match rng.u32(0..3) {
                0 => {
                    let header = "Nr;Datum;Artikel;Text;Menge;Preis;Kunde;Land;Pos";
                    return Sent::Nothing(header.as_bytes().to_vec());
                }
                // A decimal point; none that separates thousands.
                1 => {
                    let number = rng.u32(..);
                    let line = format!("{number};01.12.2010 08:26;85000;HEART;1;2.55;;France;");
                    return Sent::Bad(line.into_bytes());
                }
                _ => {}
            }
        }
        Sent::Bad(nonsense(rng))
    }
}

/// What such a shop's lines have besides.
fn localize(rng: &mut Rng, lines: &mut [Line]) {
    let date = BERLIN[rng.usize(0..BERLIN.len())];
    let thousands = rng.u32(0..4) == 0;
    for line in lines {
        line.date = date;
        line.cents += if thousands { 123_400 } else { 0 };
        // A cancellation whatever its quantity.
        if line.cancelled == Cancelled::ByNumber && rng.bool() {
            line.quantity = 2;
        }
    }
}

/// What such a shop's orders have besides, and that a `C` means nothing there.
fn mark(rng: &mut Rng, invoice: u32, lines: &mut [Line]) {
    let date = SECONDS[rng.usize(0..SECONDS.len())];
    let currency = [None, Some("EUR"), Some("USD")][rng.usize(0..3)];
    let is_marked = rng.u32(0..6) == 0;
    let means_nothing = rng.u32(0..6) == 0;
    for line in lines {
        line.date = date;
        line.currency = currency;
        line.invoice = format!("{}{invoice}", if means_nothing { "C" } else { "" });
        line.cancelled = if is_marked {
            Cancelled::ByMark
        } else {
            Cancelled::No
        };
        if let Customer::Number(number) = line.customer {
            line.customer = Customer::Text(format!("cus_{}", number % 10));
        }
    }
}

fn semicolons(rng: &mut Rng, line: &Line) -> String {
    let (whole, decimals) = (line.cents / 100, line.cents % 100);
    let price = if whole >= 1_000 {
        format!("{}.{:03},{decimals:02}", whole / 1_000, whole % 1_000)
    } else {
        format!("{whole},{decimals:02}")
    };
    let customer = match &line.customer {
        Customer::Number(number) => number.to_string(),
        Customer::Text(_) | Customer::Guest => ["", "0"][rng.usize(0..2)].to_owned(),
    };
    let number = line.number.map_or(String::new(), |n| n.to_string());
    format!(
        "{};{};{};\"{}\";{};{price};{customer};France;{number}",
        line.invoice, line.date[0], line.stock, line.description, line.quantity
    )
}

fn item(line: &Line) -> Value {
    json!({
        "sku": line.stock, "name": line.description, "count": line.quantity,
        "cents": line.cents, "n": line.number,
    })
}

/// What is no line of an order, now and then.
fn bad_items(rng: &mut Rng) -> Vec<Value> {
    let bad = [
        json!(0),
        json!({}),
        json!([]),
        json!({"sku": "85000", "count": "many", "cents": 1}),
        json!({"sku": "85000", "count": 1, "cents": "1,5"}),
    ];
    let count = if rng.u32(0..10) == 0 {
        rng.usize(1..3)
    } else {
        0
    };
    (0..count)
        .map(|_| bad[rng.usize(0..bad.len())].clone())
        .collect()
}

/// The order that such a line is of.
fn whole(line: &Line, lines: Vec<Value>) -> Value {
    let customer = match &line.customer {
        Customer::Text(text) => json!({"ref": text}),
        Customer::Number(_) | Customer::Guest => Value::Null,
    };
    let seconds: Value = serde_json::from_str(line.date[0]).expect("a number");
    json!({
        "id": line.invoice,
        "at": seconds,
        "customer": customer,
        "currency": line.currency.map(str::to_lowercase),
        "status": if line.cancelled == Cancelled::ByMark { "void" } else { "paid" },
        "basket": {"lines": lines},
    })
}

/// What is no order line.
pub fn nonsense(rng: &mut Rng) -> Vec<u8> {
    match rng.u32(0..4) {
        0 => format!("?{}", rng.u32(..)).into_bytes(),
        1 => format!(
            "536365,85123A,HEART,many,12/1/2010 8:26,2.55,{},France",
            rng.u32(..)
        )
        .into_bytes(),
        2 => format!("{{\"InvoiceNo\":\"{}\"}}", rng.u32(..)).into_bytes(),
        _ => [b"\xFF\xFE", rng.u32(..).to_string().as_bytes()].concat(),
    }
}
