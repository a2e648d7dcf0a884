//! One field's value as a payload gave it, and its conversion to what the field
//! must be. JSON and CSV meet here, so that both are judged by the same rules.

use std::borrow::Cow;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::number::{NumberError, decimal};
use crate::reject::{Field, Found, Reason, Reject};

/// A field's value. Texts are trimmed of surrounding blanks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// The payload has no such field.
    #[default]
    Absent,
    Null,
    Text(Cow<'a, str>),
    /// A JSON number, as written.
    Number(&'a str),
    Boolean(bool),
    /// A JSON object or array, as written.
    Nested(&'a str),
}

impl<'a> Value<'a> {
    /// A text, trimmed.
    pub(crate) fn text(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::borrowed(text),
            Cow::Owned(text) if text.trim().len() == text.len() => Self::Text(text.into()),
            Cow::Owned(text) => Self::Text(text.trim().to_owned().into()),
        }
    }

    /// A text of the payload itself, trimmed. No copy is made.
    #[inline]
    pub(crate) fn borrowed(text: &'a str) -> Self {
        // Most have no blanks around them, which two bytes tell.
        Self::Text(Cow::Borrowed(match text.as_bytes() {
            [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
            _ => text.trim(),
        }))
    }

    /// The class of this value, for a reject.
    pub(crate) fn found(&self) -> Found {
        match self {
            Self::Absent => Found::Nothing,
            Self::Null => Found::Null,
            Self::Text(text) if text.is_empty() => Found::Empty,
            Self::Text(_) => Found::Text,
            Self::Number(_) => Found::Number,
            Self::Boolean(_) => Found::Boolean,
            Self::Nested(_) => Found::Nested,
        }
    }

    /// Whether there is nothing to convert: absent, null or empty.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.found(), Found::Nothing | Found::Null | Found::Empty)
    }

    /// What is written there; `None` where there is nothing.
    pub(crate) fn as_written(&self) -> Option<String> {
        match self {
            _ if self.is_blank() => None,
            Self::Absent | Self::Null => None,
            Self::Text(text) => Some(text.clone().into_owned()),
            Self::Number(text) | Self::Nested(text) => Some((*text).to_owned()),
            Self::Boolean(is) => Some(is.to_string()),
        }
    }

    /// The value as it stands, or a `Missing` reject if there is none.
    pub(crate) fn scalar(&self, field: Field, otherwise: Reason) -> Result<&str, Reject> {
        match self {
            Self::Text(text) if !text.is_empty() => Ok(text),
            Self::Number(text) => Ok(text),
            Self::Boolean(_) | Self::Nested(_) => {
                Err(Reject::field(otherwise, field, self.found()))
            }
            _ => Err(Reject::field(Reason::Missing, field, self.found())),
        }
    }

    /// A name or code that must be there. JSON numbers are taken as written.
    pub(crate) fn into_code(self, field: Field) -> Result<Cow<'a, str>, Reject> {
        self.scalar(field, Reason::NotAText)?;
        self.into_description(field)
    }

    /// A text that may be empty or absent.
    pub(crate) fn into_description(self, field: Field) -> Result<Cow<'a, str>, Reject> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Number(text) => Ok(Cow::Borrowed(text)),
            Self::Absent | Self::Null => Ok(Cow::Borrowed("")),
            Self::Boolean(_) | Self::Nested(_) => {
                Err(Reject::field(Reason::NotAText, field, self.found()))
            }
        }
    }

    /// An exact decimal that must be there.
    pub(crate) fn decimal(&self, field: Field) -> Result<Decimal, Reject> {
        let text = self.scalar(field, Reason::NotANumber)?;
        decimal(text).map_err(|error| {
            let reason = match error {
                NumberError::Syntax => Reason::NotANumber,
                NumberError::Range => Reason::OutOfRange,
            };
            Reject::field(reason, field, self.found())
        })
    }

    /// A whole number that must be there.
    pub(crate) fn whole(&self, field: Field) -> Result<i64, Reject> {
        // Nearly every number is a plain one; the decimal is for `17850.0`.
        if let Ok(number) = self.scalar(field, Reason::NotANumber)?.parse() {
            return Ok(number);
        }
        let number = self.decimal(field)?;
        if !number.is_integer() {
            return Err(Reject::field(Reason::NotWhole, field, self.found()));
        }
        number
            .to_i64()
            .ok_or_else(|| Reject::field(Reason::OutOfRange, field, self.found()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_trimmed_of_every_blank(
            text in "[\\t \u{a0}\u{85}\u{3000}\u{7f}]{0,2}[!~a£ \u{3000}]{0,3}[\\r \u{a0}\u{2003}]{0,2}"
        ) {
            let trimmed = Value::Text(text.trim().to_owned().into());
            prop_assert_eq!(Value::borrowed(&text), trimmed.clone());
            prop_assert_eq!(Value::text(text.clone().into()), trimmed);
        }
    }
}
