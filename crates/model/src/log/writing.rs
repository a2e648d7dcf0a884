//! The inverse of decoding: requests as each format writes them. Nothing that decoding needs
//! belongs here.

mod text;

use std::borrow::Cow;
use std::fmt::Write as _;

use chrono::DateTime;
use serde_json::{Value, json};

use super::named::{Dialect, Name};
use super::{Log, columns};
use crate::request::Request;
use text::{decimal, encoded, escaped};

/// The columns of CloudFront's standard logs.
const CLOUDFRONT: &str = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status \
    cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header \
    cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type \
    cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type \
    sc-content-type sc-content-len sc-range-start sc-range-end";
/// The columns that IIS writes, with the bytes sent.
const IIS: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) \
    cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes time-taken";

/// A log of these requests.
pub(super) fn log(log: &Log, requests: &[Request<'_>]) -> Option<Vec<u8>> {
    let mut text = match log {
        Log::VpcFlow(_) | Log::Described(_) => return None,
        Log::CloudFront => format!("#Version: 1.0\n#Fields: {CLOUDFRONT}\n"),
        Log::W3c => {
            format!("#Software: Microsoft Internet Information Services 10.0\n#Fields: {IIS}\n")
        }
        _ => String::new(),
    };
    for request in requests {
        text += &line(log, request)?;
        text.push('\n');
    }
    Some(text.into_bytes())
}

fn line(log: &Log, request: &Request<'_>) -> Option<String> {
    Some(match log {
        Log::CloudFront => columns(request, CLOUDFRONT.split(' '), Dialect::CloudFront),
        Log::CloudFrontRealTime(fields) => match fields.names() {
            [] => columns(request, columns::REAL_TIME.into_iter(), Dialect::CloudFront),
            names => columns(
                request,
                names.iter().map(String::as_str),
                Dialect::CloudFront,
            ),
        },
        Log::W3c => columns(request, IIS.split(' '), Dialect::Iis),
        Log::CloudFrontJson => cloudfront_json(request),
        Log::Alb => alb(request),
        Log::Combined => combined(request),
        Log::Akamai => akamai(request),
        Log::VpcFlow(_) | Log::Described(_) => return None,
    })
}

fn columns<'n>(
    request: &Request<'_>,
    names: impl Iterator<Item = &'n str>,
    dialect: Dialect,
) -> String {
    let texts = names.map(|name| match Name::of(name) {
        None => "-".to_owned(),
        Some(name) => named(request, name, dialect),
    });
    let texts: Vec<String> = texts.collect();
    texts.join(match dialect {
        Dialect::CloudFront => "\t",
        Dialect::Iis => " ",
    })
}

/// A field of CloudFront's or IIS's.
fn named(request: &Request<'_>, name: Name, dialect: Dialect) -> String {
    let or_dash = |text: Option<&str>| match text {
        None | Some("") => "-".to_owned(),
        Some(text) => encoded(text, false),
    };
    match name {
        Name::Date => at(request, "%Y-%m-%d"),
        Name::Time => at(request, "%H:%M:%S"),
        Name::Timestamp => decimal(request.time.unsigned_abs(), 3),
        Name::Milliseconds => request.time.to_string(),
        Name::Edge => or_dash(request.edge.as_deref()),
        Name::Bytes => request.bytes.to_string(),
        Name::Client => or_dash(Some(&request.client)),
        Name::Method => or_dash(Some(&request.method)),
        Name::Host | Name::HostHeader => or_dash(request.host.as_deref()),
        Name::Stem => or_dash(Some(&request.path)),
        Name::Query => or_dash(request.query.as_deref()),
        Name::Status => format!("{:03}", request.status.unwrap_or_default()),
        Name::Referer => or_dash(request.referer.as_deref()),
        Name::Agent => match (request.user_agent.as_deref(), dialect) {
            (None | Some(""), _) => "-".to_owned(),
            (Some(agent), Dialect::CloudFront) => encoded(agent, true),
            (Some(agent), Dialect::Iis) => {
                agent.replace(|sign: char| sign == ' ' || sign.is_control(), "+")
            }
        },
        Name::Cache => or_dash(request.cache.as_deref()),
        Name::Taken => match (request.duration, dialect) {
            (None, _) => "-".to_owned(),
            (Some(duration), Dialect::CloudFront) => decimal(duration, 6),
            (Some(duration), Dialect::Iis) => (duration / 1_000).to_string(),
        },
    }
}

fn cloudfront_json(request: &Request<'_>) -> String {
    let fields = CLOUDFRONT.split(' ').filter_map(|name| {
        let text = named(request, Name::of(name)?, Dialect::CloudFront);
        Some((name.to_owned(), Value::from(text)))
    });
    Value::Object(fields.collect()).to_string()
}

fn alb(request: &Request<'_>) -> String {
    let time = at(request, "%Y-%m-%dT%H:%M:%S%.6fZ");
    let durations = match request.duration {
        None => "-1 -1 -1".to_owned(),
        Some(duration) => format!("0.000 {} 0.000", decimal(duration, 6)),
    };
    let host = request.host.as_deref().unwrap_or("-");
    let asked = match &*request.method {
        "" => format!("- http://{host}:80- -"),
        method => {
            let mut target = request.path.to_string();
            if let Some(query) = &request.query {
                let _ = write!(target, "?{query}");
            }
            format!("{method} http://{host}:80{target} HTTP/1.1")
        }
    };
    let status = request
        .status
        .map_or("-".to_owned(), |status| status.to_string());
    format!(
        "http {time} app/shop/50dc6c495c0c9188 {}:2817 10.0.0.1:80 {durations} {status} {status} 34 {} \"{}\" \"{}\" - - \
         arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/shop/73e2d6bc24d8a067 \"Root=1\" \"-\" \"-\" 0 \
         {time} \"forward\" \"-\" \"-\" \"10.0.0.1:80\" \"{status}\" \"-\" \"-\"",
        client(request),
        request.bytes,
        escaped(&asked),
        escaped(request.user_agent.as_deref().unwrap_or("-")),
    )
}

fn combined(request: &Request<'_>) -> String {
    let mut asked = request.path.to_string();
    if let Some(query) = &request.query {
        let _ = write!(asked, "?{query}");
    }
    if !request.method.is_empty() {
        asked = format!("{} {asked} HTTP/1.1", request.method);
    }
    format!(
        "{} - - [{}] \"{}\" {} {} \"{}\" \"{}\"",
        client(request),
        at(request, "%d/%b/%Y:%H:%M:%S +0000"),
        escaped(&asked),
        request
            .status
            .map_or("-".to_owned(), |status| status.to_string()),
        request.bytes,
        escaped(request.referer.as_deref().unwrap_or("-")),
        escaped(request.user_agent.as_deref().unwrap_or("-")),
    )
}

fn akamai(request: &Request<'_>) -> String {
    let mut object = json!({
        "type": "Raw",
        "start": request.time.to_string(),
        "message": {
            "cliIP": request.client,
            "reqMethod": request.method,
            "reqPath": match &*request.path { "" => "-", path => path },
            "status": format!("{:03}", request.status.unwrap_or_default()),
            "bytes": request.bytes.to_string(),
        },
    });
    let mut put = |pointer: [&str; 2], text: Option<String>| {
        if let Some(text) = text {
            object[pointer[0]][pointer[1]] = Value::from(text);
        }
    };
    let own = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
    put(["message", "reqHost"], own(&request.host));
    put(["message", "reqQuery"], own(&request.query));
    put(
        ["message", "UA"],
        request
            .user_agent
            .as_deref()
            .map(|text| encoded(text, true)),
    );
    put(
        ["reqHdr", "referer"],
        request.referer.as_deref().map(|text| encoded(text, true)),
    );
    put(
        ["netPerf", "downloadTime"],
        request.duration.map(|duration| decimal(duration, 3)),
    );
    put(["netPerf", "edgeIP"], own(&request.edge));
    put(["cache", "cacheHit"], own(&request.cache));
    object.to_string()
}

/// A word: the formats have no quotes for it.
fn client(request: &Request<'_>) -> String {
    match &*request.client {
        "" => "-".to_owned(),
        client => encoded(client, false),
    }
}

fn at(request: &Request<'_>, pattern: &str) -> String {
    let at = DateTime::from_timestamp_millis(request.time).unwrap_or_default();
    at.format(pattern).to_string()
}
