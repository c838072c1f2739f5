"""Odradek: a Kafka-compatible broker for development and tests."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Broker", "ConfigError", "StartError", "__version__", "open_broker"]

if TYPE_CHECKING:
    from .broker.embedding import Broker, ConfigError, StartError, open_broker


def __getattr__(name: str) -> object:
    """Import the embedded broker when it is asked for, so that `import odradek` costs nothing (PEP 562)."""
    if name in __all__:
        from .broker import embedding

        return getattr(embedding, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
