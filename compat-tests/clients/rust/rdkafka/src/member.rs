//! Members of a group: consumers that tasks poll, with what each owns, had to give back and has seen.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};

use harness::{Outcome, fresh, value_of};
use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::message::{Message, OwnedMessage};
use tokio::task::JoinHandle;

use crate::client::{Options, consumer_config, make_topic, spread, value, wait_until};

/// The timeouts of the classic protocol; those of the consumer protocol are the broker's.
pub const CLASSIC: Options = &[("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "500")];
pub const CONSUMER: Options = &[("group.protocol", "consumer")];

/// Partitions, each with its topic.
pub type Places = BTreeSet<(String, i32)>;
type Seen = Arc<Mutex<Vec<OwnedMessage>>>;

/// What rebalances do to a member.
#[derive(Default)]
pub struct Tracker {
    owned: Mutex<Places>,
    given_back: Mutex<Vec<Places>>,
}

impl ClientContext for Tracker {}

impl ConsumerContext for Tracker {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let mut owned = self.owned.lock().unwrap();
        match rebalance {
            Rebalance::Assign(list) => owned.extend(places(list)),
            Rebalance::Revoke(list) => {
                let gone = places(list);
                owned.retain(|place| !gone.contains(place));
                self.given_back.lock().unwrap().push(gone);
            }
            Rebalance::Error(_) => {}
        }
    }
}

fn places(list: &rdkafka::TopicPartitionList) -> Places {
    list.elements().iter().map(|one| (one.topic().to_owned(), one.partition())).collect()
}

pub struct Member {
    consumer: Arc<StreamConsumer<Tracker>>,
    seen: Seen,
    polling: JoinHandle<()>,
}

impl Member {
    /// A member that commits what it has seen; after six seconds without polling it is out of its group.
    pub fn join(bootstrap: &str, group: &str, topics: &[&str], options: Options) -> Outcome<Member> {
        let own = [
            ("enable.auto.commit", "true"),
            ("auto.commit.interval.ms", "200"),
            ("max.poll.interval.ms", "6000"),
            ("topic.metadata.refresh.interval.ms", "500"),
        ];
        let config = consumer_config(bootstrap, group, &[&own, options].concat());
        let consumer: Arc<StreamConsumer<Tracker>> =
            Arc::new(config.create_with_context(Tracker::default())?);
        consumer.subscribe(topics)?;
        let seen = Seen::default();
        let polling = tokio::spawn(poll(consumer.clone(), seen.clone()));
        Ok(Member { consumer, seen, polling })
    }

    pub fn owned(&self) -> Places {
        self.consumer.context().owned.lock().unwrap().clone()
    }

    /// What it had to give back, in order.
    pub fn given_back(&self) -> Vec<Places> {
        self.consumer.context().given_back.lock().unwrap().clone()
    }

    pub fn seen(&self) -> Vec<OwnedMessage> {
        self.seen.lock().unwrap().clone()
    }

    pub async fn wait_seen(&self, count: usize) -> Outcome {
        wait_until(&format!("{count} records are seen"), || Ok(self.seen.lock().unwrap().len() >= count))
            .await
    }

    /// Has it stay in its group, and do nothing more; what is left of it.
    pub async fn stop_polling(self) -> Arc<StreamConsumer<Tracker>> {
        self.polling.abort();
        let _ = self.polling.await; // that it was cancelled
        self.consumer
    }

    /// Closes it, when it has committed what it saw; a static member is no less a member then.
    pub async fn leave(self) -> Outcome {
        let consumer = self.stop_polling().await;
        Ok(tokio::task::spawn_blocking(move || drop(consumer)).await?)
    }
}

/// Reads until it is cancelled; errors are those of a broker that is away, and of rebalances.
async fn poll(consumer: Arc<StreamConsumer<Tracker>>, seen: Seen) {
    loop {
        if let Ok(message) = consumer.recv().await {
            seen.lock().unwrap().push(message.detach());
        }
    }
}

/// Waits until every member owns something, every partition is owned, and by one member.
pub async fn wait_shared(members: &[Member], partitions: usize) -> Outcome {
    let what = format!("{partitions} partitions shared by {} members", members.len());
    wait_until(&what, || {
        let owned: Vec<_> = members.iter().map(Member::owned).collect();
        let sum: usize = owned.iter().map(Places::len).sum();
        let all: Places = owned.iter().flatten().cloned().collect();
        Ok(owned.iter().all(|one| !one.is_empty()) && sum == partitions && all.len() == partitions)
    })
    .await
}

/// A group that shares one topic; what everybody saw who ever was in it is remembered.
pub struct Crowd {
    bootstrap: String,
    pub group: String,
    topic: String,
    partitions: usize,
    sent: usize,
    pub members: Vec<Member>,
    seen: Vec<Seen>,
}

impl Crowd {
    pub async fn new(bootstrap: &str, partitions: usize) -> Outcome<Crowd> {
        let topic = make_topic(bootstrap, partitions as i32, &[]).await?;
        let (bootstrap, group) = (bootstrap.to_owned(), fresh("group"));
        Ok(Crowd { bootstrap, group, topic, partitions, sent: 0, members: vec![], seen: vec![] })
    }

    pub fn join(&mut self, options: Options) -> Outcome {
        let member = Member::join(&self.bootstrap, &self.group, &[&self.topic], options)?;
        self.seen.push(member.seen.clone());
        self.members.push(member);
        Ok(())
    }

    pub async fn wait_shared(&self) -> Outcome {
        wait_shared(&self.members, self.partitions).await
    }

    /// Sends records, and waits until each that was ever sent has been read.
    pub async fn wait_all_read(&mut self, count: usize) -> Outcome {
        spread(&self.bootstrap, &self.topic, self.sent..self.sent + count, self.partitions).await?;
        self.sent += count;
        let wanted: HashSet<_> = (0..self.sent).map(value_of).collect();
        wait_until("every record is read", || {
            let seen =
                self.seen.iter().flat_map(|one| one.lock().unwrap().iter().map(value).collect::<Vec<_>>());
            Ok(seen.collect::<HashSet<_>>() == wanted)
        })
        .await
    }

    pub async fn leave(&mut self, place: usize) -> Outcome {
        self.members.remove(place).leave().await
    }

    pub async fn disband(mut self) -> Outcome {
        while !self.members.is_empty() {
            self.leave(0).await?;
        }
        Ok(())
    }
}

/// How many records of a topic a member has seen.
pub fn count_of(seen: &[OwnedMessage], topic: &str) -> usize {
    seen.iter().filter(|one| one.topic() == topic).count()
}
