"""`python -m tests.bench.peers NAME OPTIONS` measures one peer on one line; prints one line of JSON."""

import importlib
import sys

from tests.bench.options import Options
from tests.bench.peers import driver

if __name__ == "__main__":
    peer = importlib.import_module(f"tests.bench.peers.{sys.argv[1]}").Peer()
    driver.run(peer, Options.read(2))
