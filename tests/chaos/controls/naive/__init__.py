"""A publisher as it is found in the field: create, poll, publish, and repeat whatever fails.

What is not in this folder are the real functions, which find nothing to do.
"""

from pathlib import Path

import lambdas

__path__ = [str(Path(__file__).parent), *lambdas.__path__]
