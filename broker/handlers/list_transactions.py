"""ListTransactions (API 66): transactional ids by state and producer id (KIP-664).

- 1: those whose transaction began more than so many milliseconds ago (KIP-994); one that has not begun is
  older than any.
- 2: those whose whole id matches a regular expression, in RE2's syntax (KIP-1152).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...protocol.errors import ErrorCode
from ...protocol.messages.list_transactions import RESPONSE, STATE
from ..context import RequestContext
from ..effects import Effects, Failure, Instant
from ..transactions.records import TransactionRecord
from ..transactions.shard import TransactionShard
from ..transactions.transitions import TransactionState

_LABELS = frozenset(state.label for state in TransactionState)


def handle(request: Any, context: RequestContext) -> Any:
    """List what passes every filter, of all shards that are open."""
    unknown = [label for label in request.state_filters if label not in _LABELS]
    matches = _pattern(request.transactional_id_pattern)
    if matches is None:
        return RESPONSE(error_code=ErrorCode.INVALID_REGULAR_EXPRESSION)
    states, producer_ids = set(request.state_filters), set(request.producer_id_filters)
    duration_ms = request.duration_filter

    def passes(stored: TransactionRecord, now: Instant) -> bool:
        return (
            (not producer_ids or stored.producer_id in producer_ids)
            and (not states or stored.state.label in states)
            and (duration_ms < 0 or now.wall_ms - stored.start_ms > duration_ms)
            and matches(stored.transactional_id)
        )

    def event(shard: TransactionShard, token: Any, now: Instant, effects: Effects) -> None:
        rows = [machine.stored for machine in shard.transactions.values()]
        effects.reply(token, [stored for stored in rows if passes(stored, now)])

    return context.node.transactions.ask_all(context, event, lambda replies: _response(unknown, replies))


def _pattern(text: str | None) -> Callable[[str], bool] | None:
    """What decides whether an id matches; None for what is no regular expression."""
    if not text:
        return lambda _: True
    from ..groups.regex import Regex
    from ..groups.regex_parser import RegexError

    try:
        return Regex(text).matches
    except RegexError:
        return None


def _response(unknown: list[str], replies: list[list[TransactionRecord] | Failure]) -> Any:
    return RESPONSE(
        unknown_state_filters=unknown,
        transaction_states=[
            STATE(
                transactional_id=stored.transactional_id,
                producer_id=stored.producer_id,
                transaction_state=stored.state.label,
            )
            for reply in replies
            if not isinstance(reply, Failure)
            for stored in reply
        ],
    )
