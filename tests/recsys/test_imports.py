"""A server that only serves does not carry what training needs."""

from __future__ import annotations

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
