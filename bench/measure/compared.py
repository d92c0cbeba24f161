"""One operation against ours and the peer, in turn, for some rounds; every answer compared with the right one first."""
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from .gateways import Gateway
from .load import Load, drive
from .processes import Process, free_port, post
from .subgraphs import Played

WARM_S = 2


@dataclass
class Rounds:
    """How long and how often."""

    rounds: int
    seconds: float
    connections: int


@dataclass
class Seen:
    """What was seen of one gateway, a figure a round."""

    loads: list[Load] = field(default_factory=list)
    peaks_mib: list[float] = field(default_factory=list)
    ready_s: list[float] = field(default_factory=list)
    ready_mib: list[float] = field(default_factory=list)
    calls: dict = field(default_factory=dict)


def check(gateway: Gateway, process: Process, body: bytes, right: dict) -> int:
    """The size of its answer, which is the right one or the end of the run."""
    status, text = post(process.port, "/graphql", body)
    told = json.loads(text)
    if status != 200 or told.get("data") != right["data"] or told.get("errors"):
        sys.exit(f"bench/run: {gateway.name} answers wrongly (status {status}): {text[:1000].decode(errors='replace')}")
    return len(text)


def one_round(gateway: Gateway, played: Played, shared: bool, body: Path, rounds: Rounds, seen: Seen) -> None:
    right = played.whole(body.read_bytes())
    log = played.folder / f"{gateway.name}.log"
    process, ready_s = gateway.start(played.supergraph, played.config(shared), log, free_port())
    with process:
        seen.ready_s.append(ready_s)
        seen.ready_mib.append(process.memory_mib()[0])
        size = check(gateway, process, body.read_bytes(), right)
        drive(process, [played.process], body, WARM_S, rounds.connections)
        played.counts()
        load = drive(process, [played.process], body, rounds.seconds, rounds.connections)
        counts = played.counts()
        check(gateway, process, body.read_bytes(), right)
        if not size <= load.answer_bytes <= size + 2000:
            sys.exit(f"bench/run: {gateway.name} gave answers of {load.answer_bytes:.0f} bytes instead of {size}")
        seen.calls = {name: count["requests"] / load.requests for name, count in counts.items() if count["requests"]}
        seen.loads.append(load)
        seen.peaks_mib.append(process.memory_mib()[1])


def compare(gateways: list[Gateway], played: Played, shared: bool, body: Path, rounds: Rounds) -> dict[str, Seen]:
    seen = {gateway.name: Seen() for gateway in gateways}
    for _ in range(rounds.rounds):
        for gateway in gateways:
            one_round(gateway, played, shared, body, rounds, seen[gateway.name])
    return seen
