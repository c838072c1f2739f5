"""The stories that there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from .prober import Prober

Answers = Iterator[tuple[str, Any]]
Story = Callable[[Prober], Answers]

_stories: dict[str, Story] = {}


def story(function: Story) -> Story:
    """Register a story by `module.function`. LookupError when there is one of that name already."""
    name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    if name in _stories:
        raise LookupError(f"two stories are called {name}")
    _stories[name] = function
    return function


def load() -> dict[str, Story]:
    """Every story of every module of `stories`, by its name."""
    from . import stories

    for module in iter_modules(stories.__path__):
        import_module(f"{stories.__name__}.{module.name}")
    return _stories
