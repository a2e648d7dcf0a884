//! Logs of JSON objects: their values by paths, each a text whatever it was, since logs have
//! numbers as texts and texts as numbers.

use std::borrow::Cow;

use super::named::{self, Dialect, KNOWN, NAMES};
use super::reject::LogReject;
use crate::request::Request;
use crate::tree::{NoObject, Node, Taken, value_end};

/// The most values that are taken of an object.
pub(super) const MOST: usize = 32;

/// A value that is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Json<'a> {
    #[default]
    Absent,
    /// `null`, an object or an array.
    Nothing,
    /// A text, number or truth value.
    Text(Cow<'a, str>),
}

impl<'a> Taken<'a> for Json<'a> {
    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }

    fn written(raw: &'a str) -> Result<Self, NoObject> {
        Ok(match raw.as_bytes().first() {
            Some(b'"') => {
                let inner = &raw[1..raw.len() - 1];
                if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
                    Self::Text(Cow::Borrowed(inner))
                } else {
                    let text = serde_json::from_str::<String>(raw);
                    Self::Text(Cow::Owned(text.map_err(|_| NoObject)?))
                }
            }
            Some(b'n' | b'{' | b'[') => Self::Nothing,
            _ => Self::Text(Cow::Borrowed(raw)),
        })
    }
}

/// Takes what `tree` names out of an object, and lets `build` make a request of these texts,
/// which are empty where there is nothing. Only where one had escapes are they copied.
///
/// # Errors
/// If `text` is no JSON object, and those of `build`.
pub(super) fn read<'a>(
    tree: &Node,
    text: &'a str,
    build: impl for<'t> Fn(&[&'t str; MOST]) -> Result<Request<'t>, LogReject>,
) -> Result<Request<'a>, LogReject> {
    let mut slots = [const { Json::Absent }; MOST];
    let taken = tree.take(text, &mut slots);
    taken.map_err(|NoObject| LogReject::NOT_JSON)?;
    let mut texts = [""; MOST];
    for (text, slot) in texts.iter_mut().zip(&slots) {
        match slot {
            Json::Absent | Json::Nothing => {}
            Json::Text(Cow::Borrowed(borrowed)) => *text = *borrowed,
            Json::Text(Cow::Owned(_)) => return copied(&slots, build),
        }
    }
    build(&texts)
}

fn copied(
    slots: &[Json<'_>; MOST],
    build: impl for<'t> Fn(&[&'t str; MOST]) -> Result<Request<'t>, LogReject>,
) -> Result<Request<'static>, LogReject> {
    let texts = slots.each_ref().map(|slot| match slot {
        Json::Absent | Json::Nothing => "",
        Json::Text(text) => &**text,
    });
    build(&texts).map(Request::into_owned)
}

/// Where the fields of CloudFront's standard logs are in an object: under their names.
pub(super) fn cloudfront_paths() -> Node {
    let mut tree = Node::default();
    for (name, field) in KNOWN {
        let slot = tree.slot(&format!("/{name}"), field as usize);
        debug_assert_eq!(slot, Some(field as usize));
    }
    tree
}

/// Reads an object of CloudFront's.
///
/// # Errors
/// If it is none.
pub(super) fn cloudfront<'a>(tree: &Node, text: &'a str) -> Result<Request<'a>, LogReject> {
    read(tree, text, |texts| {
        let mut fields = [""; NAMES];
        fields.copy_from_slice(&texts[..NAMES]);
        named::request(&fields, Dialect::CloudFront)
    })
}

/// What stands between the objects of a line.
const BETWEEN: [char; 5] = [' ', '\t', '[', ']', ','];

/// Reads a line: an object, an array of them or a part of one, or one object behind the other.
/// What is none is told with the rest of the line.
pub(super) fn objects<'a>(
    line: &'a str,
    read: impl Fn(&'a str) -> Result<Request<'a>, LogReject>,
    mut each: impl FnMut(&'a str, Result<Request<'a>, LogReject>),
) {
    let mut rest = line.trim_matches(BETWEEN);
    if rest.is_empty() {
        return;
    }
    match read(rest) {
        Err(LogReject::NOT_JSON) => {}
        one => return each(rest, one),
    }
    while !rest.is_empty() {
        let end = match rest.starts_with('{') {
            true => value_end(rest.as_bytes()).unwrap_or(rest.len()),
            false => rest.len(),
        };
        let (object, behind) = rest.split_at(end);
        each(object, read(object));
        rest = behind.trim_start_matches(BETWEEN);
    }
}
