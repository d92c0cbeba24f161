"""The gateways that are compared: ours, and the one that PEER starts."""
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from .processes import Process, operation

READY = operation("{ __typename }")


@dataclass(frozen=True)
class Gateway:
    """How one is started. `{supergraph}`, `{config}` and `{port}` in its command are filled in."""

    name: str
    command: str

    def start(self, supergraph: Path, config: Path, log: Path, port: int) -> tuple[Process, float]:
        filled = {"{supergraph}": str(supergraph), "{config}": str(config), "{port}": str(port)}
        words = shlex.split(self.command)
        for mark, value in filled.items():
            words = [word.replace(mark, value) for word in words]
        environment = {"SUPERGRAPH": str(supergraph), "PORT": str(port)}
        environment["SUPERGRAPH_FILE_PATH"] = str(supergraph)
        # `NAME=value` before the command, as a shell would read it.
        while "=" in words[0] and "/" not in words[0].split("=", 1)[0]:
            name, value = words.pop(0).split("=", 1)
            environment[name] = value
        process = Process(words, port, environment, log)
        return process, process.wait_until_it_answers("/graphql", READY)


def ours(binary: Path) -> Gateway:
    return named("raccordo", binary, "--config {config}")


def ours_of_a_supergraph(binary: Path) -> Gateway:
    """Ours given what a peer is given: a supergraph, and no configuration."""
    return named("raccordo", binary, "--supergraph {supergraph}")


def named(name: str, binary: Path, given: str) -> Gateway:
    return Gateway(name, f"{shlex.quote(str(binary))} serve {given} --listen 127.0.0.1:{{port}} --log warn")


def peer(shared: bool) -> Gateway | None:
    """What PEER says, or PEER_SHARED where sharing is on; none where it isn't set."""
    command = os.environ.get("PEER_SHARED" if shared else "PEER", "").strip()
    return Gateway(os.environ.get("PEER_NAME", "peer"), command) if command else None
