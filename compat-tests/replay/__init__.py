"""A client program against Odradek and Apache Kafka, each behind a proxy that records what is said; then
the answers to equal requests are compared. `scripts/compat-replay --client NAME --scenario NAME` runs it.
"""
