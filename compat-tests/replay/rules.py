"""What two runs of one program need not have in common, and how their exchanges are compared.

Runs differ in time: how often a client asks, how much it finds when it does, how many rebalances it sees. So
requests are not compared by their place. Two requests are the same when API, version and content are, with
what is undetermined (comparison/undetermined.py) and what depends on time (TIMING) masked. Of the answers to
the same request, each broker has given some; when they have none in common, the brokers differ. Requests that
only one run contains say nothing of a broker.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import islice, product
from typing import Any

from comparison.differences import Difference, Row, differences, unexplained
from comparison.undetermined import Names, Rule, Shown, anything, shown, slots

from odradek.protocol.errors import ErrorCode

from .proxy import Exchange

_FRESH = re.compile(r"\d+(-\d+)+")


class Kinds(Names):
    """Names that only tell the kind: in two runs the same value may come in another order. What programs put
    into names to make them their own (numbers between dashes) is left out; bytes of clients are not shown.
    """

    def of(self, value: Any, kind: str) -> str:  # noqa: ARG002
        """The kind."""
        return f"<{kind}>"

    def within(self, text: str) -> str:
        """The text without numbers of its own run."""
        return _FRESH.sub("<fresh>", super().within(text))

    def data(self, value: bytes) -> str:
        """Whether there are any."""
        return "<bytes>" if value else ""


def at_some_point(value: Any, names: Names) -> Shown:  # noqa: ARG001
    """Numbers that grow with time; below 0 they mean something else."""
    return "<number>" if value >= 0 else value


TIMING: dict[str, Rule] = {
    # How far records and offsets have come.
    "records": anything,
    "aborted_transactions": anything,
    "fetch_offset": at_some_point,
    "offset": at_some_point,
    "base_offset": at_some_point,
    "committed_offset": anything,
    "committed_leader_epoch": anything,
    "end_offset": at_some_point,
    "high_watermark": at_some_point,
    "partition_size": at_some_point,
    "last_stable_offset": at_some_point,
    "high_water_mark": at_some_point,
    "current_txn_start_offset": at_some_point,
    "last_sequence": at_some_point,
    "timestamp": at_some_point,
    # How many rebalances, sessions, transactions and restarts there have been.
    "generation_id": at_some_point,
    "generation_id_or_member_epoch": at_some_point,
    "member_epoch": at_some_point,
    "group_epoch": at_some_point,
    "assignment_epoch": at_some_point,
    "producer_epoch": at_some_point,
    "session_epoch": at_some_point,
    "leader_epoch": at_some_point,
    "current_leader_epoch": at_some_point,
    "last_fetched_epoch": at_some_point,
    "JoinGroupResponse.members": anything,
    # What a client notes beside an offset, for itself.
    "committed_metadata": anything,
    "metadata": anything,
    # Who of several members comes first, and how long a client is ready to wait.
    "leader": anything,
    "timeout_ms": anything,
    "max_wait_ms": anything,
}


TRY_AGAIN = {
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.REBALANCE_IN_PROGRESS,
    ErrorCode.CONCURRENT_TRANSACTIONS,
    ErrorCode.UNKNOWN_LEADER_EPOCH,  # that of the metadata, of which the partition has not heard yet
}
"""Answers with these errors, be it for a part of what was asked, are left out: they say that somebody
else, or the broker, was not ready yet."""

MOST_ANSWERS = 12
"""So many different answers to one request are looked at."""


def compare(
    label: str, ours: Iterable[Exchange], theirs: Iterable[Exchange], known: list[Row], needed: set[Row]
) -> list[Difference]:
    """What differs, of each API for the first request whose answers do, in the order of our run.

    Where no two answers agree, those that are most alike are told. Differences that rows of `known` cover are
    left out, and those rows added to `needed`.
    """
    mine, others = _answers(ours), _answers(theirs)
    different: dict[str, list[Difference]] = {}
    for request, answers in mine.items():
        api = request.partition(" ")[0]
        if api not in different and request in others and not answers.keys() & others[request].keys():
            pairs = product(
                islice(answers.values(), MOST_ANSWERS), islice(others[request].values(), MOST_ANSWERS)
            )
            found = (list(differences(f"{label}: {request}", *pair)) for pair in pairs)
            least = min(found, key=lambda each: len(unexplained(each, known, set())))
            left = unexplained(least, known, needed)
            if left:
                different[api] = left
    return [difference for found in different.values() for difference in found]


def _answers(exchanges: Iterable[Exchange]) -> dict[str, dict[str, Shown]]:
    """The different answers to each different request, in the order in which they came."""
    found: dict[str, dict[str, Shown]] = {}
    for api, version, request, response in exchanges:
        if _says_try_again(response):
            continue
        answer = _shown(response)
        asked = json.dumps(_shown(request))
        found.setdefault(f"{api.name.lower()} v{version} {asked}", {})[json.dumps(answer)] = answer
    return found


def _says_try_again(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_says_try_again, value))
    if not hasattr(value, "unknown_tags"):
        return False
    parts = (getattr(value, name) for name in slots(value))
    return getattr(value, "error_code", None) in TRY_AGAIN or any(map(_says_try_again, parts))


def _shown(value: Any) -> Shown:
    return _sorted(shown(value, Kinds(), TIMING))


def _sorted(value: Shown) -> Shown:
    """Arrays in an order of ours: that of members, topics and partitions depends on who came when."""
    if isinstance(value, dict):
        return {name: _sorted(each) for name, each in value.items()}
    if isinstance(value, list):
        return sorted(map(_sorted, value), key=json.dumps)
    return value
