"""Look for garbage seldom, and not at all at the end. Python imports this by itself where it finds it, before anything else.

Importing Prefect or the tables makes hundreds of thousands of objects that stay. Left to itself Python looks through them
again and again while they are made, and twice more when it ends: a third of the time of a short command.
"""

import atexit
import gc

gc.set_threshold(100_000, 20, 20)
# What is frozen is not looked through. The process ends, so nothing is kept that would have been given back.
atexit.register(gc.freeze)
