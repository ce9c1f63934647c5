//! A function over two keyed streams sees both in one state.

use crate::common::{Seen, environment};
use millstream::{CoProcessFunction, Collector, OpenContext, Result, ValueState};

/// Pairs an order with its payment, whichever comes first.
#[derive(Default)]
struct Pair {
    order: Option<ValueState<u64, u64>>,
    payment: Option<ValueState<u64, u64>>,
}

impl Pair {
    fn meet(
        mine: &Option<ValueState<u64, u64>>,
        other: &Option<ValueState<u64, u64>>,
        value: u64,
    ) -> Result<Option<u64>> {
        let (Some(mine), Some(other)) = (mine, other) else {
            return Ok(None);
        };
        mine.set(value)?;
        other.get()
    }
}

impl CoProcessFunction<u64, (u64, u64), (u64, u64), (u64, u64, u64)> for Pair {
    fn open(&mut self, context: &mut OpenContext<'_, u64>) -> Result<()> {
        self.order = Some(context.value("order")?);
        self.payment = Some(context.value("payment")?);
        Ok(())
    }

    fn process_first(
        &mut self,
        (_, order): (u64, u64),
        key: &u64,
        out: &mut Collector<(u64, u64, u64)>,
    ) -> Result<()> {
        if let Some(payment) = Self::meet(&self.order, &self.payment, order)? {
            out.collect((*key, order, payment));
        }
        Ok(())
    }

    fn process_second(
        &mut self,
        (_, payment): (u64, u64),
        key: &u64,
        out: &mut Collector<(u64, u64, u64)>,
    ) -> Result<()> {
        if let Some(order) = Self::meet(&self.payment, &self.order, payment)? {
            out.collect((*key, order, payment));
        }
        Ok(())
    }
}

#[test]
fn every_pair_is_found_once_at_every_parallelism() {
    for parallelism in 1..=3 {
        let directory = tempfile::tempdir().expect("a directory");
        let environment = environment(directory.path());
        environment.set_parallelism(parallelism);
        let orders = environment.generate(2, Some(500), |split, i| (i * 2 + u64::from(split), i));
        let payments =
            environment.generate(2, Some(500), |split, i| (i * 2 + u64::from(split), i + 7));
        let seen = Seen::new();
        let sink = seen.clone();
        orders
            .key_by(|(key, _)| *key)
            .process_with(payments.key_by(|(key, _)| *key), Pair::default)
            .for_each(move |pair| sink.push(pair));
        environment.execute("pairs").expect("the job finishes");
        let expected: Vec<_> = (0..1_000).map(|key| (key, key / 2, key / 2 + 7)).collect();
        assert_eq!(seen.sorted(), expected, "parallelism {parallelism}");
    }
}
