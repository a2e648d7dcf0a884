//! An object of S3, read as a stream.

use std::time::Duration;

use function::delivery::{CallError, Pauses, retry};
use function::rejects::Origin;
use function::{Deadline, SequenceNumber};
use model::Log;

use super::{Input, Read};
use crate::blocks::{Block, Blocks};
use crate::lines::Lines;
use crate::notification::ObjectId;
use crate::objects::{Chunks as _, Objects, OpenError};
use crate::reading::{Reading, Refused};

const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(2),
};

/// An object and where it is.
#[derive(Debug)]
pub(crate) struct ObjectInput<'a, O> {
    pub(crate) objects: &'a O,
    pub(crate) object: &'a ObjectId,
    /// What it is a log of, unless its first lines tell.
    pub(crate) log: Option<&'a Log>,
}

/// What is made of an object's blocks.
struct Counting<'a, 'r, 'c> {
    object: &'a ObjectId,
    /// The last line that was counted before.
    skip: u64,
    lines: Lines,
    reading: &'r mut Reading<'c>,
    refused: Option<Refused<'a>>,
}

impl<O: Objects> Input for ObjectInput<'_, O> {
    async fn read<'a>(
        &'a self,
        done: Option<&SequenceNumber>,
        reading: &mut Reading<'_>,
        until: Deadline,
    ) -> Result<Read<'a>, OpenError> {
        let mut body = self.open(until).await?;
        let mut counting = Counting {
            object: self.object,
            skip: done.map_or(0, line_of),
            lines: Lines::new(self.log),
            reading,
            refused: None,
        };
        let mut blocks = Blocks::default();
        let mut read = Read::default();
        'chunks: while until.allows(Duration::ZERO) {
            match tokio::time::timeout_at(until.instant(), body.next()).await {
                Ok(Ok(Some(chunk))) => {
                    for bytes in chunk.chunks(Blocks::FEED) {
                        blocks.feed(bytes, &mut |block| counting.take(block));
                        if counting.reading.is_full() {
                            break 'chunks;
                        }
                    }
                }
                Ok(Ok(None)) => {
                    blocks.end(&mut |block| counting.take(block));
                    read.whole = true;
                    break;
                }
                Ok(Err(error)) => {
                    read.failure = Some(error);
                    break;
                }
                // What was counted so far is written away.
                Err(_) => break,
            }
        }
        let line = counting.lines.number().max(counting.skip);
        read.done = SequenceNumber::parse(&line.to_string());
        read.refused.extend(counting.refused);
        Ok(read)
    }

    fn is_done(&self, _: Option<&SequenceNumber>) -> bool {
        false
    }
}

impl<O: Objects> ObjectInput<'_, O> {
    async fn open(&self, until: Deadline) -> Result<O::Body, OpenError> {
        let open = || async {
            match self.objects.open(self.object).await {
                Ok(body) => Ok(Some(body)),
                Err(OpenError::Gone) => Ok(None),
                Err(OpenError::Failed(error)) => Err(error),
            }
        };
        let body: Result<_, CallError> = retry(PAUSES, until, open).await;
        body?.ok_or(OpenError::Gone)
    }
}

impl Counting<'_, '_, '_> {
    fn take(&mut self, block: Block<'_>) {
        let Self {
            object,
            skip,
            lines,
            reading,
            refused,
        } = self;
        let origin = |line| Origin::Object {
            bucket: &object.bucket,
            key: &object.key,
            version: object.version(),
            line,
        };
        lines.block_behind(*skip, block, |line| {
            let (number, bytes) = (line.number, line.bytes);
            if let Err(refusal) = reading.count(line) {
                Refused::note(refused, origin(number), refusal, bytes);
            }
        });
    }
}

/// The line that a place in an object is.
fn line_of(place: &SequenceNumber) -> u64 {
    place.as_str().parse().unwrap_or(u64::MAX)
}
