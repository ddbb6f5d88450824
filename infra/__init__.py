"""The CDK stack: constructs are nouns, the stack composes them and grants.

Importing this package makes `lifeboat` importable, whose settings and policy are judged at synth:
in Lambda `functions/` is the root of the code, so nothing else puts it on the path here.
"""

import sys
from pathlib import Path

FUNCTIONS = Path(__file__).resolve().parents[1] / "functions"
"""The one code asset of every function, and the root of its imports."""

if str(FUNCTIONS) not in sys.path:
    sys.path.insert(0, str(FUNCTIONS))
