"""Which certificate authorities a program must know to reach both the world and the local AWS."""

import os
import ssl
from pathlib import Path

import botocore

VARIABLES = ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")
"""Each names a PEM file. The first and the last replace a program's own authorities, so a file
that held ours alone would cut the program off from the rest of the world."""


def write_bundle(bundle: Path, ours: Path) -> None:
    """Write the authorities that hold on this machine, and `ours`, into the one file `bundle`.

    Behind a company's proxy the variables name its authority; without them the system's file
    counts, or the one that botocore carries.
    """
    named = dict.fromkeys(os.environ[name] for name in VARIABLES if os.environ.get(name))
    parts = [Path(name).read_bytes() for name in named] or [_usual_authorities().read_bytes()]
    bundle.write_bytes(b"\n".join([*parts, ours.read_bytes()]))


def _usual_authorities() -> Path:
    system = ssl.get_default_verify_paths().cafile
    return Path(system) if system else Path(botocore.__file__).with_name("cacert.pem")
