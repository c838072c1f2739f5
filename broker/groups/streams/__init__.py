"""Streams groups (KIP-1071): the broker knows the topology of a Kafka Streams program, and assigns tasks."""
