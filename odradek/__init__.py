"""Odradek: a Kafka-compatible broker for development and tests."""

__version__ = "0.1.0"
