//! From a sample to an order format's text.

use anyhow::{Context as _, bail};
use model::OrderFormat;

use super::csv::{Csv, NoCsv};
use super::draft::{Draft, Shape};
use super::fields::{self, Data};
use super::found::Found;
use super::json::{Json, NoJson};
use super::names::Role;
use super::sample::Sample;
use super::{file, known};
use crate::text::shown;

/// An order format that is proposed.
pub(super) struct Proposal {
    pub(super) text: String,
    /// What the text says; with a place for what is missing in it.
    pub(super) format: OrderFormat,
    /// The system whose format it is.
    pub(super) system: Option<&'static str>,
    draft: Option<Draft>,
}

impl Proposal {
    /// Proposes a format for a sample of the file `name`, to be written to `out`.
    ///
    /// # Errors
    /// If the sample is no CSV or JSON of orders.
    pub(super) fn of(sample: &Sample, name: &str, out: &str) -> anyhow::Result<Self> {
        if sample.is_json
            && let Some(system) = known::system(&sample.bytes)
        {
            return Ok(Self {
                text: system.text.to_owned(),
                format: OrderFormat::parse(system.text)
                    .context("the order format that comes with sitewatch")?,
                system: Some(system.name),
                draft: None,
            });
        }
        let data = data(sample)?;
        let draft = fields::draft(data);
        let draft = draft.context("no orders: no columns or fields look like an order's number, article, quantity, date and price")?;
        Self::drafted(draft, sample, name, out)
    }

    fn drafted(draft: Draft, sample: &Sample, name: &str, out: &str) -> anyhow::Result<Self> {
        let parsed = |draft: &Draft| {
            let text = if draft.missing().is_empty() {
                file::text(draft, name, out)
            } else {
                file::stand_in(draft)
            };
            OrderFormat::parse(&text)
                .context("an order format was proposed that cannot be read; please report it")
        };
        let (mut draft, mut format) = (draft.clone(), parsed(&draft)?);
        let mut unnumbered = draft.clone();
        unnumbered
            .entries
            .retain(|entry| entry.role != Role::LineNo);
        if unnumbered.entries.len() < draft.entries.len() {
            // A number that lines of an order share would make one row of them.
            let other = parsed(&unnumbered)?;
            if Found::of(&other, &sample.bytes).copies < Found::of(&format, &sample.bytes).copies {
                (draft, format) = (unnumbered, other);
            }
        }
        Ok(Self {
            text: file::text(&draft, name, out),
            format,
            system: None,
            draft: Some(draft),
        })
    }

    /// The fields that are not found, each with what is known about it.
    pub(super) fn missing(&self) -> Vec<(Role, &str)> {
        self.draft.as_ref().map(Draft::missing).unwrap_or_default()
    }

    /// What is only likely.
    pub(super) fn likely(&self) -> Vec<(Option<Role>, &str)> {
        self.draft.as_ref().map(Draft::likely).unwrap_or_default()
    }
}

/// The columns of a sample.
fn data(sample: &Sample) -> anyhow::Result<Data> {
    if sample.is_json {
        return match Json::of(&sample.bytes) {
            Ok(Json { lines, columns }) => Ok(Data {
                shape: Shape::Json { lines },
                columns,
            }),
            Err(NoJson::Wrapped(pointer)) => {
                let path = shown(&pointer.replace('/', "."), 100);
                bail!(
                    "all orders lie in {}: expected each as an object of its own; jq -c '{path}[]' makes them so",
                    shown(&pointer, 100)
                )
            }
            Err(NoJson::NoObjects) => bail!("expected JSON objects, found none"),
        };
    }
    match Csv::of(&sample.bytes) {
        Ok(Csv {
            delimiter,
            names,
            columns,
        }) => Ok(Data {
            shape: Shape::Csv { delimiter, names },
            columns,
        }),
        Err(NoCsv::NoColumns) => {
            bail!("expected CSV or JSON: no , ; | or tab divides its lines into columns")
        }
        Err(NoCsv::HeaderNotUtf8) => {
            bail!(
                "the first line is not UTF-8: expected UTF-8; iconv -f WINDOWS-1252 -t UTF-8 converts what Excel writes"
            )
        }
    }
}
