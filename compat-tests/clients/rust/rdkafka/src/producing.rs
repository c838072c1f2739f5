//! What a producer sends comes back as it went in.

use harness::{Outcome, check_exactly_once, expect, expect_equal, now_ms, value_of};
use rdkafka::Timestamp;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};

use crate::client::{Options, Record, code, make_topic, producer, read, send, values};

pub async fn codecs(bootstrap: &str) -> Outcome {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = make_topic(bootstrap, 1, &[]).await?;
        let to = producer(bootstrap, &[("compression.type", codec), ("linger.ms", "20")])?;
        let sent: Vec<_> = (0..500).map(|number| value_of(number).repeat(20)).collect();
        let records =
            sent.iter().map(|value| Record::to(&topic).payload(value).key(b"key").partition(0)).collect();
        expect_equal(send(&to, records).await?, (0..500).collect(), "offsets")?;
        expect_equal(values(&read(bootstrap, &topic, 1, 500, &[]).await?), sent, codec)?;
    }
    Ok(())
}

pub async fn shapes(bootstrap: &str) -> Outcome {
    let (topic, now, large) = (make_topic(bootstrap, 1, &[]).await?, now_ms(), vec![b'x'; 900_000]);
    let headers = OwnedHeaders::new()
        .insert(Header { key: "a", value: Some("1") })
        .insert(Header { key: "a", value: Some("") })
        .insert(Header { key: "\u{fc}mlaut", value: Some(&[0, 255][..]) })
        .insert(Header { key: "none", value: None::<&str> });
    let to = producer(bootstrap, &[("linger.ms", "50")])?;
    let shapes: [(Option<&[u8]>, Option<&[u8]>); 5] = [
        (None, Some(b"value")),
        (Some(b"key"), None),
        (None, None),
        (Some(b""), Some(b"")),
        (Some(b"large"), Some(&large)),
    ];
    let mut records = Vec::new();
    for (number, (key, value)) in shapes.into_iter().enumerate() {
        let mut record = Record::to(&topic).timestamp(now + number as i64).partition(0);
        (record.key, record.payload) = (key, value);
        records.push(if number == 1 { record.headers(headers.clone()) } else { record });
    }
    send(&to, records).await?;
    let found = read(bootstrap, &topic, 1, shapes.len(), &[]).await?;
    for (number, (message, (key, value))) in found.iter().zip(shapes).enumerate() {
        expect_equal((message.key(), message.payload()), (key, value), "key and value")?;
        expect_equal(message.timestamp().to_millis(), Some(now + number as i64), "timestamp")?;
    }
    let there: Vec<_> = found[1].headers().into_iter().flat_map(Headers::iter).collect();
    expect_equal(there, headers.iter().collect(), "headers")
}

pub async fn acks(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[]).await?;
    for (turn, acks) in ["all", "1", "0"].into_iter().enumerate() {
        let records = (0..10).map(|_| Record::to(&topic).payload(b"value").partition(0)).collect();
        let offsets = send(&producer(bootstrap, &[("acks", acks)])?, records).await?;
        if acks != "0" {
            let first = turn as i64 * 10;
            expect_equal(offsets, (first..first + 10).collect(), acks)?;
        }
    }
    let found = read(bootstrap, &topic, 1, 30, &[]).await?;
    expect_equal(found.iter().map(Message::offset).collect::<Vec<_>>(), (0..30).collect(), "offsets")
}

pub async fn too_large(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[("max.message.bytes", "2000")]).await?;
    let (to, large) = (producer(bootstrap, &[])?, vec![b'x'; 5000]);
    let refused = send(&to, vec![Record::to(&topic).payload(&large)]).await;
    expect_equal(code(refused), Some(RDKafkaErrorCode::MessageSizeTooLarge), "error")?;
    send(&to, vec![Record::to(&topic).payload(b"small")]).await?;
    expect_equal(values(&read(bootstrap, &topic, 1, 1, &[]).await?), vec![b"small".to_vec()], "records")
}

pub async fn append_time(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[("message.timestamp.type", "LogAppendTime")]).await?;
    let begin = now_ms();
    let record = Record::to(&topic).payload(b"value").timestamp(1_000_000);
    send(&producer(bootstrap, &[])?, vec![record]).await?;
    match read(bootstrap, &topic, 1, 1, &[]).await?[0].timestamp() {
        Timestamp::LogAppendTime(time) => {
            expect((begin - 1000..now_ms() + 1000).contains(&time), format!("the broker's time: {time}"))
        }
        other => Err(format!("timestamp {other:?}").into()),
    }
}

/// Clients as they were write and read beside one of today: the message formats 0 and 1.
pub async fn old_formats(bootstrap: &str) -> Outcome {
    let formats = [
        ("0.8.2", &["none", "gzip", "snappy"][..], false),
        ("0.10.0", &["none", "gzip", "snappy", "lz4"][..], true),
    ];
    for (version, codecs, has_time) in formats {
        let old = [("api.version.request", "false"), ("broker.version.fallback", version)];
        for codec in codecs {
            expect_both_read(bootstrap, &old, codec, has_time).await?;
        }
    }
    Ok(())
}

async fn expect_both_read(bootstrap: &str, old: Options<'_>, codec: &str, has_time: bool) -> Outcome {
    let (topic, begin) = (make_topic(bootstrap, 1, &[]).await?, now_ms());
    for (numbers, options) in [(0..100, old), (100..200, &[])] {
        let to = producer(bootstrap, &[&[("compression.type", codec)], options].concat())?;
        let sent: Vec<_> = numbers.map(value_of).collect();
        let timed = |(time, value)| Record::to(&topic).payload(value).partition(0).timestamp(begin + time);
        send(&to, (0..).zip(sent.iter().map(Vec::as_slice)).map(timed).collect()).await?;
    }
    for options in [&[], old] {
        check_exactly_once(values(&read(bootstrap, &topic, 1, 200, options).await?), 200)?;
    }
    for (time, message) in (0..).zip(read(bootstrap, &topic, 1, 100, &[]).await?) {
        let wanted = has_time.then_some(begin + time);
        expect_equal(message.timestamp().to_millis(), wanted, "timestamp of an old record")?;
    }
    Ok(())
}
