"""`python -m lifeboat_cli` is `lifeboat`."""

from lifeboat_cli.main import run

if __name__ == "__main__":
    run()
