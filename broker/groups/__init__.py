"""Consumer groups as state machines without I/O or clock."""
