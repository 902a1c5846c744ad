"""The functions of the workflow and of the API: one file each, each calling the library once.

What a function imports stays, and looking through it for garbage again and again takes a tenth of
its start. So that is done seldom; a call leaves little of it.
"""

import gc

gc.set_threshold(50_000)
