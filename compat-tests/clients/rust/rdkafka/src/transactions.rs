//! Transactions: what they write and commit is seen whole, or not at all.

use std::time::{Duration, Instant};

use harness::{Outcome, ask_broker, check_exactly_once, expect, expect_equal, fresh};
use rdkafka::Offset;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Message, OwnedMessage};
use rdkafka::producer::{FutureProducer, Producer};

use crate::client::{
    Options, Record, TIMEOUT, committed, consumer, fill, make_topic, next, place, producer, read, send,
    subscribed, values,
};
use crate::member::CLASSIC;

const COMMITTED: Options = &[("isolation.level", "read_committed")];
const UNCOMMITTED: Options = &[("isolation.level", "read_uncommitted")];

fn transactional(bootstrap: &str, id: &str, options: Options) -> Outcome<FutureProducer> {
    let own = [("transactional.id", id), ("linger.ms", "1")];
    let to = producer(bootstrap, &[&own, options].concat())?;
    to.init_transactions(TIMEOUT)?;
    Ok(to)
}

fn named(name: &str) -> Vec<Vec<u8>> {
    (0..10).map(|number| format!("{name}-{number}").into_bytes()).collect()
}

/// Begins a transaction and writes ten records in it, named so.
async fn write(to: &FutureProducer, topic: &str, name: &str) -> Outcome {
    to.begin_transaction()?;
    let records = named(name);
    send(to, records.iter().map(|value| Record::to(topic).payload(value).partition(0)).collect()).await?;
    Ok(())
}

async fn expect_committed(bootstrap: &str, topic: &str, names: &[&str]) -> Outcome {
    let wanted: Vec<_> = names.iter().flat_map(|name| named(name)).collect();
    let found = read(bootstrap, topic, 1, wanted.len(), COMMITTED).await?;
    expect_equal(values(&found), wanted, "committed records")
}

/// The producer has been fenced, which is fatal.
fn expect_fenced(to: &FutureProducer) -> Outcome {
    match to.commit_transaction(TIMEOUT) {
        Err(KafkaError::Transaction(error)) => {
            expect_equal(error.code(), RDKafkaErrorCode::Fenced, "error")?;
            expect(error.is_fatal(), "the error is not a fatal one")
        }
        other => Err(format!("the end of a fenced producer's transaction: {other:?}").into()),
    }
}

pub async fn together(bootstrap: &str) -> Outcome {
    let (topic, source) = (make_topic(bootstrap, 1, &[]).await?, make_topic(bootstrap, 1, &[]).await?);
    let (group, to) = (fresh("group"), transactional(bootstrap, &fresh("transactional"), &[])?);
    let member = consumer(bootstrap, &group, &[])?;
    for (name, offset) in [("committed", 42), ("aborted", 77)] {
        write(&to, &topic, name).await?;
        let metadata = member.group_metadata().ok_or("no metadata of the group")?;
        to.send_offsets_to_transaction(&place(&source, offset)?, &metadata, TIMEOUT)?;
        if name == "committed" { to.commit_transaction(TIMEOUT)? } else { to.abort_transaction(TIMEOUT)? }
    }
    write(&to, &topic, "open").await?;
    read(bootstrap, &topic, 1, 30, UNCOMMITTED).await?;
    expect_committed(bootstrap, &topic, &["committed"]).await?;
    to.commit_transaction(TIMEOUT)?;
    expect_committed(bootstrap, &topic, &["committed", "open"]).await?;
    expect_equal(committed(bootstrap, &group, &source)?, Offset::Offset(42), "committed offset")
}

pub async fn fenced(bootstrap: &str) -> Outcome {
    let (topic, id) = (make_topic(bootstrap, 1, &[]).await?, fresh("transactional"));
    let first = transactional(bootstrap, &id, &[])?;
    write(&first, &topic, "first").await?;
    let second = transactional(bootstrap, &id, &[])?;
    write(&second, &topic, "second").await?;
    second.commit_transaction(TIMEOUT)?;
    expect_fenced(&first)?;
    expect_committed(bootstrap, &topic, &["second"]).await
}

pub async fn timeout(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[]).await?;
    let slow = transactional(bootstrap, &fresh("transactional"), &[("transaction.timeout.ms", "3000")])?;
    write(&slow, &topic, "slow").await?;
    let quick = transactional(bootstrap, &fresh("transactional"), &[])?;
    write(&quick, &topic, "quick").await?;
    quick.commit_transaction(TIMEOUT)?;
    // Readers get past the open transaction once its time is up; Apache Kafka looks every ten seconds.
    expect_committed(bootstrap, &topic, &["quick"]).await?;
    expect_fenced(&slow)
}

/// Copies a topic into another, each record once.
struct Copier {
    from: StreamConsumer,
    to: FutureProducer,
    group: String,
    source: String,
    target: String,
}

impl Copier {
    async fn new(bootstrap: &str, count: usize) -> Outcome<Copier> {
        let (source, target) = (make_topic(bootstrap, 1, &[]).await?, make_topic(bootstrap, 1, &[]).await?);
        fill(bootstrap, &source, 0..count).await?;
        Copier::of(bootstrap, fresh("group"), source, target)
    }

    fn of(bootstrap: &str, group: String, source: String, target: String) -> Outcome<Copier> {
        let to = transactional(bootstrap, &format!("copies-{group}"), &[])?;
        let from = subscribed(bootstrap, &group, &source, &[CLASSIC, COMMITTED].concat())?;
        Ok(Copier { from, to, group, source, target })
    }

    /// One transaction; how many records were in it. An aborted one's records are read again.
    async fn copy(&self, commit: bool) -> Outcome<usize> {
        let messages = self.take(50).await?;
        let (Some(first), Some(last)) = (messages.first(), messages.last()) else { return Ok(0) };
        self.to.begin_transaction()?;
        let copied = values(&messages);
        send(
            &self.to,
            copied.iter().map(|value| Record::to(&self.target).payload(value).partition(0)).collect(),
        )
        .await?;
        let metadata = self.from.group_metadata().ok_or("no metadata of the group")?;
        self.to.send_offsets_to_transaction(&place(&self.source, last.offset() + 1)?, &metadata, TIMEOUT)?;
        if commit {
            self.to.commit_transaction(TIMEOUT)?;
        } else {
            self.to.abort_transaction(TIMEOUT)?;
            self.from.seek(&self.source, 0, Offset::Offset(first.offset()), TIMEOUT)?;
        }
        Ok(messages.len())
    }

    /// What is there, so many records at most.
    async fn take(&self, most: usize) -> Outcome<Vec<OwnedMessage>> {
        let (mut messages, mut wait) = (Vec::new(), Duration::from_millis(200));
        while messages.len() < most
            && let Some(message) = next(&self.from, wait).await?
        {
            messages.push(message);
            wait = Duration::from_millis(1);
        }
        Ok(messages)
    }

    /// A copier with the same names: its producer ends what the one before left open.
    fn again(self, bootstrap: &str) -> Outcome<Copier> {
        let Copier { from, to, group, source, target } = self;
        drop((from, to));
        Copier::of(bootstrap, group, source, target)
    }

    async fn expect_copied(&self, bootstrap: &str, count: usize) -> Outcome {
        check_exactly_once(values(&read(bootstrap, &self.target, 1, count, COMMITTED).await?), count)
    }
}

pub async fn copies(bootstrap: &str) -> Outcome {
    const COUNT: usize = 1000;
    let copier = Copier::new(bootstrap, COUNT).await?;
    let (mut copied, mut turn, end) = (0, 0, Instant::now() + Duration::from_secs(60));
    while copied < COUNT && Instant::now() < end {
        let commit = turn % 4 != 1;
        let count = copier.copy(commit).await?;
        turn += usize::from(count > 0);
        copied += if commit { count } else { 0 };
    }
    copier.expect_copied(bootstrap, COUNT).await
}

pub async fn copies_despite_kills(bootstrap: &str) -> Outcome {
    const COUNT: usize = 2000;
    const KILLS: usize = 4;
    let mut copier = Copier::new(bootstrap, COUNT).await?;
    let (mut offset, mut killed) = (0, 0);
    while offset < COUNT {
        if killed < KILLS && offset > (killed + 1) * COUNT / (KILLS + 1) {
            killed += 1;
            ask_broker("kill")?;
            ask_broker("start")?;
        }
        if copier.copy(true).await.is_err() {
            copier = copier.again(bootstrap)?;
        }
        if let Ok(Offset::Offset(now)) = committed(bootstrap, &copier.group, &copier.source) {
            offset = now as usize;
        }
    }
    expect_equal(killed, KILLS, "kills")?;
    copier.expect_copied(bootstrap, COUNT).await
}
