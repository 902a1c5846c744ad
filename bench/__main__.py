"""Run benches one after another and write bench/results: `python -m bench [NAME ...]`."""

from __future__ import annotations

import argparse
import sys

from bench import benches


def main() -> int:
    """Returns the exit code: 1 when a bench did not come to its end."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    benches.add_names(parser)
    names = benches.named(parser, parser.parse_args().names)
    failed = [name for name in names if not benches.run(name)]
    for name in failed:
        sys.stderr.write(f"bench.{name} did not come to its end\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
