//! Which user agents are bots: a list that its users keep up to date, and a few words that
//! bots have in their names wherever they come from.
//!
//! What does not say that it is a bot is counted among people; who lies is not found here.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// crawler-user-agents, a pattern a line.
const LIST: &str = include_str!("../bots/patterns.txt");

/// Words of bots that no list has yet. `Cubot` makes telephones.
const WORDS: &str =
    r"(?i:(?:^|[^u])bots?(?:[^a-z]|$)|crawl|spider|scrap(?:er|y)|headless|monitor(?:ing)?[/ ;)])";

/// Room for the compiled list, which takes a few megabytes.
const SIZE: usize = 32 * 1024 * 1024;

/// Compiled once a process: that takes longer than anything else at the start.
static COMPILED: LazyLock<Regex> = LazyLock::new(|| {
    let mut all = String::with_capacity(LIST.len() + LIST.len() / 2);
    for pattern in LIST.lines() {
        all.push_str("(?:");
        all.push_str(pattern);
        all.push_str(")|");
    }
    all.push_str(WORDS);
    RegexBuilder::new(&all)
        .unicode(false)
        .size_limit(SIZE)
        .build()
        .expect("the list is the crate's own and a test compiles it")
});

/// Tells bots from people.
#[derive(Debug, Clone)]
pub struct Bots(Regex);

impl Default for Bots {
    fn default() -> Self {
        Self(COMPILED.clone())
    }
}

impl Bots {
    /// Whether that is a bot's user agent. Without one nothing is known.
    #[must_use]
    pub fn is_bot(&self, user_agent: &str) -> bool {
        self.0.is_match(user_agent.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_and_people_are_told_apart() {
        let bots = Bots::default();
        for bot in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "curl/8.5.0",
            "python-requests/2.31.0",
            "Tiny Tiny RSS/1.11 (http://tt-rss.org/)",
            "SomethingNew-Crawler/0.1",
            "Our own bot",
        ] {
            assert!(bots.is_bot(bot), "{bot}");
        }
        for person in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
            "Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.16",
            "",
        ] {
            assert!(!bots.is_bot(person), "{person}");
        }
    }
}
