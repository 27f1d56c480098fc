"""How fast and how small the package is, beside other clients: ``python -m tests.benchmarks``."""
