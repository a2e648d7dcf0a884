//! What is read and not sent yet, by partition key. Pure.
//!
//! PutRecords keeps no order, and a record that fails is overtaken by those behind
//! it. So a call holds at most one record of a key, and the next of that key only
//! goes when the one before it is there.

use std::collections::{HashMap, VecDeque};

/// A record to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    /// The number of its line in the input, from 1.
    pub(crate) line: u64,
    /// Its partition key.
    pub(crate) key: String,
    /// Its data.
    pub(crate) data: Vec<u8>,
}

impl Parcel {
    /// What it adds to a call, which counts keys too.
    pub(crate) fn size(&self) -> usize {
        self.key.len() + self.data.len()
    }
}

/// Parcels that wait, in the order of each key.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    waiting: HashMap<String, VecDeque<Parcel>>,
    /// The keys with waiting parcels, the longest waiting first.
    keys: VecDeque<String>,
    length: usize,
}

impl Backlog {
    /// How many parcels wait.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Whether none waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The lowest line number that waits.
    pub(crate) fn first_line(&self) -> Option<u64> {
        let first = |queue: &VecDeque<Parcel>| queue.front().map(|parcel| parcel.line);
        self.waiting.values().filter_map(first).min()
    }

    /// Adds a parcel behind those of its key.
    pub(crate) fn push(&mut self, parcel: Parcel) {
        self.length += 1;
        let queue = self.waiting.entry(parcel.key.clone()).or_default();
        if queue.is_empty() {
            self.keys.push_back(parcel.key.clone());
        }
        queue.push_back(parcel);
    }

    /// Takes the first parcels of at most `count` keys, at most `bytes` together
    /// but for a single one.
    pub(crate) fn take(&mut self, count: usize, bytes: usize) -> Vec<Parcel> {
        let mut taken: Vec<Parcel> = Vec::new();
        let mut size = 0;
        for _ in 0..count.min(self.keys.len()) {
            let Some(key) = self.keys.pop_front() else {
                break;
            };
            let Some(queue) = self.waiting.get_mut(&key) else {
                continue;
            };
            let next = queue.front().map_or(0, Parcel::size);
            if !taken.is_empty() && size + next > bytes {
                self.keys.push_front(key);
                break;
            }
            size += next;
            taken.extend(queue.pop_front());
            if queue.is_empty() {
                self.waiting.remove(&key);
            } else {
                self.keys.push_back(key);
            }
        }
        self.length -= taken.len();
        taken
    }

    /// Puts a parcel that was taken and not sent before all others of its key.
    pub(crate) fn put_back(&mut self, parcel: Parcel) {
        self.length += 1;
        let queue = self.waiting.entry(parcel.key.clone()).or_default();
        if queue.is_empty() {
            self.keys.push_front(parcel.key.clone());
        }
        queue.push_front(parcel);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn parcel(line: u64, key: u64) -> Parcel {
        Parcel {
            line,
            key: key.to_string(),
            data: vec![0; 10],
        }
    }

    #[test]
    fn every_parcel_goes_once_and_in_the_order_of_its_key_whatever_fails() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let mut backlog = Backlog::default();
            let all: Vec<Parcel> = (1..200).map(|n| parcel(n, rng.u64(0..20))).collect();
            let mut next = all.iter().cloned();
            let mut sent: Vec<Parcel> = Vec::new();
            loop {
                for parcel in next.by_ref().take(rng.usize(0..50)) {
                    backlog.push(parcel);
                }
                let first = backlog.first_line();
                assert!(backlog.is_empty() || !sent.iter().any(|p| Some(p.line) == first));
                let call = backlog.take(rng.usize(1..30), 150);
                let keys: HashSet<&str> = call.iter().map(|p| p.key.as_str()).collect();
                assert_eq!(keys.len(), call.len(), "a key twice in a call");
                assert!(call.iter().map(Parcel::size).sum::<usize>() <= 150);
                for parcel in call {
                    if rng.u32(0..5) == 0 {
                        backlog.put_back(parcel);
                    } else {
                        sent.push(parcel);
                    }
                }
                if sent.len() == all.len() {
                    break;
                }
            }
            assert!(backlog.is_empty() && backlog.first_line().is_none());
            for key in 0..20 {
                let of_key = |parcels: &[Parcel]| -> Vec<u64> {
                    let key = key.to_string();
                    let of_key = parcels.iter().filter(|p| p.key == key);
                    of_key.map(|p| p.line).collect()
                };
                assert_eq!(of_key(&sent), of_key(&all));
            }
        }
    }

    #[test]
    fn a_parcel_larger_than_a_call_goes_alone() {
        let mut backlog = Backlog::default();
        backlog.push(parcel(1, 1));
        backlog.push(parcel(2, 2));
        assert_eq!(backlog.take(10, 5).len(), 1);
        assert_eq!(backlog.len(), 1);
    }
}
