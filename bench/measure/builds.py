"""The programs that are measured: built by cargo, or given."""
import json
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def target() -> Path:
    asked = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    answer = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True)
    return Path(json.loads(answer.stdout)["target_directory"])


@cache
def built(package: str, binary: str, profile: str) -> Path:
    asked = ["cargo", "build", "--locked", "--profile", profile, "-p", package, "--bin", binary]
    subprocess.run(asked, cwd=ROOT, check=True)
    return target() / profile / binary
