"""Our own functions, but that a publish is under way is not written down before it is sent.

What is not in this folder are the real functions.
"""

from pathlib import Path

import lambdas

__path__ = [str(Path(__file__).parent), *lambdas.__path__]
