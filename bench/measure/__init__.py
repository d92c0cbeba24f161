"""What the benchmarks share and what each of them measures. Standard library only."""
