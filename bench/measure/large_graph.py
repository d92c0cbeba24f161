"""A large graph, always the same one: 2,000 entity types over 30 subgraphs, each type in several of them, each reaching others.

    python3 -m measure.large_graph FOLDER      writes its SDL files
"""
import random
import sys
from pathlib import Path

TYPES = 2000
SUBGRAPHS = 30
HOMES = (1, 2, 2, 3)
SCALARS = ("String", "Int", "Boolean", "Float")
FIELDS = 13
REACHED = 4
HEAD = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@shareable"])\n'


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(2000)
    homes = [sorted(dice.sample(range(SUBGRAPHS), dice.choice(HOMES))) for _ in range(TYPES)]
    held = [[kind for kind in range(TYPES) if home in homes[kind]] for home in range(SUBGRAPHS)]
    for home, kinds in enumerate(held):
        text = HEAD + root(home, kinds) + "".join(entity(dice, home, kind, kinds) for kind in kinds)
        (folder / f"part{home:02}.graphql").write_text(text)


def root(home: int, kinds: list[int]) -> str:
    """A list and a lookup of every eighth type."""
    fields = "".join(
        f"  all{home}Kind{kind}(first: Int = 10): [Kind{kind}!]!\n  one{home}Kind{kind}(id: ID!): Kind{kind}\n" for kind in kinds[::8]
    )
    return f"\ntype Query {{\n{fields}}}\n"


def entity(dice: random.Random, home: int, kind: int, kinds: list[int]) -> str:
    plain = "".join(f"  value{at}Of{kind}In{home}: {dice.choice(SCALARS)}\n" for at in range(FIELDS))
    reached = "".join(f"  reach{at}Of{kind}In{home}: {other(dice, kinds)}\n" for at in range(REACHED))
    shared = f"  labelOf{kind}: String @shareable\n"
    return f'\ntype Kind{kind} @key(fields: "id") {{\n  id: ID!\n{shared}{plain}{reached}}}\n'


def other(dice: random.Random, kinds: list[int]) -> str:
    name = f"Kind{dice.choice(kinds)}"
    return dice.choice((name, f"[{name}!]"))


def operations(folder: Path, count: int) -> list[str]:
    """Different operations over the graph, each through several subgraphs, always the same ones."""
    dice = random.Random(7)
    entities = read(folder)
    homes = {}
    for home, kinds in entities.items():
        for kind in kinds:
            homes.setdefault(kind, []).append(home)
    found = []
    for at in range(count):
        home = dice.choice(sorted(entities))
        kind = dice.choice(list(entities[home])[::8])
        found.append(f"query Large{at} {{ all{home}Kind{kind} {selection(dice, entities, homes, kind, 4)} }}")
    return found


def selection(dice: random.Random, entities: dict, homes: dict, kind: int, depth: int) -> str:
    fields = ["id"]
    for home in homes[kind]:
        plain, reached = entities[home][kind]
        fields += dice.sample(plain, 3)
        if depth:
            name, other = dice.choice(reached)
            fields.append(f"{name} {selection(dice, entities, homes, other, depth - 1)}")
    return "{ " + " ".join(fields) + " }"


def read(folder: Path) -> dict:
    """By subgraph and type: the names of its plain fields, and the fields that reach others with the others' numbers."""
    entities = {}
    for home in range(SUBGRAPHS):
        kinds = entities[home] = {}
        for line in (folder / f"part{home:02}.graphql").read_text().splitlines():
            if line.startswith("type Kind"):
                plain, reached = kinds.setdefault(int(line.split()[1][4:]), ([], []))
            elif line.startswith("  value"):
                plain.append(line.split(":")[0].strip())
            elif line.startswith("  reach"):
                name, other = line.split(":")
                reached.append((name.strip(), int("".join(filter(str.isdigit, other)))))
    return entities


if __name__ == "__main__":
    write(Path(sys.argv[1]))
