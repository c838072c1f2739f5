"""Who connects to a Kafka listener without meaning it: TLS, HTTP, SSH, anything."""

from __future__ import annotations

_HTTP = (b"GET ", b"POST", b"PUT ", b"HEAD", b"OPTI", b"DELE", b"PATC", b"CONN", b"TRAC", b"PRI ")


def what_came(chunk: memoryview, max_request_bytes: int) -> str:
    """What a person wants to know of a stream that does not begin like a request."""
    start = bytes(chunk[:80])
    if start[:2] == b"\x16\x03":
        return "it sent a TLS hello, and this listener speaks plain text"
    if start[:4] in _HTTP:
        line = start.split(b"\r\n", 1)[0].decode("ascii", "replace")
        return f"it sent an HTTP request ({line!r}), and this is a Kafka listener"
    if start[:4] == b"SSH-":
        return "it sent an SSH greeting, and this is a Kafka listener"
    size = int.from_bytes(start[:4], "big", signed=True)
    what = f"it announced a request of {size} bytes, and socket.request.max.bytes is {max_request_bytes}"
    return f"{what} (first bytes {start[:16].hex(' ')})"
