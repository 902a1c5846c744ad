"""Benchmarks. Each module is run by itself; `make bench` runs all. Method: bench/README.md."""
