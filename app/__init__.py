"""The programs: they say how the libraries below are run, before any of them is loaded."""

import os

# scoring multiplies small matrices, for many people at once: threads would wait for each other longer than they work
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
