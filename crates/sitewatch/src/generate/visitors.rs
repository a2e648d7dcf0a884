//! Who asks a shop's site for what, made up: the same for the same seed. Addresses are those
//! that are set aside for tests and examples (RFC 2544, RFC 5737).

use std::borrow::Cow;
use std::net::Ipv4Addr;

use model::Request;

use crate::shop::ARTICLES;

/// People, of whom the first ones come most.
const PEOPLE: f64 = 20_000.0;
/// Addresses that a flood comes from.
const FLOODERS: u8 = 40;
const SCANNER: &str = "198.51.100.66";
const HOST: &str = "www.example.com";
const EDGES: [&str; 4] = ["FRA56-P4", "LHR61-P2", "CDG50-C1", "IAD89-P3"];
const BROWSERS: [&str; 5] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
];
const BOTS: [(&str, &str); 3] = [
    (
        "192.0.2.10",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ),
    (
        "192.0.2.20",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ),
    (
        "192.0.2.30",
        "ExampleMonitoring/1.0 (+https://www.example.com/monitoring)",
    ),
];
/// What a scanner looks for.
const HOLES: [&str; 8] = [
    "/wp-login.php",
    "/.env",
    "/phpmyadmin/index.php",
    "/cgi-bin/luci",
    "/../../../../etc/passwd",
    "/.git/config",
    "/<script>alert(1)</script>",
    "/shell\u{1b}[2J",
];

/// A page: its path (articles follow a `/` at its end), how often it is asked for, milliseconds and
/// bytes as a rule, and whether a cache has it.
const PAGES: [(&str, u32, f64, u64, bool); 8] = [
    ("/", 15, 90.0, 24_000, false),
    ("/category", 12, 140.0, 38_000, false),
    ("/product/", 28, 110.0, 31_000, false),
    ("/search", 8, 420.0, 18_000, false),
    ("/cart", 5, 160.0, 9_000, false),
    ("/checkout", 2, 650.0, 7_000, false),
    ("/static/shop.css", 14, 8.0, 42_000, true),
    ("/static/hero.jpg", 16, 15.0, 380_000, true),
];

/// Makes requests.
#[derive(Debug)]
pub(super) struct Visitors {
    random: fastrand::Rng,
}

impl Visitors {
    pub(super) const fn new(random: fastrand::Rng) -> Self {
        Self { random }
    }

    /// So many moments of a second, in their order.
    pub(super) fn moments(&mut self, count: usize) -> Vec<i64> {
        let mut moments: Vec<i64> = (0..count).map(|_| self.random.i64(0..1_000)).collect();
        moments.sort_unstable();
        moments
    }

    /// Mixes them up.
    pub(super) fn shuffle(&mut self, requests: &mut [Request<'_>]) {
        self.random.shuffle(requests);
    }

    /// A whole number that is `rate` on the average, and no more than a third away.
    pub(super) fn about(&mut self, rate: f64) -> u64 {
        let about = rate * (0.7 + 0.6 * self.random.f64());
        about.floor() as u64 + u64::from(self.random.f64() < about.fract())
    }

    /// A request of somebody's, of which this share ends in a server error.
    pub(super) fn usual(&mut self, errors: f64) -> Request<'static> {
        let (client, agent) = self.visitor();
        let (path, query, milliseconds, bytes, is_cached) = self.page();
        let (status, bytes) = match self.random.f64() {
            chance if chance < errors => (*self.one_of(&[500, 502, 503]), 1_200),
            _ if is_cached && self.random.u32(0..5) == 0 => (304, 0),
            _ => match self.random.u32(0..1_000) {
                0 => (500, 1_200),
                1..=12 => (404, 2_400),
                13..=25 => (301, 300),
                _ => (200, bytes),
            },
        };
        let is_late = status >= 502;
        let milliseconds = if is_late {
            milliseconds * 20.0
        } else {
            milliseconds
        };
        Request {
            client: client.into(),
            host: Some(HOST.into()),
            method: if path == "/checkout" { "POST" } else { "GET" }.into(),
            path,
            query,
            status: Some(status),
            bytes: self.varied(bytes as f64) as u64,
            duration: Some((self.varied(milliseconds) * 1_000.0) as u64),
            referer: (self.random.u32(0..3) > 0).then(|| "https://www.example.com/".into()),
            user_agent: Some(agent.into()),
            edge: Some((*self.one_of(&EDGES)).into()),
            cache: Some(if is_cached { "Hit" } else { "Miss" }.into()),
            time: 0,
        }
    }

    /// A request of a flood: few clients, one page.
    pub(super) fn flood(&mut self) -> Request<'static> {
        let client = Ipv4Addr::new(203, 0, 113, self.random.u8(1..=FLOODERS));
        // What it floods gives way.
        let status = if self.random.u32(0..4) == 0 { 503 } else { 200 };
        Request {
            client: client.to_string().into(),
            path: "/search".into(),
            query: Some(format!("q={}", self.random.u32(..)).into()),
            duration: Some((self.varied(1_500.0) * 1_000.0) as u64),
            user_agent: Some(BROWSERS[0].into()),
            ..self.other(status, 18_000)
        }
    }

    /// A request of a scan: one client that looks for holes, and finds none.
    pub(super) fn scan(&mut self) -> Request<'static> {
        let hole = *self.one_of(&HOLES);
        Request {
            client: SCANNER.into(),
            path: hole.into(),
            duration: Some((self.varied(30.0) * 1_000.0) as u64),
            user_agent: Some("sqlmap/1.8 (https://sqlmap.org)".into()),
            ..self.other(404, 2_400)
        }
    }

    fn other(&mut self, status: u16, bytes: u64) -> Request<'static> {
        Request {
            host: Some(HOST.into()),
            method: "GET".into(),
            status: Some(status),
            bytes,
            edge: Some((*self.one_of(&EDGES)).into()),
            cache: Some("Miss".into()),
            ..Request::default()
        }
    }

    fn visitor(&mut self) -> (String, &'static str) {
        if self.random.u32(0..8) == 0 {
            let (client, agent) = *self.one_of(&BOTS);
            return (client.to_owned(), agent);
        }
        let person = (PEOPLE * self.random.f64().powi(2)) as u32;
        let client = Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + person);
        (
            client.to_string(),
            BROWSERS[person as usize % BROWSERS.len()],
        )
    }

    fn page(&mut self) -> (Cow<'static, str>, Option<Cow<'static, str>>, f64, u64, bool) {
        let mut place = self.random.u32(0..PAGES.iter().map(|page| page.1).sum());
        let page = PAGES.iter().find(|page| {
            let is_it = place < page.1;
            place = place.saturating_sub(page.1);
            is_it
        });
        let (path, _, milliseconds, bytes, is_cached) = *page.unwrap_or(&PAGES[0]);
        let article = self.one_of(&ARTICLES).0;
        let (path, query): (Cow<'static, str>, Option<Cow<'static, str>>) = match path {
            "/product/" => (format!("/product/{article}").into(), None),
            "/search" => (path.into(), Some(format!("q={article}").into())),
            "/category" => (
                path.into(),
                Some(format!("page={}", self.random.u32(1..9)).into()),
            ),
            _ => (path.into(), None),
        };
        (path, query, milliseconds, bytes, is_cached)
    }

    /// Half to twice of it, as a rule, and now and then far more.
    fn varied(&mut self, usual: f64) -> f64 {
        let spread = self.random.f64() + self.random.f64() + self.random.f64() - 1.5;
        usual * (spread * 1.6).exp()
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.random.usize(0..all.len())]
    }
}
