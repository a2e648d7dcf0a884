use proptest::prelude::*;

use super::*;
use crate::alarm::Signal;
use crate::second::Second;

fn of(dimension: Dimension, total: u64, different: u64, top: &[(&str, u64)]) -> Contributors {
    let measure = match dimension {
        Dimension::Article => Measure::Lines,
        Dimension::Customer | Dimension::Country => Measure::Orders,
    };
    let top = top.iter().map(|(value, count)| Contributor {
        value: (*value).to_owned(),
        count: *count,
    });
    Contributors {
        dimension,
        measure,
        total,
        different,
        missed: 0,
        top: top.collect(),
    }
}

fn customers(total: u64, different: u64, top: &[(&str, u64)]) -> Contributors {
    of(Dimension::Customer, total, different, top)
}

fn alarm(contributors: &[Contributors]) -> Alarm {
    Alarm {
        alarm_id: "website-0".to_owned(),
        kind: AlarmKind::Alarm,
        signal: Signal::Surge,
        site: "website".to_owned(),
        rate: 74,
        trigger_count: 60,
        peak: 90,
        cancellation_count: 3,
        threshold: 15,
        window_seconds: 15,
        measure: Measure::Orders,
        started_at: Second::new(1_545_084_664),
        at: Second::new(1_545_084_811),
        contributors: contributors.to_vec(),
    }
}

/// The short text and the sentence.
fn words(contributors: &[Contributors]) -> (String, String) {
    let alarm = alarm(contributors);
    let verdict = alarm.verdict().expect("a verdict");
    (verdict.short, verdict.sentence)
}

#[test]
fn one_customer_that_outweighs_all_others_looks_like_a_script() {
    let (short, sentence) = words(&[customers(74, 12, &[("17850", 61), ("13047", 3)])]);
    assert_eq!(short, "customer 17850 sends 82 % of the orders");
    assert_eq!(
        sentence,
        "Customer 17850 sends 82 % of the orders. This looks like a script, not a sale."
    );
}

#[test]
fn lines_of_one_customer_may_be_one_large_order() {
    let mut lines = customers(300, 3, &[("17850", 290)]);
    lines.measure = Measure::Lines;
    let (_, sentence) = words(&[lines]);
    assert_eq!(
        sentence,
        "Customer 17850 sends 97 % of the order lines. This looks like a script, or a large order."
    );
}

#[test]
fn many_customers_of_whom_none_stands_out_look_like_a_sale() {
    let country = of(Dimension::Country, 1_000, 12, &[("United Kingdom", 910)]);
    let (short, sentence) = words(&[customers(1_000, 430, &[("17850", 25), ("5", 20)]), country]);
    assert_eq!(short, "430 customers in 12 countries, none above 3 %");
    assert_eq!(sentence, format!("{short}. This looks like a sale."));
}

#[test]
fn a_few_customers_together_are_named_by_their_number() {
    let top = [("1", 30), ("2", 20), ("3", 10), ("4", 5)];
    let (short, sentence) = words(&[customers(110, 40, &top)]);
    assert_eq!(short, "3 of 40 customers send 55 % of the orders");
    assert!(sentence.ends_with("This looks like a script, not a sale."));
    // Four are no few, and one of a quarter stands out, but is not half.
    let four = [("1", 28), ("2", 10), ("3", 10), ("4", 10)];
    let (short, sentence) = words(&[customers(100, 40, &four)]);
    assert_eq!(short, "40 customers, the first with 28 %");
    assert_eq!(sentence, "40 customers, the first with 28 %.");
}

#[test]
fn an_article_is_a_fact_beside_its_buyers_and_weaker_than_one_of_them() {
    let article = of(Dimension::Article, 200, 8, &[("85123A", 190)]);
    let many = customers(74, 70, &[("17850", 2)]);
    let (short, sentence) = words(&[many, article.clone()]);
    assert_eq!(short, "article 85123A is 95 % of the order lines");
    assert_eq!(
        sentence,
        "Article 85123A is 95 % of the order lines; 70 customers, none above 3 %. \
         This looks like a sale."
    );
    let (short, sentence) = words(&[article, customers(74, 12, &[("17850", 61)])]);
    assert_eq!(short, "customer 17850 sends 82 % of the orders");
    assert!(sentence.contains("; article 85123A is 95 % of the order lines."));
}

#[test]
fn orders_without_an_account_are_no_customer() {
    let guests = customers(100, 30, &[("guest", 60), ("1", 3)]);
    let record = alarm(std::slice::from_ref(&guests));
    let verdict = record.verdict().expect("a verdict");
    assert_eq!(verdict.short, "orders without an account are 60 %");
    assert_eq!(
        verdict.sentence,
        "Orders without an account are 60 %; 29 customers, none above 3 %."
    );
    assert_eq!((verdict.contributor(), verdict.percent), ("guest", 60));
    // Fewer of them neither hide a customer nor are one.
    let (short, _) = words(&[customers(100, 30, &[("1", 52), ("guest", 40)])]);
    assert_eq!(short, "customer 1 sends 52 % of the orders");
    let (short, _) = words(&[customers(100, 61, &[("guest", 40), ("1", 1)])]);
    assert_eq!(
        short,
        "60 customers, none above 1 %, 40 % without an account"
    );
    // In another dimension it is a value as any.
    let (short, _) = words(&[of(Dimension::Article, 100, 2, &[("guest", 99)])]);
    assert_eq!(short, "article guest is 99 % of the order lines");
}

#[test]
fn a_country_leads_only_where_nothing_else_was_counted() {
    let country = || of(Dimension::Country, 100, 12, &[("United Kingdom", 91)]);
    let (short, _) = words(&[country()]);
    assert_eq!(short, "country \"United Kingdom\" is 91 % of the orders");
    let (short, sentence) = words(&[country(), customers(100, 100, &[("1", 1)])]);
    assert_eq!(short, "100 customers in 12 countries, none above 1 %");
    assert!(!sentence.contains("Kingdom"), "{sentence}");
    let (short, _) = words(&[of(Dimension::Country, 100, 12, &[("unknown", 30)])]);
    assert_eq!(short, "12 countries, the first with 30 %");
}

#[test]
fn counts_that_are_not_exact_are_told_as_bounds() {
    let bounded = |missed, total, top: &[(&str, u64)]| Contributors {
        missed,
        ..customers(total, 5_000, top)
    };
    // 81.9 % rounds to 82, but is not at least that.
    let (short, _) = words(&[bounded(4, 1_000, &[("17850", 819)])]);
    assert_eq!(short, "customer 17850 sends at least 81 % of the orders");
    let (short, _) = words(&[bounded(40, 1_000, &[("17850", 20)])]);
    assert_eq!(short, "about 5000 customers, none above 6 %");
    // With what it may have missed it may stand out.
    let (short, _) = words(&[bounded(90, 1_000, &[("17850", 20)])]);
    assert_eq!(short, "about 5000 customers, the first with at least 2 %");
}

#[test]
fn half_is_where_it_weighs_as_much_as_all_others() {
    let at = |count| words(&[customers(1_000, 900, &[("1", count)])]).0;
    assert_eq!(at(500), "customer 1 sends 50 % of the orders");
    assert_eq!(at(499), "900 customers, the first with 50 %");
    assert_eq!(at(101), "900 customers, the first with 10 %");
    assert_eq!(at(100), "900 customers, none above 10 %");
}

#[test]
fn what_is_over_is_told_in_the_past() {
    let over = |contributors: Contributors| {
        let alarm = Alarm {
            kind: AlarmKind::Ok,
            ..alarm(&[contributors])
        };
        alarm.verdict().expect("a verdict").sentence
    };
    assert_eq!(
        over(customers(74, 12, &[("17850", 61)])),
        "Customer 17850 sent 82 % of the orders. This looked like a script, not a sale."
    );
    let guests = over(customers(100, 30, &[("guest", 60)]));
    assert_eq!(guests, "Orders without an account were 60 %.");
    let article = over(of(Dimension::Article, 100, 2, &[("85123A", 99)]));
    assert_eq!(article, "Article 85123A was 99 % of the order lines.");
}

#[test]
fn nobody_counted_is_no_verdict() {
    assert_eq!(alarm(&[]).verdict(), None);
    assert_eq!(alarm(&[customers(0, 0, &[])]).verdict(), None);
}

fn any_contributors() -> impl Strategy<Value = Contributors> {
    let number = || prop_oneof![0..20_u64, any::<u64>()];
    let value = prop_oneof![Just("guest".to_owned()), any::<String>()];
    let top = prop::collection::vec((value, number()), 0..6);
    let dimension = prop::sample::select(Dimension::ALL.to_vec());
    (dimension, [number(), number(), number()], top).prop_map(|(dimension, numbers, top)| {
        let [total, different, missed] = numbers;
        let top: Vec<_> = top.iter().map(|(v, n)| (v.as_str(), *n)).collect();
        Contributors {
            missed,
            ..of(dimension, total, different, &top)
        }
    })
}

proptest! {
    #[test]
    fn whatever_the_numbers_are_the_words_are_ascii_and_the_short_ones_fit_a_phone(
        contributors in prop::collection::vec(any_contributors(), 0..4),
    ) {
        let alarm = alarm(&contributors);
        if let Some(verdict) = alarm.verdict() {
            prop_assert!(verdict.short.len() <= 140, "{}", verdict.short);
            prop_assert!(verdict.sentence.bytes().all(|b| (b' '..=b'~').contains(&b)));
            prop_assert!(verdict.percent <= 100);
        } else {
            let known = |c: &Contributors| c.top.iter().any(|v| !is_guest(c.dimension, v));
            prop_assert!(!contributors.iter().any(known));
        }
    }
}
