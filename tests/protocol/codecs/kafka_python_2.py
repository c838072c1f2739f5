"""kafka-python 2.0.6: hand-written schemas of the versions before flexible ones, down to what 0.8 spoke.

It has the same package name as kafka-python 3, so it lies in a folder of its own, which an environment
variable names, and its protocol modules are imported under a package that is forgotten afterwards.
"""

from __future__ import annotations

import functools
import importlib
import io
import os
import pathlib
import sys
import types
from typing import Any

from .catalogue import Case, fields_at

VARIABLE = "ODRADEK_ORACLE_KAFKA_PYTHON_2"
MODULES = ("produce", "fetch", "offset", "metadata", "commit", "group", "admin")
# Classes that say another version of themselves than they are.
MISNAMED = {(16, 1, "ListGroupsRequest_v2"): 2}


def missing() -> str | None:
    """Why the codec cannot be had, or None."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return f"{VARIABLE} is not set: it names the folder into which kafka-python 2.0.6 was installed"
    return None if pathlib.Path(folder, "kafka").is_dir() else f"{VARIABLE}={folder} holds no package kafka"


def encode(case: Case, value: Any) -> bytes:
    """The bytes that kafka-python makes of a value of ours."""
    made = _class(case)(*expected(case, value))  # its encode() holds it only weakly
    return bytes(made.encode())


def decode(case: Case, data: bytes) -> Any:
    """kafka-python's tuple of fields for the bytes, all of which it has to use."""
    stream = io.BytesIO(data)
    decoded = _class(case).SCHEMA.decode(stream)
    assert stream.tell() == len(data), f"kafka-python read {stream.tell()} of {len(data)} bytes"
    return decoded


def expected(case: Case, value: Any) -> Any:
    """The tuple that `decode` ought to give: its names are its own, so the fields go by their order."""
    return _tuple(_class(case).SCHEMA, case, case.message, value)


def versions(api_key: int, direction: str) -> list[int]:
    """The versions it has classes for."""
    return sorted(version for key, way, version in _classes() if (key, way) == (api_key, direction))


def _class(case: Case) -> Any:
    return _classes()[case.message.api_key, case.direction, case.version]


@functools.cache
def _classes() -> dict[tuple[int, str, int], Any]:
    found: dict[tuple[int, str, int], Any] = {}
    for module in _import(os.environ[VARIABLE]):
        one: Any
        for name, one in vars(module).items():
            if isinstance(getattr(one, "API_VERSION", None), int):
                version = MISNAMED.get((one.API_KEY, one.API_VERSION, name), one.API_VERSION)
                found[one.API_KEY, "response" if "Response" in name else "request", version] = one
    return found


def _import(folder: str) -> list[types.ModuleType]:
    ours = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "kafka"}
    package = types.ModuleType("kafka")
    package.__path__ = [os.path.join(folder, "kafka")]
    sys.modules["kafka"] = package
    try:
        return [importlib.import_module(f"kafka.protocol.{name}") for name in MODULES]
    finally:
        for name in list(sys.modules):
            if name.split(".")[0] == "kafka":
                del sys.modules[name]
        sys.modules.update(ours)


def _tuple(schema: Any, case: Case, struct: Any, value: Any) -> tuple[Any, ...]:
    fields = fields_at(struct, case.version)
    assert len(fields) == len(schema.fields), f"{len(fields)} fields for {schema.names}"
    return tuple(
        _converted(theirs, case, field.type, getattr(value, field.name))
        for theirs, field in zip(schema.fields, fields, strict=True)
    )


def _converted(theirs: Any, case: Case, kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if hasattr(kind, "element"):
        return [_converted(theirs.array_of, case, kind.element, one) for one in value]
    if hasattr(kind, "fields") and not hasattr(theirs, "names"):
        # A struct of one field is that field here.
        (only,) = fields_at(kind, case.version)
        return _converted(theirs, case, only.type, getattr(value, only.name))
    return _tuple(theirs, case, kind, value) if hasattr(kind, "fields") else value
