"""The PostgreSQL programs of every major that Lifeboat backs up, from wheels.

`client_layer` is the Lambda layer for backups, `server_layer` the one for restores into a
throw-away server, `server_tree` the servers for local use and tests.
"""

from layers.postgres.client import client_layer
from layers.postgres.lock import MAJORS
from layers.postgres.server import server_tree
from layers.postgres.server_layer import server_layer

__all__ = ["MAJORS", "client_layer", "server_layer", "server_tree"]
