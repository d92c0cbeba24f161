"""The district's mixed sources: SQL, FHIR, HSDS and GraphQL partners played by the demo, the gateway in its own process."""
import json
import re
import sys
from pathlib import Path

from .builds import ROOT
from .compared import WARM_S, Rounds
from .first_light import queries
from .gateways import ours
from .load import drive
from .processes import Process, free_port, operation, post
from .report import HEAD, line, middle

CONFIG = ROOT / "config" / "district" / "raccordo.yaml"
PARTNERS = ("anagrafe", "sociale", "asl", "terzosettore", "trasporti")


def addresses(demo: Process) -> dict[str, str]:
    """The partners' addresses, as the demo prints them, as the configuration's variables."""
    text = demo.log.read_text()
    found = {}
    for name in PARTNERS:
        said = re.search(rf"^\s*{name} pront[oa] su\s+(\S+)", text, re.MULTILINE)
        if not said:
            sys.exit(f"bench/run: the demo doesn't say where `{name}` is:\n{text}")
        found[f"RACCORDO_{name.upper()}_URL"] = said.group(1)
    return found


def run(binary: Path, demo_binary: Path, folder: Path, rounds: Rounds) -> None:
    port = free_port()
    with Process([demo_binary, "--listen", f"127.0.0.1:{port}"], port, log=folder / "partners.log") as demo:
        demo.wait_until_it_answers("/graphql", operation("{ __typename }"))
        environment = " ".join(f"{name}={value}" for name, value in addresses(demo).items())
        gateway = ours(binary)
        gateway = type(gateway)(gateway.name, f"{environment} {gateway.command}")
        print(f"\ndistrict: mixed sources, the gateway alone; {rounds.connections} connections, {rounds.rounds} rounds of {rounds.seconds:g} s")
        print(f"{HEAD}{'bytes':>9}")
        for name, query in queries().items():
            one(gateway, demo, name, query, folder, rounds)


def one(gateway, demo: Process, name: str, query: str, folder: Path, rounds: Rounds) -> None:
    body = folder / f"{name}.json"
    body.write_bytes(operation(query))
    loads, peaks = [], []
    for _ in range(rounds.rounds):
        process, _ready = gateway.start(CONFIG, CONFIG, folder / "district.log", free_port())
        with process:
            text = post(process.port, "/graphql", body.read_bytes())[1]
            if "errors" in json.loads(text):
                sys.exit(f"bench/run: `{name}` is answered with errors: {text[:1000].decode(errors='replace')}")
            drive(process, [demo], body, WARM_S, rounds.connections)
            loads.append(drive(process, [demo], body, rounds.seconds, rounds.connections))
            peaks.append(process.memory_mib()[1])
    print(f"{line(name, middle(loads), sorted(peaks)[len(peaks) // 2])}{len(text):>9}")
