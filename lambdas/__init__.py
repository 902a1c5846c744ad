"""The functions of the workflow and of the API: one file each, each calling the library once.

What a function imports stays, and to look through it for garbage again and again takes a tenth of
its start. A start makes up to 150,000 objects that could be garbage, and no call leaves many: a
process that has answered 1,500 calls needs 2 MB more than when it looks often.
"""

import gc

gc.set_threshold(200_000)
