//! JSON values by their paths: JSON Pointers (RFC 6901) as a tree, so that an object is
//! gone through once for all of them. Nothing about orders belongs here.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// More steps than any data has: each is gone through once more.
const STEPS: usize = 16;

/// What is taken of a JSON value, and of what lies in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Where the value itself goes.
    slot: Option<usize>,
    children: Vec<(String, Node)>,
}

/// What a value becomes that is taken: each room has its own.
pub(crate) trait Taken<'a>: Sized {
    /// Whether nothing has been taken yet.
    fn is_absent(&self) -> bool;

    /// A JSON value, which `raw` is, as written.
    ///
    /// # Errors
    /// If it is a text with half of a surrogate pair.
    fn written(raw: &'a str) -> Result<Self, NoObject>;
}

/// The text is no JSON object, or one in which a value that is taken comes twice.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoObject;

impl Node {
    /// Lets the value at `pointer` go into a slot, which is `free` unless there is one
    /// already. The slot; `None` if it is no pointer to something in an object.
    pub(crate) fn slot(&mut self, pointer: &str, free: usize) -> Option<usize> {
        let mut node = self;
        for (depth, step) in pointer.strip_prefix('/')?.split('/').enumerate() {
            let step = unescaped(step).filter(|_| depth < STEPS)?;
            let known = node.children.iter().position(|(name, _)| *name == step);
            let place = known.unwrap_or_else(|| {
                node.children.push((step, Self::default()));
                node.children.len() - 1
            });
            node = &mut node.children[place].1;
        }
        Some(*node.slot.get_or_insert(free))
    }

    /// The slot of the value itself.
    pub(crate) fn own_slot(&self) -> Option<usize> {
        self.slot
    }

    /// What is named of what lies in it, each with its name.
    pub(crate) fn children(&self) -> &[(String, Self)] {
        &self.children
    }

    /// Takes what the tree names out of a JSON object into slots.
    ///
    /// # Errors
    /// If `text` is not one JSON object with each of the values once.
    pub(crate) fn take<'a, T: Taken<'a>>(
        &self,
        text: &'a str,
        slots: &mut [T],
    ) -> Result<(), NoObject> {
        let mut json = serde_json::Deserializer::from_str(text);
        let object = Object { node: self, slots };
        let taken = object.deserialize(&mut json);
        taken.and_then(|()| json.end()).map_err(|_| NoObject)
    }

    /// Takes one value, and what is named of what lies in it.
    fn value<'a, T: Taken<'a>>(&self, raw: &'a str, slots: &mut [T]) -> Result<(), NoObject> {
        if let Some(slot) = self.slot {
            if !slots[slot].is_absent() {
                return Err(NoObject);
            }
            slots[slot] = T::written(raw)?;
        }
        if self.children.is_empty() {
            return Ok(());
        }
        match raw.as_bytes().first() {
            Some(b'{') => self.take(raw, slots),
            Some(b'[') => {
                for (index, element) in Elements::of(raw).enumerate() {
                    let index = index.to_string();
                    if let Some((_, child)) = self.children.iter().find(|(name, _)| *name == index)
                    {
                        child.value(element, slots)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// A step of a pointer with `~1` and `~0` replaced; `None` for another `~`.
fn unescaped(step: &str) -> Option<String> {
    let mut parts = step.split('~');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (sign, rest) = match part.as_bytes().first()? {
            b'0' => ('~', &part[1..]),
            b'1' => ('/', &part[1..]),
            _ => return None,
        };
        text.push(sign);
        text.push_str(rest);
    }
    Some(text)
}

/// An object that is gone through.
struct Object<'n, 's, T> {
    node: &'n Node,
    slots: &'s mut [T],
}

impl<'de, T: Taken<'de>> DeserializeSeed<'de> for Object<'_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Taken<'de>> Visitor<'de> for Object<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<(), M::Error> {
        while let Some(child) = object.next_key_seed(Name(self.node))? {
            let Some(child) = child else {
                object.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw: &'de RawValue = object.next_value()?;
            let taken = child.value(raw.get(), self.slots);
            taken.map_err(|NoObject| M::Error::custom("a value that is taken comes twice"))?;
        }
        Ok(())
    }
}

/// A member's name, which may be that of a child.
struct Name<'n>(&'n Node);

impl<'de, 'n> DeserializeSeed<'de> for Name<'n> {
    type Value = Option<&'n Node>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for Name<'n> {
    type Value = Option<&'n Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let children = &self.0.children;
        let child = children.iter().find(|(known, _)| known == name);
        Ok(child.map(|(_, node)| node))
    }
}

/// The elements of a JSON array, as written.
#[derive(Debug)]
pub(crate) struct Elements<'a>(&'a str);

impl<'a> Elements<'a> {
    /// Those of `array`, which must be a JSON array.
    pub(crate) fn of(array: &'a str) -> Self {
        Self(array.strip_prefix('[').unwrap_or_default())
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let blanks_and_comma = [' ', '\t', '\r', '\n', ','];
        let rest = self.0.trim_start_matches(blanks_and_comma);
        let end = match rest.as_bytes().first()? {
            b'{' | b'[' => value_end(rest.as_bytes()).ok()?,
            b'"' => text_end(rest.as_bytes()).ok()?,
            b']' => return None,
            _ => rest.find([',', ']', ' ', '\t', '\r', '\n'])?,
        };
        let (element, rest) = rest.split_at(end);
        self.0 = rest;
        Some(element)
    }
}

/// Where the object or array ends that `bytes` begin with. What is in it may be wrong in
/// any other way.
///
/// # Errors
/// If it does not end, or a line ends inside a text: how many bytes were looked at.
pub(crate) fn value_end(bytes: &[u8]) -> Result<usize, usize> {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at += text_end(&bytes[at..]).map_err(|looked_at| at + looked_at)? - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err(bytes.len())
}

/// Where the text ends that `bytes` begin with, quotes and all.
fn text_end(bytes: &[u8]) -> Result<usize, usize> {
    let mut at = 1;
    while let Some(next) = bytes
        .get(at..)
        .and_then(|rest| memchr::memchr3(b'"', b'\\', b'\n', rest))
    {
        at += next;
        match bytes[at] {
            b'"' => return Ok(at + 1),
            b'\\' => at += 2,
            _ => return Err(at),
        }
    }
    Err(bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::order::value::Value;

    fn taken<'a>(pointers: &[&str], text: &'a str) -> Result<Vec<Value<'a>>, NoObject> {
        let mut tree = Node::default();
        let mut free = 0;
        let places: Vec<usize> = pointers
            .iter()
            .map(|pointer| {
                let slot = tree.slot(pointer, free).expect("a pointer");
                free = free.max(slot + 1);
                slot
            })
            .collect();
        let mut slots = vec![Value::Absent; free];
        tree.take(text, &mut slots)?;
        Ok(places.iter().map(|place| slots[*place].clone()).collect())
    }

    #[test]
    fn takes_values_wherever_they_lie() {
        let text = r#" {"a":{"b":[1,"two",{"c":null}],"x":9},"~/":"t","":true,"d":{"e":5}} "#;
        let pointers = [
            "/a/b/1", "/a/b/2/c", "/~0~1", "/", "/d/e/f", "/no", "/a/b", "/a/b/0",
        ];
        let expected = [
            Value::text("two".into()),
            Value::Null,
            Value::text("t".into()),
            Value::Boolean(true),
            Value::Absent,
            Value::Absent,
            Value::Nested(r#"[1,"two",{"c":null}]"#),
            Value::Number("1"),
        ];
        assert_eq!(taken(&pointers, text).as_deref(), Ok(&expected[..]));
    }

    #[test]
    fn refuses_what_is_no_object_or_takes_a_value_twice() {
        for text in [
            "[]",
            "1",
            "",
            "{",
            "{} {}",
            r#"{"a":1,"a":2}"#,
            r#"{"a":"\ud800"}"#,
        ] {
            assert_eq!(taken(&["/a"], text), Err(NoObject), "{text}");
        }
        assert!(taken(&["/a"], r#"{"b":1,"b":2}"#).is_ok());
    }

    #[test]
    fn a_pointer_is_as_rfc_6901_has_it() {
        for pointer in ["", "a", "/a~2", "/a~", &"/a".repeat(17)] {
            assert_eq!(Node::default().slot(pointer, 0), None, "{pointer}");
        }
    }

    #[test]
    fn a_value_ends_where_it_is_closed() {
        for (text, end) in [
            ("{}", Ok(2)),
            (r#"{"a":"}\"","b":[1]} x"#, Ok(19)),
            ("{\"a\":1,\n\"b\":2}\n", Ok(14)),
            ("{\"a", Err(3)),
            ("{\"a\n\"}", Err(3)),
            ("{[}", Err(3)),
            ("{\"\\", Err(3)),
        ] {
            assert_eq!(value_end(text.as_bytes()), end, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(text in "[\\[\\]{}\",:\\\\ 01a\n]{0,40}") {
            let _ = value_end(text.as_bytes());
            let _ = Elements::of(&text).count();
            let _ = taken(&["/a", "/a/0", "/a/b"], &text);
            let _ = Node::default().slot(&text, 0);
        }

        #[test]
        fn an_arrays_elements_are_those_that_a_parser_finds(
            texts in proptest::collection::vec(".{0,8}", 0..6), pretty: bool,
        ) {
            let values: Vec<_> = texts.iter().enumerate().map(|(n, text)| match n % 4 {
                0 => json!(text),
                1 => json!({"a": [text], "b": {}}),
                2 => json!([[], text]),
                _ => json!(n),
            }).collect();
            let array = json!(values);
            let text = if pretty { format!("{array:#}") } else { array.to_string() };
            let found: Vec<serde_json::Value> = Elements::of(&text)
                .map(|element| serde_json::from_str(element).expect("JSON"))
                .collect();
            prop_assert_eq!(found, values);
            prop_assert_eq!(value_end(text.as_bytes()), Ok(text.len()));
        }
    }
}
