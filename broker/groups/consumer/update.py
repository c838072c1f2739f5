"""A member of a consumer group that comes, or wants something else: what follows for the group and for it."""

from __future__ import annotations

from ....protocol.errors import ErrorCode
from ..events import Effects, GroupError, Instant
from ..regex import check_syntax
from ..target_assignment import (
    metadata_hash,
    retarget,
    topic_ids,
    wanted_topics,
)
from .group import ConsumerGroup
from .member import ConsumerMember
from .reconciliation import Reconciliation
from .records import (
    Assignment,
    ConsumerGroupEpoch,
    ConsumerTombstone,
    Kind,
    TargetAssignment,
)
from .settings import ConsumerSettings
from .subscriptions import Subscriptions

# Expressions that have been resolved are not tried again within this time.
REGEX_PAUSE_MS = 10_000


class MemberUpdate:
    """`member` becomes `updated`, in steps that are to be taken in order: `note`, `advance_epoch`,
    `reconcile`. Each adds to the records of `effects`.
    """

    def __init__(
        self,
        group: ConsumerGroup,
        member: ConsumerMember,
        updated: ConsumerMember,
        settings: ConsumerSettings,
        now: Instant,
        effects: Effects,
    ) -> None:
        self.group, self.member, self.updated = group, member, updated
        self.settings, self.now, self.effects = settings, now, effects
        self.config = settings.of(group.group_id)
        self.epoch = group.epoch
        self.is_homogeneous: bool | None = None
        self.asks_for_epoch = False
        self.subscription_changed = False

    # What the member says of itself

    def note(self) -> None:
        """Store what the member says of itself. Raises GroupError INVALID_REGULAR_EXPRESSION."""
        names_changed = self.updated.topic_names != self.member.topic_names
        if self.updated != self.member:
            self.effects.records.append(self.updated.metadata_record(self.group.group_id))
        regex_changed, is_resolved = self._note_regex()
        self.subscription_changed = names_changed or regex_changed
        self.asks_for_epoch = names_changed or is_resolved or self._changes_assignor()

    def _note_regex(self) -> tuple[bool, bool]:
        """Whether the member has another expression, and whether it is known by now what that matches."""
        group, old, new = self.group, self.member.topic_regex, self.updated.topic_regex
        regexes = group.subscriptions.regexes
        changed, is_resolved = old != new, False
        if changed:
            if old and regexes[old] == 1:
                self.effects.records.append(ConsumerTombstone(group.group_id, Kind.REGEX, old))
            if new and not regexes[new]:
                check_syntax(new)
            is_resolved = new in group.regexes if new else bool(old)
        if self._are_regexes_stale():
            group.regex_deadline_ms = group.wake_at(self.now.monotonic_ms)
        return changed, is_resolved

    def _are_regexes_stale(self) -> bool:
        resolved = next(iter(self.group.regexes.values()), None)
        if resolved is None or self.group.regex_deadline_ms is not None:
            return False
        age_ms = self.now.wall_ms - resolved.timestamp_ms
        if age_ms <= REGEX_PAUSE_MS:
            return False
        has_new_topics = resolved.version < self.settings.topics.newest_topic_version
        return has_new_topics or age_ms > self.config.regex_refresh_interval_ms

    def _changes_assignor(self) -> bool:
        if self.updated.server_assignor == self.member.server_assignor:
            return False
        return self._assignor_after() != self.group.assignor(self.config.assignors[0])

    def _assignor_after(self) -> str:
        return self.group.assignor_after(self.member, self.updated, self.config.assignors[0])

    # Epoch and target of the group

    def advance_epoch(self, *, force: bool = False) -> None:
        """Begin a new group epoch if the member, or a change of topics, asks for one."""
        group = self.group
        asks = force or self.asks_for_epoch
        if not asks and group.topics_are_known:
            return
        wanted = self._subscriptions_after()
        hash_now = metadata_hash(wanted.topics, self.settings.topics)
        is_new = self.updated.member_id not in group.members
        joins = is_new and group.static_member(self.updated.instance_id) is None
        self.is_homogeneous = wanted.is_homogeneous(len(group.members) + joins)
        if asks or hash_now != group.metadata_hash:
            self.epoch += 1
            self.effects.records.append(ConsumerGroupEpoch(group.group_id, self.epoch, hash_now))
        group.topics_are_known = True
        self.effects.undo = lambda *_: forget_topics(group)
        if group.has_partition_metadata:
            self.effects.records.append(ConsumerTombstone(group.group_id, Kind.PARTITION_METADATA))

    def _subscriptions_after(self) -> Subscriptions:
        group, old_regex = self.group, self.member.topic_regex
        wanted = group.subscriptions.copy()
        if old_regex and old_regex != self.updated.topic_regex and wanted.regexes[old_regex] == 1:
            resolved = group.regexes.get(old_regex)
            wanted.resolve(resolved.topics if resolved else (), ())
        wanted.replace(self.member, self.updated)
        return wanted

    def _target(self) -> tuple[int, Assignment]:
        """The epoch of the target assignment, and what of it is the member's; a new one if it is time."""
        group, computed_ms = self.group, self.group.target_timestamp_ms
        is_early = computed_ms and self.now.wall_ms < computed_ms + self.config.assignment_interval_ms
        if group.target_epoch >= self.epoch or is_early:
            return group.target_epoch, group.target_of(self.updated)
        if self.is_homogeneous is None:
            self.is_homogeneous = group.subscriptions.is_homogeneous(len(group.members))
        records, target = retarget(
            group,
            self.epoch,
            self.updated,
            self._assignor_after(),
            self.is_homogeneous,
            self.settings.topics,
            self.now,
        )
        self.effects.records.extend(records)
        return self.epoch, target

    # The member's own way

    def reconcile(self, owned: Assignment | None) -> ConsumerMember:
        """Move the member one step towards its target. Raises GroupError FENCED_MEMBER_EPOCH."""
        return self.move(*self._target(), owned)

    def move(self, epoch: int, target: Assignment, owned: Assignment | None) -> ConsumerMember:
        """Move the member one step towards a target that is there already."""
        group, updated = self.group, self.updated
        if not self.subscription_changed and updated.is_reconciled_to(epoch):
            return updated
        names = wanted_topics(updated, group.regexes)
        reached = Reconciliation(
            epoch,
            target,
            self.subscription_changed,
            frozenset(topic_ids(names, self.settings.topics)),
            group.owner_epoch,
            owned,
        ).step(updated)
        if reached != updated:
            self.effects.records.append(reached.current_record(group.group_id))
        return reached


def forget_topics(group: ConsumerGroup) -> None:
    """Have the next heartbeat look at the topics anew."""
    group.topics_are_known = False


def check_room(
    group: ConsumerGroup, member_id: str, instance_id: str | None, settings: ConsumerSettings
) -> None:
    """Raise GroupError GROUP_MAX_SIZE_REACHED when the group cannot take one more member."""
    limit = settings.config.max_size
    is_known = member_id in group.members or group.static_member(instance_id) is not None
    if len(group.members) >= limit and not is_known:
        raise GroupError(
            ErrorCode.GROUP_MAX_SIZE_REACHED,
            f"The consumer group has reached its maximum capacity of {limit} members.",
        )


def replace_static(
    group: ConsumerGroup, old: ConsumerMember, member_id: str, effects: Effects
) -> ConsumerMember:
    """The member that takes a static one's place, with all that it had, under another member id."""
    new = old._replace(member_id=member_id, member_epoch=0, previous_member_epoch=0)
    effects.records.extend(remove_member(group.group_id, old.member_id))
    effects.records.append(new.metadata_record(group.group_id))
    target = group.target.get(old.member_id, {})
    effects.records.append(TargetAssignment(group.group_id, member_id, target))
    effects.records.append(new.current_record(group.group_id))
    return new


def remove_member(group_id: str, member_id: str) -> list[ConsumerTombstone]:
    """The records that remove a member."""
    return [ConsumerTombstone(group_id, kind, member_id) for kind in (Kind.CURRENT, Kind.TARGET, Kind.MEMBER)]
