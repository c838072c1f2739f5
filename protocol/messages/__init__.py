"""One module an API: its request and its response, every version, in one declaration each.

The modules are imported when their message is first asked for.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from ..api_keys import ApiKey
from ..schema import Message


def request(api_key: int) -> Message:
    """The request of an API. Raises KeyError for a key without a declaration here."""
    return _messages(api_key)[0]


def response(api_key: int) -> Message:
    """The response of an API. Raises KeyError for a key without a declaration here."""
    return _messages(api_key)[1]


@cache
def _messages(api_key: int) -> tuple[Message, Message]:
    try:
        name = f"{__name__}.{ApiKey(api_key).name.lower()}"
        module = import_module(name)
    except ValueError:
        raise KeyError(api_key) from None
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise KeyError(api_key) from None
    return module.REQUEST, module.RESPONSE
