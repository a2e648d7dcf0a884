//! Orders of seven shops' forms, and an order line written in each.

use std::sync::LazyLock;

use jiff::Timestamp;
use model::{Cancellation, Customer, Decimal, OrderFormat, OrderLine};
use serde_json::{Value, json};

/// A shop's form.
pub(crate) struct Form {
    pub(crate) format: OrderFormat,
    /// An order line as the shop would write it; `None` where it has no way to.
    pub(crate) write: fn(&OrderLine<'_>) -> Option<Vec<u8>>,
}

/// Every form, by the first byte of an input.
pub(crate) static FORMS: LazyLock<[Form; 7]> = LazyLock::new(|| {
    let form = |text: &str, write| {
        let format = OrderFormat::parse(text).expect("an order format");
        Form { format, write }
    };
    [
        form(SEMICOLONS, semicolons),
        form(NUMBERED, numbered),
        form(LINES, lines),
        form(WHOLE, whole),
        form(
            include_str!("../../../layers/order-formats/shopify.toml"),
            shopify,
        ),
        form(
            include_str!("../../../layers/order-formats/stripe.toml"),
            stripe,
        ),
        form(
            include_str!("../../../layers/order-formats/woocommerce.toml"),
            woocommerce,
        ),
    ]
});

/// Named columns, a decimal comma, local dates.
const SEMICOLONS: &str = r#"
format = "csv"
delimiter = ";"
columns = ["Nr", "Datum", "Artikel", "Text", "Menge", "Preis", "Kunde", "Land", "Pos", "Geld", "Storno"]
decimal = ","
thousands = "."
[line]
InvoiceNo = "Nr"
StockCode = "Artikel"
Description = "Text"
Quantity = "Menge"
InvoiceDate = { at = "Datum", format = "%d.%m.%Y %H:%M:%S", zone = "Europe/Berlin" }
UnitPrice = "Preis"
CustomerID = "Kunde"
Country = "Land"
LineNo = "Pos"
Currency = "Geld"
Cancelled = { at = "Storno", is = ["ja", "x"] }
"#;

fn semicolons(line: &OrderLine<'_>) -> Option<Vec<u8>> {
    let (second, nanosecond) = (line.order_date.moment().timestamp(), 0);
    let at = Timestamp::new(second, nanosecond).ok()?;
    let local = at.in_tz("Europe/Berlin").ok()?;
    let fields = [
        line.invoice_no.to_string(),
        local.strftime("%d.%m.%Y %H:%M:%S").to_string(),
        line.stock_code.to_string(),
        line.description.to_string(),
        line.quantity.to_string(),
        line.unit_price.to_string().replace('.', ","),
        number(line)?,
        line.country.to_string(),
        line_no(line),
        currency(line),
        if is_marked(line) { "x" } else { "nein" }.to_owned(),
    ];
    Some(csv(&fields, ";"))
}

/// Columns by their numbers, tabs between them, text customers, cancellations by prefix.
const NUMBERED: &str = r#"
format = "csv"
delimiter = "\t"
[line]
InvoiceNo = 2
StockCode = { at = [3, 1] }
Quantity = { at = 5, default = 1 }
InvoiceDate = 4
UnitPrice = { at = 6, scale = 2 }
CustomerID = { at = [8, 2], text = true, guest = ["0", "guest"] }
Country = { value = "Germany" }
Cancelled = { prefix = "R" }
"#;

fn numbered(line: &OrderLine<'_>) -> Option<Vec<u8>> {
    let fields = [
        "more".to_owned(),
        line.invoice_no.to_string(),
        line.stock_code.to_string(),
        line.order_date.to_string(),
        line.quantity.to_string(),
        cents(line)?,
        "more".to_owned(),
        match &line.customer {
            Customer::Text(text) => text.to_string(),
            _ => "guest".to_owned(),
        },
        "more".to_owned(),
    ];
    Some(csv(&fields, "\t"))
}

/// A JSON object a line, nested, with other signs in numbers.
const LINES: &str = r#"
format = "json"
decimal = ","
thousands = " "
[line]
InvoiceNo = "/order/no"
StockCode = "/items/0/sku"
Description = { at = ["/items/0/name", "/items/0/sku"] }
Quantity = "/items/0/count"
InvoiceDate = { at = "/order/at", format = "milliseconds" }
UnitPrice = "/items/0/price"
CustomerID = "/who/a~1b"
Country = { at = "/who/country", default = "France" }
LineNo = "/items/1"
Currency = "/money"
Cancelled = "/void"
"#;

fn lines(line: &OrderLine<'_>) -> Option<Vec<u8>> {
    // What has no name is called by its article.
    let name = Some(&line.description).filter(|name| !name.is_empty())?;
    let order = json!({
        "order": {"no": line.invoice_no, "at": since_1970(line, 6).replace('.', ",")},
        "items": [
            {
                "sku": line.stock_code, "name": name, "count": line.quantity,
                "price": line.unit_price.to_string().replace('.', ","),
            },
            line.line_no,
        ],
        "who": {"a/b": number(line)?, "country": line.country},
        "money": currency(line),
        "void": is_marked(line),
    });
    Some(order.to_string().into_bytes())
}

/// Whole orders; their lines may be as short as eight bytes.
const WHOLE: &str = r#"
format = "json"
lines = "/lines"
[order]
InvoiceNo = "/id"
InvoiceDate = { at = "/at", zone = "America/New_York" }
CustomerID = { at = ["/customer/id", "/customer/mail"], text = true }
Country = "/customer/country"
Currency = "/currency"
Cancelled = { at = "/status", is = ["void"] }
[line]
StockCode = "/s"
Description = "/d"
Quantity = { at = "/q", default = 1 }
UnitPrice = { at = "/p", default = "0.5" }
LineNo = "/n"
"#;

fn whole(line: &OrderLine<'_>) -> Option<Vec<u8>> {
    let order = json!({
        "id": line.invoice_no,
        "at": line.order_date.to_string(),
        "customer": {"mail": text(line)?, "country": line.country},
        "currency": currency(line),
        "status": if is_marked(line) { "void" } else { "paid" },
        "lines": [{
            "s": line.stock_code, "d": line.description, "q": line.quantity,
            "p": line.unit_price.to_string(), "n": line.line_no,
        }],
    });
    Some(format!("{order:#}").into_bytes())
}

fn shopify(line: &OrderLine<'_>) -> Option<Vec<u8>> {
    let order = json!({
        "name": line.invoice_no,
        "created_at": line.order_date.to_string(),
        "customer": {"id": number(line)?},
        "billing_address": {"country_code": line.country},
        "currency": currency(line),
        "cancelled_at": is_marked(line).then_some("2010-12-01T08:26:00Z"),
        "line_items": [{
            "sku": line.stock_code, "name": line.description, "quantity": line.quantity,
            "price": line.unit_price.to_string(), "id": line.line_no,
        }],
    });
    // What has no name may have a title.
    Some(order.to_string().into_bytes())
}

fn stripe(line: &OrderLine<'_>) -> Option<Vec<u8>> {
    let invoice = json!({
        "number": line.invoice_no,
        "created": since_1970(line, 9),
        "customer": text(line)?,
        "customer_address": {"country": line.country},
        "currency": currency(line),
        "status": if is_marked(line) { "uncollectible" } else { "paid" },
        "lines": {"data": [{
            "pricing": {
                "price_details": {"product": line.stock_code},
                "unit_amount_decimal": cents(line)?,
            },
            "description": line.description,
            "quantity": line.quantity,
        }]},
    });
    let event = json!({"type": "invoice.paid", "data": {"object": invoice}});
    Some(event.to_string().into_bytes())
}

fn woocommerce(line: &OrderLine<'_>) -> Option<Vec<u8>> {
    let order = json!({
        "number": line.invoice_no,
        "date_created_gmt": line.order_date.to_string(),
        "customer_id": Some(number(line)?).filter(|n| !n.is_empty()).unwrap_or("0".to_owned()),
        "billing": {"country": line.country},
        "currency": currency(line),
        "status": if is_marked(line) { "refunded" } else { "processing" },
        "line_items": [{
            "sku": line.stock_code, "name": line.description, "quantity": line.quantity,
            "price": raw(line.unit_price), "id": line.line_no,
        }],
    });
    Some(order.to_string().into_bytes())
}

/// A price as a JSON number, where one of 64 bits has its digits.
fn raw(price: Decimal) -> Value {
    serde_json::from_str::<u32>(&price.to_string())
        .map_or_else(|_| Value::from(price.to_string()), Value::from)
}

/// A customer's number; empty for a guest.
fn number(line: &OrderLine<'_>) -> Option<String> {
    match &line.customer {
        Customer::Registered(number) => Some(number.to_string()),
        Customer::Guest => Some(String::new()),
        Customer::Text(_) => None,
    }
}

/// A customer's text; empty for a guest.
fn text<'l>(line: &'l OrderLine<'_>) -> Option<&'l str> {
    match &line.customer {
        Customer::Registered(_) => None,
        Customer::Guest => Some(""),
        Customer::Text(text) => Some(text),
    }
}

fn is_marked(line: &OrderLine<'_>) -> bool {
    line.cancellation == Cancellation::Marked
}

fn line_no(line: &OrderLine<'_>) -> String {
    line.line_no.map(|n| n.to_string()).unwrap_or_default()
}

fn currency(line: &OrderLine<'_>) -> String {
    let code = line.currency.map(|code| code.as_str().to_lowercase());
    code.unwrap_or_default()
}

/// The price in hundredths; `None` if that is no exact decimal.
fn cents(line: &OrderLine<'_>) -> Option<String> {
    let price = line.unit_price;
    let (units, scale) = match price.scale().checked_sub(2) {
        Some(scale) => (price.mantissa(), scale),
        None => (
            price
                .mantissa()
                .checked_mul(10_i128.pow(2 - price.scale()))?,
            0,
        ),
    };
    let cents = Decimal::try_from_i128_with_scale(units, scale).ok()?;
    Some(cents.to_string())
}

/// When it was ordered, since 1970, in units of ten to so many nanoseconds.
fn since_1970(line: &OrderLine<'_>, scale: u32) -> String {
    let at = line.order_date.moment();
    let nanoseconds =
        i128::from(at.timestamp()) * 1_000_000_000 + i128::from(at.timestamp_subsec_nanos());
    Decimal::from_i128_with_scale(nanoseconds, scale).to_string()
}

fn csv(fields: &[String], delimiter: &str) -> Vec<u8> {
    let quoted = fields
        .iter()
        .map(|field| format!("\"{}\"", field.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(delimiter).into_bytes()
}
