"""Our functions, and one more for polling loops as they are usually built: one look at one item."""

from pathlib import Path

import lambdas

__path__ = [str(Path(__file__).parent), *lambdas.__path__]
