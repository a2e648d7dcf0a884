//! What a log is by how it begins, where that is certain. Real-time logs have no names and
//! nothing that is theirs alone, and so are never recognised.

use super::columns::fields_of;
use super::{Content, FieldList, Log, LogDecoder, flows};
use crate::record::BOM;

/// How many lines are looked at: the first ones may be a hostile client's.
const LINES: usize = 16;

/// What a log is that begins so.
pub(super) fn log(beginning: &[u8]) -> Option<Log> {
    let beginning = beginning.strip_prefix(BOM).unwrap_or(beginning);
    let lines = beginning.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty()).take(LINES);
    lines.find_map(of_line)
}

fn of_line(line: &[u8]) -> Option<Log> {
    match line[0] {
        b'#' => of_directive(std::str::from_utf8(line).ok()?.strip_prefix('#')?),
        b'{' | b'[' => first_of([Log::CloudFrontJson, Log::Akamai], line),
        _ if std::str::from_utf8(line).is_ok_and(flows::is_header) => {
            Some(Log::VpcFlow(FieldList::default()))
        }
        _ => first_of(
            [Log::Alb, Log::VpcFlow(FieldList::default()), Log::Combined],
            line,
        ),
    }
}

/// A `#Fields` line of CloudFront's, whose fields may be chosen, or another's.
fn of_directive(directive: &str) -> Option<Log> {
    let mut fields = fields_of(directive)?.peekable();
    fields.peek()?;
    let is_edge = |name: &str| {
        name.starts_with("x-edge-") || matches!(name, "x-host-header" | "timestamp(ms)")
    };
    Some(if fields.any(is_edge) {
        Log::CloudFront
    } else {
        Log::W3c
    })
}

/// The first of these formats that the line is of.
fn first_of<const N: usize>(logs: [Log; N], line: &[u8]) -> Option<Log> {
    logs.into_iter().find(|log| {
        let (mut good, mut bad) = (0, 0);
        LogDecoder::new(log).decode(line, |entry| match entry.content {
            Ok(content) if is_certain(log, &content) => good += 1,
            _ => bad += 1,
        });
        good > 0 && bad == 0
    })
}

/// Whether what a line tells could be told by no other format's line.
fn is_certain(log: &Log, content: &Content<'_>) -> bool {
    match (log, content) {
        // Objects of others may have some of the fields, but not these as well.
        (Log::CloudFrontJson, Content::Request(request)) => request.edge.is_some(),
        (Log::Akamai, Content::Request(request)) => !request.client.is_empty(),
        // Others may have 14 columns of numbers, but not addresses and an action among them.
        (Log::VpcFlow(_), Content::Flow(flow)) => flow.source.is_some() && flow.action.is_some(),
        _ => true,
    }
}
