//! Lines of access logs, and what each tells.

use std::fmt::Write as _;

use chrono::DateTime;
use fastrand::Rng;

/// The site's own host.
pub(super) const HOST: &str = "www.example.com";

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// CloudFront's standard logs.
    CloudFront,
    /// Apache's and nginx's combined format.
    Combined,
}

/// A request, as it is to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its time, in seconds since 1970.
    pub second: i64,
    /// Whether it went to the site's own host.
    pub is_own: bool,
    /// Whether it went to the shop.
    pub is_shop: bool,
    /// The answer's status, if there was an answer.
    pub status: Option<u16>,
    /// The answer's length.
    pub bytes: u64,
    /// How long it took, in milliseconds, if that is logged.
    pub duration: Option<u64>,
    /// Whether a bot made it.
    pub is_bot: bool,
}

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tells {
    /// Nothing: it is a header.
    Nothing,
    /// A request.
    Request(Request),
    /// A request that CloudWatch takes no more, or not yet.
    OutOfTime,
    /// It is none of its format.
    Wrong,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line without its end.
    pub text: String,
    /// What it tells.
    pub tells: Tells,
}

impl Format {
    /// Its name in `LOG_FORMAT`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CloudFront => "cloudfront",
            Self::Combined => "combined",
        }
    }

    /// A log of `count` lines about what happened until `now`, each so much longer than it
    /// need be. The first one is as it should be, so that it tells what the log is.
    pub fn log(self, rng: &mut Rng, now: i64, count: usize, longer: usize) -> Vec<Line> {
        let late = *rng.choice(&[60, 600, 6 * 3_600]).expect("one");
        let header = (self == Self::CloudFront).then(|| {
            let texts = ["#Version: 1.0", FIELDS].map(str::to_owned);
            texts.map(|text| Line {
                text,
                tells: Tells::Nothing,
            })
        });
        let mut lines: Vec<Line> = header.into_iter().flatten().collect();
        for n in 0..count {
            lines.push(match rng.u32(0..20) {
                0 if n > 0 => Line {
                    text: (*rng.choice(&["nonsense", "a b [c] \"d\" e"]).expect("one")).to_owned(),
                    tells: Tells::Wrong,
                },
                1 if n > 0 => {
                    let days = *rng.choice(&[-15, 1]).expect("one");
                    let request = self.request(rng, now + days * 86_400);
                    Line {
                        text: self.text(rng, &request, longer),
                        tells: Tells::OutOfTime,
                    }
                }
                _ => {
                    let second = now - rng.i64(0..late);
                    let request = self.request(rng, second);
                    Line {
                        text: self.text(rng, &request, longer),
                        tells: Tells::Request(request),
                    }
                }
            });
        }
        lines
    }

    fn request(self, rng: &mut Rng, second: i64) -> Request {
        let is_edge = self == Self::CloudFront;
        let statuses = [Some(200), Some(200), Some(304), Some(404), Some(503), None];
        Request {
            second,
            // The combined format has no host.
            is_own: is_edge && rng.bool(),
            is_shop: rng.bool(),
            status: *rng.choice(&statuses).expect("one"),
            bytes: rng.u64(0..3) * 500,
            duration: is_edge.then(|| rng.u64(0..3_000)),
            is_bot: rng.u32(0..4) == 0,
        }
    }

    fn text(self, rng: &mut Rng, request: &Request, longer: usize) -> String {
        let path = if request.is_shop {
            "/shop/a"
        } else {
            "/img/a.png"
        };
        let host = if request.is_own {
            HOST
        } else {
            "evil.example.net"
        };
        let at = DateTime::from_timestamp(request.second, 0).expect("in the calendar");
        let query = format!("q={}{}", rng.u32(..), "x".repeat(longer));
        let bytes = request.bytes;
        let mut text = String::with_capacity(200 + longer);
        let written = match self {
            Self::CloudFront => {
                let agent = if request.is_bot {
                    "Googlebot/2.1"
                } else {
                    "Mozilla/5.0%20(X11)"
                };
                let (status, took) = (request.status.unwrap_or(0), request.duration.unwrap_or(0));
                let (seconds, rest) = (took / 1_000, took % 1_000);
                write!(
                    text,
                    "{}\tFRA2\t192.0.2.1\tGET\t{path}\t{query}\t{status:03}\t{bytes}\t{seconds}.{rest:03}\t{agent}\t{host}",
                    at.format("%Y-%m-%d\t%H:%M:%S")
                )
            }
            Self::Combined => {
                let agent = if request.is_bot {
                    "Googlebot/2.1"
                } else {
                    "Mozilla/5.0 (X11)"
                };
                let status = request
                    .status
                    .map_or("000".to_owned(), |status| status.to_string());
                write!(
                    text,
                    "192.0.2.1 - - [{}] \"GET {path}?{query} HTTP/1.1\" {status} {bytes} \"-\" \"{agent}\"",
                    at.format("%d/%b/%Y:%H:%M:%S +0000")
                )
            }
        };
        written.expect("a text takes everything");
        text
    }
}

const FIELDS: &str = "#Fields: date time x-edge-location c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes \
                      time-taken cs(User-Agent) x-host-header";
