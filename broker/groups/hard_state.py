"""What the records in one partition of `__consumer_offsets` make: its groups, and their committed offsets.

Nothing else changes either. A restart replays the whole log, and a running broker each record that it has
appended, so that both come to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .classic.group import ClassicGroup
from .classic.transitions import Trigger
from .consumer.group import ConsumerGroup
from .consumer.records import ConsumerRecord, ConsumerTombstone, Kind
from .consumer.settings import ConsumerSettings
from .events import GroupConfig, Instant
from .offset_store import Offsets
from .records import GroupMetadata, GroupTombstone, OffsetCommit, OffsetTombstone, Record
from .share.group import ShareGroup
from .share.records import ShareGroupTombstone, ShareKind, ShareRecord
from .share.settings import ShareSettings
from .streams.group import StreamsGroup
from .streams.records import Kind as StreamsKind
from .streams.records import StreamsRecord, StreamsTombstone
from .streams.settings import StreamsSettings

Group = ClassicGroup | ConsumerGroup | ShareGroup | StreamsGroup


class HardState:
    """The groups of one partition. `new_member_id` makes a member id that nobody has, from a prefix;
    `consumer_settings`, `streams_settings` and `share_settings` are what groups of those kinds need beside.
    """

    def __init__(
        self,
        config: GroupConfig,
        new_member_id: Callable[[str], str],
        consumer_settings: ConsumerSettings | None = None,
        streams_settings: StreamsSettings | None = None,
        share_settings: ShareSettings | None = None,
    ) -> None:
        self.config = config
        self.new_member_id = new_member_id
        self.consumer_settings = consumer_settings or ConsumerSettings()
        self.streams_settings = streams_settings or StreamsSettings()
        self.share_settings = share_settings or ShareSettings()
        self.groups: dict[str, Group] = {}
        self.offsets = Offsets()
        self._moving_down: tuple[str, bool] | None = None

    @property
    def machines(self) -> Mapping[str, Group]:
        """The groups, by id."""
        return self.groups

    def replay(self, record: Record, now: Instant, offset: int = -1, producer_id: int = -1) -> None:
        """Take over one record of the log, when loading and when running alike.

        A commit that lies at `offset` and is part of a producer's transaction waits for its end.
        """
        if isinstance(record, GroupMetadata):
            self._replay_classic(record, now)
        elif isinstance(record, GroupTombstone):
            group = self.groups.pop(record.group_id, None)
            if isinstance(group, ClassicGroup):
                group.enter(Trigger.REMOVED, now.wall_ms)
        elif isinstance(record, OffsetCommit | OffsetTombstone):
            if isinstance(record, OffsetCommit) and record.group_id not in self.groups:
                self.classic_group(record.group_id, now)
            self.offsets.replay(record, offset, producer_id)
        elif isinstance(record, StreamsRecord):
            self._replay_streams(record, now)
        elif isinstance(record, ShareRecord):
            self._replay_share(record, now)
        else:
            self._replay_consumer(record, now)

    def _replay_classic(self, record: GroupMetadata, now: Instant) -> None:
        """Members of a consumer group that is a classic one from now on are to join again, until a generation
        of theirs is stored: what those who left had is nobody's. (Apache Kafka forgets it in a restart.)
        """
        group = self.classic_group(record.group_id, now)
        is_new = record.generation_id != group.generation_id
        group.replay(record)
        moving, self._moving_down = self._moving_down, None  # its last record came right before this one
        if moving is None or moving[0] != record.group_id:
            group.rebalance_is_due &= not is_new
        elif record.members:
            group.rebalance_is_due = moving[1]
            for member in group.members.values():
                group.touch(member, now)
            group.wake_at(now.monotonic_ms)

    def classic_group(self, group_id: str, now: Instant) -> ClassicGroup:
        """The classic group of that id, which takes the place of one of another kind."""
        group = self.groups.get(group_id)
        if not isinstance(group, ClassicGroup):
            group = self.groups[group_id] = ClassicGroup(group_id, self.config, now.wall_ms)
        return group

    def _replay_consumer(self, record: ConsumerRecord, now: Instant) -> None:
        group = self.groups.get(record.group_id)
        if isinstance(record, ConsumerTombstone):
            if isinstance(group, ConsumerGroup):
                group.replay(record, now)
                if record.kind is Kind.GROUP_EPOCH:
                    del self.groups[record.group_id]
                    self._moving_down = record.group_id, group.ends_in_rebalance
            return
        if not isinstance(group, ConsumerGroup):
            group = self.groups[record.group_id] = self._new_consumer_group(record.group_id)
        group.replay(record, now)

    def _replay_share(self, record: ShareRecord, now: Instant) -> None:
        group = self.groups.get(record.group_id)
        if not isinstance(group, ShareGroup):
            if isinstance(record, ShareGroupTombstone):
                return
            group = self.groups[record.group_id] = self.new_share_group(record.group_id)
        group.replay(record, now)
        if isinstance(record, ShareGroupTombstone) and record.kind is ShareKind.GROUP_EPOCH:
            del self.groups[record.group_id]

    def new_share_group(self, group_id: str) -> ShareGroup:
        """A share group as it is before its first record."""
        return ShareGroup(group_id, self.share_settings.of(group_id).session_timeout_ms)

    def _new_consumer_group(self, group_id: str) -> ConsumerGroup:
        return ConsumerGroup(group_id, self.consumer_settings.of(group_id).session_timeout_ms)

    def _replay_streams(self, record: StreamsRecord, now: Instant) -> None:
        group = self.groups.get(record.group_id)
        if isinstance(record, StreamsTombstone):
            if isinstance(group, StreamsGroup):
                group.replay(record, now)
                if record.kind is StreamsKind.GROUP_EPOCH:
                    del self.groups[record.group_id]
            return
        if not isinstance(group, StreamsGroup):
            group = self.groups[record.group_id] = self.new_streams_group(record.group_id)
        group.replay(record, now)

    def new_streams_group(self, group_id: str) -> StreamsGroup:
        """A streams group without anything."""
        return StreamsGroup(group_id, self.streams_settings.of(group_id))

    def preview(self, group_id: str, records: Iterable[Record], now: Instant) -> ConsumerGroup:
        """The consumer group that comes of these records, when there was none before."""
        group = self._new_consumer_group(group_id)
        for record in records:
            if isinstance(record, ConsumerRecord):
                group.replay(record, now)
        return group

    def replay_marker(self, producer_id: int, committed: bool) -> None:
        """A producer's transaction has ended, and with it the waiting of its commits."""
        self.offsets.replay_marker(producer_id, committed)
