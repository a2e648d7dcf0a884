//! Requests: what one request to a website is, as an access log tells it. What reads logs
//! is in `log`; nothing about a format belongs here.

use std::borrow::Cow;

/// One request as a log has it. Texts that are not UTF-8 have U+FFFD for what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// When it was answered, in milliseconds since 1970, UTC.
    pub time: i64,
    /// The client's address or name as written; empty if the log has none.
    pub client: Cow<'a, str>,
    /// What the visitor asked for, as written.
    pub host: Option<Cow<'a, str>>,
    /// Empty where a hostile client sent none.
    pub method: Cow<'a, str>,
    /// Without the query; percent-encoding as logged. Of a request that is none, all of it.
    pub path: Cow<'a, str>,
    /// Behind the question mark, as logged.
    pub query: Option<Cow<'a, str>>,
    /// `None` where no answer was sent: the visitor went away.
    pub status: Option<u16>,
    /// Sent to the client.
    pub bytes: u64,
    /// In microseconds.
    pub duration: Option<u64>,
    /// The page that led here, as logged.
    pub referer: Option<Cow<'a, str>>,
    /// What the client says that it is, with what the format encodes of it decoded.
    pub user_agent: Option<Cow<'a, str>>,
    /// Where it was answered.
    pub edge: Option<Cow<'a, str>>,
    /// The cache's result as logged.
    pub cache: Option<Cow<'a, str>>,
}

impl Request<'_> {
    /// The same with its own copies of all texts.
    #[must_use]
    pub fn into_owned(self) -> Request<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Request {
            client: owned(self.client),
            host: self.host.map(owned),
            method: owned(self.method),
            path: owned(self.path),
            query: self.query.map(owned),
            referer: self.referer.map(owned),
            user_agent: self.user_agent.map(owned),
            edge: self.edge.map(owned),
            cache: self.cache.map(owned),
            ..Request {
                time: self.time,
                status: self.status,
                bytes: self.bytes,
                duration: self.duration,
                ..Request::default()
            }
        }
    }
}
