"""Apache Kafka itself, from its jars in the Maven registry: a single KRaft node, and its command-line tools.

Run as `scripts/apache-kafka`; imported by the tests that compare Odradek with it. Needs Java 17 and Maven.
Jars are cached outside the tree, data lies in a temporary folder, ports are ephemeral.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scripts" / "lib"))

import environment

DEFAULT_VERSION = "4.4.0"
CACHE = environment.cache() / "apache-kafka"

# Where the registry has no kafka-tools jar of a version, the tools of the newest older version serve.
TOOLS_VERSION = {"4.4.0": "4.3.0"}

# For tests, which start many that live for seconds; and what Kafka's own start scripts say.
QUICK_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
KAFKAS_JVM = (
    "-server",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-XX:MaxInlineLevel=15",
)

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>apache-kafka-at-hand</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{version}</version></dependency>
{tools}<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
"""

POM_TOOLS = (
    "<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId>"
    "<version>{version}</version></dependency>"
)

TOOLS = {
    "kafka-acls": ("org.apache.kafka.tools.AclCommand", "kafka.admin.AclCommand"),
    "kafka-broker-api-versions": (
        "org.apache.kafka.tools.BrokerApiVersionsCommand",
        "kafka.admin.BrokerApiVersionsCommand",
    ),
    "kafka-cluster": ("org.apache.kafka.tools.ClusterTool",),
    "kafka-configs": ("org.apache.kafka.tools.ConfigCommand", "kafka.admin.ConfigCommand"),
    "kafka-console-consumer": (
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        "kafka.tools.ConsoleConsumer",
    ),
    "kafka-console-producer": ("org.apache.kafka.tools.ConsoleProducer", "kafka.tools.ConsoleProducer"),
    "kafka-console-share-consumer": ("org.apache.kafka.tools.consumer.ConsoleShareConsumer",),
    "kafka-consumer-groups": (
        "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
        "kafka.admin.ConsumerGroupCommand",
    ),
    "kafka-delete-records": ("org.apache.kafka.tools.DeleteRecordsCommand",),
    "kafka-dump-log": ("org.apache.kafka.tools.DumpLogSegments", "kafka.tools.DumpLogSegments"),
    "kafka-features": ("org.apache.kafka.tools.FeatureCommand",),
    "kafka-get-offsets": ("org.apache.kafka.tools.GetOffsetShell",),
    "kafka-groups": ("org.apache.kafka.tools.GroupsCommand",),
    "kafka-leader-election": ("org.apache.kafka.tools.LeaderElectionCommand",),
    "kafka-log-dirs": ("org.apache.kafka.tools.LogDirsCommand",),
    "kafka-metadata-quorum": ("org.apache.kafka.tools.MetadataQuorumCommand",),
    "kafka-producer-perf-test": ("org.apache.kafka.tools.ProducerPerformance",),
    "kafka-consumer-perf-test": ("org.apache.kafka.tools.ConsumerPerformance",),
    "kafka-share-groups": ("org.apache.kafka.tools.consumer.group.ShareGroupCommand",),
    "kafka-storage": ("org.apache.kafka.tools.StorageTool", "kafka.tools.StorageTool"),
    "kafka-streams-groups": ("org.apache.kafka.tools.streams.StreamsGroupCommand",),
    "kafka-topics": ("org.apache.kafka.tools.TopicCommand", "kafka.admin.TopicCommand"),
    "kafka-transactions": ("org.apache.kafka.tools.TransactionsCommand",),
    "kafka-verifiable-consumer": ("org.apache.kafka.tools.VerifiableConsumer",),
    "kafka-verifiable-share-consumer": ("org.apache.kafka.tools.VerifiableShareConsumer",),
    "kafka-verifiable-producer": ("org.apache.kafka.tools.VerifiableProducer",),
}

SERVER_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
log.dirs={data}
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""


def jars(version: str = DEFAULT_VERSION) -> pathlib.Path:
    """The folder with all jars of `version`, fetched once with Maven; CalledProcessError when that fails."""
    target = CACHE / version
    if target.is_dir():
        return target
    with tempfile.TemporaryDirectory() as work:
        tools = "" if version in TOOLS_VERSION else POM_TOOLS.format(version=version)
        pathlib.Path(work, "pom.xml").write_text(POM.format(version=version, tools=tools))
        command = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={work}/libs"]
        environment.run(command, cwd=work)
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # somebody else may have finished first
            shutil.move(f"{work}/libs", target)
    return target


def share_classes(version: str) -> None:
    """Make the archive for `sharing_classes`, if there is none: a consumer that finds no broker leaves the
    classes that it has loaded. CalledProcessError when that fails.
    """
    target = _classes(version)
    if target.exists():
        return
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        archive = pathlib.Path(work, target.name)
        jvm = (*QUICK_JVM, f"-XX:ArchiveClassesAtExit={archive}")
        arguments = ("--bootstrap-server", "127.0.0.1:1", "--topic", "none", "--timeout-ms", "1")
        command = tool(version, "kafka-console-consumer", *arguments, jvm=jvm)
        subprocess.run(command, check=True, capture_output=True)
        archive.replace(target)


def sharing_classes(version: str) -> Sequence[str]:
    """Options with which the tools of `version` take their classes from an archive, and start at half the
    cost. Where there is none, or another JVM has made it, they do without.
    """
    return (f"-XX:SharedArchiveFile={_classes(version)}", "-Xlog:disable")


def _classes(version: str) -> pathlib.Path:
    return CACHE / f"{TOOLS_VERSION.get(version, version)}.jsa"


def java(
    version: str, main_class: str, *arguments: str, heap: str = "512m", jvm: Sequence[str] = QUICK_JVM
) -> list[str]:
    """The command line that runs one main class of `version`."""
    return ["java", f"-Xmx{heap}", *jvm, "-cp", f"{jars(version)}/*", main_class, *arguments]


def tool(version: str, name: str, *arguments: str, jvm: Sequence[str] = QUICK_JVM) -> list[str]:
    """The command line that runs one of Kafka's tools. Raises LookupError where a version has none."""
    for candidate in (version, TOOLS_VERSION.get(version, version)):
        for main_class in TOOLS[name]:
            if _has_class(candidate, main_class):
                return java(candidate, main_class, *arguments, jvm=jvm)
    raise LookupError(f"Apache Kafka {version} has no {name}")


def _has_class(version: str, name: str) -> bool:
    entry = name.replace(".", "/") + ".class"
    for path in jars(version).glob("kafka*.jar"):
        with zipfile.ZipFile(path) as archive:
            if entry in archive.NameToInfo:
                return True
    return False


def _free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago: Kafka's controller must know its own before it starts."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Node:
    """One Apache Kafka process: broker and controller in one, at `address`, which it keeps over restarts.

    `settings` are further lines of server.properties; `data` keeps the data there. RuntimeError with the
    end of its log when it does not come up within two minutes.
    """

    def __init__(
        self,
        version: str = DEFAULT_VERSION,
        settings: Sequence[str] = (),
        data: str | None = None,
        jvm: Sequence[str] = QUICK_JVM,
    ) -> None:
        self._version = version
        self._jvm = jvm
        self._folder = tempfile.TemporaryDirectory(prefix="apache-kafka-")
        self._output = pathlib.Path(self._folder.name, "output")
        self._properties = pathlib.Path(self._folder.name, "server.properties")
        self._port, controller_port = _free_ports(2)
        self.address = f"127.0.0.1:{self._port}"
        data = data or f"{self._folder.name}/data"
        text = SERVER_PROPERTIES.format(port=self._port, controller_port=controller_port, data=data)
        self._properties.write_text(text + "\n".join(settings) + "\n")
        cluster = "b2RyYWRla19fX19fX19fXw"
        arguments = ("format", "-t", cluster, "-c", str(self._properties), "--ignore-formatted")
        subprocess.run(tool(version, "kafka-storage", *arguments), check=True, capture_output=True)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self.start()
        except BaseException:
            self._folder.cleanup()
            raise

    def start(self) -> None:
        """Start, and return when it answers. RuntimeError, as above; its data and its log stay."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                java(self._version, "kafka.Kafka", str(self._properties), heap="1g", jvm=self._jvm),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            _wait_until_it_answers(self._process, self._port, self._output)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when it is still there twenty seconds later."""
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """The process that runs."""
        assert self._process is not None
        return self._process.pid

    def log(self) -> str:
        """What it wrote."""
        return self._output.read_text(errors="replace")

    def close(self) -> None:
        """End it and remove what is not in a `data` folder of the caller's."""
        self.stop()
        self._folder.cleanup()


@contextlib.contextmanager
def running(
    version: str = DEFAULT_VERSION, settings: Sequence[str] = (), data: str | None = None
) -> Iterator[str]:
    """A `Node`'s address, as a context that ends with the node."""
    node = Node(version, settings, data)
    try:
        yield node.address
    finally:
        node.close()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, output: pathlib.Path) -> None:
    """Ask for ApiVersions until the broker answers: an open port alone does not mean it serves."""
    request = bytes.fromhex("0000000a 0012 0000 00000001 0000".replace(" ", ""))
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.settimeout(5)
                connection.sendall(request)
                if connection.recv(4):
                    return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("Apache Kafka did not start:\n" + output.read_text(errors="replace")[-3000:])


def main() -> int:
    """`apache-kafka [VERSION] [--set k=v]` serves until interrupted; `... tool NAME ARGS` runs a tool."""
    if sys.argv[1:2] == ["tool"]:
        if len(sys.argv) < 3 or sys.argv[2] not in TOOLS:
            print(
                "usage: scripts/apache-kafka tool NAME [ARGUMENT ...]; NAME is one of",
                *TOOLS,
                file=sys.stderr,
            )
            return 2
        version = os.environ.get("APACHE_KAFKA_VERSION", DEFAULT_VERSION)
        return subprocess.call(tool(version, sys.argv[2], *sys.argv[3:]))
    parser = argparse.ArgumentParser(prog="scripts/apache-kafka", description=main.__doc__)
    parser.add_argument("version", nargs="?", default=DEFAULT_VERSION)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a line of server.properties"
    )
    parser.add_argument("--data", help="keep the data in this folder")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with running(options.version, options.set, options.data) as address:
        print(f"apache-kafka {options.version} ready on {address}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
