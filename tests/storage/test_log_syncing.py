"""Making a log durable: tickets, and what goes on while one is under way."""

from __future__ import annotations

import errno
from random import Random

import pytest

from odradek.storage.errors import StorageFailed
from odradek.storage.faulty_file_system import Fault, FaultyFileSystem
from odradek.storage.memory_file_system import MemoryFileSystem
from tests.storage.logs import (
    contents,
    fill,
    new_log,
    reopen,
    sync,
)


def test_a_ticket_covers_what_was_appended_before_it_began() -> None:
    """Group commit: the synced offset moves to where the log ended when the ticket was made."""
    log = new_log(MemoryFileSystem())
    fill(log, 3)
    ticket = log.begin_sync()
    assert ticket is not None
    fill(log, 2)
    log.finish_sync(ticket, ticket.run())
    assert (log.synced_offset, log.recovery_point) == (3, 0)
    sync(log, checkpoint=True)
    assert (log.synced_offset, log.recovery_point) == (5, 5)
    assert log.begin_sync() is None
    assert log.begin_sync(checkpoint=True) is None


def test_a_failed_sync_takes_the_log_offline() -> None:
    """The pages count as clean afterwards: a second fsync would succeed without having written anything."""
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    sync(log)
    fill(log, 1)
    ticket = log.begin_sync()
    assert ticket is not None
    file_system.faults = {file_system.calls + 1: Fault(errno.EIO)}
    error = ticket.run()
    assert isinstance(error, OSError)
    log.finish_sync(ticket, error)
    assert log.offline is not None
    assert log.synced_offset == 0
    with pytest.raises(StorageFailed):
        log.close()


def test_a_ticket_of_a_closed_log_does_nothing() -> None:
    """A log may be deleted, and one of the same name made, while a ticket waits for its thread."""
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    fill(log, 1)
    ticket = log.begin_sync(checkpoint=True)
    assert ticket is not None
    log.close(clean=False)
    calls = file_system.calls
    assert ticket.run() is None
    assert file_system.calls == calls
    log.finish_sync(ticket, None)


def test_closing_syncs_what_a_cancelled_ticket_would_have() -> None:
    """A ticket that has not run when the log is closed is not forgotten."""
    file_system = FaultyFileSystem()
    log = new_log(file_system)
    fill(log, 5)
    assert log.begin_sync(checkpoint=True) is not None
    log.close()
    file_system.sync_directory(".")
    for seed in range(20):
        lost = file_system.power_loss(Random(seed))
        assert len(contents(reopen(lost, clean=True, recovery_point=5))) == 5


def test_segments_are_not_deleted_while_a_ticket_may_sync_them() -> None:
    """The deletion happens when the ticket is finished."""
    log = new_log(MemoryFileSystem())
    fill(log, 30)
    ticket = log.begin_sync()
    assert ticket is not None
    assert log.advance_log_start_offset(29) == 0
    log.finish_sync(ticket, ticket.run())
    assert log.offline is None
    assert len(log.segments) == 1
