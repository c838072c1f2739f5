"""Shared fixtures of the protocol tests."""

import warnings
from types import SimpleNamespace

import cramjam
import pytest

with warnings.catch_warnings():  # kafka-python reads its schemas with a function that Python 3.11 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    import kafka.codec


@pytest.fixture
def kafka_python_snappy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give kafka-python the raw snappy codec that it takes from python-snappy; the xerial framing is its
    own.
    """
    raw = SimpleNamespace(
        compress=lambda data: bytes(cramjam.snappy.compress_raw(data)),
        decompress=lambda data: bytes(cramjam.snappy.decompress_raw(data)),
    )
    monkeypatch.setattr(kafka.codec, "snappy", raw)
