"""One process with all its children, measured: wall and CPU seconds, peak memory."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

EVERY = 0.02


@dataclass(frozen=True)
class Measured:
    """What a command took; `peak_mb` is the largest sum of the tree's resident memory, in MB."""

    wall: float
    cpu: float
    peak_mb: float


class Failed(Exception):
    """The command ended with another code than 0."""


def measure(command: Sequence[str | Path], cwd: Path, environment: Mapping[str, str]) -> Measured:
    """Run a command to its end, in an environment in which Python may keep what it compiled, as it may by default.

    CPU counts children that were waited for. Raises Failed.
    """
    log = cwd / "output.txt"
    environment = {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.monotonic()
    with log.open("w") as out:
        process = psutil.Popen(list(map(str, command)), cwd=cwd, env=environment, stdout=out, stderr=out)
        peak, cpu = 0, 0.0
        while True:
            try:
                process.wait(EVERY)
                break
            except psutil.TimeoutExpired:
                memory, seconds = _tree(process)
                peak, cpu = max(peak, memory), max(cpu, seconds)
    wall = time.monotonic() - began
    if process.returncode:
        raise Failed("\n".join(log.read_text().splitlines()[-5:]))
    return Measured(round(wall, 3), round(cpu, 2), round(peak / 1e6))


def _tree(process: psutil.Process) -> tuple[int, float]:
    memory, seconds = 0, 0.0
    try:
        for one in [process, *process.children(recursive=True)]:
            try:
                times = one.cpu_times()
                memory += one.memory_info().rss
                seconds += times.user + times.system + times.children_user + times.children_system
            except psutil.Error:
                continue
    except psutil.Error:
        pass
    return memory, seconds


def machine() -> str:
    """This machine in one line."""
    model = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")),
        "unknown CPU",
    )  # fmt: skip
    memory = psutil.virtual_memory().total / 2**30
    kernel = subprocess.run(["uname", "-r"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{psutil.cpu_count()} cores ({model}), {memory:.0f} GiB, Linux {kernel}"
