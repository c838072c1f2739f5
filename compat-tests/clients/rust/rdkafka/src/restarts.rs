//! The broker stops, starts again, and is killed.

use std::collections::{HashSet, VecDeque};

use harness::{Outcome, ask_broker, check_exactly_once, expect_equal, fresh, value_of};
use rdkafka::producer::future_producer::DeliveryFuture;

use crate::client::{Record, fill, make_topic, producer, read, value, values, wait_until};
use crate::groups::wait_committed;
use crate::member::{CLASSIC, Crowd, Member};

fn restart(how: &str) -> Outcome {
    ask_broker(how)?;
    ask_broker("start")
}

pub async fn resume(bootstrap: &str) -> Outcome {
    let (topic, group) = (make_topic(bootstrap, 1, &[]).await?, fresh("group"));
    for (run, how) in ["stop", "kill", "kill"].into_iter().enumerate() {
        let numbers = run * 100..(run + 1) * 100;
        fill(bootstrap, &topic, numbers.clone()).await?;
        let member = Member::join(bootstrap, &group, &[&topic], CLASSIC)?;
        member.wait_seen(100).await?;
        expect_equal(values(&member.seen()), numbers.clone().map(value_of).collect(), "records of a run")?;
        member.leave().await?;
        restart(how)?;
        wait_committed(bootstrap, &group, &topic, numbers.end as i64).await?;
    }
    check_exactly_once(values(&read(bootstrap, &topic, 1, 300, &[]).await?), 300)
}

const UNDER_WAY: usize = 10_000; // records that the producer holds at most

/// Sends so many records idempotently while the broker is killed so many times.
pub async fn produce(bootstrap: &str, count: usize, kills: usize) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[]).await?;
    let to = producer(bootstrap, &[("enable.idempotence", "true")])?;
    let places: HashSet<_> = (0..kills).map(|kill| count * (2 * kill + 1) / (2 * kills + 2)).collect();
    let (mut waiting, mut offsets) = (VecDeque::new(), Vec::new());
    for number in 0..count {
        let value = value_of(number);
        let record = Record::to(&topic).payload(&value).partition(0);
        waiting.push_back(to.send_result(record).map_err(|(error, _)| error)?);
        if waiting.len() == UNDER_WAY
            && let Some(oldest) = waiting.pop_front()
        {
            offsets.push(delivered(oldest).await?);
        }
        if places.contains(&number) {
            restart("kill")?;
        }
    }
    for sent in waiting {
        offsets.push(delivered(sent).await?);
    }
    expect_equal(offsets, (0..count as i64).collect(), "acknowledged offsets")?;
    check_exactly_once(values(&read(bootstrap, &topic, 1, count, &[]).await?), count)
}

/// The offset of a record, once it is acknowledged.
async fn delivered(sent: DeliveryFuture) -> Outcome<i64> {
    Ok(sent.await?.map_err(|(error, _)| error)?.offset)
}

pub async fn consume(bootstrap: &str) -> Outcome {
    const BATCH: usize = 500;
    let (topic, group) = (make_topic(bootstrap, 1, &[]).await?, fresh("group"));
    fill(bootstrap, &topic, 0..BATCH).await?;
    let member = Member::join(bootstrap, &group, &[&topic], CLASSIC)?;
    for kill in 1..=3 {
        member.wait_seen((kill - 1) * BATCH + BATCH / 2).await?;
        restart("kill")?;
        fill(bootstrap, &topic, kill * BATCH..(kill + 1) * BATCH).await?;
    }
    let wanted: HashSet<_> = (0..4 * BATCH).map(value_of).collect();
    wait_until("every record is read", || {
        Ok(member.seen().iter().map(value).collect::<HashSet<_>>() == wanted)
    })
    .await?;
    wait_committed(bootstrap, &group, &topic, 4 * BATCH as i64).await?;
    member.leave().await
}

pub async fn rebalance(bootstrap: &str) -> Outcome {
    let mut crowd = Crowd::new(bootstrap, 6).await?;
    crowd.join(CLASSIC)?;
    crowd.wait_shared().await?;
    for _ in 0..2 {
        crowd.join(CLASSIC)?;
        restart("kill")?;
    }
    crowd.wait_shared().await?;
    crowd.wait_all_read(600).await?;
    crowd.disband().await
}
