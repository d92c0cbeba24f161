"""First light in numbers: how soon the demo answers, and what its sample queries cost, partners included."""
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from .builds import ROOT
from .processes import Process, free_port, operation, post

QUERIES = ROOT / "config" / "district" / "queries"


def queries() -> dict[str, str]:
    return {file.stem: file.read_text() for file in sorted(QUERIES.glob("*.graphql"))}


def measured(demo: Process, query: str, requests: int) -> str:
    body = operation(query)
    size = len(post(demo.port, "/graphql", body)[1])
    times, cpu = [], demo.cpu_s()
    for _ in range(requests):
        at = time.perf_counter()
        post(demo.port, "/graphql", body)
        times.append((time.perf_counter() - at) * 1000)
    cpu_ms = (demo.cpu_s() - cpu) * 1000 / requests
    times.sort()
    late = times[min(len(times) - 1, int(len(times) * 0.99))]
    return f"{size:>9} bytes  median {statistics.median(times):7.2f} ms  p99 {late:7.2f} ms  CPU {cpu_ms:6.2f} ms"


def run(binary: Path, folder: Path, requests: int) -> None:
    print("\nfirst light: the demo, its partners included")
    port = free_port()
    asked = queries()
    with Process([binary, "--listen", f"127.0.0.1:{port}"], port, log=folder / "demo.log") as demo:
        first = demo.wait_until_it_answers("/graphql", operation(asked["quartiere"]))
        print(f"first answer            {first * 1000:7.0f} ms after raccordo-demo was started")
        if found := re.search(r"(\d+) ms", demo.log.read_text()):
            print(f"gateway ready           {int(found.group(1)):7} ms after its own start")
        for name, query in asked.items():
            print(f"{name:<16}{measured(demo, query, requests)}")
        print(f"peak memory             {demo.memory_mib()[1]:7.0f} MiB, partners included")
        demo.child.send_signal(signal.SIGINT)
        try:
            print(f"ended with exit code    {demo.child.wait(timeout=30):7}")
        except subprocess.TimeoutExpired:
            sys.exit("bench/run: the demo didn't end within 30 s")
