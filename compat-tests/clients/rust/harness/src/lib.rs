//! The Rust programs' side of a cell: how its result is said, and how a scenario checks.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::io::BufRead;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a scenario comes to; the text of its error is the cell's detail.
pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The client's API lacks what the scenario asks for; the text says what is missing.
#[derive(Debug)]
pub struct NotInThisClient(pub &'static str);

impl Display for NotInThisClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Error for NotInThisClient {}

/// Nobody has made the program do the scenario.
#[derive(Debug)]
pub struct NotWritten;

impl Display for NotWritten {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("nobody has written it for this client yet")
    }
}

impl Error for NotWritten {}

/// The scenario's name and the broker's address from the command line.
pub fn arguments() -> (String, String) {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().expect("usage: program SCENARIO BOOTSTRAP");
    (next(), next())
}

/// Prints the result, and ends the program with whatever still runs in it.
pub fn finish(result: Outcome) -> ! {
    let (outcome, detail) = match result {
        Ok(()) => ("passed", String::new()),
        Err(error) if error.is::<NotInThisClient>() => ("not in this client", error.to_string()),
        Err(error) if error.is::<NotWritten>() => ("not written", error.to_string()),
        Err(error) => ("failed", error.to_string()),
    };
    println!("{}", serde_json::json!({ "outcome": outcome, "detail": detail }));
    std::process::exit(0)
}

/// Has the broker killed (`kill -9`), stopped (SIGTERM) or started, and waits until that has happened.
pub fn ask_broker(action: &str) -> Outcome {
    println!("{}", serde_json::json!({ "broker": action }));
    std::io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

/// An error with a text unless the condition holds.
pub fn expect(condition: bool, what: impl Display) -> Outcome {
    if condition { Ok(()) } else { Err(what.to_string().into()) }
}

/// An error that shows both, cut to a readable length, unless they are equal.
pub fn expect_equal<T: Debug + PartialEq>(found: T, wanted: T, what: &str) -> Outcome {
    let text = format!("{what}: found {:.400}, wanted {:.400}", format!("{found:?}"), format!("{wanted:?}"));
    expect(found == wanted, text)
}

static NAMES: AtomicU64 = AtomicU64::new(0);

/// Milliseconds since the epoch.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as i64)
}

/// A name that no other cell uses.
pub fn fresh(kind: &str) -> String {
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    format!("{kind}-{}-{}-{number}", std::process::id(), now_ms() % 1_000_000_000)
}

/// The value of a record that tells its own place.
pub fn value_of(number: usize) -> Vec<u8> {
    format!("value-{number}").into_bytes()
}

/// One partition's values must be `value-0` to `value-(count-1)`, in order, each once.
pub fn check_exactly_once(values: impl IntoIterator<Item = Vec<u8>>, count: usize) -> Outcome {
    let mut seen = 0;
    for value in values {
        expect_equal(String::from_utf8(value)?, format!("value-{seen}"), "next value")?;
        seen += 1;
    }
    expect_equal(seen, count, "records in all")
}
