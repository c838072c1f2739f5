//! Consumption without a group.

use std::time::{Duration, Instant};

use harness::{Outcome, check_exactly_once, expect, expect_equal, now_ms, value_of};
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use crate::client::{
    Record, TIMEOUT, fill, make_topic, next, producer, read, reader, send, take, value, values,
};

const MOMENT: Duration = Duration::from_millis(500);

pub async fn beginning(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 4, &[]).await?;
    let sent: Vec<_> = (0..2000).map(|number| value_of(number / 4)).collect();
    let records =
        (0..).zip(&sent).map(|(number, value)| Record::to(&topic).payload(value).partition(number % 4));
    send(&producer(bootstrap, &[])?, records.collect()).await?;
    let found = read(bootstrap, &topic, 4, 2000, &[]).await?;
    for partition in 0..4 {
        check_exactly_once(found.iter().filter(|one| one.partition() == partition).map(value), 500)?;
    }
    Ok(())
}

pub async fn times(bootstrap: &str) -> Outcome {
    let (topic, base) = (make_topic(bootstrap, 1, &[]).await?, now_ms() - 100_000);
    let sent: Vec<_> = (0..100).map(value_of).collect();
    let records = (0..).zip(&sent).map(|(number, value)| {
        Record::to(&topic).payload(value).partition(0).timestamp(base + number * 1000)
    });
    send(&producer(bootstrap, &[])?, records.collect()).await?;
    let from = reader(bootstrap, &topic, &[], &[])?;
    let at = |time| -> Outcome<Offset> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition_offset(&topic, 0, Offset::Offset(time))?;
        Ok(from.offsets_for_times(asked, TIMEOUT)?.elements()[0].offset())
    };
    expect_equal(at(base + 41_500)?, Offset::Offset(42), "offset for a time")?;
    expect_equal(at(base + 1_000_000)?, Offset::End, "offset behind the end")?;
    expect_equal(from.fetch_watermarks(&topic, 0, TIMEOUT)?, (0, 100), "watermarks")?;
    let from = reader(bootstrap, &topic, &[at(base + 41_500)?], &[])?;
    expect_equal(value(&take(&from).await?), value_of(42), "first record")
}

pub async fn seek(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[]).await?;
    fill(bootstrap, &topic, 0..100).await?;
    let from = reader(bootstrap, &topic, &[Offset::Offset(70)], &[("enable.partition.eof", "true")])?;
    let place = from.assignment()?;
    expect_equal(value(&take(&from).await?), value_of(70), "after assign")?;
    from.seek(&topic, 0, Offset::Beginning, TIMEOUT)?;
    expect_equal(value(&take(&from).await?), value_of(0), "from the beginning")?;
    expect_equal(from.position()?.elements()[0].offset(), Offset::Offset(1), "position")?;
    from.pause(&place)?;
    expect(next(&from, MOMENT).await?.is_none(), "a record while paused")?;
    from.resume(&place)?;
    expect_equal(value(&take(&from).await?), value_of(1), "after resume")?;
    from.seek(&topic, 0, Offset::End, TIMEOUT)?;
    // Until it tells of the end it may be asking where that is, behind a fetch that waits.
    let end = tokio::time::timeout(TIMEOUT, from.recv()).await?;
    expect(matches!(end, Err(KafkaError::PartitionEOF(0))), "a record at the end")?;
    drop(end);
    fill(bootstrap, &topic, 100..101).await?;
    expect_equal(value(&take(&from).await?), value_of(100), "behind the end")
}

pub async fn long_poll(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[]).await?;
    let options = [("fetch.wait.max.ms", "20000"), ("socket.timeout.ms", "60000")];
    let from = reader(bootstrap, &topic, &[Offset::Beginning], &options)?;
    next(&from, MOMENT).await?;
    let (begin, to) = (Instant::now(), bootstrap.to_owned());
    let sending = tokio::spawn(async move {
        tokio::time::sleep(MOMENT).await;
        fill(&to, &topic, 0..1).await
    });
    check_exactly_once([value(&take(&from).await?)], 1)?;
    sending.await??;
    expect(begin.elapsed() < Duration::from_secs(10), "the fetch waited on though there was a record")
}

pub async fn offset_out_of_range(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[]).await?;
    fill(bootstrap, &topic, 0..10).await?;
    let behind = [Offset::Offset(1000)];
    let strict = reader(bootstrap, &topic, &behind, &[("auto.offset.reset", "error")])?;
    let error = take(&strict).await.err().and_then(|error| error.downcast::<RDKafkaErrorCode>().ok());
    expect_equal(error.map(|code| *code), Some(RDKafkaErrorCode::AutoOffsetReset), "error")?;
    let lenient = reader(bootstrap, &topic, &behind, &[])?;
    expect_equal(values(&[take(&lenient).await?]), vec![value_of(0)], "first record after the reset")
}

pub async fn large(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[("max.message.bytes", "5000000")]).await?;
    let to = producer(bootstrap, &[("message.max.bytes", "5000000"), ("linger.ms", "0")])?;
    let sent = vec![b"small".to_vec(), vec![b'x'; 3_000_000], b"small".to_vec()];
    for value in &sent {
        send(&to, vec![Record::to(&topic).payload(value).partition(0)]).await?;
    }
    let limits =
        ["fetch.message.max.bytes", "fetch.max.bytes", "message.max.bytes"].map(|name| (name, "1000"));
    let found = values(&read(bootstrap, &topic, 1, 3, &limits).await?);
    expect(
        found == sent,
        format!("sizes of the records: {:?}", found.iter().map(Vec::len).collect::<Vec<_>>()),
    )
}
