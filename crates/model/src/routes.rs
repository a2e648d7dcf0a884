//! Which log a CloudWatch log stream holds: a table of patterns, the first that fits.

use crate::log::{Log, Mapping};
use crate::table::{FormatError, Item, Table, document};

/// Owner, log group and log stream, with wildcards, to logs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes(Vec<Route>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    owner: Pattern,
    group: Pattern,
    stream: Pattern,
    log: Log,
}

/// A text with `*` for any others: its parts between them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern(Vec<String>);

impl Routes {
    /// Reads the text of a file of routes, which is TOML.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(toml: &str) -> Result<Self, FormatError> {
        let document = document(toml)?;
        let top = Table::top("a file of routes", toml, &document);
        top.only(&["route"])?;
        let routes = top.get("route").filter(Item::is_array);
        let routes = routes.ok_or_else(|| top.error("expected at least one [[route]]"))?;
        let routes = routes.elements();
        let routes = routes.iter().map(|item| match item.table("[[route]]") {
            Some(table) => route(&table),
            None => Err(item.expected("tables: [[route]]")),
        });
        routes.collect::<Result<_, _>>().map(Self)
    }

    /// What a log stream holds: the first route that fits.
    #[must_use]
    pub fn of(&self, owner: &str, group: &str, stream: &str) -> Option<&Log> {
        let mut routes = self.0.iter();
        let route = routes.find(|route| {
            route.owner.fits(owner) && route.group.fits(group) && route.stream.fits(stream)
        });
        route.map(|route| &route.log)
    }
}

fn route(table: &Table<'_>) -> Result<Route, FormatError> {
    table.only(&["owner", "group", "stream", "log", "request"])?;
    let log = match (table.get("log"), table.get("request")) {
        (Some(item), None) => {
            let name = item.text().ok_or_else(|| item.expected("a log's name"))?;
            Log::named(name).map_err(|error| item.error(format_args!("log: {error}")))?
        }
        (None, Some(request)) => Log::Described(Box::new(Mapping::described(&request)?)),
        _ => {
            return Err(table.error(
                "expected log, a log's name, or [route.request], which describes JSON objects; one of them",
            ));
        }
    };
    Ok(Route {
        owner: pattern(table, "owner")?,
        group: pattern(table, "group")?,
        stream: pattern(table, "stream")?,
        log,
    })
}

/// What is said of an owner, group or stream; without it, any.
fn pattern(table: &Table<'_>, key: &str) -> Result<Pattern, FormatError> {
    let text = match table.get(key) {
        None => "*",
        Some(item) => item
            .text()
            .filter(|text| !text.is_empty())
            .ok_or_else(|| item.expected("a text, with * for any part of it"))?,
    };
    Ok(Pattern(text.split('*').map(str::to_owned).collect()))
}

impl Pattern {
    fn fits(&self, text: &str) -> bool {
        let (first, rest) = self.0.split_first().expect("a text has a first part");
        let Some((last, middle)) = rest.split_last() else {
            return text == first;
        };
        let inner = text.strip_prefix(first.as_str());
        let Some(mut inner) = inner.and_then(|text| text.strip_suffix(last.as_str())) else {
            return false;
        };
        for part in middle {
            match memchr::memmem::find(inner.as_bytes(), part.as_bytes()) {
                Some(at) => inner = &inner[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = r#"
[[route]]
owner = "111111111111"
group = "/aws/vpc/*"
log = "vpc-flow:srcaddr,dstaddr,start,action"

[[route]]
group = "/aws/vpc/*"
log = "vpc-flow"

[[route]]
group = "*/nginx/*"
stream = "access-*-v2"
[route.request]
time = "/time"
path = "/uri"
status = "/status"
"#;

    #[test]
    fn the_first_route_that_fits_says_what_a_stream_holds() {
        let routes = Routes::parse(FILE).expect("routes");
        let name = |owner, group, stream| routes.of(owner, group, stream).map(Log::to_string);
        for (owner, group, stream, log) in [
            (
                "111111111111",
                "/aws/vpc/a",
                "eni-1",
                Some("vpc-flow:srcaddr,dstaddr,start,action"),
            ),
            ("222222222222", "/aws/vpc/a", "eni-1", Some("vpc-flow")),
            (
                "222222222222",
                "/ecs/nginx/shop",
                "access-1-v2",
                Some("described"),
            ),
            ("222222222222", "/ecs/nginx/shop", "access-v2", None),
            ("222222222222", "/aws/lambda/x", "s", None),
        ] {
            assert_eq!(
                name(owner, group, stream).as_deref(),
                log,
                "{group} {stream}"
            );
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (file, error) in [
            ("", "line 1: expected at least one [[route]]"),
            ("route = 1", "line 1: expected at least one [[route]]"),
            (
                "route = [1]",
                "line 1: route is 1: expected tables: [[route]]",
            ),
            ("[[route]]\nlog = \"elb\"", "line 2: log: \"elb\" is no log"),
            (
                "[[route]]\nlog = 1",
                "line 2: log is 1: expected a log's name",
            ),
            (
                "[[route]]\ngroup = \"\"\nlog = \"alb\"",
                "line 2: group is \"\": expected a text",
            ),
            ("\n[[route]]\ngroup = \"*\"", "line 2: expected log"),
            (
                "[[route]]\nGroup = \"*\"",
                "line 2: [[route]] has no \"Group\"",
            ),
            (
                "[[route]]\n[route.request]\ntime = \"t\"",
                "line 3: time is \"t\": expected a JSON Pointer",
            ),
        ] {
            let found = Routes::parse(file).expect_err(file).to_string();
            assert!(found.starts_with(error), "{file}: {found}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_fits_what_it_was_made_of(
            parts in proptest::collection::vec("[ab]{0,3}", 1..5), others in proptest::collection::vec("[abc]{0,3}", 4),
        ) {
            let pattern = Pattern(parts.clone());
            let mut text = parts[0].clone();
            for (part, other) in parts[1..].iter().zip(&others) {
                text = text + other + part;
            }
            prop_assert!(pattern.fits(&text));
        }
    }
}
