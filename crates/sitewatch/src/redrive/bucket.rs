//! The bucket of failed invocations.

use anyhow::Context as _;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;

use super::service;

/// A bucket in S3.
#[derive(Debug)]
pub(crate) struct Bucket {
    client: Client,
    name: String,
}

impl Bucket {
    pub(crate) fn new(config: &SdkConfig, name: &str) -> Self {
        let config = aws_sdk_s3::config::Builder::from(config)
            .retry_config(RetryConfig::standard().with_max_attempts(5))
            // An endpoint of one's own rarely has a host name for each bucket.
            .force_path_style(service::has_endpoint(config, "S3"))
            .build();
        Self {
            client: Client::from_conf(config),
            name: name.to_owned(),
        }
    }

    /// The keys of all objects that begin like this, in their order.
    pub(crate) async fn keys(&self, prefix: &str) -> anyhow::Result<Vec<String>> {
        let call = self.client.list_objects_v2().bucket(&self.name);
        let mut pages = call.prefix(prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(|error| anyhow::anyhow!(service::words(&error)))
                .with_context(|| format!("listing the bucket {}", self.name))?;
            let objects = page.contents.unwrap_or_default();
            keys.extend(objects.into_iter().filter_map(|object| object.key));
        }
        Ok(keys)
    }

    /// An object's content; `None` if it is gone.
    pub(crate) async fn read(&self, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let what = || format!("reading {key} of the bucket {}", self.name);
        let call = self.client.get_object().bucket(&self.name).key(key);
        let object = match call.send().await {
            Ok(object) => object,
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), GetObjectError::NoSuchKey(_)) =>
            {
                return Ok(None);
            }
            Err(error) => {
                return Err(anyhow::anyhow!(service::words(&error))).with_context(what);
            }
        };
        let content = object.body.collect().await.with_context(what)?;
        Ok(Some(content.to_vec()))
    }

    /// Deletes an object.
    pub(crate) async fn delete(&self, key: &str) -> anyhow::Result<()> {
        let call = self.client.delete_object().bucket(&self.name).key(key);
        let answer = call.send().await;
        answer
            .map_err(|error| anyhow::anyhow!(service::words(&error)))
            .with_context(|| format!("deleting {key} of the bucket {}", self.name))?;
        Ok(())
    }
}
