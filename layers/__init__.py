"""Builds what goes into the Lambda layers, from hash-pinned wheels, without Docker or a compiler.

`layers.postgres` holds the PostgreSQL programs (and servers for local use), `layers.python` the
functions' dependencies. Everything lands below `build/` and is built only when it is missing.
"""
