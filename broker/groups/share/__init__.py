"""Share groups of KIP-932, as far as their members and assignments go: pure state machines."""
