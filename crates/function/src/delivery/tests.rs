//! Delivery against a service that does what a script says.

use std::collections::BTreeMap;
use std::sync::Mutex;

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;

const LIMITS: Limits = Limits {
    items_per_call: 3,
    bytes_per_call: 100,
    in_flight: 2,
    pauses: Pauses {
        first: Duration::from_millis(50),
        longest: Duration::from_secs(2),
    },
};

/// What the service does with an item: how often it says `Again`, then its end.
#[derive(Debug, Clone, Copy)]
struct Plan {
    throttled: u32,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Taken,
    RefusedPerItem,
    /// Fails every call it is in.
    RefusesCall,
    Denied,
    Hangs,
}

#[derive(Default)]
struct Service {
    tries: Mutex<BTreeMap<usize, u32>>,
    taken: Mutex<BTreeMap<usize, u32>>,
    calls: Mutex<Vec<Vec<usize>>>,
}

impl Target<(usize, Plan)> for Service {
    async fn call(&self, items: &[&(usize, Plan)]) -> Result<Vec<Outcome>, CallError> {
        self.calls
            .lock()
            .expect("calls")
            .push(items.iter().map(|(n, _)| *n).collect());
        let any = |end| items.iter().any(|(_, plan)| plan.end == end);
        if any(End::Hangs) {
            std::future::pending::<()>().await;
        }
        if any(End::Denied) {
            return Err(CallError::Permanent("denied".into()));
        }
        if any(End::RefusesCall) {
            return Err(CallError::Refused("bad item".into()));
        }
        let mut tries = self.tries.lock().expect("tries");
        if items
            .iter()
            .all(|(n, plan)| *tries.entry(*n).or_default() < plan.throttled)
        {
            for (n, _) in items {
                *tries.entry(*n).or_default() += 1;
            }
            return Err(CallError::Retryable("throttled".into()));
        }
        let mut outcome = |(n, plan): &(usize, Plan)| {
            let tried = tries.entry(*n).or_default();
            *tried += 1;
            if *tried <= plan.throttled {
                return Outcome::Again;
            }
            if plan.end == End::RefusedPerItem {
                return Outcome::Refused;
            }
            *self.taken.lock().expect("taken").entry(*n).or_default() += 1;
            Outcome::Done
        };
        Ok(items.iter().map(|item| outcome(item)).collect())
    }
}

async fn run(service: &Service, plans: &[Plan], seconds: u64) -> Delivery {
    let items: Vec<_> = plans.iter().copied().enumerate().collect();
    let deadline = Deadline::after(Duration::from_secs(seconds));
    deliver(service, &items, |_| 10, LIMITS, deadline).await
}

fn plan(throttled: u32, end: End) -> Plan {
    Plan { throttled, end }
}

#[tokio::test(start_paused = true)]
async fn delivers_each_item_once_within_the_limits() {
    let service = Service::default();
    let delivery = run(&service, &[plan(0, End::Taken); 8], 10).await;
    assert_eq!(delivery.fates, [Fate::Delivered; 8]);
    assert_eq!(delivery.retried, 0);
    assert!(
        service
            .calls
            .lock()
            .expect("calls")
            .iter()
            .all(|call| call.len() <= 3)
    );
    assert!(
        service
            .taken
            .lock()
            .expect("taken")
            .values()
            .all(|times| *times == 1)
    );
}

#[tokio::test(start_paused = true)]
async fn bytes_bound_a_call_too() {
    let service = Service::default();
    let items: Vec<_> = [plan(0, End::Taken); 4].into_iter().enumerate().collect();
    let deadline = Deadline::after(Duration::from_secs(10));
    deliver(
        &service,
        &items,
        |(n, _)| if *n == 1 { 95 } else { 10 },
        LIMITS,
        deadline,
    )
    .await;
    let mut calls = service.calls.into_inner().expect("calls");
    calls.sort();
    assert_eq!(calls, [vec![0], vec![1], vec![2, 3]]);
}

#[tokio::test(start_paused = true)]
async fn offers_again_only_what_was_not_taken() {
    let service = Service::default();
    let plans = [
        plan(0, End::Taken),
        plan(2, End::Taken),
        plan(0, End::Taken),
    ];
    let delivery = run(&service, &plans, 10).await;
    assert_eq!(delivery.fates, [Fate::Delivered; 3]);
    assert_eq!(delivery.retried, 2);
    assert_eq!(
        *service.calls.lock().expect("calls"),
        [vec![0, 1, 2], vec![1], vec![1]]
    );
}

#[tokio::test(start_paused = true)]
async fn gives_up_shortly_before_the_deadline_and_says_what_is_pending() {
    let service = Service::default();
    let start = Instant::now();
    let delivery = run(
        &service,
        &[plan(u32::MAX, End::Taken), plan(0, End::Taken)],
        10,
    )
    .await;
    assert_eq!(delivery.fates, [Fate::Pending, Fate::Delivered]);
    assert!(
        start.elapsed() < Duration::from_secs(9),
        "{:?}",
        start.elapsed()
    );
    assert!(delivery.retried > 4);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_is_cut_off_at_the_deadline() {
    let service = Service::default();
    let start = Instant::now();
    let delivery = run(&service, &[plan(0, End::Hangs)], 10).await;
    assert_eq!(delivery.fates, [Fate::Pending]);
    assert_eq!(start.elapsed(), Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn one_bad_item_keeps_no_other_back() {
    let service = Service::default();
    let plans = [
        plan(0, End::Taken),
        plan(0, End::RefusesCall),
        plan(1, End::Taken),
    ];
    let delivery = run(&service, &plans, 10).await;
    assert_eq!(
        delivery.fates,
        [Fate::Delivered, Fate::Refused, Fate::Delivered]
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_cannot_succeed_is_not_repeated() {
    let service = Service::default();
    let start = Instant::now();
    let delivery = run(&service, &[plan(0, End::Denied); 30], 10).await;
    assert_eq!(delivery.fates, [Fate::Pending; 30]);
    assert!(matches!(delivery.error, Some(CallError::Permanent(_))));
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(service.calls.lock().expect("calls").len() <= LIMITS.in_flight);
}

#[test]
fn pauses_grow_to_their_bound() {
    let pauses: Vec<_> = [0, 1, 2, 5, 6, 31, 32, 4000]
        .map(|n| LIMITS.pauses.before(n, 1.0))
        .to_vec();
    let millis = [50, 100, 200, 1600, 2000, 2000, 2000, 2000];
    assert_eq!(pauses, millis.map(Duration::from_millis));
    assert_eq!(LIMITS.pauses.before(3, 0.5), Duration::from_millis(200));
}

proptest! {
    #[test]
    fn every_fate_is_true(
        plans in prop::collection::vec(
            (0u32..4, prop::sample::select(vec![End::Taken, End::RefusedPerItem, End::RefusesCall])),
            0..30,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let plans: Vec<_> = plans.into_iter().map(|(n, end)| plan(n, end)).collect();
        let service = Service::default();
        let delivery = runtime.block_on(run(&service, &plans, 600));
        let taken = service.taken.lock().expect("taken");
        for (item, plan) in plans.iter().enumerate() {
            let expected = match plan.end {
                End::Taken => Fate::Delivered,
                _ => Fate::Refused,
            };
            prop_assert_eq!(delivery.fates[item], expected);
            prop_assert_eq!(taken.contains_key(&item), expected == Fate::Delivered);
        }
    }
}
