//! A form of dates as a file says it, for orders and requests.

use jiff::tz::TimeZone;

use super::DateForm;
use crate::table::{FormatError, Table};

impl DateForm {
    /// What `format` and `zone` say.
    ///
    /// # Errors
    /// If one of them is none, or they do not go together.
    pub(crate) fn described(table: &Table<'_>) -> Result<Self, FormatError> {
        let mut form = Self::default();
        if let Some(item) = table.get("format") {
            form = item.text().and_then(Self::new).ok_or_else(|| {
            item.expected("\"iso\", \"seconds\", \"milliseconds\", or a pattern with year, month and day, such as \"%d.%m.%Y %H:%M\"")
        })?;
        }
        if let Some(item) = table.get("zone") {
            if form.kind.is_number() {
                return Err(item.error("zone is for local dates: seconds since 1970 have none"));
            }
            if form.kind.tells_offset() {
                return Err(item.error("zone is for dates without an offset: the pattern has one"));
            }
            let zone = item.text().and_then(|name| TimeZone::get(name).ok());
            let zone = zone.filter(|zone| !zone.is_unknown());
            form.zone = Some(zone.ok_or_else(|| {
                item.expected("a time zone of the IANA database, such as \"Europe/Berlin\"")
            })?);
        }
        Ok(form)
    }
}
