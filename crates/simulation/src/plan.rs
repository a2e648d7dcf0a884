//! What a seed decides before its world begins.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use function::env::Env;
use mapping::{Settings, Source, Start};
use model::OrderFormat;
use surge::Rule;

use crate::access::Access;
use crate::faults::{Fault, Service};
use crate::functions::Function;
use crate::shop::Shop;
use crate::weather::{Outage, Weather};

/// What a seed decides.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How the shop writes its orders.
    pub shop: Shop,
    /// What the functions are told of it.
    pub format: OrderFormat,
    /// The rule that `surge` follows.
    pub rule: Rule,
    /// When producers make their last order.
    pub production: Duration,
    /// How many orders a second a busy and a quiet site has, in thousandths.
    pub pace: (u32, u32),
    /// Each mapping's settings.
    pub mappings: BTreeMap<Function, Settings>,
    /// When faults strike.
    pub weather: Weather,
    /// When each stream's shards change.
    pub reshards: Vec<(Duration, Service)>,
    /// How access logs are, where there are some.
    pub access: Option<Access>,
}

impl Plan {
    /// What chance decides, and the seed.
    ///
    /// # Panics
    /// If a shop's order format is none.
    pub fn of(seed: u64, rng: &mut Rng) -> Self {
        let shop = Shop::of(seed);
        let file = shop.file().map(OrderFormat::parse);
        let format = file.map(|format| format.expect("an order format"));
        let production = Duration::from_secs(rng.u64(20..120));
        let reshards = (0..rng.u32(0..4)).map(|_| {
            let stream = *rng
                .choice(&[Service::Orders, Service::Orders, Service::Alarms])
                .expect("one");
            (Duration::from_millis(rng.u64(0..200_000)), stream)
        });
        let mut reshards: Vec<_> = reshards.collect();
        reshards.sort();
        let mut plan = Self {
            shop,
            format: format.unwrap_or_default(),
            rule: rule(rng, seed),
            production,
            pace: (rng.u32(500..3_000), rng.u32(0..100)),
            mappings: Function::ALL.map(|f| (f, settings(rng, f))).into(),
            weather: weather(rng, production, &Service::CALLED),
            reshards,
            access: None,
        };
        plan.add_access(seed);
        plan
    }

    /// Adds access logs to some worlds, by a chance of their own: what else there is stays
    /// the same.
    fn add_access(&mut self, seed: u64) {
        let mut rng = Rng::with_seed(!seed);
        self.access = Access::of(seed, &mut rng);
        if self.access.is_none() {
            return;
        }
        let mapping = settings(&mut rng, Function::Traffic);
        self.mappings.insert(Function::Traffic, mapping);
        for _ in 0..rng.u32(0..3) {
            let at = Duration::from_millis(rng.u64(0..200_000));
            self.reshards.push((at, Service::Requests));
        }
        self.reshards.sort();
        let more = weather(&mut rng, self.production, &Service::OF_TRAFFIC);
        self.weather.calls.extend(more.calls);
        self.weather.habits.extend(more.habits);
        self.weather.outages.extend(more.outages);
    }

    /// Whether a function's mapping gives up some day.
    #[must_use]
    pub fn gives_up(&self, function: Function) -> bool {
        self.mappings[&function].maximum_retry_attempts >= 0
    }
}

fn rule(rng: &mut Rng, seed: u64) -> Rule {
    let evaluation = rng.u32(1..12);
    let datapoints = rng.u32(1..=evaluation);
    let recovery = evaluation - datapoints + 1 + rng.u32(0..15);
    let count = *rng.choice(&["orders", "lines", "units"]).expect("one");
    // By no chance of its own, so that what else there is stays the same.
    let contributors = match seed % 7 {
        0 => "none",
        1 => "article, customer",
        _ => "customer, country, article",
    };
    let variables = [
        ("WINDOW_SECONDS", rng.u32(1..16).to_string()),
        ("ORDER_THRESHOLD", rng.u32(1..8).to_string()),
        ("EVALUATION_SECONDS", evaluation.to_string()),
        ("DATAPOINTS_TO_ALARM", datapoints.to_string()),
        ("RECOVERY_SECONDS", recovery.to_string()),
        ("REPEAT_SECONDS", rng.u32(0..30).to_string()),
        ("COUNT", count.to_owned()),
        ("CONTRIBUTORS", contributors.to_owned()),
    ];
    let lookup = |name: &str| {
        let found = variables.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| value.clone())
    };
    Rule::from_env(&Env::new(&lookup)).expect("a rule that makes sense")
}

fn settings(rng: &mut Rng, function: Function) -> Settings {
    let stream = match function.stream() {
        Service::Orders => "orders",
        Service::Alarms => "alarms",
        _ => "requests",
    };
    let source = Source {
        stream_arn: format!("arn:aws:kinesis:us-east-1:123456789012:stream/{stream}"),
        function_arn: format!("arn:aws:lambda:us-east-1:123456789012:function:{function}"),
        role_arn: format!("arn:aws:iam::123456789012:role/{function}"),
    };
    let mut settings = Settings::new(source, Start::TrimHorizon);
    settings.batch_size = *rng.choice(&[1, 3, 10, 100, 100]).expect("one");
    settings.batching_window_seconds = *rng.choice(&[0, 0, 1, 3]).expect("one");
    settings.report_batch_item_failures = true;
    settings.bisect_batch_on_function_error = rng.bool();
    // A shard that counts nothing for a minute is taken for idle: surge never gives up.
    // Nor does traffic: what is lost there is found out by its parts.
    let gives_up = !matches!(function, Function::Surge | Function::Traffic);
    if gives_up && rng.u32(0..8) == 0 {
        settings.maximum_retry_attempts = rng.i64(0..4);
    }
    settings.function_timeout_seconds = function.timeout().as_secs() as i64;
    settings
}

fn weather(rng: &mut Rng, production: Duration, called: &[Service]) -> Weather {
    let storm = *rng.choice(&[0, 10, 10, 40, 40, 150]).expect("one");
    let calls = called.iter().map(|service| {
        // What is called less often fails more often.
        let flaky = if service.is_busy() { 1 } else { 4 };
        let rate = match rng.u32(0..20) {
            n if n < flaky => 600,
            n if n < flaky + 3 => storm * 3,
            _ => storm,
        };
        (*service, rate)
    });
    let calls = calls.collect();
    let mut habits = BTreeMap::new();
    for service in called {
        if rng.u32(0..4) == 0 {
            habits.extend(rng.choice(Fault::OF_CALLS).map(|fault| (*service, fault)));
        }
    }
    let until = production + Duration::from_secs(rng.u64(0..120));
    let outages = outages(rng, until, called);
    Weather {
        calls,
        habits,
        processes: *rng.choice(&[0, 10, 30, 100]).expect("one"),
        outages,
        until,
        hours: rng.u32(0..6) == 0,
    }
}

/// Services that are away: alarms wait longest for their stream, and much depends on
/// what happens when it comes back.
fn outages(rng: &mut Rng, until: Duration, called: &[Service]) -> Vec<Outage> {
    let outages = (0..*rng.choice(&[0, 0, 1, 2]).expect("one")).map(|_| {
        let from = Duration::from_secs(rng.u64(0..until.as_secs()));
        let kinds = [
            Fault::Before,
            Fault::Throttled,
            Fault::Lost,
            Fault::Denied,
            Fault::After,
        ];
        let waited_for = if called.contains(&Service::Alarms) {
            Service::Alarms
        } else {
            Service::Metrics
        };
        let service = if rng.u32(0..4) == 0 {
            waited_for
        } else {
            *rng.choice(called).expect("one")
        };
        Outage {
            service,
            from,
            until: from + Duration::from_secs(rng.u64(3..150)),
            fault: *rng.choice(&kinds).expect("one"),
        }
    });
    outages.collect()
}
