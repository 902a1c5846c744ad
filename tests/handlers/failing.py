"""Raise, exit, hang or answer what JSON cannot carry, as the event says."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from typing import Any


class TooManyCatsError(Exception):
    pass


def handler(event: dict[str, Any], _context: Any) -> Any:
    match event["how"]:
        case "raise":
            raise TooManyCatsError("nine lives each")
        case "exit":
            sys.exit(event["status"])
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(600)
        case "linger":
            time.sleep(event["seconds"])
        case "unserializable":
            return {"cats": {1, 2}}
        case "log":
            logging.getLogger("postwright.cats").debug("purring about %s", event["what"])
            logging.getLogger("elsewhere").debug("not wanted")
    return None
