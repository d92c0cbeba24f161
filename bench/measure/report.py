"""Figures as a person reads them: medians over rounds, one line a gateway, and the ratios."""
from statistics import median

from .load import Load

HEAD = f"{'':<12}{'CPU ms/req':>12}{'req/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'peak MiB':>10}{'others':>9}"


def middle(loads: list[Load]) -> Load:
    """The median of each figure by itself."""
    return Load(**{name: median(getattr(one, name) for one in loads) for name in Load.__dataclass_fields__})


def line(name: str, load: Load, peak_mib: float) -> str:
    return (
        f"{name:<12}{load.cpu_ms:>12.3f}{load.per_second:>10.0f}{load.p50_ms:>10.2f}{load.p99_ms:>10.2f}"
        f"{peak_mib:>10.1f}{load.others * 100:>8.0f}%"
    )


def table(seen: dict[str, tuple[list[Load], list[float]]]) -> None:
    """`seen` is by gateway: its loads and its peaks of memory; the first is ours."""
    print(HEAD)
    middles = {name: (middle(loads), median(peaks)) for name, (loads, peaks) in seen.items()}
    for name, (load, peak) in middles.items():
        print(line(name, load, peak))
    first, *rest = middles
    for other in rest:
        (ours, our_peak), (theirs, their_peak) = middles[first], middles[other]
        print(
            f"{first} to {other}: CPU {ours.cpu_ms / theirs.cpu_ms:.2f}, requests {ours.per_second / theirs.per_second:.2f} times, "
            f"p99 {ours.p99_ms / theirs.p99_ms:.2f}, peak memory {our_peak / their_peak:.2f}"
        )
