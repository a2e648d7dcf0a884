//! What the pipeline promises, for thousands of seeds.

use simulation::{many, run};

/// `SIMULATION_SEEDS` of them, if it is set.
const SEEDS: u64 = 10_000;

fn seeds() -> u64 {
    let set = std::env::var("SIMULATION_SEEDS").ok();
    set.map_or(SEEDS, |text| {
        text.parse().expect("SIMULATION_SEEDS is a number")
    })
}

#[test]
fn every_promise_holds_for_every_seed_and_every_fault_is_injected() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let seeds = seeds();
    let found = many(0..seeds, threads, false, |_, _| {});
    println!("{}", found.summary());
    if let Some((seed, broken)) = found.broken.first_key_value() {
        panic!(
            "seed {seed}: {}\nreplay it: scripts/simulate --seed {seed} --trace",
            broken.join("\n  ")
        );
    }
    assert!(
        seeds < 1_000 || found.silent().is_empty(),
        "never injected: {:?}",
        found.silent()
    );
    let share = found.stats.strict * 100 / found.stats.runs.max(1);
    assert!(share >= 60, "only {share} % of the runs check every alarm");
}

#[test]
fn a_seed_does_the_same_each_time() {
    for seed in [3, 17, 2_024] {
        let (one, two) = (run(seed, true), run(seed, true));
        assert!(
            one.trace.len() > 100,
            "seed {seed} traces {} lines",
            one.trace.len()
        );
        assert_eq!(one.trace, two.trace, "seed {seed}");
    }
}
