//! The program for rskafka, which is Rust throughout: one client for each partition, and no groups.

mod client;
mod scenarios;

use harness::{NotInThisClient, NotWritten, Outcome};

const NO_GROUPS: &str = "it has no groups";
const NO_SETTINGS: &str = "it neither reads nor writes settings";
const NOT_TRANSACTIONAL: &str = "its producer is neither idempotent nor transactional";

/// Why the client can't do a scenario, if its API lacks something for it.
fn absent(name: &str) -> Option<&'static str> {
    let reason = match name {
        "admin-configs"
        | "admin-alter-configs"
        | "admin-dynamic-configs"
        | "produce-too-large"
        | "produce-append-time"
        | "consume-large" => NO_SETTINGS,
        "admin-partitions" => "it adds no partitions",
        "admin-cluster" => "it does not describe the cluster",
        "admin-log-dirs" => "it describes no folders",
        "produce-acks" => "it waits for all replicas always",
        "produce-shapes" => "its headers are a map, without nulls",
        "consume-seek" => "each fetch names its offset: there is nothing to seek or pause",
        "consume-rack" => "its fetches tell no rack, and it has no groups",
        "old-formats" => "it speaks the newest versions that it has in common with the broker",
        "command-line" => "it has no command-line tool",
        "kill-produce" | "produce-retry" | "kill-transactions" | "consume-transform-produce" => {
            NOT_TRANSACTIONAL
        }
        _ if name.starts_with("transactions") => NOT_TRANSACTIONAL,
        _ if name.starts_with("group-") || name == "admin-groups" => NO_GROUPS,
        "consume-pattern" | "restart-resume" | "kill-consume" | "kill-rebalance" => NO_GROUPS,
        _ => return None,
    };
    Some(reason)
}

async fn run(name: &str, bootstrap: &str) -> Outcome {
    match name {
        "admin-topics" => scenarios::admin_topics(bootstrap).await,
        "admin-delete-records" => scenarios::admin_delete_records(bootstrap).await,
        "produce-codecs" => scenarios::produce_codecs(bootstrap).await,
        "consume-beginning" => scenarios::consume_beginning(bootstrap).await,
        "consume-times" => scenarios::consume_times(bootstrap).await,
        "consume-long-poll" => scenarios::consume_long_poll(bootstrap).await,
        "errors-unknown-topic" => scenarios::errors_unknown_topic(bootstrap).await,
        "errors-offset" => scenarios::errors_offset(bootstrap).await,
        _ => Err(absent(name).map_or_else(|| NotWritten.into(), |reason| NotInThisClient(reason).into())),
    }
}

#[tokio::main]
async fn main() {
    let (name, bootstrap) = harness::arguments();
    harness::finish(run(&name, &bootstrap).await)
}
