"""A member of a streams group that comes, or says something: what follows for the group and for it."""

from __future__ import annotations

from ....protocol.errors import ErrorCode
from ..events import Effects, GroupError, Instant
from ..target_assignment import metadata_hash
from ..topics_image import TopicsImage
from .group import NO_EPOCH, NO_TASKS, StreamsGroup
from .member import StreamsMember
from .reconciliation import Reconciliation
from .records import StreamsGroupEpoch, StreamsTopology
from .target import retarget, target_after
from .tasks import TaskSets
from .topic_configuration import ConfiguredTopology, Status, StatusDetail, configure
from .topology import Topology


class MemberUpdate:
    """`member` becomes `updated`, in steps that are to be taken in order: `note_member`, `note_topology`,
    `configure`, `advance_epoch`, `reconcile`. Each adds to the records of `effects`.
    """

    def __init__(
        self,
        group: StreamsGroup,
        member: StreamsMember,
        updated: StreamsMember,
        topics: TopicsImage,
        now: Instant,
        effects: Effects,
    ) -> None:
        self.group, self.member, self.updated = group, member, updated
        self.topics, self.now, self.effects = topics, now, effects
        self.statuses: list[StatusDetail] = []
        self.epoch = group.epoch
        self._asks_for_epoch = False
        self._topology: Topology | None = None
        self._validated_epoch = NO_EPOCH
        self._metadata_hash = group.metadata_hash

    @property
    def configured(self) -> ConfiguredTopology:
        """The topology held against the topics, after `configure`."""
        assert self.group.configured is not None
        return self.group.configured

    # What the member says

    def note_member(self) -> None:
        """Store what the member says of itself. A static member may change what no assignment depends on."""
        old, new = self.member, self.updated
        if new == old:
            return
        self.effects.records.append(new.metadata_record(self.group.group_id))
        self._asks_for_epoch = new.instance_id is None or (
            (old.topology_epoch, old.rack_id, old.client_tags, old.process_id)
            != (new.topology_epoch, new.rack_id, new.client_tags, new.process_id)
        )

    def note_topology(self, topology: Topology | None) -> None:
        """Store the topology that a first member brings. Raises GroupError INVALID_REQUEST for another one,
        and UNKNOWN_SERVER_ERROR, as Kafka, for one that contradicts itself; one of an older epoch is none of
        the group's concern.
        """
        known = self.group.topology
        if topology is not None and not topology.is_sound:
            raise GroupError(ErrorCode.UNKNOWN_SERVER_ERROR)
        if topology is not None and known is None:
            self.effects.records.append(StreamsTopology(self.group.group_id, topology))
        if topology is not None and known is not None and topology.epoch >= known.epoch and topology != known:
            raise GroupError(ErrorCode.INVALID_REQUEST, "Topology updates are not supported yet.")
        if known is not None and self.updated.topology_epoch < known.epoch:
            detail = (
                f"The member's topology epoch {self.updated.topology_epoch} is behind the group's topology "
                f"epoch {known.epoch}."
            )
            self.statuses.append(StatusDetail(Status.STALE_TOPOLOGY, detail))
        self._topology = known or topology

    # What it means for the group

    def configure(self) -> ConfiguredTopology:
        """Hold the topology against the topics, unless nothing has changed since that was done. Raises
        GroupError.
        """
        group, topology = self.group, self._topology
        if topology is None:
            # A group whose topology is lost has no use for members.
            raise GroupError(ErrorCode.UNKNOWN_SERVER_ERROR)
        if group.configured is None or not group.topics_are_known:
            self._metadata_hash = metadata_hash(topology.required_topics, self.topics)
            if self._metadata_hash != group.metadata_hash:
                self._asks_for_epoch = True
            group.configured = configure(topology, self.topics)
            group.topics_are_known = True
            self.effects.undo = lambda *_: group.forget_topics()
        self._validated_epoch = topology.epoch if group.configured.is_ready else NO_EPOCH
        return group.configured

    def advance_epoch(self) -> None:
        """Begin a new group epoch if the member, the topics or the settings ask for one."""
        group, configs = self.group, self.group.config.assignment_configs
        asks = (
            self._asks_for_epoch
            or self._validated_epoch != group.validated_topology_epoch
            or configs != group.assignment_configs
        )
        if asks:
            self.epoch += 1
            self.effects.records.append(
                StreamsGroupEpoch(
                    group.group_id, self.epoch, self._metadata_hash, self._validated_epoch, configs
                )
            )

    def _target(self) -> tuple[int, TaskSets]:
        """The epoch of the target assignment, and what of it is the member's; a new one if it is time."""
        group, config = self.group, self.group.config
        is_first = not group.members and config.initial_rebalance_delay_ms > 0
        if is_first or group.deadlines.initial_rebalance_ms is not None:
            self._delayed("initial rebalance delay")
            return group.target_epoch, NO_TASKS
        if group.target_epoch >= self.epoch:
            return group.target_epoch, target_after(group, self.updated)
        computed_ms = group.target_timestamp_ms
        if computed_ms and self.now.wall_ms < computed_ms + config.assignment_interval_ms:
            self._delayed("assignment interval")
            return group.target_epoch, target_after(group, self.updated)
        records, target = retarget(group, self.epoch, self.updated, self.configured, config, self.now)
        self.effects.records.extend(records)
        return self.epoch, target[self.updated.member_id]

    def _delayed(self, by: str) -> None:
        detail = f"Assignment delayed due to the configured {by}."
        self.statuses.append(StatusDetail(Status.ASSIGNMENT_DELAYED, detail))

    # The member's own way

    def reconcile(self, owned: TaskSets | None) -> StreamsMember:
        """Move the member one step towards its target. Raises GroupError FENCED_MEMBER_EPOCH."""
        epoch, target = self._target()
        reached = Reconciliation(self.group, epoch, target, owned).step(self.updated)
        if reached != self.updated:
            self.effects.records.append(reached.current_record(self.group.group_id))
        return reached
