//! Whole Kinesis events, as Lambda hands them over.

use function::KinesisEvent;
use model::OrderFormat;

use crate::batch;
use crate::memory::bounded;

/// A record of the event takes some 150 bytes and there is no shorter one in JSON.
const MEMORY: usize = 16;

/// Checks one event.
///
/// # Panics
/// - if the functions do not agree whether it is one, and of how many records;
/// - for what [`batch::check`] panics for.
pub fn check(data: &[u8]) {
    let event = bounded(data.len(), MEMORY, || {
        serde_json::from_slice::<KinesisEvent>(data)
    });
    let surge = serde_json::from_slice::<surge::Event>(data);
    let notify = serde_json::from_slice::<notify::Event>(data);
    match event {
        Ok(event) => {
            let counts = event.records.len();
            if let Ok(surge::Event::Records(records)) = &surge {
                assert_eq!(records.len(), counts);
            }
            if let Ok(notify::Event::Alarms(records)) = &notify {
                assert_eq!(records.len(), counts);
            }
            batch::records(&OrderFormat::default(), &event.records);
        }
        Err(_) => {
            assert!(!matches!(surge, Ok(surge::Event::Records(_))));
            assert!(!matches!(notify, Ok(notify::Event::Alarms(_))));
        }
    }
}
