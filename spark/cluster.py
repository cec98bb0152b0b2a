"""A Spark cluster on this machine, from the pyspark package alone: a master, two workers and a Thrift server.

    python -m spark.cluster up      # start it and wait until dbt can reach it: dbt build --target spark
    python -m spark.cluster down    # end it and remove its folder, the tables in it included

For trying out and testing. Everything listens on 127.0.0.1, without passwords. Three environment variables change it:
STAMMKUNDE_SPARK_PORT, the port of the Thrift server; STAMMKUNDE_SPARK_CLUSTER, the folder for tables, logs and
temporary files; STAMMKUNDE_SPARK_MEMORY, the memory of each worker and of the server, in MiB.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from stammkunde.errors import StammkundeError

HOST = "127.0.0.1"
THRIFT_PORT = 10010  # unless STAMMKUNDE_SPARK_PORT says otherwise
WORKERS = 2
CORES_OF_WORKER = 1
MEMORY_MIB = 1024  # of each worker and of the server, unless STAMMKUNDE_SPARK_MEMORY says otherwise
MEMORY_BESIDE_EXECUTOR_MIB = 256
SECONDS_TO_START = 180
SECONDS_TO_END = 30


class ClusterError(StammkundeError):
    """Why there is no cluster, in words for the user."""


def folder_of_cluster() -> Path:
    return Path(os.environ.get("STAMMKUNDE_SPARK_CLUSTER", "warehouse/spark_cluster")).resolve()


def thrift_port() -> int:
    given = os.environ.get("STAMMKUNDE_SPARK_PORT", str(THRIFT_PORT))
    if not given.isdecimal() or not 1 <= int(given) <= 65535:
        raise ClusterError(f"STAMMKUNDE_SPARK_PORT is '{given}'; it must be a port, a number from 1 to 65535")
    return int(given)


def memory_mib() -> int:
    given = os.environ.get("STAMMKUNDE_SPARK_MEMORY", str(MEMORY_MIB))
    if not given.isdecimal() or int(given) < MEMORY_MIB:
        raise ClusterError(f"STAMMKUNDE_SPARK_MEMORY is '{given}'; it must be a number of MiB, at least {MEMORY_MIB}")
    return int(given)


def why_spark_cannot_run() -> str | None:
    """What this machine lacks for Spark; None if nothing is missing."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed (make spark-up installs requirements-spark.lock)"
    java = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if "JAVA_HOME" in os.environ else shutil.which("java")
    if not java or not Path(java).exists():
        return "Java is missing; Spark needs version 17 or 21 (on Debian: apt-get install openjdk-17-jre-headless)"
    return None


@dataclass(frozen=True)
class Service:
    """One process of the cluster: the command that starts it, and the port on which it listens when it is ready."""

    name: str
    port: int
    command: list[str]
    memory: str = "256m"


def up(folder: Path, port: int) -> None:
    """Start all services. If one of them does not start, those that did are ended again."""
    if missing := why_spark_cannot_run():
        raise ClusterError(missing)
    if processes_of(folder):
        raise ClusterError(f"the cluster in {folder} is running already")
    if listens(port):
        raise ClusterError(f"port {port} is taken; choose another: STAMMKUNDE_SPARK_PORT=10011 make spark-up")
    if folder.exists() and any(folder.iterdir()) and not processes_file(folder).exists():
        raise ClusterError(
            f"{folder} holds other things; name a folder for the cluster alone in STAMMKUNDE_SPARK_CLUSTER"
        )
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("logs", "tmp", "conf"):
        (folder / name).mkdir(parents=True)
    processes_file(folder).write_text("[]", encoding="utf-8")
    try:
        for service in services(folder, port):
            start(folder, service)
    except BaseException:
        end_processes(folder)
        raise


def services(folder: Path, port: int) -> list[Service]:
    """All services, each after those that it needs. The Thrift server gets the given port, the others any free one."""
    ports = iter(free_ports(2 + 2 * WORKERS))

    def daemon(name: str, main_class: str, *arguments: str) -> Service:
        own_port = next(ports)
        addresses = ["--host", HOST, "--port", str(own_port), "--webui-port", str(next(ports))]
        return Service(name, own_port, ["spark-class", main_class, *addresses, *arguments])

    master = daemon("master", "org.apache.spark.deploy.master.Master")
    address = f"spark://{HOST}:{master.port}"
    size = ["--cores", str(CORES_OF_WORKER), "--memory", f"{memory_mib()}m", "--work-dir", str(folder / "work")]
    workers = [
        daemon(f"worker-{number}", "org.apache.spark.deploy.worker.Worker", *size, address)
        for number in range(1, WORKERS + 1)
    ]
    program = ["spark-submit", "--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"]
    settings = [part for setting in settings_of_server(folder).items() for part in ("--conf", "=".join(setting))]
    listening = [f"hive.server2.thrift.bind.host={HOST}", f"hive.server2.thrift.port={port}"]
    of_hive = [part for setting in listening for part in ("--hiveconf", setting)]
    command = [*program, "--master", address, *settings, "spark-internal", *of_hive]
    return [master, *workers, Service("thrift-server", port, command, f"{memory_mib()}m")]


def settings_of_server(folder: Path) -> dict[str, str]:
    return {
        "spark.driver.bindAddress": HOST,
        "spark.driver.host": HOST,
        "spark.ui.enabled": "false",
        "spark.executor.memory": f"{memory_mib() - MEMORY_BESIDE_EXECUTOR_MIB}m",
        "spark.sql.shuffle.partitions": "4",
        # Spark compiles code for each query. A refresh has more queries than the 100 whose code is kept by default, so
        # that the next refresh would compile all of them again.
        "spark.sql.codegen.cache.maxEntries": "10000",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "tables"),
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder / 'metastore'};create=true",
        "spark.hadoop.hive.exec.scratchdir": str(folder / "tmp" / "scratch"),
        "spark.driver.extraJavaOptions": java_options(folder),
        "spark.executor.extraJavaOptions": java_options(folder),
    }


def java_options(folder: Path) -> str:
    """All temporary files go into the folder. It stands on every command line, by which `down` finds the processes.

    The metastore does not wait for the disk: it lives no longer than the cluster.
    """
    return f'"-Djava.io.tmpdir={folder / "tmp"}" "-Dderby.system.home={folder}" "-Dderby.system.durability=test"'


def environment(folder: Path, memory: str) -> dict[str, str]:
    """The variables of a service, without those of another Spark on this machine.

    The Thrift server reads the variables of Spark's daemons, too.
    """
    foreign = ("SPARK_", "HADOOP_", "HIVE_")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
        "SPARK_HOME": str(home_of_spark()),
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(folder / "tmp"),
        "SPARK_DAEMON_MEMORY": memory,
        "SPARK_DAEMON_JAVA_OPTS": f"{java_options(folder)} -Dspark.master.rest.enabled=false",
        "PYSPARK_PYTHON": sys.executable,
    }


def home_of_spark() -> Path:
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise ClusterError("pyspark is not installed")
    return Path(found.origin).parent


def start(folder: Path, service: Service) -> None:
    """Start a service in the current directory, so that a path such as sample_data/raw means the same file to it."""
    program, *arguments = service.command
    log = folder / "logs" / f"{service.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(home_of_spark() / "bin" / program), *arguments],
            env=environment(folder, service.memory),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    remember(folder, process.pid)
    wait_until(lambda: listens(service.port) or process.poll() is not None, SECONDS_TO_START)
    if process.poll() is not None or not listens(service.port):
        said = log.read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line.strip() for line in reversed(said) if line.strip()), "nothing")
        raise ClusterError(f"{service.name} did not start; its log {log} ends with: {last}")


def down(folder: Path) -> None:
    end_processes(folder)
    if left := processes_of(folder):
        ids = ", ".join(str(process.pid) for process in left)
        raise ClusterError(f"these processes do not end: {ids}; their folder {folder} is kept")
    if processes_file(folder).exists():
        shutil.rmtree(folder)


def end_processes(folder: Path) -> None:
    """The Thrift server ends first, so that it can sign off at the master. What does not end in time is killed."""
    for group in reversed(remembered(folder)):
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            for process in processes_of(folder, group):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal_number)
            if have_ended(folder, group):
                break


def have_ended(folder: Path, group: int) -> bool:
    """Whether all processes of a group end in time."""
    return wait_until(lambda: not processes_of(folder, group), SECONDS_TO_END)


def processes_of(folder: Path, group: int | None = None) -> list[psutil.Process]:
    """The cluster's processes: those in the groups that it started and with its folder on their command line."""
    groups = remembered(folder) if group is None else [group]
    return [process for process in psutil.process_iter() if belongs_to(process, groups, folder)]


def belongs_to(process: psutil.Process, groups: Sequence[int], folder: Path) -> bool:
    try:
        return os.getpgid(process.pid) in groups and str(folder) in " ".join(process.cmdline())
    except (psutil.Error, ProcessLookupError):  # it has ended meanwhile
        return False


def processes_file(folder: Path) -> Path:
    return folder / "processes.json"


def remember(folder: Path, process: int) -> None:
    processes_file(folder).write_text(json.dumps([*remembered(folder), process]), encoding="utf-8")


def remembered(folder: Path) -> list[int]:
    path = processes_file(folder)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def listens(port: int, host: str = HOST) -> bool:
    try:
        with socket.create_connection((host, port), timeout=5):
            return True
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as sockets:
        found = [sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in found]


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def main(arguments: Sequence[str]) -> int:
    folder = folder_of_cluster()
    try:
        if arguments == ["up"]:
            port = thrift_port()
            up(folder, port)
            print(f"Spark listens on {HOST}:{port}; its folder is {folder}\nBuild there with: dbt build --target spark")
        elif arguments == ["down"]:
            down(folder)
            print("No Spark of this project is running")
        else:
            print(__doc__)
            return 2
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
