//! Hostile inputs of one, two, four and eight times the length: the bytes a second
//! that are decoded must be the same for each, or time is not linear.
#![allow(missing_docs, reason = "Criterion's macros")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn hostile(c: &mut Criterion) {
    for (name, input) in fuzz::hostile::INPUTS {
        let mut group = c.benchmark_group(format!("hostile {name}"));
        group.sample_size(10);
        for kilobytes in [128, 256, 512, 1024] {
            let record = input(kilobytes * 1024);
            group.throughput(Throughput::Bytes(record.len() as u64));
            let id = BenchmarkId::from_parameter(format!("{kilobytes} KB"));
            group.bench_with_input(id, &record, |b, record| {
                b.iter(|| {
                    model::decode(black_box(record))
                        .filter(|l| l.line.is_ok())
                        .count()
                });
            });
        }
        group.finish();
    }
}

fn described(c: &mut Criterion) {
    for (name, form, input) in fuzz::hostile::DESCRIBED {
        let format = fuzz::described::format(form);
        let mut group = c.benchmark_group(format!("hostile described {name}"));
        group.sample_size(10);
        for kilobytes in [128, 256, 512, 1024] {
            let record = input(kilobytes * 1024);
            group.throughput(Throughput::Bytes(record.len() as u64));
            let id = BenchmarkId::from_parameter(format!("{kilobytes} KB"));
            group.bench_with_input(id, &record, |b, record| {
                b.iter(|| {
                    format
                        .decode(black_box(record))
                        .filter(|l| l.line.is_ok())
                        .count()
                });
            });
        }
        group.finish();
    }
}

fn logs(c: &mut Criterion) {
    for (name, log, input) in fuzz::hostile::LOGS {
        let log = model::Log::named(log).expect("a log's name");
        let mut group = c.benchmark_group(format!("hostile log {name}"));
        group.sample_size(10);
        for kilobytes in [128, 256, 512, 1024] {
            let text = input(kilobytes * 1024);
            group.throughput(Throughput::Bytes(text.len() as u64));
            let id = BenchmarkId::from_parameter(format!("{kilobytes} KB"));
            group.bench_with_input(id, &text, |b, text| {
                b.iter(|| {
                    let mut good = 0;
                    let mut decoder = model::LogDecoder::new(&log);
                    decoder.decode(black_box(text), |entry| {
                        good += usize::from(entry.content.is_ok())
                    });
                    good
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, hostile, described, logs);
criterion_main!(benches);
