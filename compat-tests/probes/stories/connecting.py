"""ApiVersions and FindCoordinator."""

from __future__ import annotations

from odradek.protocol.api_keys import ApiKey
from probes import Answers, Prober, story


@story
def served(p: Prober) -> Answers:
    """Which APIs are served, and at which versions."""
    answer = p.ask("api_versions", 5, client_software_name="prober", client_software_version="1")
    known = {int(key): key.name.lower() for key in ApiKey}
    yield (
        "versions",
        {
            known.get(each.api_key, str(each.api_key)): {"min": each.min_version, "max": each.max_version}
            for each in answer.api_keys
        },
    )


@story
def api_versions(p: Prober) -> Answers:
    """Names of client software that are none, and versions that are too new."""
    for name, version in (("", "1"), ("prober", ""), ("a b", "1"), ("-a", "1"), ("a-", "1"), ("a", "1.0+x")):
        software = {"client_software_name": name, "client_software_version": version}
        yield from p.each_version(f"software {name!r} {version!r}", "api_versions", **software)


@story
def misrouted(p: Prober) -> Answers:
    """Clients that mean another cluster or another node (KIP-1242)."""
    cluster_id = p.ask("metadata", 12, topics=[]).cluster_id
    software = {"client_software_name": "prober", "client_software_version": "1"}
    for label, cluster in {"its": cluster_id, "no": None, "another": "another", "an empty": ""}.items():
        for node_id in (1, 2, 0, -1, -2, 2**31 - 1):
            answer = p.ask("api_versions", 5, cluster_id=cluster, node_id=node_id, **software)
            yield f"{label} cluster, node {node_id}", answer.error_code
    wrong = {"client_software_name": "", "cluster_id": "another", "node_id": 2}
    yield "another cluster, and no name", p.ask("api_versions", 5, **wrong).error_code


@story
def coordinators(p: Prober) -> Answers:
    """Keys of every kind and none."""
    for key_type in (0, 1, 3, -1, 127):
        for keys in (["connecting-1"], [""], [], ["connecting-1", "connecting-2", "connecting-1"]):
            asked = {"key": (keys or [""])[0], "coordinator_keys": keys, "key_type": key_type}
            yield from p.each_version(f"type {key_type} of {keys}", "find_coordinator", **asked)
