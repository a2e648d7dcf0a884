//! The alarm stream, as `surge` puts to it.

use function::delivery::{CallError, Outcome, Target};
use model::Alarm;

use crate::call::Extent;
use crate::faults::Service;
use crate::services::Client;
use crate::world::{World, lock};

impl Target<Alarm> for Client {
    async fn call(&self, alarms: &[&Alarm]) -> Result<Vec<Outcome>, CallError> {
        let records = alarms.iter().map(|alarm| {
            let json = serde_json::to_vec(alarm).expect("an alarm is JSON");
            (alarm.site.clone(), json)
        });
        let records: Vec<_> = records.collect();
        let keys: Vec<String> = alarms
            .iter()
            .map(|a| format!("{} {} {}", a.alarm_id, a.kind, a.at))
            .collect();
        let what = || format!("put {}", keys.join(", "));
        let put = move |world: &World, _: Extent| {
            let count = records.len();
            for (site, json) in records {
                let now = world.now();
                lock(&world.alarms).put(&site, json, now);
            }
            world.arrived(Service::Alarms);
            vec![Outcome::Done; count]
        };
        let to = (Service::Alarms, 1);
        self.world.call(&self.process, to, what, put).await
    }
}
