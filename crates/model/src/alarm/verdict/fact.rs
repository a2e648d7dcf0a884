//! What the numbers of one dimension say, and how strong that is.

use crate::alarm::verdict::SPREAD;
use crate::alarm::verdict::share::{is_guest, sum};
use crate::alarm::{Contributor, Contributors, Dimension};

/// So many sources together are still a few: they can be looked at, and blocked, by hand.
const FEW: usize = 3;

/// What kind of thing a fact says, the strongest first. Half is where a value weighs as
/// much as all others together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// A source sends half and more.
    Source,
    /// A few sources do together: this many.
    Few(usize),
    /// A thing is half and more: an article that is talked about.
    Thing,
    /// Orders without an account are: nobody can say how many people that is.
    Guests,
    /// Neither: how many sources there are.
    Many,
    /// A country has half and more. A shop's own has that on every day.
    Place,
    /// How many different things or countries there are.
    Others,
}

/// One thing that the numbers of a dimension say.
#[derive(Debug)]
pub(super) struct Fact<'a> {
    pub(super) what: What,
    pub(super) of: &'a Contributors,
    /// The value that it is about, or the heaviest of them.
    pub(super) top: &'a Contributor,
    /// The orders without an account, if they are among the heaviest.
    guests: Option<&'a Contributor>,
}

impl<'a> Fact<'a> {
    /// All facts, the strongest first.
    pub(super) fn all(contributors: &'a [Contributors]) -> Vec<Self> {
        let mut facts: Vec<Self> = contributors.iter().flat_map(Self::of).collect();
        facts.sort_by_key(|fact| fact.what);
        facts
    }

    fn of(of: &'a Contributors) -> Vec<Self> {
        let is_guest = |c: &&Contributor| is_guest(of.dimension, c);
        let guests = of.top.iter().find(is_guest);
        let known = || of.top.iter().filter(|c| !is_guest(c));
        let fact = |what, top| Self {
            what,
            of,
            top,
            guests,
        };
        let few = (2..=FEW).find(|few| of.is_half(sum(known().take(*few))));
        let half = known().next().is_some_and(|top| of.is_half(top.count));
        let what = match (of.dimension, half, few) {
            (Dimension::Customer, true, _) => What::Source,
            (Dimension::Customer, false, Some(few)) => What::Few(few),
            (Dimension::Customer, false, None) => What::Many,
            (Dimension::Article, true, _) => What::Thing,
            (Dimension::Country, true, _) => What::Place,
            (Dimension::Article | Dimension::Country, false, _) => What::Others,
        };
        let guests = guests.filter(|guests| of.is_half(guests.count));
        let known = known().next().map(|top| fact(what, top));
        let guests = guests.map(|guests| fact(What::Guests, guests));
        known.into_iter().chain(guests).collect()
    }

    pub(super) fn words(&self, is_over: bool, countries: Option<&str>) -> String {
        let (of, dimension) = (self.of, self.of.dimension);
        let (value, share) = (self.top.shown(), of.at_least(self.top.count));
        let all = of.measure.noun(2);
        let (sends, send, is, are) = if is_over {
            ("sent", "sent", "was", "were")
        } else {
            ("sends", "send", "is", "are")
        };
        match self.what {
            What::Source => format!("{dimension} {value} {sends} {share} of the {all}"),
            What::Thing | What::Place => {
                format!("{dimension} {value} {is} {share} of the {all}")
            }
            What::Guests => format!("{all} without an account {are} {share}"),
            What::Few(few) => {
                let known = of.top.iter().filter(|c| !is_guest(dimension, c));
                let share = of.at_least(sum(known.take(few)));
                format!("{few} of {} {send} {share} of the {all}", of.how_many())
            }
            What::Many => {
                let places = countries.map(|countries| format!(" in {countries}"));
                self.spread(&places.unwrap_or_default())
            }
            What::Others => self.spread(""),
        }
    }

    /// `430 customers in 12 countries, none above 3 %, 20 % without an account`.
    fn spread(&self, places: &str) -> String {
        let most = self.of.at_most(self.top.count);
        let mut text = format!("{}{places}, ", self.of.how_many());
        text += &if most <= SPREAD {
            format!("none above {most} %")
        } else {
            format!("the first with {}", self.of.at_least(self.top.count))
        };
        if let Some(guests) = self.guests.filter(|g| !self.of.is_half(g.count)) {
            let share = self.of.at_least(guests.count);
            text += &format!(", {share} without an account");
        }
        text
    }
}
