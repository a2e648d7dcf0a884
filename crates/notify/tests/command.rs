//! The command of an e-mail, as somebody pastes it: a real shell gives a real program
//! what was meant, and does nothing else, whatever the customer is called.

use std::process::Command;

use function::env::TableName;
use model::{Alarm, Customer};
use notify::Message;
use testkit::Folder;

/// Stands where `aws` does, and prints each argument behind its number.
const STUB: &str = "#!/bin/sh\nn=0\nfor argument in \"$@\"; do n=$((n + 1)); printf '%s %s\\n' \"$n\" \"$argument\"; done\n";

/// The e-mail on a flood of that customer's.
fn email(customer: &str) -> String {
    email_of("ALARM", customer)
}

/// The e-mail of that kind.
fn email_of(kind: &str, customer: &str) -> String {
    let json = serde_json::json!({
        "alarm_id": "website-0", "kind": kind, "site": "website", "order_count": 74,
        "trigger_count": 60, "peak_count": 74, "threshold": 15, "window_seconds": 15,
        "count": "orders", "started_at": "2018-12-17T22:11:04Z", "at": "2018-12-17T22:12:03Z",
        "contributors": [{
            "dimension": "customer", "measure": "orders", "total": 74, "different": 12,
            "top": [{"value": customer, "count": 61}],
        }],
    });
    let alarm = Alarm::parse(json.to_string().as_bytes()).expect("an alarm");
    let table = TableName::parse("Website.Orders_2-x");
    Message::of(&alarm, table.as_ref()).email
}

/// What `aws` is given when `lines` are pasted into a shell.
fn pasted(folder: &Folder, lines: &str) -> String {
    let path = std::env::var("PATH").expect("a path");
    let output = Command::new("sh")
        .args(["-c", lines])
        .env("PATH", format!("{}:{path}", folder.path("")))
        .current_dir(folder.path(""))
        .output()
        .expect("a shell");
    String::from_utf8(output.stdout).expect("texts")
}

fn stub(name: &str) -> Folder {
    let folder = Folder::new(env!("CARGO_TARGET_TMPDIR"), name);
    let aws = folder.file("aws", STUB);
    let executable = Command::new("chmod").args(["+x", &aws]).status();
    assert!(executable.expect("chmod").success());
    folder
}

const HOSTILE: [&str; 14] = [
    "x'; touch pwned; '",
    "$(touch pwned)",
    "`touch pwned`",
    "x\n touch pwned\n",
    "x\r\ntouch pwned #",
    "\"; touch pwned; \"",
    "\"}} ' ; touch pwned ; '",
    "\\'; touch pwned; \\'",
    "x & touch pwned & x | touch pwned",
    "x > pwned",
    "--table-name=Other",
    "\u{202e}touch pwned\0",
    "https://evil.example/$(touch pwned)",
    "🦀'\u{7f}",
];

#[test]
fn a_shell_takes_the_command_as_it_is_meant_whatever_the_customer_is_called() {
    let folder = stub("command");
    let before = std::fs::read_dir(folder.path(""))
        .expect("a folder")
        .count();
    let longest = "'$(touch pwned)".repeat(17);
    for customer in HOSTILE.iter().copied().chain(["17850", &longest]) {
        let email = email(customer);
        let mut commands = email.lines().filter(|line| line.starts_with("  aws "));
        let command = commands.next().expect("a command");
        assert_eq!(commands.next(), None);
        let key = match customer {
            "17850" => 17850,
            text => Customer::Text(text.into()).key().expect("a key"),
        };
        assert_eq!(
            pasted(&folder, command),
            format!(
                "1 dynamodb\n2 query\n3 --table-name\n4 Website.Orders_2-x\n\
                 5 --no-scan-index-forward\n6 --max-items\n7 100\n\
                 8 --key-condition-expression\n9 CustomerID = :c\n\
                 10 --expression-attribute-values\n11 {{\":c\": {{\"N\": \"{key}\"}}}}\n"
            ),
            "{customer}"
        );
        let after = std::fs::read_dir(folder.path(""))
            .expect("a folder")
            .count();
        assert_eq!(after, before, "{customer}");
    }
}

#[test]
fn the_json_of_the_command_is_what_dynamodb_takes() {
    let email = email("17850");
    let command = email.lines().find(|line| line.starts_with("  aws "));
    let (_, values) = command.expect("a command").rsplit_once(" '").expect("JSON");
    let values: serde_json::Value =
        serde_json::from_str(values.trim_end_matches('\'')).expect("JSON");
    assert_eq!(values, serde_json::json!({":c": {"N": "17850"}}));
}

#[test]
fn a_whole_e_mail_that_is_pasted_by_mistake_runs_nothing_of_a_customers() {
    let folder = stub("mistake");
    for (customer, kind) in HOSTILE
        .into_iter()
        .flat_map(|customer| ["ALARM", "REMINDER", "OK"].map(|kind| (customer, kind)))
    {
        let email = email_of(kind, customer);
        let lines: Vec<&str> = email.lines().collect();
        // From each line on, so that a mistake before it hides nothing; and each alone.
        for first in 0..lines.len() {
            pasted(&folder, &lines[first..].join("\n"));
            pasted(&folder, lines[first]);
        }
        let pwned = std::path::Path::new(&folder.path("pwned")).exists();
        assert!(!pwned, "{kind} {customer}");
    }
}

#[test]
fn a_value_as_it_came_would_do_harm_in_these_tests() {
    let folder = stub("harm");
    pasted(&folder, &format!("echo \"{}\"", HOSTILE[1]));
    assert!(std::path::Path::new(&folder.path("pwned")).exists());
}
