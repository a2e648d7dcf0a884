//! The table of URL patterns, one of which is none.

use function::delivery::CallError;
use traffic::{BadPattern, Pattern, PatternTable};

use crate::faults::Service;
use crate::services::Client;

impl PatternTable for Client {
    async fn load(&self) -> Result<(Vec<Pattern>, Vec<BadPattern>), CallError> {
        let pattern = |id: &str, regex: &str| Pattern {
            id: id.to_owned(),
            regex: regex.to_owned(),
            rank: 1.0,
        };
        let all = vec![pattern("none", "("), pattern("shop", "^/shop")];
        let to = (Service::Patterns, 1);
        let what = || "scan it".to_owned();
        self.world
            .call(&self.process, to, what, |_, _| (all, Vec::new()))
            .await
    }
}
