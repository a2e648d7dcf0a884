//! One log of a replay: its lines as records that can be read without any other.

use std::path::Path;

use anyhow::bail;
use chrono::{DateTime, Utc};
use model::{Content, Log, LogDecoder};

use super::backlog::Parcel;
use super::lines::Sourced;
use crate::packed::Packed;

/// What Windows may write before the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A log that is being read.
pub(super) struct LogFile {
    pub(super) file: Packed,
    log: Log,
    decoder: LogDecoder,
    /// The lines that say what the columns are, of which each record gets a copy.
    header: Vec<Vec<u8>>,
}

impl LogFile {
    /// The log at `path`: that log, or what its first lines tell.
    ///
    /// # Errors
    /// If it cannot be read, or its first lines do not tell.
    pub(super) fn open(path: &Path, log: Option<&Log>) -> anyhow::Result<Self> {
        let mut file = Packed::open(path)?;
        let log = match log {
            Some(log) => log.clone(),
            None => match Log::recognise(file.ahead()?) {
                Some(log) => log,
                None => bail!(
                    "{}: expected a log that its first lines tell; --log-format or --mapping say what it is otherwise",
                    path.display()
                ),
            },
        };
        Ok(Self {
            file,
            decoder: LogDecoder::new(&log),
            log,
            header: Vec::new(),
        })
    }

    /// Whether its requests can be written anew, with other times.
    pub(super) fn can_be_written(&self) -> bool {
        self.log.write(&[]).is_some()
    }

    /// A line's records, each with what is wrong with it.
    pub(super) fn sourced(&mut self, line: &[u8], number: u64) -> Vec<(Sourced, Option<String>)> {
        let mut records = Vec::new();
        let header = &self.header;
        self.decoder.decode(line, |entry| {
            #[allow(clippy::cast_precision_loss, reason = "a date to be in time with")]
            let date = match &entry.content {
                Ok(Content::Request(request)) => Some(request.time as f64 / 1_000.0),
                Ok(Content::Flow(flow)) => Some(flow.start as f64),
                Err(_) => None,
            };
            let mut data = header.concat();
            data.extend_from_slice(entry.bytes);
            data.push(b'\n');
            let parcel = Parcel {
                line: number,
                // What `traffic` counts needs no order: spread over the shards.
                key: format!("line-{number}-{}", records.len()),
                data,
            };
            let problem = entry.content.err().map(|reject| reject.to_string());
            let sourced = Sourced {
                parcel,
                date,
                is_rejected: problem.is_some(),
            };
            records.push((sourced, problem));
        });
        if records.is_empty() {
            self.note(line);
        }
        records
    }

    /// Keeps a line that says what the columns are: of each directive the last one.
    fn note(&mut self, line: &[u8]) {
        let line = line.strip_prefix(BOM).unwrap_or(line);
        let is_columns = match self.log {
            Log::CloudFront | Log::W3c => line.first() == Some(&b'#'),
            Log::VpcFlow(_) => line.first().is_some_and(u8::is_ascii_lowercase),
            _ => false,
        };
        if is_columns {
            let mut line = line.trim_ascii_end().to_vec();
            line.push(b'\n');
            self.header
                .retain(|kept| directive(kept) != directive(&line));
            self.header.push(line);
        }
    }

    /// A request as it would be in this log, had it happened at `now`.
    pub(super) fn at(&self, record: &[u8], now: DateTime<Utc>) -> Option<Vec<u8>> {
        let mut moved = None;
        LogDecoder::new(&self.log).decode(record, |entry| {
            if let Ok(Content::Request(mut request)) = entry.content {
                request.time = now.timestamp_millis();
                moved = self.log.write(&[request]);
            }
        });
        moved
    }
}

/// `#Fields` of `#Fields: …`; nothing of a line without a colon.
fn directive(line: &[u8]) -> &[u8] {
    let end = memchr::memchr(b':', line).unwrap_or(0);
    &line[..end]
}
