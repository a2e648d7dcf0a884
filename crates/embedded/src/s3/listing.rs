//! ListObjectsV2: keys in the order of their bytes, page by page.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use chrono::{DateTime, SecondsFormat};
use rusqlite::Connection;

use super::answer::element;
use super::request::{Target, encoded_key};
use super::store::{COLUMNS, Object, require_bucket};
use crate::protocol::{Failure, escaped};

/// The most keys of a page.
const MOST_KEYS: usize = 1_000;

/// What is asked for.
#[derive(Debug, Default)]
pub(crate) struct Request {
    prefix: String,
    delimiter: String,
    most: usize,
    /// Where the page before ended: at a key, or at what keys have in common.
    token: Option<String>,
    after: Option<String>,
    encoded: bool,
}

impl Request {
    pub(crate) fn of(target: &Target) -> Result<Self, Failure> {
        let text = |name: &str| target.query(name).unwrap_or_default().to_owned();
        let invalid = |name: &str, expected: &str| {
            let message = format!("{name} is {}: expected {expected}", text(name));
            Failure::new("InvalidArgument", message)
        };
        let most = match target.query("max-keys") {
            None => MOST_KEYS,
            Some(most) => most
                .parse()
                .map_err(|_| invalid("max-keys", "a number of keys"))?,
        };
        let token = target.query("continuation-token").map(|token| {
            let key = BASE64_URL_SAFE.decode(token).ok();
            let key = key.and_then(|key| String::from_utf8(key).ok());
            key.ok_or_else(|| invalid("continuation-token", "one that a page ended with"))
        });
        Ok(Self {
            prefix: text("prefix"),
            delimiter: text("delimiter"),
            most: most.min(MOST_KEYS),
            token: token.transpose()?,
            after: target.query("start-after").map(str::to_owned),
            encoded: target.query("encoding-type") == Some("url"),
        })
    }

    fn text(&self, text: &str) -> String {
        if self.encoded {
            encoded_key(text)
        } else {
            escaped(text)
        }
    }

    /// What a key has in common with others, up to the delimiter.
    fn common<'a>(&self, key: &'a str) -> Option<&'a str> {
        let rest = &key[self.prefix.len()..];
        let at = rest
            .find(&self.delimiter)
            .filter(|_| !self.delimiter.is_empty())?;
        Some(&key[..self.prefix.len() + at + self.delimiter.len()])
    }
}

/// A page.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    objects: Vec<Object>,
    prefixes: Vec<String>,
    /// The last key or prefix, if there are more.
    next: Option<String>,
}

impl Listing {
    pub(crate) fn make(
        database: &Connection,
        bucket: &str,
        request: &Request,
    ) -> Result<Self, Failure> {
        require_bucket(database, bucket)?;
        let mut page = Self::default();
        let after = request.token.as_ref().or(request.after.as_ref());
        let after = after.map_or("", String::as_str);
        let mut statement = database.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM objects WHERE bucket = ? AND key > ? AND key >= ? ORDER BY key"
        ))?;
        let mut last = request.token.clone();
        for object in statement.query_map([bucket, after, &request.prefix], Object::read)? {
            let object = object?;
            if !object.key.starts_with(&request.prefix) || request.most == 0 {
                break;
            }
            let common = request.common(&object.key).map(str::to_owned);
            if common.is_some() && common == last {
                continue;
            }
            if page.objects.len() + page.prefixes.len() == request.most {
                page.next = last;
                break;
            }
            last = Some(common.clone().unwrap_or_else(|| object.key.clone()));
            match common {
                Some(common) => page.prefixes.push(common),
                None => page.objects.push(object),
            }
        }
        Ok(page)
    }

    /// The inside of the answer's element.
    pub(crate) fn content(&self, bucket: &str, request: &Request) -> String {
        let mut content = format!(
            "<Name>{bucket}</Name><Prefix>{}</Prefix><KeyCount>{}</KeyCount>\
             <MaxKeys>{}</MaxKeys><IsTruncated>{}</IsTruncated>",
            request.text(&request.prefix),
            self.objects.len() + self.prefixes.len(),
            request.most,
            self.next.is_some()
        );
        let optional =
            |name: &str, text: Option<&str>| element(name, text.filter(|t| !t.is_empty()));
        content += &optional("Delimiter", Some(&request.text(&request.delimiter)));
        content += &optional("EncodingType", request.encoded.then_some("url"));
        content += &optional(
            "StartAfter",
            request.after.as_deref().map(|a| request.text(a)).as_deref(),
        );
        let token = |key: &String| BASE64_URL_SAFE.encode(key);
        content += &element(
            "ContinuationToken",
            request.token.as_ref().map(token).as_deref(),
        );
        content += &element(
            "NextContinuationToken",
            self.next.as_ref().map(token).as_deref(),
        );
        for object in &self.objects {
            content += &format!(
                "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>&quot;{}&quot;</ETag>\
                 <Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
                request.text(&object.key),
                time(object.modified_at),
                object.etag,
                object.size
            );
        }
        for prefix in &self.prefixes {
            let prefix = request.text(prefix);
            content += &format!("<CommonPrefixes><Prefix>{prefix}</Prefix></CommonPrefixes>");
        }
        content
    }
}

/// Milliseconds since 1970 as S3 writes them.
pub(crate) fn time(milliseconds: i64) -> String {
    let time = DateTime::from_timestamp_millis(milliseconds).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
