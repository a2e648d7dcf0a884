//! What is counted while files are read, and the report that it makes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::Second;
use traffic::Line;

use super::report::{FileRow, Rejected, Report, Share};
use super::rows::{percentiles, responses, statuses, timeline, tops};
use super::tally::Tally;

/// Steps of the timeline in JSON and on the page, at most.
const MOST_STEPS: usize = 20_000;

/// What is counted while files are read.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) tally: Tally,
    /// The file that is read.
    pub(super) file: String,
    rejected: BTreeMap<&'static str, Rejected>,
}

impl Collected {
    /// Counts a line.
    pub(super) fn line(&mut self, line: Line<'_>) {
        match line.content {
            Ok(content) => self.tally.add(&content),
            Err(refusal) => self.reject(refusal.reason, line.number, refusal.message),
        }
    }

    fn reject(&mut self, reason: &'static str, line: u64, example: Cow<'static, str>) {
        let file = &self.file;
        let rejected = self.rejected.entry(reason);
        let rejected = rejected.or_insert_with(|| Rejected {
            lines: 0,
            first_file: file.clone(),
            first_line: line,
            example: example.into_owned(),
        });
        rejected.lines += 1;
    }

    /// The report with so many rows in each list.
    pub(super) fn report(self, files: Vec<FileRow>, top: usize) -> Report {
        let tally = self.tally;
        let over_time = if tally.requests > 0 || tally.flows == 0 {
            tally.timeline.clone()
        } else {
            tally.flow_timeline.clone()
        };
        let (bots, bot_bytes) = tally.bots;
        let of_requests = tally.requests > 0;
        let second = |milliseconds: i64| Second::new(milliseconds.div_euclid(1_000));
        Report {
            lines: files.iter().map(|file| file.lines).sum(),
            files,
            requests: tally.requests,
            flows: tally.flows,
            rejected: self.rejected,
            from: tally.period.map(|(from, _)| second(from)),
            to: tally.period.map(|(_, to)| second(to)),
            bytes: tally.bytes,
            statuses: statuses(&tally),
            responses: responses(&tally),
            durations: percentiles(&tally.durations),
            people: Share {
                requests: tally.requests - bots,
                bytes: if of_requests {
                    tally.bytes.saturating_sub(bot_bytes)
                } else {
                    0
                },
            },
            bots: Share {
                requests: bots,
                bytes: bot_bytes,
            },
            tops: tops(&tally, top),
            timeline: timeline(&over_time.in_steps(MOST_STEPS)),
            over_time,
        }
    }
}
