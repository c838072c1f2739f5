"""Transactions (KIP-98, KIP-360, KIP-890): state machines, driven by `broker/transaction_coordinator.py`."""
