"""A server that only serves does not carry what training needs."""

from __future__ import annotations

import os
import subprocess
import sys

_HEAVY = ("implicit", "lightfm", "scipy", "sklearn", "threadpoolctl")
_PARTS = (
    "cold",
    "ease",
    "groups",
    "model",
    "onboarding",
    "reasons",
    "scoring",
    "similar",
    "tastes",
    "training",
)
_SERVING = ", ".join(("app.cli", "app.server", *(f"recsys.{part}" for part in _PARTS)))


def test_serving_imports_nothing_that_only_training_needs() -> None:
    program = f"import sys, {_SERVING}; print(sorted(set(sys.modules) & set({_HEAVY!r})))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_a_server_multiplies_on_one_thread() -> None:
    code = "import app.server, numpy, threadpoolctl; print([p['num_threads'] for p in threadpoolctl.threadpool_info()])"
    given = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True)
    assert set(done.stdout.strip()) <= set("[1, ]")
