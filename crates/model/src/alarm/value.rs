//! A contributor's value: whom it names, and how it is shown. It is text from the
//! outside, of anybody who may order, so no reader shows it as it came.

use crate::alarm::Contributor;
use crate::order::line::Customer;

/// The value of the dimension of customers for all orders without an account.
pub const GUEST: &str = "guest";

/// So many characters of a value are shown, counting what stands for one that is not.
const SHOWN: usize = 40;

impl Contributor {
    /// The value for people, in ASCII: a code as it is, anything else in quotation marks
    /// and cut to some 40 characters (then `...` follows).
    ///
    /// Control characters, letters beyond ASCII and `\`, `<`, `>`, `$` and the backtick are
    /// escaped (`\u{202e}`), so that nothing turns text around, ends a line, becomes markup
    /// or, pasted into a shell, a command.
    /// What a mail client would make a link is broken: `[@]`, and `[.]` and `[:]` where no
    /// space follows.
    #[must_use]
    pub fn shown(&self) -> String {
        let value = &self.value;
        let is_code = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if (1..=SHOWN).contains(&value.len()) && value.bytes().all(is_code) {
            return value.clone();
        }
        let mut shown = String::from('"');
        let mut end = "\"";
        let mut chars = value.chars().peekable();
        while let Some(char) = chars.next() {
            let ends_word = chars.peek().is_none_or(|next| *next == ' ');
            let piece = match char {
                '@' => "[@]".to_owned(),
                '.' | ':' if !ends_word => format!("[{char}]"),
                '\'' => "'".to_owned(),
                // A doubled backslash would still begin the name of a server.
                '\\' | '<' | '>' | '$' | '`' | '!' => char.escape_unicode().to_string(),
                _ => char.escape_default().to_string(),
            };
            if shown.len() + piece.len() > SHOWN {
                end = "\"...";
                break;
            }
            shown.push_str(&piece);
        }
        shown + end
    }

    /// Whom a value of the dimension of customers names. A text of digits alone is taken
    /// for a number. `None` for a text of which only a part is known.
    #[must_use]
    pub fn customer(&self) -> Option<Customer<'_>> {
        let value = self.value.as_str();
        if value == GUEST {
            return Some(Customer::Guest);
        }
        let number = value.parse::<i64>().ok().filter(|number| *number > 0);
        match number.filter(|number| number.to_string() == value) {
            Some(number) => Some(Customer::Registered(number)),
            None => (!is_cut(value)).then(|| Customer::Text(value.into())),
        }
    }
}

/// Whether it ends as `surge` ends a value that it has cut: in `~` and 8 hexadecimal
/// digits of a hash.
fn is_cut(value: &str) -> bool {
    let hash = value.rsplit_once('~').map(|(_, hash)| hash.as_bytes());
    hash.is_some_and(|h| h.len() == 8 && h.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(value: &str) -> Contributor {
        Contributor {
            value: value.to_owned(),
            count: 1,
        }
    }

    #[test]
    fn codes_are_shown_as_they_are_and_all_else_in_quotation_marks() {
        for (value, shown) in [
            ("17850", "17850"),
            ("85123A", "85123A"),
            ("cus_N-7", "cus_N-7"),
            ("", r#""""#),
            ("United Kingdom", r#""United Kingdom""#),
            ("O'Brien & Co.", r#""O'Brien & Co.""#),
            ("jane@shop.example", r#""jane[@]shop[.]example""#),
            ("https://evil.example/a", r#""https[:]//evil[.]example/a""#),
            ("www.evil.example.", r#""www[.]evil[.]example.""#),
            ("mailto:a b: c", r#""mailto[:]a b: c""#),
            (r"\\server\share", r#""\u{5c}\u{5c}server\u{5c}share""#),
            ("a\u{202e}b\r\n\0", r#""a\u{202e}b\r\n\u{0}""#),
            ("<b>\"", r#""\u{3c}b\u{3e}\"""#),
            ("$(rm)`rm`", r#""\u{24}(rm)\u{60}rm\u{60}""#),
            ("evil\u{3002}example", r#""evil\u{3002}example""#),
            ("7 sends 1 %; customer 8", r#""7 sends 1 %; customer 8""#),
        ] {
            assert_eq!(of(value).shown(), shown);
        }
        let long = of(&"7".repeat(256)).shown();
        assert_eq!(long, format!("\"{}\"...", "7".repeat(39)));
        assert_eq!(of(&"7".repeat(40)).shown(), "7".repeat(40));
    }

    #[test]
    fn a_customers_value_names_the_customer() {
        let text = |text: &'static str| Some(Customer::Text(text.into()));
        for (value, customer) in [
            ("17850", Some(Customer::Registered(17850))),
            ("guest", Some(Customer::Guest)),
            ("017850", text("017850")),
            ("0", text("0")),
            ("-5", text("-5")),
            ("9223372036854775808", text("9223372036854775808")),
            ("cus_7", text("cus_7")),
            ("a~b", text("a~b")),
            ("a-text-of-which-there-is-more~0123abcd", None),
        ] {
            assert_eq!(of(value).customer(), customer, "{value}");
        }
    }

    /// What mail clients make links of: schemes, hosts with a dot, addresses, servers.
    fn has_link(text: &str) -> bool {
        let next = |at: usize| text[at + 1..].chars().next();
        let joins = |at: usize| next(at).is_some_and(|c| c.is_ascii_alphanumeric() || c == '/');
        let within = |mark: &str| text.match_indices(mark).any(|(at, _)| joins(at));
        within(".")
            || within(":")
            || within("@")
            || text.contains(r"\\")
            || text.contains(['<', '$', '`'])
    }

    proptest! {
        #[test]
        fn nothing_that_is_shown_is_long_or_a_link_or_more_than_text(
            value in r"([a-z0-9]{0,3}|https?://|www\.|@|\.|:|\\\\|<a>|\$\(|`|\PC|\p{Cc}|\u{202e}){0,40}",
        ) {
            let shown = of(&value).shown();
            prop_assert!(shown.bytes().all(|b| (b' '..=b'~').contains(&b)), "{shown}");
            prop_assert!(shown.len() <= SHOWN + 4 && !has_link(&shown), "{shown}");
        }
    }
}
