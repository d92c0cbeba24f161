"""The subgraphs that are asked, played by `raccordo-bench-subgraphs`, with a supergraph composed by ours."""
import http.client
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .processes import Process, free_port, post


@dataclass
class Played:
    """Subgraphs that run, and what gateways are given to find them."""

    process: Process
    supergraph: Path
    sources: list[Path]
    folder: Path

    def config(self, shared: bool) -> Path:
        return configuration(self.folder, self.sources, self.process.port, shared)

    def counts(self) -> dict:
        """What was asked of each since this was last called."""
        connection = http.client.HTTPConnection("127.0.0.1", self.process.port, timeout=60)
        connection.request("GET", "/counts")
        counts = json.loads(connection.getresponse().read())
        connection.close()
        return counts

    def whole(self, body: bytes) -> dict:
        """The right answer to a client's body."""
        return json.loads(post(self.process.port, "/whole", body)[1])


def configuration(folder: Path, sources: list[Path], port: int, shared: bool) -> Path:
    """A gateway's configuration over subgraphs at a port."""
    lines = ["access: open", "log: warn", "limits: { concurrency: 1024 }"]
    lines += ["traffic: { all: { share_in_flight: true } }"] if shared else []
    lines += ["sources:"]
    for source in sources:
        lines += [f"  {source.stem}:", "    kind: graphql", f"    schema: {source}"]
        lines += [f"    url: http://127.0.0.1:{port}/{source.stem}"]
    file = folder / ("shared.yaml" if shared else "unshared.yaml")
    file.write_text("\n".join(lines) + "\n")
    return file


def play(player: Path, binary: Path, world: str, sources: Path, folder: Path) -> Played:
    """Composes the SDL files of a folder and starts the subgraphs."""
    port = free_port()
    files = sorted(sources.glob("*.graphql"))
    config = configuration(folder, files, port, shared=False)
    supergraph = folder / "supergraph.graphql"
    composed = subprocess.run([binary, "compose", "--config", config], capture_output=True)
    if composed.returncode != 0:
        sys.exit(f"bench/run: the subgraphs of {sources} don't compose:\n{composed.stderr.decode()}")
    supergraph.write_bytes(composed.stdout)
    command = [player, "--listen", f"127.0.0.1:{port}", "--sources", sources, "--supergraph", supergraph, "--world", world]
    process = Process(command, port, log=folder / "subgraphs.log")
    process.wait_until_it_answers("/whole", b'{"query":"{__typename}"}')
    return Played(process, supergraph, files, folder)
