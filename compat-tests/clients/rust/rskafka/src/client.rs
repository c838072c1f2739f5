//! What the scenarios share: topics, and a topic's partitions to write to and to read.

use std::collections::BTreeMap;

use chrono::DateTime;
use harness::{Outcome, fresh, value_of};
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder};
use rskafka::record::{Record, RecordAndOffset};

const TIMEOUT_MS: i32 = 10_000;

pub async fn connect(bootstrap: &str) -> Outcome<Client> {
    Ok(ClientBuilder::new(vec![bootstrap.to_owned()]).build().await?)
}

pub async fn create_topic(client: &Client, name: &str, partitions: i32) -> Result<(), Error> {
    client.controller_client()?.create_topic(name, partitions, 1, TIMEOUT_MS).await
}

pub async fn delete_topic(client: &Client, name: &str) -> Result<(), Error> {
    client.controller_client()?.delete_topic(name, TIMEOUT_MS).await
}

pub async fn make_topic(client: &Client, partitions: i32) -> Outcome<String> {
    let name = fresh("topic");
    create_topic(client, &name, partitions).await?;
    Ok(name)
}

pub async fn partition(client: &Client, topic: &str, number: i32) -> Outcome<PartitionClient> {
    Ok(client.partition_client(topic, number, UnknownTopicHandling::Retry).await?)
}

/// The error code's name in an answer of the broker.
pub fn protocol_error<T>(result: Result<T, Error>) -> Option<ProtocolError> {
    match result {
        Err(Error::ServerError { protocol_error, .. }) => Some(protocol_error),
        _ => None,
    }
}

pub fn record(value: Vec<u8>, timestamp_ms: i64) -> Record {
    Record {
        key: Some(b"key".to_vec()),
        value: Some(value),
        headers: BTreeMap::from([("header".to_owned(), b"text".to_vec())]),
        timestamp: DateTime::from_timestamp_millis(timestamp_ms).unwrap_or_default(),
    }
}

pub async fn fill(to: &PartitionClient, numbers: std::ops::Range<usize>) -> Outcome<Vec<i64>> {
    let records = numbers.map(|number| record(value_of(number), harness::now_ms())).collect();
    Ok(to.produce(records, Compression::NoCompression).await?)
}

/// The records from an offset on, up to the high watermark.
pub async fn read(from: &PartitionClient, mut offset: i64) -> Outcome<Vec<RecordAndOffset>> {
    let mut records = Vec::new();
    loop {
        let (some, high_watermark) = from.fetch_records(offset, 1..1_000_000, 1000).await?;
        offset = some.last().map_or(offset, |last| last.offset + 1);
        records.extend(some);
        if offset >= high_watermark {
            return Ok(records);
        }
    }
}

pub fn values(records: Vec<RecordAndOffset>) -> Vec<Vec<u8>> {
    records.into_iter().map(|one| one.record.value.unwrap_or_default()).collect()
}
