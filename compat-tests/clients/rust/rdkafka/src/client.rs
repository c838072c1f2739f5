//! What the scenarios share: settings, topics, records to send, and topics to read.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use harness::{Outcome, expect_equal, fresh, value_of};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{Consumer, ConsumerContext, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{Message, OwnedMessage};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

pub const TIMEOUT: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(45);

/// Settings of a client, or of a topic, by their names.
pub type Options<'a> = &'a [(&'a str, &'a str)];

pub fn config(bootstrap: &str, options: Options) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("reconnect.backoff.max.ms", "500");
    for (name, value) in options {
        config.set(*name, *value);
    }
    config
}

/// The program's one client for administration.
pub fn admin(bootstrap: &str) -> &'static AdminClient<DefaultClientContext> {
    static ADMIN: OnceLock<AdminClient<DefaultClientContext>> = OnceLock::new();
    ADMIN.get_or_init(|| config(bootstrap, &[]).create().expect("a client without settings of its own"))
}

/// What each topic, group or resource of an administrative request came to; the first error of them.
pub fn all_done<T>(results: KafkaResult<Vec<Result<T, (String, RDKafkaErrorCode)>>>) -> KafkaResult<Vec<T>> {
    results?.into_iter().map(|one| one.map_err(|(_, code)| KafkaError::AdminOp(code))).collect()
}

pub fn code<T>(result: Result<T, KafkaError>) -> Option<RDKafkaErrorCode> {
    match result.err()? {
        KafkaError::AdminOp(code) => Some(code),
        error => error.rdkafka_error_code(),
    }
}

pub async fn create_topic(
    bootstrap: &str,
    name: &str,
    partitions: i32,
    options: Options<'_>,
) -> KafkaResult<Vec<String>> {
    let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    for (key, value) in options {
        topic = topic.set(key, value);
    }
    all_done(admin(bootstrap).create_topics(&[topic], &AdminOptions::new()).await)
}

/// How many partitions a topic is listed with, 0 for not at all.
pub fn listed(bootstrap: &str, topic: &str) -> Outcome<usize> {
    let metadata = admin(bootstrap).inner().fetch_metadata(None, TIMEOUT)?; // naming it might make it
    Ok(metadata.topics().iter().find(|one| one.name() == topic).map_or(0, |one| one.partitions().len()))
}

pub async fn wait_listed(bootstrap: &str, topic: &str, partitions: usize) -> Outcome {
    let what = format!("{topic} is listed with {partitions} partitions");
    wait_until(&what, || Ok(listed(bootstrap, topic)? == partitions)).await
}

/// Makes a topic, and waits until the broker knows it: Apache Kafka answers a creation a moment earlier.
pub async fn make_named(bootstrap: &str, name: &str, partitions: i32, options: Options<'_>) -> Outcome {
    create_topic(bootstrap, name, partitions, options).await?;
    wait_listed(bootstrap, name, partitions as usize).await
}

pub async fn make_topic(bootstrap: &str, partitions: i32, options: Options<'_>) -> Outcome<String> {
    let name = fresh("topic");
    make_named(bootstrap, &name, partitions, options).await?;
    Ok(name)
}

pub fn producer(bootstrap: &str, options: Options) -> Outcome<FutureProducer> {
    Ok(config(bootstrap, options).create()?)
}

pub type Record<'a> = FutureRecord<'a, [u8], [u8]>;

/// Sends all, waits for all; their offsets, or the first error.
pub async fn send(to: &FutureProducer, records: Vec<Record<'_>>) -> KafkaResult<Vec<i64>> {
    let mut waiting = Vec::new();
    for record in records {
        waiting.push(to.send_result(record).map_err(|(error, _)| error)?);
    }
    let mut offsets = Vec::new();
    for sent in waiting {
        let delivery = sent.await.map_err(|_| KafkaError::Canceled)?.map_err(|(error, _)| error)?;
        offsets.push(delivery.offset);
    }
    Ok(offsets)
}

/// Numbered records, spread over so many partitions.
pub async fn spread(
    bootstrap: &str,
    topic: &str,
    numbers: std::ops::Range<usize>,
    partitions: usize,
) -> Outcome<Vec<i64>> {
    let values: Vec<_> = numbers.clone().map(value_of).collect();
    let to_partition =
        |(number, value)| Record::to(topic).payload(value).partition((number % partitions) as i32);
    let records = numbers.zip(values.iter().map(Vec::as_slice)).map(to_partition).collect();
    Ok(send(&producer(bootstrap, &[])?, records).await?)
}

/// Numbered records into a topic's first partition.
pub async fn fill(bootstrap: &str, topic: &str, numbers: std::ops::Range<usize>) -> Outcome<Vec<i64>> {
    spread(bootstrap, topic, numbers, 1).await
}

/// The settings of a consumer that begins at the beginning and commits nothing by itself.
pub fn consumer_config(bootstrap: &str, group: &str, options: Options) -> ClientConfig {
    let own = [("group.id", group), ("auto.offset.reset", "earliest"), ("enable.auto.commit", "false")];
    config(bootstrap, &[&own, options].concat())
}

pub fn consumer(bootstrap: &str, group: &str, options: Options) -> Outcome<StreamConsumer> {
    Ok(consumer_config(bootstrap, group, options).create()?)
}

pub fn subscribed(bootstrap: &str, group: &str, topic: &str, options: Options) -> Outcome<StreamConsumer> {
    let member = consumer(bootstrap, group, options)?;
    member.subscribe(&[topic])?;
    Ok(member)
}

/// The next record within the time, if there is one. Errors that librdkafka recovers from are passed over.
pub async fn next<C: ConsumerContext + 'static>(
    from: &StreamConsumer<C>,
    time: Duration,
) -> Outcome<Option<OwnedMessage>> {
    let end = Instant::now() + time;
    while let Ok(found) =
        tokio::time::timeout(end.saturating_duration_since(Instant::now()), from.recv()).await
    {
        match found {
            Ok(message) => return Ok(Some(message.detach())),
            Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset)) => {
                return Err(RDKafkaErrorCode::AutoOffsetReset.into());
            }
            Err(KafkaError::MessageConsumptionFatal(code)) => return Err(code.into()),
            Err(_) => {}
        }
    }
    Ok(None)
}

/// The next record, which has to come.
pub async fn take(from: &StreamConsumer) -> Outcome<OwnedMessage> {
    next(from, TIMEOUT).await?.ok_or_else(|| "no record comes".into())
}

/// A consumer of one topic from offsets by partition.
pub fn reader(bootstrap: &str, topic: &str, offsets: &[Offset], options: Options) -> Outcome<StreamConsumer> {
    let from = consumer(bootstrap, &fresh("no-group"), options)?;
    let mut places = TopicPartitionList::new();
    for (number, offset) in offsets.iter().enumerate() {
        places.add_partition_offset(topic, number as i32, *offset)?;
    }
    from.assign(&places)?;
    Ok(from)
}

/// So many records of a topic, from its beginning.
pub async fn read(
    bootstrap: &str,
    topic: &str,
    partitions: usize,
    count: usize,
    options: Options<'_>,
) -> Outcome<Vec<OwnedMessage>> {
    let from = reader(bootstrap, topic, &vec![Offset::Beginning; partitions], options)?;
    let mut records = Vec::new();
    while records.len() < count {
        match next(&from, TIMEOUT).await? {
            Some(message) => records.push(message),
            None => break,
        }
    }
    expect_equal(records.len(), count, "records read")?;
    Ok(records)
}

pub fn value(message: &OwnedMessage) -> Vec<u8> {
    message.payload().unwrap_or_default().to_vec()
}

pub fn values(messages: &[OwnedMessage]) -> Vec<Vec<u8>> {
    messages.iter().map(value).collect()
}

/// A topic's first partition, at an offset.
pub fn place(topic: &str, offset: i64) -> Outcome<TopicPartitionList> {
    let mut places = TopicPartitionList::new();
    places.add_partition_offset(topic, 0, Offset::Offset(offset))?;
    Ok(places)
}

/// The offset that a group has committed for a topic's first partition.
pub fn committed(bootstrap: &str, group: &str, topic: &str) -> Outcome<Offset> {
    let mut places = TopicPartitionList::new();
    places.add_partition(topic, 0);
    let found = consumer(bootstrap, group, &[])?.committed_offsets(places, TIMEOUT)?;
    Ok(found.elements()[0].offset())
}

/// Asks again and again until the condition holds.
pub async fn wait_until(what: &str, mut condition: impl FnMut() -> Outcome<bool>) -> Outcome {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if condition()? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("not within {PATIENCE:?}: {what}").into())
}
