"""Makes Python's garbage collector run rarely, from the first import of a function on.

By default it runs whenever two thousand more objects exist than before. Imports, models and clients
make some hundred thousand that stay, and looking at them again and again takes a tenth of the CPU
of a start. What a run itself drops is freed without the collector, which only finds cycles.
https://docs.python.org/3/library/gc.html#gc.set_threshold
"""

import gc

gc.set_threshold(50_000, 20)
