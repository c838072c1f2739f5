//! The scenarios that the client's API has.

use std::time::{Duration, Instant};

use chrono::DateTime;
use harness::{Outcome, check_exactly_once, expect, expect_equal, fresh, now_ms, value_of};
use rskafka::client::Client;
use rskafka::client::error::ProtocolError;
use rskafka::client::partition::{Compression, OffsetAt};

use crate::client::{
    connect, create_topic, delete_topic, fill, make_topic, partition, protocol_error, read, record, values,
};

/// Waits until a topic is listed with so many partitions, 0 for not at all.
async fn wait_listed(client: &Client, name: &str, partitions: usize) -> Outcome {
    let end = Instant::now() + Duration::from_secs(30);
    while Instant::now() < end {
        let topics = client.list_topics().await?;
        let found = topics.iter().find(|topic| topic.name == name);
        if found.map_or(0, |topic| topic.partitions.len()) == partitions {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(format!("{name} is not listed with {partitions} partitions").into())
}

pub async fn admin_topics(bootstrap: &str) -> Outcome {
    let (client, name) = (connect(bootstrap).await?, fresh("topic"));
    create_topic(&client, &name, 3).await?;
    wait_listed(&client, &name, 3).await?;
    let again = protocol_error(create_topic(&client, &name, 3).await);
    expect_equal(again, Some(ProtocolError::TopicAlreadyExists), "error of a topic made twice")?;
    for _ in 0..5 {
        delete_topic(&client, &name).await?;
        wait_listed(&client, &name, 0).await?;
        create_topic(&client, &name, 1).await?;
    }
    wait_listed(&client, &name, 1).await
}

pub async fn admin_delete_records(bootstrap: &str) -> Outcome {
    let client = connect(bootstrap).await?;
    let log = partition(&client, &make_topic(&client, 1).await?, 0).await?;
    fill(&log, 0..100).await?;
    log.delete_records(40, 10_000).await?;
    expect_equal(log.get_offset(OffsetAt::Earliest).await?, 40, "first offset")?;
    expect_equal(log.get_offset(OffsetAt::Latest).await?, 100, "next offset")?;
    let wanted: Vec<_> = (40..100).map(value_of).collect();
    expect_equal(values(read(&log, 40).await?), wanted, "records")?;
    let behind = protocol_error(log.delete_records(101, 10_000).await);
    expect_equal(behind, Some(ProtocolError::OffsetOutOfRange), "error of a deletion behind the end")
}

pub async fn produce_codecs(bootstrap: &str) -> Outcome {
    let client = connect(bootstrap).await?;
    for codec in [
        Compression::NoCompression,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ] {
        let log = partition(&client, &make_topic(&client, 1).await?, 0).await?;
        let base = now_ms();
        let sent: Vec<_> = (0..500).map(|number| record(value_of(number).repeat(20), base)).collect();
        let offsets = log.produce(sent.clone(), codec).await?;
        expect_equal(offsets, (0..500).collect(), "offsets")?;
        let found: Vec<_> = read(&log, 0).await?.into_iter().map(|one| one.record).collect();
        expect_equal(found, sent, &format!("records under {codec:?}"))?;
    }
    Ok(())
}

pub async fn consume_beginning(bootstrap: &str) -> Outcome {
    let client = connect(bootstrap).await?;
    let topic = make_topic(&client, 4).await?;
    for number in 0..4 {
        let log = partition(&client, &topic, number).await?;
        for start in [0, 250] {
            fill(&log, start..start + 250).await?;
        }
        let first = log.get_offset(OffsetAt::Earliest).await?;
        check_exactly_once(values(read(&log, first).await?), 500)?;
    }
    Ok(())
}

pub async fn consume_times(bootstrap: &str) -> Outcome {
    let client = connect(bootstrap).await?;
    let log = partition(&client, &make_topic(&client, 1).await?, 0).await?;
    let base = now_ms() - 100_000;
    let records = (0..100).map(|number| record(value_of(number), base + number as i64 * 1000)).collect();
    log.produce(records, Compression::NoCompression).await?;
    let time = |ms: i64| OffsetAt::Timestamp(DateTime::from_timestamp_millis(ms).unwrap_or_default());
    let found = log.get_offset(time(base + 41_500)).await?;
    expect_equal(found, 42, "offset for a time")?;
    expect_equal(log.get_offset(time(base + 1_000_000)).await?, -1, "offset behind the end")?;
    expect_equal(values(read(&log, found).await?).remove(0), value_of(42), "first record")
}

pub async fn consume_long_poll(bootstrap: &str) -> Outcome {
    let client = connect(bootstrap).await?;
    let topic = make_topic(&client, 1).await?;
    let (log, other) = (partition(&client, &topic, 0).await?, partition(&client, &topic, 0).await?);
    let begin = Instant::now();
    let sending = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        fill(&other, 0..1).await
    });
    let (records, _) = log.fetch_records(0, 1..1_000_000, 20_000).await?;
    let waited = begin.elapsed();
    sending.await??;
    check_exactly_once(values(records), 1)?;
    expect(waited >= Duration::from_millis(400), "the fetch did not wait")?;
    expect(waited < Duration::from_secs(5), format!("the fetch waited on for {waited:?}"))
}

pub async fn errors_unknown_topic(bootstrap: &str) -> Outcome {
    let (client, name) = (connect(bootstrap).await?, fresh("nowhere"));
    let error = protocol_error(delete_topic(&client, &name).await);
    expect_equal(error, Some(ProtocolError::UnknownTopicOrPartition), "error")?;
    wait_listed(&client, &name, 0).await
}

pub async fn errors_offset(bootstrap: &str) -> Outcome {
    let client = connect(bootstrap).await?;
    let log = partition(&client, &make_topic(&client, 1).await?, 0).await?;
    fill(&log, 0..10).await?;
    let error = protocol_error(log.fetch_records(1000, 1..1_000_000, 1000).await);
    expect_equal(error, Some(ProtocolError::OffsetOutOfRange), "error")?;
    let first = log.get_offset(OffsetAt::Earliest).await?; // it leaves the reset to its user
    check_exactly_once(values(read(&log, first).await?), 10)
}
