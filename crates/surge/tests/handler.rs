//! The handler against a table and a stream in memory: what it does at once.

#[allow(dead_code, reason = "the faults and costs are other tests'")]
mod memory;

use std::time::Duration;

use chrono::{DateTime, Utc};
use function::env::Env;
use function::{Deadline, KinesisEvent};
use memory::{Memory, Stream};
use model::AlarmKind;
use surge::{Handler, Rule};

const START: i64 = 1_291_191_960;

fn moment(second: i64, milliseconds: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(second, milliseconds * 1_000_000).expect("in the calendar")
}

#[tokio::test(start_paused = true)]
async fn a_flood_over_new_shards_is_told_without_waiting_for_the_clock() {
    let lookup = |name: &str| (name == "DATAPOINTS_TO_ALARM").then(|| "1".to_owned());
    let rule = Rule::from_env(&Env::new(&lookup)).expect("a rule");
    let (table, stream) = (Memory::default(), Stream::default());
    let handler = Handler::new(rule, &table, &stream);
    // One order a second and shard: the four together reach 15 in the fourth second.
    for second in 0..4 {
        for shard in 0..4 {
            let order =
                format!("{shard}{second},85123A,HEART,1,12/1/2010 8:26,2.55,17850,United Kingdom");
            let event = testkit::event(10 + second, &[order]);
            let mut event: KinesisEvent = serde_json::from_slice(&event).expect("an event");
            let now = moment(START + second as i64, shard * 250);
            event.records[0].arrived_at = now;
            event.records[0].shard = format!("shardId-{shard:012}");
            let deadline = Deadline::after(Duration::from_secs(20));
            handler.batch(&event.records, now, deadline).await;
        }
    }
    let alarms = stream.alarms.into_inner().expect("alarms");
    let told: Vec<_> = alarms.iter().map(|a| (a.kind, a.order_count)).collect();
    assert_eq!(told, [(AlarmKind::Alarm, 15)]);
}
