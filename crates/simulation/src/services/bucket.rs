//! The bucket of access logs: objects that are replaced, and reading that stops in the middle.

use std::time::Duration;

use bytes::Bytes;
use function::delivery::CallError;
use tokio::time::sleep;
use traffic::{Chunks, ObjectId, Objects, OpenError};

use crate::access::Line;
use crate::call::Extent;
use crate::faults::{Fault, Service};
use crate::services::Client;
use crate::world::{World, lock};

/// The bucket's name.
pub const BUCKET: &str = "logs";
/// An object comes in about so many pieces.
const PIECES: usize = 8;

/// An object, in one version of it.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// What its content comes to.
    pub etag: String,
    /// Its version, where versions are kept.
    pub version_id: Option<String>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Its bytes.
    pub content: Bytes,
    /// Whether it is there no more.
    pub is_gone: bool,
}

impl Object {
    /// Its partition of the table.
    #[must_use]
    pub fn partition(&self) -> String {
        let version = self.version_id.as_ref().unwrap_or(&self.etag);
        format!("object/{BUCKET}/{}/{version}", self.key)
    }
}

/// All objects that there ever were.
#[derive(Debug, Default)]
pub struct Bucket {
    /// The objects, in the order in which they came.
    pub objects: Vec<Object>,
}

impl Bucket {
    /// Takes an object, in the place of the one of its key, unless versions are kept.
    pub fn put(&mut self, key: &str, lines: Vec<Line>, content: Vec<u8>, keeps: bool) -> Object {
        if !keeps {
            self.remove(key);
        }
        let number = self.objects.len();
        let object = Object {
            key: key.to_owned(),
            etag: format!("e{number}"),
            version_id: keeps.then(|| format!("v{number}")),
            lines,
            content: content.into(),
            is_gone: false,
        };
        self.objects.push(object.clone());
        object
    }

    /// Removes all versions of an object.
    pub fn remove(&mut self, key: &str) {
        let of_key = self.objects.iter_mut().filter(|object| object.key == key);
        of_key.for_each(|object| object.is_gone = true);
    }

    fn find(&self, id: &ObjectId) -> Option<Bytes> {
        let named = |object: &&Object| match &id.version_id {
            Some(version) => object.version_id.as_ref() == Some(version),
            None => object.etag == id.etag,
        };
        let mut there = self
            .objects
            .iter()
            .filter(|o| !o.is_gone && o.key == id.key);
        there.find(named).map(|object| object.content.clone())
    }
}

/// An object that is being read.
#[derive(Debug)]
pub struct Body {
    client: Client,
    rest: Bytes,
    piece: usize,
}

impl Objects for Client {
    type Body = Body;

    async fn open(&self, object: &ObjectId) -> Result<Body, OpenError> {
        let id = object.clone();
        let find = move |world: &World, _: Extent| lock(&world.logs.bucket).find(&id);
        let what = || format!("open {} {}", object.key, object.version());
        let to = (Service::Objects, 1);
        let found = self.world.call(&self.process, to, what, find).await?;
        let rest = found.ok_or(OpenError::Gone)?;
        Ok(Body {
            client: self.clone(),
            piece: rest.len() / PIECES + 1,
            rest,
        })
    }
}

impl Chunks for Body {
    async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        let Client { world, process } = &self.client;
        if world.strikes(
            Fault::Stalled,
            Service::Objects,
            world.plan.weather.processes,
        ) {
            let seconds = world.chance(|rng| rng.u64(10..100));
            sleep(Duration::from_secs(seconds)).await;
        }
        let what = || format!("read {} bytes, {} are left", self.piece, self.rest.len());
        let to = (Service::Objects, 1);
        world.call(process, to, what, |_, _| ()).await?;
        let piece = self.rest.split_to(self.rest.len().min(self.piece));
        Ok((!piece.is_empty()).then_some(piece))
    }
}
