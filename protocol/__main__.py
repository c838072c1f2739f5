"""`python -m odradek.protocol show Fetch 12`: the generated functions of a request and its response."""

from __future__ import annotations

import sys

from . import messages
from .api_keys import ApiKey

USAGE = "usage: python -m odradek.protocol show API VERSION     (for example: show ListOffsets 7)"


def main(arguments: list[str]) -> int:
    """Print the source that reads and writes one version of an API. Returns the exit code."""
    if len(arguments) != 3 or arguments[0] != "show" or not arguments[2].isdecimal():
        print(USAGE, file=sys.stderr)
        return 2
    wanted, version = arguments[1].replace("_", "").lower(), int(arguments[2])
    for api in ApiKey:
        if api.name.replace("_", "").lower() == wanted:
            break
    else:
        print(f"There is no API of the name {arguments[1]}.", file=sys.stderr)
        return 2
    try:
        both = messages.request(api), messages.response(api)
    except KeyError:
        print(f"The messages of {arguments[1]} are not declared here.", file=sys.stderr)
        return 2
    if version not in both[0].versions:
        versions = both[0].versions
        print(f"{arguments[1]} has the versions {versions[0]} to {versions[-1]}.", file=sys.stderr)
        return 2
    print(
        "\n\n".join(
            compiled.source for each in both for compiled in (each.reader(version), each.writer(version))
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
