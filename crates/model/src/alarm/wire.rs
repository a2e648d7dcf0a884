//! An alarm record in its written form: the fields of today, and those by which readers
//! of the first version find the same.

use serde::{Deserialize, Serialize};

use crate::alarm::{Alarm, AlarmKind, Contributors, Measure, Signal};
use crate::second::Second;

/// The fields of a record. What may be missing is what one of the two versions lacks.
#[derive(Serialize, Deserialize)]
pub(super) struct Wire {
    alarm_id: String,
    kind: AlarmKind,
    #[serde(default)]
    signal: Signal,
    site: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    measure: Option<Measure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peak: Option<u64>,
    threshold: u64,
    window_seconds: u32,
    trigger_count: u64,
    #[serde(default)]
    cancellation_count: u64,
    started_at: Second,
    at: Second,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contributors: Vec<Contributors>,
    /// The first version's names of measure, rate and peak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<Measure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peak_count: Option<u64>,
}

impl From<Alarm> for Wire {
    fn from(alarm: Alarm) -> Self {
        let first = alarm.measure.is_of_orders();
        Self {
            alarm_id: alarm.alarm_id,
            kind: alarm.kind,
            signal: alarm.signal,
            site: alarm.site,
            measure: Some(alarm.measure),
            rate: Some(alarm.rate),
            peak: Some(alarm.peak),
            threshold: alarm.threshold,
            window_seconds: alarm.window_seconds,
            trigger_count: alarm.trigger_count,
            cancellation_count: alarm.cancellation_count,
            started_at: alarm.started_at,
            at: alarm.at,
            contributors: alarm.contributors,
            count: first.then_some(alarm.measure),
            order_count: first.then_some(alarm.rate),
            peak_count: first.then_some(alarm.peak),
        }
    }
}

impl TryFrom<Wire> for Alarm {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        Ok(Self {
            alarm_id: wire.alarm_id,
            kind: wire.kind,
            signal: wire.signal,
            site: wire.site,
            measure: wire.measure.or(wire.count).ok_or("no measure")?,
            rate: wire.rate.or(wire.order_count).ok_or("no rate")?,
            peak: wire.peak.or(wire.peak_count).ok_or("no peak")?,
            threshold: wire.threshold,
            window_seconds: wire.window_seconds,
            trigger_count: wire.trigger_count,
            cancellation_count: wire.cancellation_count,
            started_at: wire.started_at,
            at: wire.at,
            contributors: wire.contributors,
        })
    }
}
