"""Addresses: where to listen, what clients are told, and the sockets bound to it."""

from __future__ import annotations

import socket
from typing import NamedTuple

from .config.broker_config import BrokerConfig
from .config.keys import ConfigError

DEFAULT_PORT = 9092


class Address(NamedTuple):
    """A host (empty: all of them) and a port (0: any free one)."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class ListenerSpec(NamedTuple):
    """One listener that is wanted. `advertised` None: clients are told the address by which they came."""

    name: str
    address: Address
    advertised: Address | None = None


class Listener:
    """A bound socket of the pump's."""

    __slots__ = ("advertised", "paused", "socket")

    def __init__(self, sock: socket.socket, advertised: tuple[str, int] | None = None) -> None:
        self.socket = sock
        self.advertised = advertised
        self.paused = False


def parse_address(text: str, what: str, default_port: int | None = None) -> Address:
    """HOST:PORT, [IPV6]:PORT, or HOST alone where there is a `default_port`. Raises ConfigError."""
    host, colon, port = text.strip().rpartition(":")
    if text.strip().endswith("]") or not colon:
        host, port = text.strip(), "" if default_port is None else str(default_port)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ConfigError(
            f"{what} takes HOST:PORT, and an IPv6 address in brackets as [::1]:9092, not {text!r}."
        )
    if not (port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ConfigError(f"{what} takes HOST:PORT, not {text!r}.")
    return Address(host, int(port))


def wanted_listeners(
    config: BrokerConfig, listen: str | None = None, advertise: str | None = None
) -> list[ListenerSpec]:
    """The listeners to open: `listen` and `advertise` (options), or else those of the configuration.

    Raises ConfigError for an address that is none, and for a listener that would have to speak TLS or SASL:
    to serve it in plain text would break a promise.
    """
    told = _advertised(config)
    if listen is not None:
        specs = [ListenerSpec("PLAINTEXT", parse_address(listen, "--listen", DEFAULT_PORT))]
        told = {}
    else:
        specs = [
            ListenerSpec(name, address, told.get(name))
            for name, address in _named_addresses(config["listeners"], "listeners")
            if name not in config["controller.listener.names"]
        ]
    for spec in specs:
        protocol = _protocols(config).get(spec.name, spec.name)
        if protocol != "PLAINTEXT":
            raise ConfigError(f"Listener {spec.name} asks for {protocol}, and only PLAINTEXT is spoken here.")
    if not specs:
        raise ConfigError("listeners names no listener for clients.")
    if advertise is not None:
        advertised = parse_address(advertise, "--advertise", DEFAULT_PORT)
        specs = [spec._replace(advertised=advertised) for spec in specs]
    return specs


def bind(address: Address) -> socket.socket:
    """A socket bound to `address`, not listening yet. Raises OSError."""
    infos = socket.getaddrinfo(
        address.host or None, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    # Every address family by one socket, where there is IPv6; a name that stands for several: its first
    # address.
    family, _, _, _, where = (
        next((i for i in infos if i[0] == socket.AF_INET6), infos[0]) if not address.host else infos[0]
    )
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if not address.host else 1)
        sock.bind(where)
    except BaseException:
        sock.close()
        raise
    return sock


def plain_host(host: str) -> str:
    """The address of one end of a connection. A socket for IPv6 and IPv4 has IPv4 addresses mapped into IPv6
    (RFC 4291, 2.5.5.2): clients and settings mean the IPv4 address.
    """
    mapped, _, ipv4 = host.rpartition(":")
    return ipv4 if mapped.lower() == "::ffff" and "." in ipv4 else host


def host_limits(text: str) -> dict[str, int]:
    """`max.connections.per.ip.overrides`, HOST:COUNT,HOST:COUNT, by address. Raises ConfigError."""
    limits: dict[str, int] = {}
    for item in filter(None, map(str.strip, text.split(","))):
        host, _, count = item.rpartition(":")
        try:
            found = {str(info[4][0]) for info in socket.getaddrinfo(host.strip("[]"), None)}
            limits.update(dict.fromkeys(found, int(count)))
        except (OSError, ValueError):
            raise ConfigError(f"max.connections.per.ip.overrides cannot use {item!r}.") from None
    return limits


def _advertised(config: BrokerConfig) -> dict[str, Address]:
    return dict(_named_addresses(config["advertised.listeners"] or (), "advertised.listeners"))


def _named_addresses(entries: tuple[str, ...], key: str) -> list[tuple[str, Address]]:
    """NAME://HOST:PORT of each entry."""
    named: list[tuple[str, Address]] = []
    for entry in entries:
        name, separator, address = entry.partition("://")
        if not separator or not name:
            raise ConfigError(f"{key} takes NAME://HOST:PORT, not {entry!r}.")
        named.append((name.upper(), parse_address(address, key)))
    return named


def _protocols(config: BrokerConfig) -> dict[str, str]:
    pairs = (entry.partition(":") for entry in config["listener.security.protocol.map"].split(","))
    return {name.strip().upper(): protocol.strip().upper() for name, _, protocol in pairs}
