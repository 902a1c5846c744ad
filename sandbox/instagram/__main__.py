"""The simulated Instagram by itself: `python -m sandbox.instagram --port 8081 --speed 1`.

For tests of other clients, which need neither AWS nor our functions. Prints one line of JSON when
it answers; SIGTERM and Ctrl-C end it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from sandbox.clock import SimulatedClock, speed_from
from sandbox.instagram import DEMO_ACCOUNT, SimulatedInstagram, application
from sandbox.loopback import LoopbackOnly
from sandbox.serving import PortInUseError, Server, listen, told_to_end

_PORT_MAX = 65_535


def main() -> int:
    """Serve until told to stop; 2 when the port is taken."""
    options = _options()
    try:
        listener = listen(options.port, "--port")
    except PortInUseError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with (
        told_to_end() as until_the_end,
        tempfile.TemporaryDirectory(prefix="simulated-instagram-") as media,
    ):
        instagram = SimulatedInstagram(SimulatedClock(options.speed), origin, Path(media))
        with Server(LoopbackOnly(application(instagram)), listener):
            ready = {"instagram": origin, "token": DEMO_ACCOUNT.token}
            sys.stdout.write(json.dumps(ready) + "\n")
            sys.stdout.flush()
            until_the_end()
        instagram.close()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.instagram", description=__doc__)
    parser.add_argument("--port", type=_port, default=8081, help="0 takes any free port")
    parser.add_argument("--speed", type=_speed, default=1.0, help="a number above 0, or max")
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _PORT_MAX:
        raise argparse.ArgumentTypeError(f"takes a number from 0 to {_PORT_MAX}, not {text}")
    return int(text)


def _speed(text: str) -> float | None:
    try:
        return speed_from(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
