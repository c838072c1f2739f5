"""The running broker: listeners, handlers, partitions, coordinators."""
