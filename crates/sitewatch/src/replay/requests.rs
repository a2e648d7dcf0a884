//! What a replay of requests reads: access and flow logs, one after the other. What becomes of
//! one of them is `log_file`'s.

use std::collections::VecDeque;
use std::path::PathBuf;

use anyhow::bail;
use chrono::{DateTime, Utc};
use model::Log;

use super::backlog::Parcel;
use super::lines::{Lines, Sourced};
use super::log_file::LogFile;

/// A file of which so many first lines are refused is another kind of file.
const JUDGED_LINES: usize = 100;

/// The logs of a replay, one after the other.
pub(crate) struct Requests {
    paths: VecDeque<PathBuf>,
    /// What they are, unless their first lines tell.
    log: Option<Log>,
    /// Whether a request happens when it is sent.
    happens_now: bool,
    file: Option<LogFile>,
    bytes: u64,
    read_before: u64,
    line: u64,
    ready: VecDeque<Sourced>,
}

impl Requests {
    /// The files at `paths`, all of which must be there. With `happens_now`, each request is
    /// sent as one of the moment at which it is sent.
    ///
    /// # Errors
    /// For the first one that is not.
    pub(crate) fn open(
        paths: &[PathBuf],
        log: Option<Log>,
        happens_now: bool,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            paths: paths.iter().cloned().collect(),
            log,
            happens_now,
            file: None,
            bytes: crate::input::sizes(paths)?,
            read_before: 0,
            line: 0,
            ready: VecDeque::new(),
        })
    }

    /// Reads on; false at the end of all files.
    fn fill(&mut self) -> anyhow::Result<bool> {
        let Some(file) = &mut self.file else {
            let Some(path) = self.paths.pop_front() else {
                return Ok(false);
            };
            let mut file = LogFile::open(&path, self.log.as_ref())?;
            if self.happens_now && !file.can_be_written() {
                bail!(
                    "{}: expected a log of requests for --now, found flows or objects of your own, whose times it cannot change",
                    path.display()
                );
            }
            self.judge(&mut file)?;
            self.file = Some(file);
            return Ok(true);
        };
        match file.file.line()? {
            Some(line) => {
                self.line += 1;
                let lines = file.sourced(&line, self.line);
                self.ready.extend(lines.into_iter().map(|(line, _)| line));
            }
            None => {
                self.read_before += file.file.read_bytes();
                self.file = None;
            }
        }
        Ok(true)
    }

    /// Reads the first lines of a file, one of which must be of its log.
    fn judge(&mut self, file: &mut LogFile) -> anyhow::Result<()> {
        let mut wrong = None;
        for number in 1..=JUDGED_LINES {
            let Some(line) = file.file.line()? else {
                break;
            };
            self.line += 1;
            let lines = file.sourced(&line, self.line);
            let is_good = lines.iter().any(|(line, _)| !line.is_rejected);
            let problem = lines.iter().find_map(|(_, problem)| problem.clone());
            wrong = wrong.or(problem.map(|problem| (number, problem)));
            self.ready.extend(lines.into_iter().map(|(line, _)| line));
            if is_good {
                return Ok(());
            }
        }
        let path = file.file.path().display();
        match wrong {
            Some((number, problem)) => bail!("{path}: no such log; line {number}: {problem}"),
            None => bail!("{path}: expected a log, found no request or flow"),
        }
    }
}

impl Lines for Requests {
    const REJECTED: &'static str = "that the traffic function will reject, as none of their log's";

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_bytes(&self) -> u64 {
        let file = self.file.as_ref();
        self.read_before + file.map_or(0, |file| file.file.read_bytes())
    }

    fn next_line(&self) -> Option<u64> {
        let read = self.ready.front().map(Sourced::number);
        let unread = (self.file.is_some() || !self.paths.is_empty()).then_some(self.line + 1);
        read.or(unread)
    }

    fn next(&mut self) -> anyhow::Result<Option<Sourced>> {
        while self.ready.is_empty() {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(self.ready.pop_front())
    }

    fn parcel(&self, line: Sourced, now: DateTime<Utc>) -> Parcel {
        let mut parcel = line.parcel;
        let file = self.file.as_ref();
        if let Some(file) = file.filter(|_| self.happens_now && !line.is_rejected) {
            parcel.data = file.at(&parcel.data, now).unwrap_or(parcel.data);
        }
        parcel
    }
}

#[cfg(test)]
mod tests {
    use model::{Content, LogDecoder};

    use super::*;

    const W3C: &str = "\u{feff}#Software: IIS\n#Fields: date time c-ip cs-uri-stem sc-status\n\
        2026-03-01 08:00:00 192.0.2.1 /a 200\n\n\
        #Fields: date time cs-uri-stem sc-status\n\
        2026-03-01 08:00:01 /b 500\nbroken\n";

    fn requests(name: &str, text: &str, log: Option<Log>, happens_now: bool) -> Requests {
        let folder = std::env::temp_dir().join(format!("sitewatch-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file");
        Requests::open(&[path], log, happens_now).expect("a file")
    }

    fn all(mut requests: Requests, now: DateTime<Utc>) -> Vec<(u64, bool, String)> {
        let mut found = Vec::new();
        while let Some(line) = requests.next().expect("a log") {
            let (number, is_rejected) = (line.number(), line.is_rejected);
            let data = requests.parcel(line, now).data;
            found.push((number, is_rejected, String::from_utf8(data).expect("text")));
        }
        found
    }

    #[test]
    fn each_record_says_what_its_columns_are() {
        let found = all(requests("w3c", W3C, None, false), Utc::now());
        let numbers: Vec<_> = found.iter().map(|(n, bad, _)| (*n, *bad)).collect();
        assert_eq!(numbers, [(3, false), (6, false), (7, true)]);
        assert_eq!(
            found[1].2,
            "#Software: IIS\n#Fields: date time cs-uri-stem sc-status\n2026-03-01 08:00:01 /b 500\n"
        );
        for (_, is_rejected, record) in found {
            let log = Log::recognise(record.as_bytes()).expect("a log");
            let mut good = 0;
            LogDecoder::new(&log)
                .decode(record.as_bytes(), |e| good += i32::from(e.content.is_ok()));
            assert_eq!(good, i32::from(!is_rejected), "{record}");
        }
    }

    #[test]
    fn a_request_that_happens_now_is_the_same_but_for_its_time() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let found = all(requests("now", W3C, None, true), now);
        for (record, path, status) in [(&found[0].2, "/a", 200), (&found[1].2, "/b", 500)] {
            let mut seen = Vec::new();
            LogDecoder::new(&Log::W3c).decode(record.as_bytes(), |entry| {
                if let Ok(Content::Request(r)) = entry.content {
                    seen.push((r.time, r.path.into_owned(), r.status));
                }
            });
            assert_eq!(
                seen,
                [(now.timestamp_millis(), path.to_owned(), Some(status))]
            );
        }
        assert!(
            found[2].2.ends_with("broken\n"),
            "what is no request stays as it is"
        );
    }

    #[test]
    fn what_is_no_log_is_refused_with_its_reason() {
        let refused = |mut requests: Requests| requests.next().expect_err("no log").to_string();
        let error = refused(requests("prose", "Dear reader,\nhello.\n", None, false));
        assert!(
            error.contains("--log-format or --mapping say what it is"),
            "{error}"
        );
        let error = refused(requests("other", "a\nb\n", Some(Log::Combined), false));
        assert!(error.contains("no such log; line 1: "), "{error}");
        let error = refused(requests("empty", "\n", Some(Log::Combined), false));
        assert!(error.contains("found no request"), "{error}");
        let flows = "version srcaddr dstaddr action start\n2 1.2.3.4 4.3.2.1 ACCEPT 1\n";
        let error = refused(requests("flows", flows, None, true));
        assert!(error.contains("--now"), "{error}");
    }
}
