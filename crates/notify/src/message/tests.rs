use model::{Contributor, Contributors, Dimension, Second};
use proptest::prelude::*;

use super::email::WHAT_TO_DO;
use super::words::duration;
use super::*;

fn alarm(kind: AlarmKind) -> Alarm {
    Alarm {
        alarm_id: "website-0".to_owned(),
        kind,
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
        contributors: Vec::new(),
    }
}

fn contributors(dimension: Dimension, top: &[(&str, u64)]) -> Contributors {
    let contributor = |(value, count): &(&str, u64)| Contributor {
        value: (*value).to_owned(),
        count: *count,
    };
    Contributors {
        dimension,
        measure: Measure::Orders,
        total: 74,
        different: 12,
        missed: 0,
        top: top.iter().map(contributor).collect(),
    }
}

/// One customer sends most of it.
fn script(kind: AlarmKind) -> Alarm {
    let customers = [("17850", 61), ("guest", 4), ("jane@shop.example", 3)];
    let articles = Contributors {
        measure: Measure::Lines,
        total: 200,
        different: 1_000,
        missed: 2,
        ..contributors(Dimension::Article, &[("85123A", 120)])
    };
    Alarm {
        contributors: vec![contributors(Dimension::Customer, &customers), articles],
        ..alarm(kind)
    }
}

fn table() -> Option<TableName> {
    TableName::parse("WebsiteOrders")
}

#[test]
fn an_alarm_says_how_many_since_when_and_what_to_do() {
    let message = Message::of(&alarm(AlarmKind::Alarm), table().as_ref());
    assert_eq!(message.subject, "website order rate ALARM");
    assert_eq!(
        message.sms,
        "website ALARM: 74 orders in 15 s (threshold 15) since 22:11:04 UTC, peak 90. \
         Sale? Else check sources, scale or block"
    );
    assert_eq!(
        message.email,
        "website: orders come in faster than they should.\n\
         \n  Now              74 orders in 15 s\
         \n  Threshold        15 orders in 15 s\
         \n  Peak so far      90 orders in 15 s\
         \n  Since            2018-12-17 22:11:04 UTC (2 min 27 s)\
         \n  Cancelled lines  3\n\n"
            .to_owned()
            + WHAT_TO_DO
            + "\nA message follows when it is over.\n\n\
               Alarm website-0, ALARM at 2018-12-17 22:13:31 UTC\n"
    );
}

#[test]
fn an_alarm_says_who_is_behind_it_and_how_to_look() {
    let message = Message::of(&script(AlarmKind::Alarm), table().as_ref());
    assert_eq!(
        message.sms,
        "website ALARM: 74 orders in 15 s (threshold 15) since 22:11:04 UTC, peak 90: \
         customer 17850 sends 82 % of the orders"
    );
    let who = "\n\nWho is behind it, in the 15 s up to 22:13:31 UTC\
         \n  Customer 17850 sends 82 % of the orders; article 85123A is at least 60 % of the order lines. \
         This looks like a script, not a sale.\n\
         \n  11 customers, 74 orders\
         \n    17850                     61   82 %\
         \n    (no account)               4    5 %\
         \n    \"jane[@]shop[.]example\"    3    4 %\n\
         \n  about 1000 articles, 200 order lines (a count may be up to 2 too low)\
         \n    85123A                   120   60 %\n\
         \nOrder lines of the first customer, highest order numbers first\
         \n  aws dynamodb query --table-name WebsiteOrders --no-scan-index-forward --max-items 100 \
         --key-condition-expression 'CustomerID = :c' \
         --expression-attribute-values '{\":c\": {\"N\": \"17850\"}}'\n\
         \nWhat to do\n";
    assert!(message.email.contains(who), "{}", message.email);
}

#[test]
fn a_reminder_says_that_it_goes_on_and_who_was_behind_it_so_far() {
    let message = Message::of(&script(AlarmKind::Reminder), None);
    assert_eq!(message.subject, "website order rate REMINDER");
    assert!(
        message
            .sms
            .starts_with("website REMINDER: still 74 orders in 15 s")
    );
    assert!(message.email.starts_with("website: orders still come in"));
    let who = "Who is behind it, since the surge began\n  Customer 17850 sends 82 %";
    assert!(message.email.contains(who), "{}", message.email);
    assert!(!message.email.contains("aws "), "no table, no command");
}

#[test]
fn an_end_says_how_long_it_lasted_the_peak_and_who_it_was() {
    let message = Message::of(&script(AlarmKind::Ok), table().as_ref());
    assert_eq!(message.subject, "website order rate OK");
    assert_eq!(
        message.sms,
        "website OK: order rate back below 15 at 22:13:31 UTC after 2 min 27 s, peak 90 orders in 15 s: \
         customer 17850 sent 82 % of the orders"
    );
    for line in [
        "  Lasted           2 min 27 s\n",
        "  Peak             90 orders in 15 s\n",
        "  To               2018-12-17 22:13:31 UTC\n",
        "\n\nWho was behind it, from the beginning of the surge to its end\n  Customer 17850 sent 82 %",
        "  aws dynamodb query",
    ] {
        assert!(message.email.contains(line), "{}", message.email);
    }
    let plain = Message::of(&alarm(AlarmKind::Ok), table().as_ref());
    assert_eq!(
        plain.sms,
        "website OK: order rate back below 15 at 22:13:31 UTC after 2 min 27 s, peak 90 orders in 15 s"
    );
    assert!(
        plain
            .email
            .ends_with("time to undo that.\n\nAlarm website-0, OK at 2018-12-17 22:13:31 UTC\n")
    );
}

#[test]
fn a_phone_gets_the_strongest_fact_before_threshold_and_peak_but_after_rate_and_time() {
    let named = |site: &str| {
        let alarm = Alarm {
            site: site.to_owned(),
            ..script(AlarmKind::Alarm)
        };
        Message::of(&alarm, None).sms
    };
    let fact = ": customer 17850 sends 82 % of the orders";
    let head = |site: &str| format!("{site} ALARM: 74 orders in 15 s");
    let (long, longer, longest) = ("w".repeat(37), "w".repeat(55), "w".repeat(58));
    let since = "since 22:11:04 UTC";
    let text = |site: &str| format!("{} (threshold 15) {since}{fact}", head(site));
    assert_eq!(named(&long), text(&long));
    assert_eq!(named(&longer), format!("{} {since}{fact}", head(&longer)));
    let last = format!("{} {since}", head(&longest));
    assert_eq!(named(&longest), last);
}

#[test]
fn brackets_take_two_places_on_a_phone() {
    let of = |value: &str| {
        let contributors = vec![contributors(Dimension::Customer, &[(value, 74)])];
        let alarm = Alarm {
            contributors,
            ..alarm(AlarmKind::Alarm)
        };
        Message::of(&alarm, None).sms
    };
    let sent =
        |value: &str| format!(" since 22:11:04 UTC: customer {value} sends 100 % of the orders");
    let (letters, at) = ("a".repeat(36), "@".repeat(12));
    assert!(of(&letters).ends_with(&sent(&letters)), "{}", of(&letters));
    assert!(of(&letters).contains("(threshold 15)"));
    let shown = format!("\"{}\"", "[@]".repeat(12));
    assert_eq!(shown.len(), 38);
    assert!(!of(&at).contains(&shown), "{}", of(&at));
}

#[test]
fn only_a_customer_that_stands_out_is_looked_up() {
    let command = |top: &[(&str, u64)]| {
        let contributors = vec![contributors(Dimension::Customer, top)];
        let alarm = Alarm {
            contributors,
            ..alarm(AlarmKind::Alarm)
        };
        Message::of(&alarm, table().as_ref()).email.contains("aws ")
    };
    assert!(command(&[("17850", 61)]));
    assert!(command(&[("guest", 10), ("cus_7", 40)]));
    assert!(!command(&[("17850", 3)]), "one of many");
    assert!(!command(&[("guest", 60), ("17850", 9)]), "nobody's key");
    assert!(!command(&[(
        "a-long-text-that-was-cut-off-here~0123abcd",
        61
    )]));
    let article = Alarm {
        contributors: vec![contributors(Dimension::Article, &[("17850", 61)])],
        ..alarm(AlarmKind::Alarm)
    };
    let message = Message::of(&article, table().as_ref());
    assert!(!message.email.contains("aws "));
}

#[test]
fn filters_find_plain_names_and_numbers() {
    let attributes = |alarm: &Alarm| Message::of(alarm, None).facts.attributes();
    let text = |text: &str| Value::Text(text.to_owned());
    let all = [
        ("site", text("website")),
        ("kind", text("ALARM")),
        ("signal", text("surge")),
        ("measure", text("orders")),
        ("rate", Value::Number(74)),
        ("order_count", Value::Number(74)),
        ("contributor", text("customer")),
        ("share", Value::Number(82)),
    ];
    assert_eq!(attributes(&script(AlarmKind::Alarm)), all);
    assert_eq!(attributes(&alarm(AlarmKind::Alarm)), all[..6]);
    let guests = vec![contributors(Dimension::Customer, &[("guest", 74)])];
    let guests = Alarm {
        contributors: guests,
        ..alarm(AlarmKind::Alarm)
    };
    assert_eq!(attributes(&guests)[6], ("contributor", text("guest")));
}

#[test]
fn a_test_says_that_it_is_one() {
    let message = Message::test("website", 42);
    assert_eq!(message.subject, "website order rate ALARM (test)");
    assert!(message.sms.starts_with("TEST website"));
    assert!(message.email.starts_with("This is a test"));
    let (kind, rate) = (message.facts.kind, message.facts.rate);
    assert_eq!((kind, rate), (AlarmKind::Alarm, 42));
}

#[test]
fn durations_are_in_the_units_that_matter() {
    for (seconds, text) in [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min 0 s"),
        (7_260, "2 h 1 min"),
    ] {
        let mut alarm = alarm(AlarmKind::Ok);
        alarm.at = alarm.started_at + seconds;
        assert_eq!(duration(&alarm), text);
    }
}

/// Values as somebody would choose them who wants to be more than text.
fn hostile() -> impl Strategy<Value = String> {
    r"([a-zA-Z0-9]{0,8}|https?://|www\.|mailto:|@|\.|:|\\\\|<a href=|'|\$\(|`|;|\PC|\p{Cc}|\u{202e}){0,25}"
}

fn any_contributors() -> impl Strategy<Value = Vec<Contributors>> {
    let value = prop_oneof![Just("guest".to_owned()), hostile()];
    let top = prop::collection::vec((value, 0..100_u64), 0..12);
    let dimension = prop::sample::select(Dimension::ALL.to_vec());
    let one = (dimension, any::<[u64; 2]>(), top).prop_map(|(dimension, numbers, top)| {
        let top: Vec<_> = top.iter().map(|(v, n)| (v.as_str(), *n)).collect();
        Contributors {
            different: numbers[0],
            missed: numbers[1],
            ..contributors(dimension, &top)
        }
    });
    prop::collection::vec(one, 0..4)
}

/// What mail clients make links of: schemes, hosts with a dot, addresses, servers.
fn has_link(text: &str) -> bool {
    let next = |at: usize| text[at + 1..].chars().next();
    let joins = |at: usize| next(at).is_some_and(|c| c.is_ascii_alphabetic() || c == '/');
    let within = |mark: &str| text.match_indices(mark).any(|(at, _)| joins(at));
    within(".") || within("@") || text.contains("://") || text.contains(r"\\")
}

proptest! {
    #[test]
    fn every_message_fits_what_carries_it_and_links_to_nothing(
        site in "[a-zA-Z0-9_-]{1,64}",
        kind in prop::sample::select(vec![AlarmKind::Alarm, AlarmKind::Reminder, AlarmKind::Ok]),
        numbers in any::<[u64; 4]>(),
        window in any::<u32>(),
        times in [0..253_402_300_800_i64, 0..253_402_300_800],
        measure in prop::sample::select(vec![Measure::Orders, Measure::Lines, Measure::Units]),
        contributors in any_contributors(),
    ) {
        let alarm = Alarm {
            site,
            kind,
            rate: numbers[0],
            peak: numbers[1],
            threshold: numbers[2],
            cancellation_count: numbers[3],
            window_seconds: window,
            measure,
            started_at: Second::new(times[0]),
            at: Second::new(times[1]),
            contributors,
            ..alarm(kind)
        };
        let footer = format!("Alarm website-0, {kind} at ");
        let message = Message::of(&alarm, table().as_ref());
        prop_assert!(message.email.lines().last().is_some_and(|last| last.starts_with(&footer)));
        for message in [message, Message::test(&alarm.site, numbers[0])] {
            prop_assert!(message.subject.len() <= LONGEST_SUBJECT);
            prop_assert!(!message.subject.contains('\n'));
            prop_assert!(message.sms.len() <= LONGEST_SMS);
            prop_assert!(message.per_protocol().len() < 50_000);
            prop_assert!(message.facts.attributes().len() <= 10);
            let texts = [&message.subject, &message.sms, &message.email];
            let printable = |b: u8| b == b'\n' || (b' '..=b'~').contains(&b);
            prop_assert!(texts.iter().all(|text| text.bytes().all(printable)));
            prop_assert!(!texts.iter().any(|text| has_link(text)), "{}", message.email);
            prop_assert!(message.sms.contains(&alarm.site));
        }
    }
}
