//! CSV of unknown form: its delimiter, whether it has a header, and its columns.

use csv::ByteRecord;

use super::column::{Cell, Column, toml_text};
use super::names::Role;
use super::rows::rows;
use super::score;

/// What may stand between columns, the likeliest first where two fit alike.
const DELIMITERS: [u8; 4] = [b';', b'\t', b',', b'|'];
/// Rows that are looked at to find the delimiter.
const FIRST_ROWS: usize = 500;
/// More columns than any shop's export has: what an order format takes.
const MOST_COLUMNS: usize = 512;

/// A sample of CSV.
pub(super) struct Csv {
    pub(super) delimiter: u8,
    /// The header's names, one for each column; `None` without a header.
    pub(super) names: Option<Vec<String>>,
    pub(super) columns: Vec<Column>,
}

/// Why a sample is no CSV that can be described.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoCsv {
    /// No sign divides its lines into columns.
    NoColumns,
    /// The header is not UTF-8.
    HeaderNotUtf8,
}

impl Csv {
    /// Takes a sample apart.
    ///
    /// # Errors
    /// If it is no CSV, or its header cannot be read.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, NoCsv> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let delimiter = delimiter(bytes).ok_or(NoCsv::NoColumns)?;
        let mut rows = rows(bytes, delimiter);
        let first = rows.next().ok_or(NoCsv::NoColumns)?;
        if first.iter().any(|cell| std::str::from_utf8(cell).is_err()) {
            return Err(NoCsv::HeaderNotUtf8);
        }
        let first = texts(&first).unwrap_or_default();
        // What is not UTF-8 is refused where it is decoded, and says nothing here.
        let rest: Vec<Vec<String>> = rows.filter_map(|row| texts(&row)).collect();
        let names = is_header(&first, &rest).then(|| padded(&first, &rest));
        let body: Vec<&Vec<String>> = match names {
            Some(_) => rest.iter().collect(),
            None => std::iter::once(&first).chain(&rest).collect(),
        };
        let columns = columns(names.as_deref(), &body);
        Ok(Self {
            delimiter,
            names,
            columns,
        })
    }
}

fn texts(row: &ByteRecord) -> Option<Vec<String>> {
    let text = |cell: &[u8]| std::str::from_utf8(cell).ok().map(str::to_owned);
    row.iter().map(text).collect()
}

/// The sign that divides most rows into equally many columns, and into the most of them.
fn delimiter(bytes: &[u8]) -> Option<u8> {
    let mut best = None;
    for delimiter in DELIMITERS {
        let lengths: Vec<usize> = rows(bytes, delimiter)
            .take(FIRST_ROWS)
            .map(|row| row.len())
            .collect();
        let (usual, count) = usual(&lengths);
        if !(2..=MOST_COLUMNS).contains(&usual) || count * 2 < lengths.len() {
            continue;
        }
        let points = (usual - 1) * count * 1_000 / lengths.len();
        if best.is_none_or(|(most, _)| points > most) {
            best = Some((points, delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter)
}

/// The most frequent number, and how often it is there.
fn usual(numbers: &[usize]) -> (usize, usize) {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    let longest = runs.max_by_key(|run| run.len());
    longest.map_or((0, 0), |run| (run[0], run.len()))
}

/// Whether a file's first row has names: no numbers, and a name that is known or a number
/// below one.
fn is_header(first: &[String], rest: &[Vec<String>]) -> bool {
    let begins_with_digit = |text: &str| {
        text.trim_start_matches(['-', '+'])
            .starts_with(|c: char| c.is_ascii_digit())
    };
    if first
        .iter()
        .any(|cell| begins_with_digit(cell) || cell.contains('@'))
    {
        return false;
    }
    let is_known = |cell: &String| {
        let path = [cell.clone()];
        Role::ALL
            .iter()
            .any(|role| score::named(&path, role.names(), false) > 0)
    };
    let known = first.iter().filter(|cell| is_known(cell)).count();
    let numbers = rest
        .first()
        .is_some_and(|row| row.iter().any(|cell| begins_with_digit(cell)));
    known >= 2 || (numbers && first.iter().all(|cell| !cell.is_empty()))
}

/// The header's names, and empty ones for columns that only the other rows have: such as the
/// one behind a delimiter at each line's end.
fn padded(first: &[String], rest: &[Vec<String>]) -> Vec<String> {
    let lengths: Vec<usize> = rest.iter().take(FIRST_ROWS).map(Vec::len).collect();
    let mut names = first.to_vec();
    let count = names.len().max(usual(&lengths).0).min(MOST_COLUMNS);
    names.resize(count, String::new());
    names
}

fn columns(names: Option<&[String]>, rows: &[&Vec<String>]) -> Vec<Column> {
    let most = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    let count = names.map_or(most.min(MOST_COLUMNS), <[String]>::len);
    // Rows of another length are refused where they are decoded.
    let usable = rows
        .iter()
        .filter(|row| names.is_none() || row.len() == count);
    let usable: Vec<&Vec<String>> = usable.copied().collect();
    let column = |place: usize| {
        let cells = usable.iter().filter_map(|row| Cell::text(row.get(place)?));
        Column {
            cells: cells.collect(),
            rows: usable.len(),
            ..place_of(names.unwrap_or_default(), place)
        }
    };
    (0..count).map(column).collect()
}

/// A column without its texts. It goes by its name if it is the only one of that name.
fn place_of(names: &[String], place: usize) -> Column {
    let name = names.get(place).map(String::as_str).unwrap_or_default();
    let is_only = names.iter().filter(|other| *other == name).count() == 1;
    let number = (place + 1).to_string();
    let named = |named: String, otherwise: String| if name.is_empty() { otherwise } else { named };
    Column {
        toml: if is_only {
            named(toml_text(name), number.clone())
        } else {
            number.clone()
        },
        name: named(name.to_owned(), format!("column {number}")),
        path: if name.is_empty() {
            Vec::new()
        } else {
            vec![name.to_owned()]
        },
        in_order: false,
        cells: Vec::new(),
        rows: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> Csv {
        Csv::of(text.as_bytes()).expect("CSV")
    }

    #[test]
    fn the_delimiter_is_what_divides_all_rows_alike() {
        for (text, delimiter) in [
            ("a;b;c\n1,5;2,5;x\n1,5;2;y\n", b';'),
            ("a,b,c\n1;1,2,3\n1,2,3\n", b','),
            ("a\tb\n1,2\t3,4\n5\t6,7\n", b'\t'),
            ("a|b|c\n1|2|3\n", b'|'),
            ("a;b\n\"x;y\nz\";1\n\"x\"\"\";2\n", b';'),
        ] {
            assert_eq!(
                char::from(csv(text).delimiter),
                char::from(delimiter),
                "{text}"
            );
        }
        let prose = "This is no CSV,\nas anybody can see.\nNot at all, is it, really?\n";
        assert_eq!(Csv::of(prose.as_bytes()).err(), Some(NoCsv::NoColumns));
    }

    #[test]
    fn a_header_has_names_and_no_numbers() {
        for (text, names) in [
            ("\u{feff}Menge;Preis\n1;2\n", Some(vec!["Menge", "Preis"])),
            ("foo;bar\n1;2\n", Some(vec!["foo", "bar"])),
            ("A1;2\nA2;3\n", None),
            ("x;y\nz;w\n", None),
            ("qty;price\n1;2;\n3;4;\n", Some(vec!["qty", "price", ""])),
        ] {
            let names = names.map(|names| names.into_iter().map(str::to_owned).collect());
            assert_eq!(csv(text).names, names, "{text}");
        }
    }

    #[test]
    fn two_columns_of_one_name_go_by_their_numbers() {
        let toml: Vec<String> = csv("qty;name;name\n1;a;b\n")
            .columns
            .into_iter()
            .map(|c| c.toml)
            .collect();
        assert_eq!(toml, ["\"qty\"", "2", "3"]);
    }

    #[test]
    fn a_header_that_is_not_utf_8_is_told() {
        assert_eq!(
            Csv::of(b"W\xe4hrung;Menge\nEUR;1\n").err(),
            Some(NoCsv::HeaderNotUtf8)
        );
    }
}
