"""wrk against one gateway for some seconds: what came of it."""
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .processes import Process, machine_busy_s

SCRIPT = Path(__file__).resolve().parent / "wrk.lua"


@dataclass
class Load:
    """What wrk and /proc saw of one run."""

    requests: int
    per_second: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    answer_bytes: float
    others: float  # the share of the machine that neither the gateway nor the load took, 0 to 1


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def drive(gateway: Process, beside: list[Process], body: Path, seconds: float, connections: int) -> Load:
    """Posts one body over and over. `beside` are processes that belong to the run, such as the subgraphs."""
    wrk = shutil.which("wrk") or sys.exit("bench/run: `wrk` is missing (Debian: apt install wrk)")
    ours = [gateway, *beside]
    cpu, whole, wrk_s = gateway.cpu_s(), sum(one.cpu_s() for one in ours), children_s()
    busy, at = machine_busy_s(), time.monotonic()
    told = subprocess.run(
        [wrk, "-t1", f"-c{connections}", "--timeout", "30s", f"-d{seconds:g}s", "-s", SCRIPT, f"http://127.0.0.1:{gateway.port}/graphql"],
        env={**os.environ, "BENCH_BODY": str(body)},
        capture_output=True,
        text=True,
    )
    took, busy = time.monotonic() - at, machine_busy_s() - busy
    cpu = gateway.cpu_s() - cpu
    whole = sum(one.cpu_s() for one in ours) - whole + children_s() - wrk_s
    if told.returncode != 0:
        sys.exit(f"bench/run: wrk failed: {told.stderr or told.stdout}")
    seen = json.loads(told.stdout.rsplit("SUMMARY ", 1)[1])
    if seen["failed"] or not seen["requests"]:
        sys.exit(f"bench/run: {seen['failed']} of {seen['requests']} requests failed{gateway.said()}")
    return Load(
        requests=seen["requests"],
        per_second=seen["requests"] / seen["seconds"],
        cpu_ms=cpu * 1000 / seen["requests"],
        p50_ms=seen["p50_ms"],
        p99_ms=seen["p99_ms"],
        answer_bytes=seen["bytes"] / seen["requests"],
        others=max(0.0, busy - whole) / (took * os.cpu_count()),
    )
