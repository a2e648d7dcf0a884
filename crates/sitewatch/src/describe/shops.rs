//! Random shops: whatever they call their fields and however they write them, what is
//! proposed reads every row as it was meant.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use model::{Customer, Decimal, OrderFormat};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

use super::names::Role;
use super::propose::Proposal;
use super::sample::Sample;

/// A line as it was meant.
#[derive(Debug, Clone)]
struct Line {
    order: usize,
    day: NaiveDateTime,
    article: u16,
    description: String,
    quantity: i64,
    cents: i64,
    customer: Option<u16>,
}

/// How a shop writes.
#[derive(Debug, Clone)]
struct Shop {
    /// Of each role's names, one.
    names: Vec<Index>,
    capitals: bool,
    delimiter: u8,
    date: &'static str,
    comma: bool,
    thousands: bool,
    mails: bool,
    prefix: &'static str,
    with_currency: bool,
    pretty: bool,
    wrapped: bool,
    lines: Vec<Line>,
}

const DATES: [&str; 9] = [
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%Y/%m/%d %H:%M",
    "%d-%m-%Y %H:%M",
    "%d.%m.%y %H:%M:%S",
    "%d %b %Y %H:%M",
];

fn line() -> impl Strategy<Value = (bool, u32, u16, String, i64, i64, Option<u16>)> {
    let description = "[A-Za-zäß]{1,8}( [A-Za-z\"';,]{1,8}){0,3}";
    (
        any::<bool>(),
        1..2_000_000_u32,
        1..999_u16,
        description,
        1..50_i64,
        1..5_000_000_i64,
        proptest::option::of(1..9_999_u16),
    )
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    proptest::collection::vec(line(), 3..25).prop_map(|all| {
        // A day that no month's number is, and a price with decimals.
        let begin = NaiveDate::from_ymd_opt(2026, 1, 25).and_then(|day| day.and_hms_opt(8, 5, 0));
        let (mut order, mut day, mut who) = (0, begin.expect("a date"), None);
        let mut lines = Vec::new();
        for (place, (is_new, seconds, article, description, quantity, cents, customer)) in
            all.into_iter().enumerate()
        {
            if is_new || place == 0 {
                order += 1;
                who = customer;
                day += TimeDelta::minutes(if place == 0 {
                    0
                } else {
                    i64::from(seconds / 60)
                });
            }
            let cents = if place == 0 {
                cents / 100 * 100 + 55
            } else {
                cents
            };
            lines.push(Line {
                order,
                day,
                article,
                description,
                quantity,
                cents,
                customer: who,
            });
        }
        lines
    })
}

fn shop() -> impl Strategy<Value = Shop> {
    let names = proptest::collection::vec(any::<Index>(), Role::ALL.len());
    let signs = (
        any::<bool>(),
        select(&b";,\t|"[..]),
        select(&DATES[..]),
        any::<bool>(),
        any::<bool>(),
    );
    let rest = (
        any::<bool>(),
        select(&["", "B-", "#"][..]),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    (names, signs, rest, lines()).prop_map(|(names, signs, rest, lines)| {
        let (capitals, delimiter, date, comma, thousands) = signs;
        let (mails, prefix, with_currency, pretty, wrapped) = rest;
        Shop {
            names,
            capitals,
            delimiter,
            date,
            comma,
            thousands,
            mails,
            prefix,
            with_currency,
            pretty,
            wrapped,
            lines,
        }
    })
}

impl Shop {
    fn name(&self, role: Role) -> String {
        let names = role.names().names;
        let name = self.names[role as usize].get(names);
        if self.capitals {
            name.to_uppercase()
        } else {
            (*name).to_owned()
        }
    }

    fn roles(&self) -> Vec<Role> {
        let unused = |role: &Role| match role {
            Role::Currency => !self.with_currency,
            Role::LineNo | Role::Cancelled => true,
            _ => false,
        };
        Role::ALL.into_iter().filter(|role| !unused(role)).collect()
    }

    fn price(&self, cents: i64) -> String {
        let (point, sign) = if self.comma { (',', ".") } else { ('.', ",") };
        let whole = (cents / 100).to_string();
        let cut = whole.len().saturating_sub(3);
        let whole = if self.thousands && cut > 0 {
            format!("{}{sign}{}", &whole[..cut], &whole[cut..])
        } else {
            whole
        };
        format!("{whole}{point}{:02}", cents % 100)
    }

    fn customer(&self, number: u16) -> String {
        if self.mails {
            format!("c{number}@example.com")
        } else {
            number.to_string()
        }
    }

    fn text(&self, line: &Line, role: Role) -> String {
        match role {
            Role::InvoiceNo => format!("{}{}", self.prefix, 1_000 + line.order),
            Role::StockCode => format!("A{}", line.article),
            Role::Description => line.description.clone(),
            Role::Quantity => line.quantity.to_string(),
            Role::InvoiceDate => line.day.format(self.date).to_string(),
            Role::UnitPrice => self.price(line.cents),
            Role::CustomerID => line
                .customer
                .map(|number| self.customer(number))
                .unwrap_or_default(),
            Role::Country => if line.order.is_multiple_of(2) {
                "DE"
            } else {
                "Österreich"
            }
            .to_owned(),
            Role::Currency => "EUR".to_owned(),
            Role::LineNo | Role::Cancelled => String::new(),
        }
    }

    fn csv(&self) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.delimiter)
            .from_writer(Vec::new());
        let roles = self.roles();
        writer
            .write_record(roles.iter().map(|role| self.name(*role)))
            .expect("a header");
        for line in &self.lines {
            writer
                .write_record(roles.iter().map(|role| self.text(line, *role)))
                .expect("a row");
        }
        writer.into_inner().expect("CSV")
    }

    fn object(&self, line: &Line, is: impl Fn(Role) -> bool) -> Map<String, Value> {
        let value = |role: Role| match role {
            Role::Quantity => json!(line.quantity),
            Role::CustomerID if !self.mails => json!(line.customer),
            _ => json!(self.text(line, role)),
        };
        let roles = self.roles().into_iter().filter(|role| is(*role));
        roles.map(|role| (self.name(role), value(role))).collect()
    }

    fn objects(&self, objects: Vec<Value>) -> Vec<u8> {
        let text = match (self.pretty, self.wrapped) {
            (true, true) => format!("{:#}", json!(objects)),
            (false, true) => json!(objects).to_string(),
            (true, false) => objects
                .iter()
                .map(|object| format!("{object:#}\n"))
                .collect(),
            (false, false) => objects.iter().map(|object| format!("{object}\n")).collect(),
        };
        text.into_bytes()
    }

    fn flat(&self) -> Vec<u8> {
        let objects = self
            .lines
            .iter()
            .map(|line| Value::Object(self.object(line, |_| true)));
        self.objects(objects.collect())
    }

    fn whole(&self) -> Vec<u8> {
        let orders = self.lines.chunk_by(|a, b| a.order == b.order).map(|lines| {
            let mut order = self.object(&lines[0], Role::is_of_orders);
            let items: Vec<Value> = lines
                .iter()
                .map(|line| Value::Object(self.object(line, Role::is_of_lines)))
                .collect();
            order.insert(
                "cart".to_owned(),
                json!({ "count": items.len(), "items": items }),
            );
            Value::Object(order)
        });
        self.objects(orders.collect())
    }

    /// Every row must be what was meant.
    fn check(&self, bytes: &[u8]) -> Result<(), TestCaseError> {
        let shown = String::from_utf8_lossy(bytes);
        let proposal = Proposal::of(&Sample::of(bytes.to_vec()), "shop", "orders.toml");
        let proposal =
            proposal.map_err(|error| TestCaseError::fail(format!("{error:#}\n{shown}")))?;
        prop_assert_eq!(proposal.missing(), vec![], "{}\n{}", proposal.text, shown);
        let format = OrderFormat::parse(&proposal.text).expect("a format");
        let rows: Vec<_> = format.decode(bytes).map(|row| row.line).collect();
        prop_assert_eq!(rows.len(), self.lines.len(), "{}\n{}", proposal.text, shown);
        for (row, line) in rows.into_iter().zip(&self.lines) {
            let context = format!("{line:?}\n{}\n{shown}", proposal.text);
            let row = row.map_err(|reject| {
                TestCaseError::fail(format!("{}\n{context}", format.explain(&reject)))
            })?;
            for (found, role) in [
                (&row.invoice_no, Role::InvoiceNo),
                (&row.stock_code, Role::StockCode),
                (&row.description, Role::Description),
                (&row.country, Role::Country),
            ] {
                let meant = self.text(line, role);
                prop_assert_eq!(found.as_ref(), meant.trim(), "{}", context);
            }
            prop_assert_eq!(row.quantity, line.quantity, "{}", context);
            prop_assert_eq!(
                row.unit_price,
                Decimal::new(line.cents, 2).normalize(),
                "{}",
                context
            );
            prop_assert_eq!(
                row.order_date.to_string(),
                line.day.format("%Y-%m-%dT%H:%M:%S").to_string(),
                "{}",
                context
            );
            prop_assert_eq!(row.currency.is_some(), self.with_currency, "{}", context);
            let customer = match line.customer {
                None => Customer::Guest,
                Some(number) if self.mails => Customer::Text(self.customer(number).into()),
                Some(number) => Customer::Registered(number.into()),
            };
            let no_customers = self.lines.iter().all(|line| line.customer.is_none());
            prop_assert!(row.customer == customer || no_customers, "{}", context);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn csv_of_any_shop_is_read_as_it_was_meant(shop in shop()) {
        shop.check(&shop.csv())?;
    }

    #[test]
    fn json_of_any_shop_is_read_as_it_was_meant(shop in shop()) {
        shop.check(&shop.flat())?;
        shop.check(&shop.whole())?;
    }

    #[test]
    fn any_bytes_are_answered(bytes in "[\\[\\]{}\",:;\t|\n a-c0-2ä@.]{0,200}", name: String) {
        let _ = Proposal::of(&Sample::of(bytes.into_bytes()), &name, "orders.toml").map(|proposal| proposal.text);
    }
}
