"""`python -m benchmarks.serve`: the server as `projectionist serve` runs it, without a worker on demand."""

import sys

from app.server import serve
from app.settings import Settings

if __name__ == "__main__":
    sys.exit(serve(Settings(), worker="--no-worker" not in sys.argv))
