//! The report as a page: what is drawn. What is said in words is `words`'.

use std::path::Path;

use super::replay::Surge;
use super::{Backtest, words};
use crate::page::{self, Chart, Run, Series};

/// Writes the page, or nothing at all.
pub(super) fn write(path: &Path, backtest: &Backtest) -> anyhow::Result<()> {
    page::write(path, words::parts(backtest), &chart(backtest))
}

fn chart(backtest: &Backtest) -> Chart {
    let steps = &backtest.profile.steps;
    let runs = steps.chunk_by(|a, b| b.0 == a.0 + 1);
    let alarm = |surge: &Surge| {
        let [started, raised, ended] =
            [surge.started_at, surge.raised_at, surge.ended_at].map(model::Second::since_1970);
        (started, raised, ended, surge.peak)
    };
    Chart {
        step: backtest.profile.step,
        series: vec![Series {
            label: "Rate",
            colour: "rate",
            noun: None,
        }],
        threshold: Some(backtest.rule.threshold()),
        runs: runs
            .map(|run| Run {
                first: run[0].0,
                values: vec![run.iter().map(|(_, rate)| *rate).collect()],
            })
            .collect(),
        alarms: backtest.surges.iter().map(alarm).collect(),
    }
}
