"""Bytes to values and back: the Kafka wire protocol, without I/O, clock or trio."""
