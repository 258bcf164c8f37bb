"""`python -m app.embedded <data directory>` stops servers that were left running there."""

import sys
from pathlib import Path

from app.embedded import EmbeddedError, stop_left_running

try:
    stop_left_running(Path(sys.argv[1]))
except EmbeddedError as error:
    sys.exit(str(error))
