//! What an alarm's contributors come to, in words: one customer's script, or a sale? It
//! is judged by the record's numbers alone; what is usual for the shop is not known here.

mod fact;
mod share;

use crate::alarm::value::GUEST;
use crate::alarm::{Alarm, AlarmKind, Contributor, Contributors, Dimension, Measure};

use fact::{Fact, What};
use share::is_guest;

/// Where no value has more than this, in percent, none can be blocked that would matter,
/// and there are ten at least.
const SPREAD: u64 = 10;

/// Who is behind an alarm. The texts are ASCII, and safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// The strongest fact, for phones: `customer 17850 sends 82 % of the orders`. At most
    /// 140 characters.
    pub short: String,
    /// All facts and what they look like, in whole sentences.
    pub sentence: String,
    /// Of what `strongest` is a value.
    pub dimension: Dimension,
    /// The heaviest value of the strongest fact.
    pub strongest: &'a Contributor,
    /// Its share in percent; at least, where counts are not exact.
    pub percent: u64,
}

impl Verdict<'_> {
    /// What the strongest value is: its dimension's name, or `guest` for all orders
    /// without an account.
    #[must_use]
    pub fn contributor(&self) -> &'static str {
        if is_guest(self.dimension, self.strongest) {
            GUEST
        } else {
            self.dimension.name()
        }
    }

    /// Whether the strongest value has enough of the whole to be worth a look by itself.
    #[must_use]
    pub fn stands_out(&self) -> bool {
        self.percent > SPREAD
    }
}

impl Alarm {
    /// Who is behind it; `None` where nobody was counted.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict<'_>> {
        let facts = Fact::all(&self.contributors);
        let first = facts.first()?;
        let is_over = self.kind == AlarmKind::Ok;
        let countries = self.contributors.iter();
        let countries = countries.filter(|c| c.dimension == Dimension::Country);
        let countries = countries.map(Contributors::how_many).next();
        let words = |fact: &Fact<'_>| fact.words(is_over, countries.as_deref());
        // The articles' and countries' spread says nothing where there is something to say.
        let said = facts.iter().filter(|f| f.what <= What::Many);
        let mut sentence = said.map(words).collect::<Vec<_>>().join("; ");
        if sentence.is_empty() {
            sentence = words(first);
        }
        if let Some(initial) = sentence.get_mut(..1) {
            initial.make_ascii_uppercase();
        }
        sentence.push('.');
        if let Some(like) = looks_like(&facts) {
            let looks = if is_over { "looked" } else { "looks" };
            sentence = format!("{sentence} This {looks} like {like}.");
        }
        Some(Verdict {
            short: words(first),
            sentence,
            dimension: first.of.dimension,
            strongest: first.top,
            percent: first.of.share(first.top.count),
        })
    }
}

/// What the facts look like, if they look like anything.
fn looks_like(facts: &[Fact<'_>]) -> Option<&'static str> {
    let first = facts.first()?;
    let by_orders = first.of.measure == Measure::Orders;
    match first.what {
        What::Source | What::Few(_) if by_orders => return Some("a script, not a sale"),
        What::Source | What::Few(_) => return Some("a script, or a large order"),
        _ => {}
    }
    let has = |what| facts.iter().find(|fact| fact.what == what);
    let many = has(What::Many).filter(|_| has(What::Guests).is_none())?;
    (many.of.at_most(many.top.count) <= SPREAD).then_some("a sale")
}

#[cfg(test)]
mod tests;
