"""NumPy arrays as PostgreSQL reads arrays."""

from __future__ import annotations

import numpy as np
import orjson
from numpy.typing import NDArray


def of_ids(ids: NDArray[np.bytes_]) -> str:
    """Return an array of ids."""
    return (b"{" + b",".join(ids.tolist()) + b"}").decode()


def of_numbers(numbers: NDArray[np.generic]) -> str:
    """Return an array of numbers, each with as many digits as it has."""
    return "{" + orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].decode() + "}"
