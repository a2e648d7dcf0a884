//! Systems whose order formats come with sitewatch.

use model::OrderFormat;

use super::json::objects;

/// A system.
pub(super) struct Known {
    pub(super) name: &'static str,
    /// Its order format's file.
    pub(super) text: &'static str,
    /// What its data has and that of others has not, by path.
    marks: &'static [&'static str],
}

const KNOWN: [Known; 3] = [
    Known {
        name: "Shopify",
        text: include_str!("../../../../layers/order-formats/shopify.toml"),
        marks: &["/line_items", "/financial_status", "/created_at"],
    },
    Known {
        name: "WooCommerce",
        text: include_str!("../../../../layers/order-formats/woocommerce.toml"),
        marks: &["/line_items", "/date_created_gmt", "/billing"],
    },
    Known {
        name: "Stripe",
        text: include_str!("../../../../layers/order-formats/stripe.toml"),
        marks: &["/data/object/lines/data", "/data/object/object", "/type"],
    },
];

/// The system that JSON comes from: its marks are there, and its format reads nearly all.
pub(super) fn system(bytes: &[u8]) -> Option<&'static Known> {
    let objects = objects(bytes);
    let first = objects.first()?;
    KNOWN.iter().find(|known| {
        let is_marked = known.marks.iter().all(|mark| first.pointer(mark).is_some());
        is_marked && OrderFormat::parse(known.text).is_ok_and(|format| reads(&format, bytes))
    })
}

/// Whether a format reads data with no rejects, or nearly none.
pub(super) fn reads(format: &OrderFormat, bytes: &[u8]) -> bool {
    let (mut read, mut refused) = (0_u64, 0_u64);
    for decoded in format.decode(bytes) {
        read += 1;
        refused += u64::from(decoded.line.is_err());
    }
    read > refused && refused * 20 <= read
}
