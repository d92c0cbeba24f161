"""A supergraph of 2,000 types: time and memory to be ready, the time that a new operation costs, and requests per second."""
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from .compared import Rounds, compare
from .gateways import Gateway, named, ours_of_a_supergraph, peer
from .large_graph import operations, write
from .processes import free_port, operation, post
from .report import table
from .subgraphs import Played, play

NEW = 40
# How often an operation that is prepared already is asked again, to tell what preparing it cost.
AGAIN = 3


@dataclass
class Start:
    ready_s: list[float] = field(default_factory=list)
    ready_cpu_s: list[float] = field(default_factory=list)
    ready_mib: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    prepare_ms: list[float] = field(default_factory=list)
    prepare_cpu_ms: list[float] = field(default_factory=list)


def run(binary: Path, player: Path, folder: Path, rounds: Rounds) -> None:
    write(folder / "large")
    played = play(player, binary, "made", folder / "large", folder)
    size = played.supergraph.stat().st_size / 1e6
    gateways = [gateway for gateway in (ours_of_a_supergraph(binary), peer(shared=False)) if gateway]
    # Ours composes too, which peers don't.
    starting = [*gateways, named("composing", binary, "--config {config}")]
    asked = [operation(text) for text in operations(folder / "large", NEW)]
    with played.process:
        print(f"\nlarge: a supergraph of 2,000 types, {size:.2f} MB; {rounds.rounds} rounds; {NEW} new operations each")
        for gateway in gateways:
            learn(gateway, played, asked)
        starts = {gateway.name: Start() for gateway in starting}
        for _ in range(rounds.rounds):
            for gateway in starting:
                start(gateway, played, asked, starts[gateway.name])
        tell(starts)
        body = folder / "large.json"
        body.write_bytes(sorted(asked, key=len)[len(asked) // 2])
        seen = compare(gateways, played, False, body, rounds)
        print(f"one operation of it, unshared, {rounds.connections} connections, {rounds.rounds} rounds of {rounds.seconds:g} s")
        table({name: (one.loads, one.peaks_mib) for name, one in seen.items()})
        for name, one in seen.items():
            print(f"  {name}: {one.loads[-1].answer_bytes:.0f} bytes an answer; calls a request {sum(one.calls.values()):.2f}")


def answers(gateway: Gateway, port: int, body: bytes) -> tuple[float, bytes]:
    at = time.perf_counter()
    status, text = post(port, "/graphql", body)
    took = (time.perf_counter() - at) * 1000
    if status != 200 or b'"errors"' in text:
        sys.exit(f"bench/run: {gateway.name} fails (status {status}) at {body.decode()}: {text[:1000].decode(errors='replace')}")
    return took, text


def learn(gateway: Gateway, played: Played, asked: list[bytes]) -> None:
    """The subgraphs learn what this gateway asks, and its answers are compared with the right ones."""
    process, _ = gateway.start(played.supergraph, played.config(False), played.folder / "learn.log", free_port())
    with process:
        for body in asked:
            if json.loads(answers(gateway, process.port, body)[1])["data"] != played.whole(body)["data"]:
                sys.exit(f"bench/run: {gateway.name} answers wrongly: {body.decode()}")


def start(gateway: Gateway, played: Played, asked: list[bytes], seen: Start) -> None:
    process, ready_s = gateway.start(played.supergraph, played.config(False), played.folder / "start.log", free_port())
    with process:
        seen.ready_s.append(ready_s)
        seen.ready_cpu_s.append(process.cpu_s())
        seen.ready_mib.append(process.memory_mib()[0])
        new = [answers(gateway, process.port, body)[0] for body in asked]
        new_cpu_s = process.cpu_s() - seen.ready_cpu_s[-1]
        again = [[answers(gateway, process.port, body)[0] for body in asked] for _ in range(AGAIN)]
        again_cpu_s = process.cpu_s() - seen.ready_cpu_s[-1] - new_cpu_s
        seen.first_ms += new
        seen.prepare_ms += [max(0.0, first - min(later)) for first, later in zip(new, zip(*again))]
        seen.prepare_cpu_ms.append(max(0.0, (new_cpu_s - again_cpu_s / AGAIN) * 1000 / len(asked)))
        seen.peak_mib.append(process.memory_mib()[1])


def tell(starts: dict[str, Start]) -> None:
    print(
        f"{'':<12}{'ready s':>10}{'CPU s':>8}{'MiB ready':>11}{'MiB peak':>10}"
        f"{'first answer ms':>17}{'prepare ms':>12}{'p99':>8}{'CPU ms':>8}"
    )
    for name, seen in starts.items():
        late = sorted(seen.prepare_ms)[int(len(seen.prepare_ms) * 0.99)]
        print(
            f"{name:<12}{median(seen.ready_s):>10.2f}{median(seen.ready_cpu_s):>8.2f}{median(seen.ready_mib):>11.0f}"
            f"{median(seen.peak_mib):>10.0f}{median(seen.first_ms):>17.2f}{median(seen.prepare_ms):>12.2f}{late:>8.2f}"
            f"{median(seen.prepare_cpu_ms):>8.2f}"
        )
