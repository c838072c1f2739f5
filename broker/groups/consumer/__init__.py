"""Consumer groups of KIP-848, whose coordinator assigns the partitions: pure state machines."""
