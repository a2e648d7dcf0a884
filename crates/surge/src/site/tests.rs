//! The rule to the letter, and what is announced ahead of it.

use model::Measure;
use proptest::prelude::*;

use super::*;
use crate::gauge::Gauge;

/// A site whose arrivals nobody asks for.
trait Alone {
    fn settle_alone(&mut self, rule: &Rule, rates: &[Rate]);
    fn announce_alone(&mut self, rule: &Rule, rates: &[Rate]);
}

impl Alone for Site {
    fn settle_alone(&mut self, rule: &Rule, rates: &[Rate]) {
        self.settle(rule, rates, &Arrivals::default());
    }

    fn announce_alone(&mut self, rule: &Rule, rates: &[Rate]) {
        if let Some(at) = self.raises(rule, rates) {
            self.raise(rule, at, &Summary::default());
        }
    }
}

fn rule(evaluation: u32, datapoints: u32, recovery: u32, repeat: u32) -> Rule {
    Rule {
        site: "shop".to_owned(),
        gauge: Gauge::of(Measure::Lines),
        window: 15,
        threshold: 10,
        evaluation,
        datapoints,
        recovery,
        repeat,
    }
}

fn rates(from: i64, counts: &[u64]) -> Vec<Rate> {
    let rate = |(second, count): (i64, &u64)| Rate {
        second: Second::new(second),
        count: *count,
        cancellations: 0,
    };
    (from..).zip(counts).map(rate).collect()
}

fn told(site: &Site) -> Vec<(AlarmKind, i64, i64, u64, u64, u64)> {
    let alarm = |a: &Alarm| {
        (
            a.kind,
            a.at.since_1970(),
            a.started_at.since_1970(),
            a.rate,
            a.trigger_count,
            a.peak,
        )
    };
    site.outbox.iter().map(alarm).collect()
}

#[test]
fn a_surge_is_told_when_it_has_lasted_and_again_when_it_is_over() {
    let rule = rule(3, 3, 4, 0);
    let mut site = Site::default();
    let counts = [9, 10, 11, 9, 10, 12, 11, 13, 0, 10, 0, 0, 0, 9, 10, 10];
    site.settle_alone(&rule, &rates(100, &counts));
    assert_eq!(
        told(&site),
        [
            (AlarmKind::Alarm, 106, 104, 11, 3, 12),
            (AlarmKind::Ok, 113, 104, 9, 0, 13),
        ]
    );
    let ids: Vec<_> = site.outbox.iter().map(|a| a.alarm_id.as_str()).collect();
    assert_eq!(ids, ["shop-0", "shop-0"]);
    site.settle_alone(&rule, &rates(116, &[10]));
    assert_eq!(site.outbox[2].alarm_id, "shop-113");
}

#[test]
fn one_datapoint_raises_the_alarm_at_the_first_crossing() {
    let rule = rule(60, 1, 60, 0);
    let mut site = Site::default();
    site.settle_alone(&rule, &rates(0, &[9, 10]));
    assert_eq!(told(&site), [(AlarmKind::Alarm, 1, 1, 10, 1, 10)]);
    site.settle_alone(&rule, &rates(2, &[0; 59]));
    assert_eq!(site.outbox.len(), 1);
    site.settle_alone(&rule, &rates(61, &[0]));
    assert_eq!(told(&site)[1], (AlarmKind::Ok, 61, 1, 0, 0, 10));
}

#[test]
fn a_surge_that_lasts_is_told_again_now_and_then() {
    let rule = rule(1, 1, 2, 5);
    let mut site = Site::default();
    site.settle_alone(
        &rule,
        &rates(0, &[10, 10, 10, 10, 10, 20, 10, 10, 10, 10, 10, 0, 0]),
    );
    let kinds: Vec<_> = told(&site).iter().map(|a| (a.0, a.1, a.5)).collect();
    assert_eq!(
        kinds,
        [
            (AlarmKind::Alarm, 0, 10),
            (AlarmKind::Reminder, 5, 20),
            (AlarmKind::Reminder, 10, 20),
            (AlarmKind::Ok, 12, 20),
        ]
    );
}

#[test]
fn an_announced_alarm_is_told_once_and_its_surge_ends_as_ever() {
    let rule = rule(3, 3, 3, 0);
    let mut site = Site::default();
    site.announce_alone(&rule, &rates(10, &[10, 10]));
    assert!(site.outbox.is_empty());
    site.announce_alone(&rule, &rates(11, &[11, 12]));
    assert_eq!(told(&site), [(AlarmKind::Alarm, 12, 10, 12, 3, 12)]);
    // Another shard's records show that it was a second earlier.
    site.settle_alone(&rule, &rates(9, &[10, 10, 11, 12, 0, 0, 0]));
    assert_eq!(told(&site)[1..], [(AlarmKind::Ok, 15, 9, 0, 0, 12)]);
}

#[test]
fn an_announced_alarm_ends_and_makes_way_even_if_the_rule_changes() {
    let mut site = Site::default();
    site.announce_alone(&rule(3, 1, 3, 0), &rates(10, &[10]));
    let stricter = rule(3, 3, 3, 0);
    site.settle_alone(&stricter, &rates(9, &[0, 10, 0, 0, 0, 0]));
    let kinds = |site: &Site| -> Vec<AlarmKind> { site.outbox.iter().map(|a| a.kind).collect() };
    assert_eq!(kinds(&site), [AlarmKind::Alarm, AlarmKind::Ok]);
    site.announce_alone(&stricter, &rates(20, &[10, 10, 10]));
    assert_eq!(kinds(&site)[2..], [AlarmKind::Alarm]);
    assert_ne!(site.outbox[2].alarm_id, site.outbox[0].alarm_id);
}

#[test]
fn a_shard_that_lags_for_long_leaves_what_is_settled_alone() {
    let rule = rule(60, 60, 60, 0);
    let mut site = Site::default();
    site.settle_alone(&rule, &rates(1_000_000_000, &[10; 100]));
    for from in (1_000_000_100..1_000_050_000).step_by(100) {
        site.announce_alone(&rule, &rates(from, &[10; 100]));
    }
    let size = serde_json::to_vec(&site).expect("JSON").len();
    assert!(size < 390 * 1024, "{size} bytes");
    site.settle_alone(&rule, &rates(1_000_000_100, &[0; 50]));
    let kinds: Vec<_> = site.outbox.iter().map(|a| a.kind).collect();
    assert_eq!(kinds, [AlarmKind::Alarm], "it is not over yet");
}

#[test]
fn what_is_kept_does_not_grow_without_end() {
    let rule = rule(60, 60, 60, 0);
    let mut site = Site::default();
    for from in (0..50_000).step_by(50) {
        site.announce_alone(&rule, &rates(from, &[10; 50]));
    }
    let size = serde_json::to_vec(&site).expect("JSON").len();
    assert!(size < 300_000, "{size} bytes");
    site.settle_alone(&rule, &rates(0, &[10; 10_000]));
    assert!(site.breaches.len() <= UNSETTLED_BREACHES + 60);
    let json = serde_json::to_string(&site).expect("JSON");
    assert_eq!(serde_json::from_str::<Site>(&json).expect("a site"), site);
}

/// The rule as it is written down, over all seconds from 0 on.
fn naive(rule: &Rule, counts: &[u64]) -> Vec<(AlarmKind, i64)> {
    let breach = |u: i64| usize::try_from(u).is_ok_and(|u| counts[u] >= rule.threshold);
    let mut told = Vec::new();
    let mut alarm: Option<i64> = None;
    for t in 0..counts.len() as i64 {
        let trigger = (t - i64::from(rule.evaluation) + 1..=t)
            .filter(|u| breach(*u))
            .count();
        match alarm {
            None if trigger >= rule.datapoints as usize => {
                alarm = Some(t);
                told.push((AlarmKind::Alarm, t));
            }
            None => {}
            Some(at) => {
                if !(t - i64::from(rule.recovery) + 1..=t).any(breach) {
                    alarm = None;
                    told.push((AlarmKind::Ok, t));
                } else if rule.repeat > 0 && (t - at) % i64::from(rule.repeat) == 0 {
                    told.push((AlarmKind::Reminder, t));
                }
            }
        }
    }
    told
}

fn rules() -> impl Strategy<Value = Rule> {
    (1u32..12, 1u32..12, 0u32..10, 0u32..8).prop_map(|(evaluation, datapoints, more, repeat)| {
        let datapoints = datapoints.min(evaluation);
        rule(
            evaluation,
            datapoints,
            evaluation - datapoints + 1 + more,
            repeat,
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn settling_is_the_rule_and_announcing_only_brings_alarms_forward(
        rule in rules(),
        counts in prop::collection::vec(prop::sample::select(vec![0u64, 9, 10, 12]), 1..120),
        cuts in prop::collection::vec((1usize..15, 0usize..20, any::<u64>()), 1..10),
    ) {
        let all = rates(0, &counts);
        let mut steady = Site::default();
        steady.settle_alone(&rule, &all);
        let exactly: Vec<_> = told(&steady).iter().map(|a| (a.0, a.1)).collect();
        prop_assert_eq!(&exactly, &naive(&rule, &counts));

        let mut site = Site::default();
        let mut settled = 0;
        for (step, ahead, missing) in cuts.iter().cycle() {
            let to = (settled + step).min(all.len());
            // Ahead of what is settled, some of it has not come in yet.
            let seen: Vec<Rate> = all[to..(to + ahead).min(all.len())]
                .iter()
                .map(|r| Rate { count: if missing >> (r.second.since_1970() % 64) & 1 == 1 { 0 } else { r.count }, ..*r })
                .collect();
            site.settle_alone(&rule, &all[settled..to]);
            site.announce_alone(&rule, &seen);
            settled = to;
            if settled == all.len() {
                break;
            }
        }
        // Everything is told the same; only an ALARM may be told of a later second.
        prop_assert_eq!(site.outbox.len(), steady.outbox.len());
        for (eager, exact) in site.outbox.iter().zip(&steady.outbox) {
            if eager.kind == AlarmKind::Alarm {
                prop_assert_eq!((&eager.alarm_id, exact.kind), (&exact.alarm_id, AlarmKind::Alarm));
                prop_assert!(eager.at >= exact.at && eager.started_at >= exact.started_at);
                prop_assert_eq!(eager.trigger_count, u64::from(rule.datapoints));
            } else {
                prop_assert_eq!(eager, exact);
            }
        }
    }
}
