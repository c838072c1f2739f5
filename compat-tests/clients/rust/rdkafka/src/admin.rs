//! Topics, partitions, settings, groups.

use std::time::Duration;

use harness::{Outcome, expect, expect_equal, fresh, value_of};
use rdkafka::Offset;
use rdkafka::admin::{
    AdminOptions, AlterConfig, ConfigResource, NewPartitions, OwnedResourceSpecifier, ResourceSpecifier,
};
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};

use crate::client::{
    Options, Record, TIMEOUT, admin, all_done, code, committed, create_topic, fill, listed, make_topic,
    place, producer, read, send, subscribed, take, values, wait_listed, wait_until,
};

const MOMENT: Duration = Duration::from_millis(50);

async fn delete(bootstrap: &str, topic: &str) -> KafkaResult<Vec<String>> {
    all_done(admin(bootstrap).delete_topics(&[topic], &AdminOptions::new()).await)
}

pub async fn topics(bootstrap: &str) -> Outcome {
    let name = fresh("topic");
    create_topic(bootstrap, &name, 3, &[]).await?;
    wait_listed(bootstrap, &name, 3).await?;
    let again = code(create_topic(bootstrap, &name, 3, &[]).await);
    expect_equal(again, Some(RDKafkaErrorCode::TopicAlreadyExists), "error of a topic made twice")?;
    for _ in 0..5 {
        delete(bootstrap, &name).await?;
        wait_listed(bootstrap, &name, 0).await?;
        create_topic(bootstrap, &name, 1, &[]).await?;
    }
    wait_listed(bootstrap, &name, 1).await
}

pub async fn unknown_topic(bootstrap: &str) -> Outcome {
    let name = fresh("nowhere");
    let error = code(delete(bootstrap, &name).await);
    expect_equal(error, Some(RDKafkaErrorCode::UnknownTopicOrPartition), "error")?;
    expect_equal(listed(bootstrap, &name)?, 0, "partitions in the metadata")
}

pub async fn partitions(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[]).await?;
    fill(bootstrap, &topic, 0..1).await?;
    let more = [NewPartitions::new(&topic, 4)];
    all_done(admin(bootstrap).create_partitions(&more, &AdminOptions::new()).await)?;
    wait_listed(bootstrap, &topic, 4).await?;
    let again = all_done(admin(bootstrap).create_partitions(&more, &AdminOptions::new()).await);
    expect_equal(code(again), Some(RDKafkaErrorCode::InvalidPartitions), "error of as many as there are")?;
    let to = producer(bootstrap, &[])?;
    let records = (0..4).map(|number| Record::to(&topic).payload(b"value").partition(number)).collect();
    expect_equal(send(&to, records).await?, vec![1, 0, 0, 0], "offsets")?;
    read(bootstrap, &topic, 4, 5, &[]).await.map(drop)
}

async fn described(bootstrap: &str, resource: ResourceSpecifier<'_>) -> Outcome<ConfigResource> {
    let mut found = admin(bootstrap).describe_configs(&[resource], &AdminOptions::new()).await?;
    Ok(found.remove(0)?)
}

/// The value of a setting, and whether it is the default.
fn setting(resource: &ConfigResource, name: &str) -> Option<(String, bool)> {
    resource.get(name).map(|entry| (entry.value.clone().unwrap_or_default(), entry.is_default))
}

pub async fn configs(bootstrap: &str) -> Outcome {
    let options = [("retention.ms", "123456"), ("cleanup.policy", "compact")];
    let topic = make_topic(bootstrap, 1, &options).await?;
    let of_topic = described(bootstrap, ResourceSpecifier::Topic(&topic)).await?;
    expect_equal(&of_topic.specifier, &OwnedResourceSpecifier::Topic(topic), "resource")?;
    for (name, value, default) in [
        ("retention.ms", "123456", false),
        ("cleanup.policy", "compact", false),
        ("segment.bytes", "1073741824", true),
    ] {
        expect_equal(setting(&of_topic, name), Some((value.to_owned(), default)), name)?;
    }
    let node = admin(bootstrap).inner().fetch_metadata(None, TIMEOUT)?.brokers()[0].id();
    let of_broker = described(bootstrap, ResourceSpecifier::Broker(node)).await?;
    expect_equal(
        setting(&of_broker, "log.segment.bytes").map(|(value, _)| value),
        Some("1073741824".to_owned()),
        "the broker's log.segment.bytes",
    )
}

pub async fn alter_configs(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[("retention.ms", "123456")]).await?;
    let resource = ResourceSpecifier::Topic(&topic);
    let alter = async |options: Options| -> KafkaResult<()> {
        let altered = options
            .iter()
            .fold(AlterConfig::new(resource), |altered, (name, value)| altered.set(name, value));
        admin(bootstrap).alter_configs(&[altered], &AdminOptions::new()).await.map(drop)
    };
    alter(&[("segment.ms", "70000")]).await?;
    wait_value(bootstrap, resource, "segment.ms", "70000").await?;
    let retention =
        async || -> Outcome<_> { Ok(setting(&described(bootstrap, resource).await?, "retention.ms")) };
    let default = Some(("604800000".to_owned(), true));
    expect_equal(retention().await?, default.clone(), "what was not set anew")?;
    // That a resource was refused, it does not tell: nothing of the request has been done.
    alter(&[("segment.ms", "80000"), ("retention.ms", "soon")]).await?;
    expect_equal(retention().await?, default, "after a text for a number")?;
    wait_value(bootstrap, resource, "segment.ms", "70000").await
}

pub async fn delete_records(bootstrap: &str) -> Outcome {
    let topic = make_topic(bootstrap, 1, &[]).await?;
    fill(bootstrap, &topic, 0..100).await?;
    let delete = async |offset| -> Outcome<_> {
        let done = admin(bootstrap).delete_records(&place(&topic, offset)?, &AdminOptions::new()).await?;
        let place = done.elements_for_topic(&topic).remove(0);
        Ok((place.error().err().and_then(|error| error.rdkafka_error_code()), place.offset()))
    };
    expect_equal(delete(40).await?, (None, Offset::Offset(40)), "first offset")?;
    let (error, _) = delete(101).await?;
    expect_equal(error, Some(RDKafkaErrorCode::OffsetOutOfRange), "error of a deletion behind the end")?;
    let found = values(&read(bootstrap, &topic, 1, 60, &[]).await?);
    expect_equal(found, (40..100).map(value_of).collect(), "records")
}

async fn wait_value(bootstrap: &str, resource: ResourceSpecifier<'_>, name: &str, wanted: &str) -> Outcome {
    for _ in 0..600 {
        let shown = described(bootstrap, resource).await?;
        if setting(&shown, name).is_some_and(|(value, _)| value == wanted) {
            return Ok(());
        }
        tokio::time::sleep(MOMENT).await;
    }
    Err(format!("{name} is not {wanted}").into())
}

pub async fn groups(bootstrap: &str) -> Outcome {
    let (topic, group) = (make_topic(bootstrap, 1, &[]).await?, fresh("group"));
    fill(bootstrap, &topic, 0..10).await?;
    let member = subscribed(bootstrap, &group, &topic, &[])?;
    take(&member).await?;
    member.commit(&place(&topic, 10)?, CommitMode::Sync)?;
    let client = admin(bootstrap);
    let of_group = || client.inner().fetch_group_list(Some(&group), TIMEOUT);
    let found = of_group()?;
    expect_equal(found.groups().len(), 1, "groups of that name")?;
    expect_equal(found.groups()[0].state(), "Stable", "state")?;
    expect_equal(found.groups()[0].members().len(), 1, "members")?;
    let busy = all_done(client.delete_groups(&[&group], &AdminOptions::new()).await);
    expect_equal(code(busy), Some(RDKafkaErrorCode::NonEmptyGroup), "error of a group with a member")?;
    drop(member);
    wait_until("the group is empty", || Ok(of_group()?.groups().iter().all(|one| one.members().is_empty())))
        .await?;
    expect_equal(committed(bootstrap, &group, &topic)?, Offset::Offset(10), "committed offset")?;
    all_done(client.delete_groups(&[&group], &AdminOptions::new()).await)?;
    let listed = client.inner().fetch_group_list(None, TIMEOUT)?;
    expect(listed.groups().iter().all(|one| one.name() != group), "the deleted group is listed")
}
