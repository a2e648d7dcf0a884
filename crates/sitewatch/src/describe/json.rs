//! JSON objects of unknown form: the paths in them, and whether each is a whole order.

use std::collections::HashMap;

use model::OrderFormat;
use serde_json::Value;

use super::column::{Cell, Column, Kind, toml_text};
use super::guess;

/// Different paths that are looked at.
const MOST_PATHS: usize = 2_000;
/// Arrays that are looked at for an order's lines.
const MOST_ARRAYS: usize = 50;
/// Steps that an order format's paths may have.
const STEPS: usize = 16;

/// A sample of JSON.
pub(super) struct Json {
    /// The path to an order's lines, where objects are whole orders.
    pub(super) lines: Option<String>,
    pub(super) columns: Vec<Column>,
}

/// Why a sample is no JSON that can be described.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoJson {
    /// There is no object in it.
    NoObjects,
    /// All orders lie in this array of one object.
    Wrapped(String),
}

/// What lies in objects.
#[derive(Default)]
struct Leaves<'v> {
    columns: Vec<Column>,
    places: HashMap<String, usize>,
    /// The objects in each array, by its path.
    arrays: Vec<(String, Vec<&'v Value>)>,
}

impl Json {
    /// Takes a sample apart.
    ///
    /// # Errors
    /// If it holds no objects, or orders only inside of another object.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, NoJson> {
        let objects = objects(bytes);
        let objects: Vec<&Value> = objects.iter().collect();
        if objects.is_empty() {
            return Err(NoJson::NoObjects);
        }
        let mut outer = Leaves::of(&objects);
        let Some((pointer, inner)) = outer.lines() else {
            return match outer.wrapped() {
                Some(pointer) => Err(NoJson::Wrapped(pointer)),
                None => Ok(Self {
                    lines: None,
                    columns: outer.columns,
                }),
            };
        };
        for column in &mut outer.columns {
            column.in_order = true;
        }
        let columns = inner.columns.into_iter().chain(outer.columns).collect();
        Ok(Self {
            lines: Some(pointer),
            columns,
        })
    }
}

/// The objects of a sample, cut as decoding cuts them.
pub(super) fn objects(bytes: &[u8]) -> Vec<Value> {
    // Any format that takes each object as a line does it.
    let cutter = "format = \"json\"\n[line]\nInvoiceNo = \"/a\"\nStockCode = \"/a\"\nQuantity = \"/a\"\n\
        InvoiceDate = \"/a\"\nUnitPrice = \"/a\"\nCountry = \"/a\"\n";
    let Ok(cutter) = OrderFormat::parse(cutter) else {
        return Vec::new();
    };
    let objects = cutter
        .decode(bytes)
        .filter_map(|line| serde_json::from_slice(line.bytes).ok());
    objects.filter(Value::is_object).collect()
}

impl<'v> Leaves<'v> {
    fn of(objects: &[&'v Value]) -> Self {
        let mut leaves = Self::default();
        for object in objects {
            leaves.walk(object, &mut Vec::new(), &mut String::new());
        }
        for column in &mut leaves.columns {
            column.rows = objects.len();
        }
        leaves
    }

    fn walk(&mut self, value: &'v Value, path: &mut Vec<String>, pointer: &mut String) {
        match value {
            Value::Object(members) if path.len() < STEPS => {
                for (name, member) in members {
                    let length = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                    path.push(name.clone());
                    self.walk(member, path, pointer);
                    path.pop();
                    pointer.truncate(length);
                }
            }
            Value::Array(elements) if elements.iter().any(Value::is_object) => {
                let elements = elements.iter().filter(|element| element.is_object());
                let known = self.arrays.iter().position(|(known, _)| known == pointer);
                match known {
                    Some(place) => self.arrays[place].1.extend(elements),
                    None if self.arrays.len() < MOST_ARRAYS => {
                        self.arrays.push((pointer.clone(), elements.collect()));
                    }
                    None => {}
                }
            }
            Value::String(text) => self.add(path, pointer, Cell::text(text)),
            Value::Number(number) => {
                self.add(path, pointer, cell(number.to_string(), Kind::Number))
            }
            Value::Bool(is) => self.add(path, pointer, cell(is.to_string(), Kind::Boolean)),
            Value::Null => self.add(path, pointer, None),
            Value::Array(_) | Value::Object(_) => {}
        }
    }

    fn add(&mut self, path: &[String], pointer: &str, cell: Option<Cell>) {
        let place = match self.places.get(pointer) {
            Some(place) => *place,
            None if self.columns.len() < MOST_PATHS => {
                self.places.insert(pointer.to_owned(), self.columns.len());
                self.columns.push(Column {
                    toml: toml_text(pointer),
                    name: pointer.to_owned(),
                    path: path.to_vec(),
                    in_order: false,
                    cells: Vec::new(),
                    rows: 0,
                });
                self.columns.len() - 1
            }
            None => return,
        };
        self.columns[place].cells.extend(cell);
    }

    /// The array that has an order's lines, and what lies in them: articles, quantities and
    /// prices that fit better than those of the objects themselves.
    fn lines(&self) -> Option<(String, Leaves<'v>)> {
        let (own, _) = guess::likeness(&self.columns);
        let arrays = self.arrays.iter();
        let arrays = arrays.map(|(pointer, elements)| (pointer, Self::of(elements)));
        // What has such lines itself is a whole order.
        let arrays = arrays.filter(|(_, leaves)| leaves.lines().is_none());
        let mut best: Option<(i32, &String, Leaves<'v>)> = None;
        for (pointer, leaves) in arrays {
            let (likeness, fields) = guess::likeness(&leaves.columns);
            let is_better = best.as_ref().is_none_or(|(most, ..)| likeness > *most);
            if fields >= 2 && likeness > own && is_better {
                best = Some((likeness, pointer, leaves));
            }
        }
        best.map(|(_, pointer, leaves)| (pointer.clone(), leaves))
    }

    /// The array whose elements are whole orders.
    fn wrapped(&self) -> Option<String> {
        let mut arrays = self.arrays.iter();
        let array = arrays.find(|(_, elements)| Self::of(elements).lines().is_some());
        array.map(|(pointer, _)| pointer.clone())
    }
}

fn cell(text: String, kind: Kind) -> Option<Cell> {
    Some(Cell { text, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = r#"{"id":1,"total_price":"5.00","tax":[{"title":"VAT","price":"1.00"}],
        "cart":{"items":[{"sku":"A","qty":2,"price":2.5}]}}"#;

    #[test]
    fn an_orders_lines_are_the_array_of_articles() {
        let json = Json::of(ORDER.as_bytes()).expect("JSON");
        assert_eq!(json.lines.as_deref(), Some("/cart/items"));
        let names: Vec<_> = json
            .columns
            .iter()
            .map(|c| (c.name.as_str(), c.in_order))
            .collect();
        let expected = [
            ("/price", false),
            ("/qty", false),
            ("/sku", false),
            ("/id", true),
            ("/total_price", true),
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn an_object_that_is_a_line_has_none() {
        let line = r#"[{"order":1,"sku":"A","qty":2,"price":2.5,"options":[{"name":"Colour","value":"red"}]}]"#;
        let json = Json::of(line.as_bytes()).expect("JSON");
        assert_eq!(json.lines, None);
    }

    #[test]
    fn orders_inside_of_another_object_are_told() {
        let wrapped = format!(r#"{{"page":1,"orders":[{ORDER}]}}"#);
        assert_eq!(
            Json::of(wrapped.as_bytes()).err(),
            Some(NoJson::Wrapped("/orders".to_owned()))
        );
        assert_eq!(Json::of(b"[1, 2]").err(), Some(NoJson::NoObjects));
    }
}
