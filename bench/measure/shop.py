"""The workload that gateways are commonly compared by: users, reviews, products and inventory in four subgraphs."""
from pathlib import Path

from .compared import Rounds, compare
from .gateways import ours, peer
from .processes import operation
from .report import table
from .subgraphs import play

SHOP = Path(__file__).resolve().parent.parent / "shop"


def run(binary: Path, player: Path, folder: Path, rounds: Rounds, modes: list[str]) -> None:
    played = play(player, binary, "shop", SHOP / "sources", folder)
    body = folder / "shop.json"
    body.write_bytes(operation((SHOP / "query.graphql").read_text()))
    with played.process:
        for mode in modes:
            one(binary, played, mode == "shared", body, rounds)


def one(binary: Path, played, shared: bool, body: Path, rounds: Rounds) -> None:
    gateways = [gateway for gateway in (ours(binary), peer(shared)) if gateway]
    seen = compare(gateways, played, shared, body, rounds)
    print(f"\nshop, {'shared' if shared else 'unshared'}: {rounds.connections} connections, {rounds.rounds} rounds of {rounds.seconds:g} s")
    table({name: (one.loads, one.peaks_mib) for name, one in seen.items()})
    for name, one in seen.items():
        calls = ", ".join(f"{subgraph} {count:.2f}" for subgraph, count in one.calls.items())
        print(f"  {name}: {one.loads[-1].answer_bytes:.0f} bytes an answer; calls a request {sum(one.calls.values()):.2f} ({calls})")
