"""A process that is measured: started, waited for, its CPU time and memory read from /proc, stopped."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
START_LIMIT_S = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(port: int, path: str, body: bytes, timeout_s: float = 60) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("POST", path, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def operation(query: str) -> bytes:
    return json.dumps({"query": query}).encode()


class Process:
    """A program on a port of this machine, and whatever it starts itself."""

    def __init__(self, command, port: int, environment=None, log: Path | None = None):
        self.port = port
        self.started = time.monotonic()
        self.log = log
        out = open(log, "wb") if log else subprocess.DEVNULL
        self.child = subprocess.Popen(
            [str(word) for word in command], env={**os.environ, **(environment or {})}, stdout=out, stderr=out
        )

    def wait_until_it_answers(self, path: str, body: bytes) -> float:
        """Seconds from its start to its first answer of status 200."""
        while time.monotonic() - self.started < START_LIMIT_S:
            if self.child.poll() is not None:
                sys.exit(f"bench/run: `{self.child.args[0]}` ended with {self.child.returncode}{self.said()}")
            try:
                if post(self.port, path, body)[0] == 200:
                    return time.monotonic() - self.started
            except OSError:
                pass
            time.sleep(0.002)
        sys.exit(f"bench/run: `{self.child.args[0]}` gave no answer within {START_LIMIT_S} s{self.said()}")

    def said(self) -> str:
        return f":\n{self.log.read_text(errors='replace')[-2000:]}" if self.log else ""

    def pids(self) -> list[int]:
        """It and its descendants."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                except OSError:
                    continue
                parents[int(entry.name)] = int(fields[1])
        found = [self.child.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu_s(self) -> float:
        total = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory_mib(self) -> tuple[float, float]:
        """Resident now, and the most it ever was."""
        now = peak = 0
        for pid in self.pids():
            status = Path(f"/proc/{pid}/status").read_text()
            now += int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
            peak += int(re.search(r"VmHWM:\s+(\d+)", status).group(1))
        return now / 1024, peak / 1024

    def stop(self) -> None:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def machine_busy_s() -> float:
    """CPU seconds that this machine's processors have worked, for anyone."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / TICKS
