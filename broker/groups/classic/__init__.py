"""Classic groups, whose members assign partitions among themselves: pure state machines."""
