//! Buckets: made, listed, taken away, and whom they tell of their objects.

use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse as _, Response};
use rusqlite::params;

use super::answer::document;
use super::listing::{self, Listing};
use super::notification;
use super::request::Target;
use super::rule::Rule;
use super::{S3, store, xml};
use crate::ACCOUNT;
use crate::protocol::Failure;
use crate::store::now;

impl S3 {
    pub(super) fn list_buckets(&self) -> Result<Response, Failure> {
        let buckets: String = self.database.transaction(|database| {
            let mut statement =
                database.prepare("SELECT name, made_at FROM buckets ORDER BY name")?;
            let bucket = statement.query_map([], |row| {
                let (name, made_at): (String, i64) = (row.get(0)?, row.get(1)?);
                Ok(format!(
                    "<Bucket><Name>{name}</Name><CreationDate>{}</CreationDate></Bucket>",
                    listing::time(made_at)
                ))
            })?;
            Ok(bucket.collect::<rusqlite::Result<_>>()?)
        })?;
        let owner = format!("<Owner><ID>{ACCOUNT}</ID></Owner>");
        let content = format!("{owner}<Buckets>{buckets}</Buckets>");
        Ok(document("ListAllMyBucketsResult", &content))
    }

    /// As in us-east-1, who makes a bucket again has it.
    pub(super) fn create_bucket(&self, target: &Target) -> Result<Response, Failure> {
        let name = &target.bucket;
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = name.as_bytes();
        let allowed = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
        if !(3..=63).contains(&bytes.len())
            || !bytes.iter().all(allowed)
            || !edge(bytes.first())
            || !edge(bytes.last())
        {
            let message = format!(
                "the bucket's name is {name}: expected 3 to 63 small letters, digits, dots and hyphens"
            );
            return Err(Failure::new("InvalidBucketName", message));
        }
        self.database.transaction(|database| {
            let statement = "INSERT OR IGNORE INTO buckets (name, made_at) VALUES (?, ?)";
            database.execute(statement, params![name, now()])?;
            Ok(())
        })?;
        Ok([(LOCATION, format!("/{name}"))].into_response())
    }

    pub(super) fn head_bucket(&self, target: &Target) -> Result<Response, Failure> {
        self.database
            .transaction(|database| store::require_bucket(database, &target.bucket))?;
        Ok(StatusCode::OK.into_response())
    }

    pub(super) fn delete_bucket(&self, target: &Target) -> Result<Response, Failure> {
        let bucket = &target.bucket;
        let parts = self.database.transaction(|database| {
            store::require_bucket(database, bucket)?;
            let mut objects = database.prepare("SELECT 1 FROM objects WHERE bucket = ?")?;
            if objects.exists([bucket])? {
                let message = format!("{bucket} has objects in it");
                return Err(Failure::new("BucketNotEmpty", message));
            }
            let mut parts = database.prepare(
                "SELECT file FROM parts WHERE upload IN (SELECT id FROM uploads WHERE bucket = ?)",
            )?;
            let parts = parts.query_map([bucket], |row| row.get(0))?;
            let parts: Vec<String> = parts.collect::<rusqlite::Result<_>>()?;
            database.execute("DELETE FROM buckets WHERE name = ?", [bucket])?;
            Ok(parts)
        })?;
        self.folder.remove(parts);
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    pub(super) fn bucket_location(&self, target: &Target) -> Result<Response, Failure> {
        self.head_bucket(target)?;
        // Which is how us-east-1 is written.
        Ok(document("LocationConstraint", ""))
    }

    pub(super) fn list_objects(&self, target: &Target) -> Result<Response, Failure> {
        let request = listing::Request::of(target)?;
        let listing = self
            .database
            .transaction(|database| Listing::make(database, &target.bucket, &request))?;
        let content = listing.content(&target.bucket, &request);
        Ok(document("ListBucketResult", &content))
    }

    pub(super) fn notification(&self, target: &Target) -> Result<Response, Failure> {
        let rules = self
            .database
            .transaction(|database| notification::rules(database, &target.bucket))?;
        let rules: String = rules.iter().map(Rule::content).collect();
        Ok(document("NotificationConfiguration", &rules))
    }

    pub(super) fn put_notification(
        &self,
        target: &Target,
        request: &xml::Element,
    ) -> Result<Response, Failure> {
        let rules = Rule::all(request)?;
        self.database
            .transaction(|database| notification::keep(database, &target.bucket, &rules))?;
        Ok(StatusCode::OK.into_response())
    }
}
