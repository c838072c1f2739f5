"""CRC-32C (Castagnoli), the checksum of record batches with magic 2."""

from __future__ import annotations

from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer


def _load() -> Callable[[ReadableBuffer], int]:
    """The C function of the package crc32c, without the package around it.

    `import crc32c` reads its own version through importlib.metadata, which imports the email package: 20 to
    40 ms on the start path, for a function that its extension module gives in one. Where that module lies
    elsewhere, the ordinary import serves.
    """
    package = PathFinder.find_spec("crc32c")
    spec = PathFinder.find_spec("crc32c._crc32c", package.submodule_search_locations) if package else None
    if spec is not None and spec.loader is not None:
        module = spec.loader.create_module(spec)
        if module is not None:
            spec.loader.exec_module(module)
            function: Callable[[ReadableBuffer], int] = module.crc32c
            return function
    from crc32c import crc32c as imported

    return imported


crc32c = _load()
