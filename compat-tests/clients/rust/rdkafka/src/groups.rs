//! Consumer groups, of both protocols.

use harness::{Outcome, expect_equal, fresh, value_of};
use rdkafka::Offset;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};

use crate::client::{
    Options, TIMEOUT, admin, committed, fill, make_named, make_topic, place, read, spread, subscribed, take,
    value, values, wait_until,
};
use crate::member::{CLASSIC, CONSUMER, Crowd, Member, Places, count_of, wait_shared};

/// Members join, one leaves, one stops to poll; every record is read.
pub async fn members(bootstrap: &str, protocol: Options<'_>) -> Outcome {
    let mut crowd = Crowd::new(bootstrap, 6).await?;
    crowd.join(protocol)?;
    crowd.wait_shared().await?;
    crowd.join(protocol)?;
    crowd.join(protocol)?;
    crowd.wait_shared().await?;
    crowd.wait_all_read(600).await?;
    crowd.leave(2).await?;
    crowd.wait_shared().await?;
    let dead = crowd.members.remove(0).stop_polling().await;
    crowd.wait_shared().await?;
    crowd.wait_all_read(600).await?;
    crowd.disband().await?;
    Ok(tokio::task::spawn_blocking(move || drop(dead)).await?)
}

pub async fn commit(bootstrap: &str) -> Outcome {
    let (topic, group) = (make_topic(bootstrap, 1, &[]).await?, fresh("group"));
    fill(bootstrap, &topic, 0..100).await?;
    let first = subscribed(bootstrap, &group, &topic, &[])?;
    take(&first).await?;
    commit_with_metadata(&first, &topic)?;
    drop(first);
    let second = subscribed(bootstrap, &group, &topic, &[])?;
    expect_equal(value(&take(&second).await?), value_of(42), "first record of the second run")
}

/// A list of partitions must be gone before its consumer: dropping that waits for all that refers to it.
fn commit_with_metadata(member: &StreamConsumer, topic: &str) -> Outcome {
    let wanted = place(topic, 42)?;
    wanted.find_partition(topic, 0).ok_or("no such place")?.set_metadata("forty-two");
    member.commit(&wanted, CommitMode::Sync)?;
    let found = member.committed(TIMEOUT)?;
    let one = &found.elements()[0];
    expect_equal((one.offset(), one.metadata()), (Offset::Offset(42), "forty-two"), "committed")
}

pub async fn round_robin(bootstrap: &str) -> Outcome {
    let topics = [make_topic(bootstrap, 3, &[]).await?, make_topic(bootstrap, 3, &[]).await?];
    let (names, group) = (topics.each_ref().map(String::as_str), fresh("group"));
    let options = [CLASSIC, &[("partition.assignment.strategy", "roundrobin")]].concat();
    let join = || Member::join(bootstrap, &group, &names, &options);
    let members = [join()?, join()?];
    wait_shared(&members, 6).await?;
    for member in members {
        expect_equal(member.owned().len(), 3, "partitions of a member, by range 4 and 2")?;
        member.leave().await?;
    }
    Ok(())
}

pub async fn cooperative(bootstrap: &str) -> Outcome {
    let mut crowd = Crowd::new(bootstrap, 6).await?;
    let options = [CLASSIC, &[("partition.assignment.strategy", "cooperative-sticky")]].concat();
    crowd.join(&options)?;
    crowd.wait_shared().await?;
    crowd.join(&options)?;
    crowd.wait_shared().await?;
    let given_back: Places = crowd.members[0].given_back().into_iter().flatten().collect();
    expect_equal(given_back, crowd.members[1].owned(), "given back by the first")?;
    crowd.disband().await
}

/// A static member leaves and comes back with the same partitions, of which the other notices nothing.
pub async fn comes_back(bootstrap: &str, protocol: Options<'_>) -> Outcome {
    let mut crowd = Crowd::new(bootstrap, 6).await?;
    let named = |name| [protocol, &[("group.instance.id", name)]].concat();
    crowd.join(&named("settled"))?;
    crowd.join(&named("moving"))?;
    crowd.wait_shared().await?;
    let (owned, noticed) = (crowd.members[1].owned(), crowd.members[0].given_back().len());
    crowd.leave(1).await?;
    crowd.join(&named("moving"))?;
    crowd.wait_shared().await?;
    expect_equal(crowd.members[1].owned(), owned, "partitions of the member that came back")?;
    crowd.wait_all_read(60).await?;
    expect_equal(crowd.members[0].given_back().len(), noticed, "how often the other gave something back")?;
    crowd.disband().await
}

/// A pattern takes in the topics that match, one that is made later too.
pub async fn pattern(bootstrap: &str, protocol: Options<'_>) -> Outcome {
    let (prefix, other, group) = (fresh("pattern"), fresh("other"), fresh("group"));
    let (first, later) = (format!("{prefix}-first"), format!("{prefix}-later"));
    for topic in [&first, &other] {
        make_named(bootstrap, topic, 2, &[]).await?;
        fill(bootstrap, topic, 0..10).await?;
    }
    let member = Member::join(bootstrap, &group, &[&format!("^{prefix}-.*")], protocol)?;
    member.wait_seen(10).await?;
    make_named(bootstrap, &later, 4, &[]).await?;
    fill(bootstrap, &later, 10..20).await?;
    member.wait_seen(20).await?;
    let seen = member.seen();
    expect_equal([count_of(&seen, &first), count_of(&seen, &later)], [10, 10], "records of each topic")?;
    expect_equal(values(&seen), (0..20).map(value_of).collect(), "records")?;
    let wanted = (0..2).map(|one| (first.clone(), one)).chain((0..4).map(|one| (later.clone(), one)));
    expect_equal(member.owned(), wanted.collect(), "partitions")?;
    member.leave().await
}

/// A consumer, and members of a group, tell their rack, and read from the only replica.
pub async fn rack(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 4, &[]).await?;
    spread(bootstrap, &topic, 0..400, 4).await?;
    read(bootstrap, &topic, 4, 400, &[("client.rack", "rack-1")]).await?;
    let mut crowd = Crowd::new(bootstrap, 6).await?;
    for rack in ["rack-1", "rack-2"] {
        crowd.join(&[CLASSIC, &[("client.rack", rack)]].concat())?;
    }
    crowd.wait_shared().await?;
    crowd.wait_all_read(600).await?;
    crowd.disband().await
}

/// Whether a group is described as one of the classic protocol: the client asks for no other description.
fn is_classic(bootstrap: &str, group: &str) -> Outcome<bool> {
    let found = admin(bootstrap).inner().fetch_group_list(Some(group), TIMEOUT)?;
    Ok(found.groups().iter().any(|one| !one.members().is_empty()))
}

pub async fn upgrade(bootstrap: &str) -> Outcome {
    let mut crowd = Crowd::new(bootstrap, 6).await?;
    crowd.join(CLASSIC)?;
    crowd.join(CLASSIC)?;
    crowd.wait_shared().await?;
    expect_equal(is_classic(bootstrap, &crowd.group)?, true, "classic at first")?;
    crowd.join(CONSUMER)?;
    crowd.wait_shared().await?;
    expect_equal(
        is_classic(bootstrap, &crowd.group)?,
        false,
        "classic with a member of the consumer protocol",
    )?;
    crowd.wait_all_read(60).await?;
    crowd.leave(1).await?;
    crowd.wait_shared().await?;
    crowd.leave(1).await?;
    crowd.wait_shared().await?;
    expect_equal(is_classic(bootstrap, &crowd.group)?, true, "classic when that member has left")?;
    crowd.wait_all_read(60).await?;
    crowd.disband().await
}

/// Waits until a group has committed an offset for a topic's first partition; a broker that has just started
/// may not know yet that it is the group's coordinator.
pub async fn wait_committed(bootstrap: &str, group: &str, topic: &str, offset: i64) -> Outcome {
    wait_until(&format!("offset {offset} is committed"), || {
        Ok(committed(bootstrap, group, topic).is_ok_and(|found| found == Offset::Offset(offset)))
    })
    .await
}
