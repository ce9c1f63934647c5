//! Numbers of a connector's own, for people.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Numbers that a connector shows by their names, such as `KafkaProducer.record-send-total`: counts of the present attempt,
/// and measures. Clones share them. Made for a change each second, not for each record.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    values: Arc<Mutex<BTreeMap<String, f64>>>,
}

impl Gauges {
    /// Shows `value` under `name` from now on.
    pub fn set(&self, name: &str, value: f64) {
        self.values().insert(name.to_owned(), value);
    }

    /// Adds to what is shown, which begins with 0.
    pub fn add(&self, name: &str, amount: f64) {
        *self.values().entry(name.to_owned()).or_default() += amount;
    }

    /// All of them, in order.
    pub fn all(&self) -> Vec<(String, f64)> {
        let values = self.values();
        let all = values.iter();
        all.map(|(name, value)| (name.clone(), *value)).collect()
    }

    fn values(&self) -> MutexGuard<'_, BTreeMap<String, f64>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
