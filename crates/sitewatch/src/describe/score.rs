//! How well a name fits a field.

use super::column::Column;
use super::names::{Names, Role};

/// Steps of a path that say nothing: what wraps the data.
const WRAPPERS: [&str; 9] = [
    "data",
    "object",
    "attributes",
    "payload",
    "body",
    "detail",
    "node",
    "fields",
    "properties",
];
/// Names that mean something only together with what they stand in.
const GENERIC: [&str; 17] = [
    "id",
    "number",
    "nr",
    "no",
    "code",
    "name",
    "value",
    "key",
    "title",
    "amount",
    "reference",
    "date",
    "type",
    "text",
    "label",
    "uuid",
    "gross",
];
/// Names that add nothing to what they stand in.
const MEASURES: [&str; 4] = ["amount", "value", "gross", "iso"];
/// What a word that speaks against it costs.
const DOUBT: i32 = 300;
/// What it costs that a line has what is its order's.
const IN_LINE: i32 = 250;
/// Shorter names count as whole words only.
const LONG: usize = 5;

/// A name in small letters, without accents, blanks and signs.
pub(super) fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for sign in name.chars().flat_map(char::to_lowercase) {
        match sign {
            'ä' | 'à' | 'á' | 'â' | 'ã' => normal.push('a'),
            'ö' | 'ò' | 'ó' | 'ô' => normal.push('o'),
            'ü' | 'ù' | 'ú' | 'û' => normal.push('u'),
            'è' | 'é' | 'ê' | 'ë' => normal.push('e'),
            'ì' | 'í' | 'î' | 'ï' => normal.push('i'),
            'ç' => normal.push('c'),
            'ñ' => normal.push('n'),
            'ß' => normal.push_str("ss"),
            // № and n° are written before a number's name; they are no letters.
            sign if sign.is_alphanumeric() => normal.push(sign),
            _ => {}
        }
    }
    normal
}

/// A name's words: at signs, blanks, and where a capital follows a small letter.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut was_small = false;
    for sign in name.chars() {
        if !sign.is_alphanumeric() || (sign.is_uppercase() && was_small) {
            parts.push(String::new());
        }
        was_small = sign.is_lowercase();
        if let Some(part) = parts.last_mut() {
            part.push(sign);
        }
    }
    let words = parts.iter().map(|part| normal(part));
    words.filter(|word| !word.is_empty()).collect()
}

/// How well a column's name fits a field: 0 if not at all, 1000 at the best. `nested` says
/// whether the data has whole orders, with lines in them.
pub(super) fn score(column: &Column, role: Role, nested: bool) -> i32 {
    if nested && column.in_order && role.is_of_lines() {
        return 0;
    }
    // A line's id is no order's number.
    let in_line = nested && !column.in_order && role.is_of_orders();
    let score = named(&column.path, role.names(), in_line);
    if in_line {
        (score - IN_LINE).max(0)
    } else {
        score
    }
}

/// How well the steps to a place fit names. `exactly` leaves out what is not a whole name.
pub(super) fn named(path: &[String], names: &Names, exactly: bool) -> i32 {
    let Some((last, before)) = path.split_last() else {
        return 0;
    };
    let is_wrapper = |step: &&String| !WRAPPERS.contains(&normal(step).as_str());
    let before: Vec<&String> = before.iter().filter(is_wrapper).collect();
    let all: Vec<String> = before
        .iter()
        .flat_map(|step| words(step))
        .chain(words(last))
        .collect();
    let last = normal(last);
    let together: String = before
        .iter()
        .map(|step| normal(step))
        .chain([last.clone()])
        .collect();
    let has = |word: &&str| {
        all.iter().any(|w| w == word) || (word.len() >= LONG && together.contains(word))
    };
    // A name that is in the list as it is has its words by right.
    let is_listed = names.names.contains(&together.as_str());
    if !is_listed && names.never.iter().any(has) {
        return 0;
    }
    let doubt = if !is_listed && names.rather_not.iter().any(has) {
        DOUBT
    } else {
        0
    };
    let mut best = 0;
    for (form, less) in forms(&before, &last) {
        best = best.max(rank(&form, &all, names, exactly) - less);
    }
    let deep = i32::try_from(before.len()).unwrap_or(i32::MAX).min(10) * 5;
    (best - doubt - deep).max(0)
}

/// What a place is called, alone and by what it stands in; and what each costs.
fn forms(before: &[&String], last: &str) -> Vec<(String, i32)> {
    let Some(parent) = before.last().map(|step| normal(step)) else {
        return vec![(last.to_owned(), 0)];
    };
    let mut forms = vec![(format!("{parent}{last}"), 0)];
    if MEASURES.contains(&last) {
        forms.push((parent, 20));
    }
    if !GENERIC.contains(&last) {
        forms.push((last.to_owned(), 0));
    }
    forms
}

fn rank(form: &str, words: &[String], names: &Names, exactly: bool) -> i32 {
    let place = |list: &[&str], is: &dyn Fn(&str) -> bool| {
        let place = list.iter().position(|name| is(name));
        place.and_then(|place| i32::try_from(place).ok())
    };
    if let Some(place) = place(names.names, &|name| name == form) {
        return 1000 - 2 * place;
    }
    if exactly {
        return 0;
    }
    if form == "id" {
        return names.bare_id;
    }
    if let Some(place) = place(names.alone, &|name| name == form) {
        return 800 - 2 * place;
    }
    let ends = |name: &str| name.len() >= LONG && form.ends_with(name);
    if let Some(place) = place(names.names, &|name| {
        ends(name) || words.iter().any(|word| word == name)
    }) {
        return 600 - place;
    }
    let within = |name: &str| name.len() >= LONG && form.contains(name);
    place(names.names, &within).map_or(0, |place| 400 - place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(path: &str) -> Option<Role> {
        let steps: Vec<String> = path.split('/').map(str::to_owned).collect();
        let score = |role: &Role| named(&steps, role.names(), false);
        let best = Role::ALL.into_iter().filter(|role| score(role) > 0);
        best.max_by_key(score)
    }

    #[test]
    fn a_name_says_which_field_it_is() {
        for (name, role) in [
            ("Bestellnr", Role::InvoiceNo),
            ("order_id", Role::InvoiceNo),
            ("N° commande", Role::InvoiceNo),
            ("shop-order-number", Role::InvoiceNo),
            ("SKU", Role::StockCode),
            ("Artikel", Role::StockCode),
            ("product/sku", Role::StockCode),
            ("Bezeichnung", Role::Description),
            ("product/name", Role::Description),
            ("title", Role::Description),
            ("Quantité", Role::Quantity),
            ("qty_ordered", Role::Quantity),
            ("createdAt", Role::InvoiceDate),
            ("Bestellt am", Role::InvoiceDate),
            ("Einzelpreis (brutto)", Role::UnitPrice),
            ("unit_price/amount", Role::UnitPrice),
            ("Gesamtpreis", Role::UnitPrice),
            ("customer/id", Role::CustomerID),
            ("customer/email", Role::CustomerID),
            ("Kundennr.", Role::CustomerID),
            ("billing_address/country_code", Role::Country),
            ("Land", Role::Country),
            ("Pos.", Role::LineNo),
            ("Währung", Role::Currency),
            ("price/currency", Role::Currency),
            ("cancelled_at", Role::Cancelled),
        ] {
            assert_eq!(best(name), Some(role), "{name}");
        }
    }

    #[test]
    fn what_only_looks_like_a_field_is_none() {
        for name in [
            "customer/name",
            "discount",
            "Lieferdatum",
            "phone",
            "customer/default_address/id",
        ] {
            assert_eq!(best(name), None, "{name}");
        }
    }

    #[test]
    fn a_unit_price_is_likelier_than_a_total() {
        let of = |name: &str| named(&[name.to_owned()], Role::UnitPrice.names(), false);
        assert!(of("price") > of("total_price") && of("total_price") > 0);
        assert!(of("Einzelpreis") > of("Gesamtpreis"));
        assert_eq!(of("Gesamt"), 0);
    }
}
