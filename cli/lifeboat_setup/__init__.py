"""Setting up an installation: `lifeboat setup`, `add`, `remove`, `deploy`, `doctor`, `destroy`.

It needs the checkout, unlike `lifeboat_cli`: it checks a database as the functions do, writes the
settings, and deploys with the CDK.
"""
