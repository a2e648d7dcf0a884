//! The README's first command, as a newcomer runs it.

use std::process::{Command, Output};

fn sitewatch(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sitewatch"))
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .output()
        .expect("a tool that starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn the_demo_shows_rows_rejects_and_a_summary_that_adds_up() {
    let output = sitewatch(&["demo"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    assert!(
        shown.contains("9 events, 19 records: 18 lines stored in 8 rows, 6 rejected."),
        "{shown}"
    );
    assert_eq!(
        shown.lines().filter(|line| line.contains('#')).count(),
        8,
        "{shown}"
    );
    assert_eq!(
        shown.lines().filter(|line| line.starts_with("│ …")).count(),
        6,
        "{shown}"
    );
    assert!(
        shown.contains("GUMBALL MONOCHROME, COAT \"RACK\""),
        "{shown}"
    );
    assert!(
        !shown.contains('\u{1b}'),
        "colours, though no terminal reads"
    );
}

#[test]
fn the_demo_takes_events_of_ones_own() {
    let output = sitewatch(&["demo", "events/orders/guest.json"]);
    assert!(
        text(&output.stdout).contains("1 event, 1 record: 1 line stored in 1 row, 0 rejected.")
    );
}

#[test]
fn a_wrong_file_is_one_clear_line_and_a_wrong_word_a_usage_error() {
    for (arguments, code, message) in [
        (
            &["demo", "no-such.json"][..],
            1,
            "error: no-such.json cannot be read as text: ",
        ),
        (
            &["demo", "Cargo.toml"],
            1,
            "error: Cargo.toml is no Kinesis event as Lambda receives it: ",
        ),
        (&["dmeo"], 2, "error: unrecognized subcommand 'dmeo'"),
    ] {
        let output = sitewatch(arguments);
        assert_eq!(output.status.code(), Some(code));
        let error = text(&output.stderr);
        assert!(error.starts_with(message), "{error}");
        assert!(
            code == 2 || error.trim_end().lines().count() == 1,
            "{error}"
        );
        assert!(output.stdout.is_empty());
    }
}
