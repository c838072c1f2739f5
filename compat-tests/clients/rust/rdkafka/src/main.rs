//! The program for rdkafka, which wraps librdkafka: futures for producers and admins, streams for consumers.

mod admin;
mod client;
mod consuming;
mod groups;
mod member;
mod producing;
mod restarts;
mod transactions;

use harness::{NotInThisClient, NotWritten, Outcome};
use member::{CLASSIC, CONSUMER};

/// Why the client can't do a scenario, if its API lacks something for it.
fn absent(name: &str) -> Option<&'static str> {
    let reason = match name {
        "admin-cluster" => "it tells the cluster's id and nodes, and not which of them is the controller",
        "admin-dynamic-configs" => "it does not read the settings of groups, and tells no refusal of any",
        "admin-log-dirs" => "it describes no folders",
        "command-line" => "it has no command-line tool",
        _ => return None,
    };
    Some(reason)
}

async fn run(name: &str, bootstrap: &str) -> Outcome {
    match name {
        "admin-topics" => admin::topics(bootstrap).await,
        "admin-partitions" => admin::partitions(bootstrap).await,
        "admin-configs" => admin::configs(bootstrap).await,
        "admin-alter-configs" => admin::alter_configs(bootstrap).await,
        "admin-delete-records" => admin::delete_records(bootstrap).await,
        "admin-groups" => admin::groups(bootstrap).await,
        "errors-unknown-topic" => admin::unknown_topic(bootstrap).await,
        "produce-codecs" => producing::codecs(bootstrap).await,
        "produce-shapes" => producing::shapes(bootstrap).await,
        "produce-acks" => producing::acks(bootstrap).await,
        "produce-too-large" => producing::too_large(bootstrap).await,
        "produce-append-time" => producing::append_time(bootstrap).await,
        "old-formats" => producing::old_formats(bootstrap).await,
        "consume-beginning" => consuming::beginning(bootstrap).await,
        "consume-times" => consuming::times(bootstrap).await,
        "consume-seek" => consuming::seek(bootstrap).await,
        "consume-long-poll" => consuming::long_poll(bootstrap).await,
        "consume-large" => consuming::large(bootstrap).await,
        "consume-rack" => groups::rack(bootstrap).await,
        "consume-pattern" => groups::pattern(bootstrap, CLASSIC).await,
        "errors-offset" => consuming::offset_out_of_range(bootstrap).await,
        "group-members" => groups::members(bootstrap, CLASSIC).await,
        "group-commit" => groups::commit(bootstrap).await,
        "group-round-robin" => groups::round_robin(bootstrap).await,
        "group-cooperative" => groups::cooperative(bootstrap).await,
        "group-static" => groups::comes_back(bootstrap, CLASSIC).await,
        "consumer-group-members" => groups::members(bootstrap, CONSUMER).await,
        "consumer-group-upgrade" => groups::upgrade(bootstrap).await,
        "consumer-group-regex" => groups::pattern(bootstrap, CONSUMER).await,
        "consumer-group-static" => groups::comes_back(bootstrap, CONSUMER).await,
        "restart-resume" => restarts::resume(bootstrap).await,
        "kill-produce" => restarts::produce(bootstrap, 200_000, 5).await,
        "produce-retry" => restarts::produce(bootstrap, 50_000, 0).await,
        "kill-consume" => restarts::consume(bootstrap).await,
        "kill-rebalance" => restarts::rebalance(bootstrap).await,
        "transactions" => transactions::together(bootstrap).await,
        "transactions-fenced" => transactions::fenced(bootstrap).await,
        "transactions-timeout" => transactions::timeout(bootstrap).await,
        "consume-transform-produce" => transactions::copies(bootstrap).await,
        "kill-transactions" => transactions::copies_despite_kills(bootstrap).await,
        _ => Err(absent(name).map_or_else(|| NotWritten.into(), |reason| NotInThisClient(reason).into())),
    }
}

#[tokio::main]
async fn main() {
    let (name, bootstrap) = harness::arguments();
    harness::finish(run(&name, &bootstrap).await)
}
