"""A trained model: named arrays and a manifest, kept as files that are mapped into memory and never unpickled."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from recsys.config import Config
from recsys.linear import Linear, linear

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

FORMAT = 2
_MANIFEST = "manifest.json"


class ModelDamaged(RuntimeError):
    """The files of a model are not what was saved; the message names the file and what to do."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """Everything that scoring needs, and nothing about any person; floats are float32, indices int32.

    `features` names the columns of the features; `d` is the configuration's dimensions, `k` its neighbours.
    """

    config: Config
    features: tuple[str, ...]
    people: int
    interactions: int

    item_vectors: Floats
    """[movies, d]: what a movie is, as LightFM has it."""
    item_biases: Floats
    """[movies]: how much it is liked, whoever is asked."""
    content_vectors: Floats
    """[movies, d]: what a movie is by its features alone."""
    content_biases: Floats
    taste_vectors: Floats
    """[movies, d]: what liking the movie says of a person; a person is the sum over what they liked."""
    feature_vectors: Floats
    """[features, d]: from these new movies get their vectors."""
    feature_biases: Floats
    feature_tastes: Floats
    """[features, d]: what choosing the feature says of a person: the mean of what liking its movies says."""
    feature_starts: Ints
    """[movies + 1]: the features of movie m are feature_ids[feature_starts[m] : feature_starts[m + 1]]."""
    feature_ids: Ints
    ease_rows: Ints
    """[movies]: the row of each movie in the next two arrays; the last one, which moves nothing, is of all the others."""
    neighbors: Ints
    """[rows, k]: the movies that liking a movie moves most, by EASE; all of them have a row of their own and likes."""
    neighbor_weights: Floats
    likes: Floats
    """[movies]: how many people liked it."""

    @property
    def movies(self) -> int:
        """How many movies have a column."""
        return len(self.item_biases)

    @cached_property
    def liked_movies(self) -> int:
        """Return how many movies anybody liked."""
        return int(np.count_nonzero(self.likes))

    @cached_property
    def by_items(self) -> Linear:
        """Return LightFM's scores by all that a movie is."""
        return linear(self.item_vectors, self.item_biases, self.likes > 0)

    @cached_property
    def by_content(self) -> Linear:
        """Return LightFM's scores by features alone."""
        return linear(self.content_vectors, self.content_biases, self.likes > 0)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {f.name: v for f in fields(self) if isinstance(v := getattr(self, f.name), np.ndarray)}

    def digest(self) -> str:
        """Return the SHA-256, in hex, over configuration, sizes, names, dtypes, shapes and bytes."""
        digest = hashlib.sha256(orjson.dumps(self._told(), option=orjson.OPT_SORT_KEYS))
        for name, array in sorted(self.arrays().items()):
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Write the files into a folder, which is made; the manifest comes last."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in self.arrays().items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
        manifest = {**self._told(), "digest": self.digest()}
        (folder / _MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))

    def _told(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "config": asdict(self.config),
            "features": list(self.features),
            "people": self.people,
            "movies": self.movies,
            "interactions": self.interactions,
        }


def load(folder: Path) -> Model:
    """Read a model, its arrays mapped from the files, after comparing all of it with its digest.

    Raises ModelDamaged.
    """
    try:
        manifest = orjson.loads((folder / _MANIFEST).read_bytes())
        if manifest["format"] != FORMAT:
            raise ModelDamaged(
                f"The model in {folder} has format {manifest['format']}, this program reads {FORMAT}: train a new one."
            )
        arrays = {
            field.name: np.asarray(np.load(folder / f"{field.name}.npy", mmap_mode="r", allow_pickle=False))
            for field in fields(Model)
            if field.type in ("Floats", "Ints")
        }
        model = Model(
            config=Config(**manifest["config"]),
            features=tuple(manifest["features"]),
            people=manifest["people"],
            interactions=manifest["interactions"],
            **arrays,
        )
        is_whole = model.digest() == manifest["digest"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise ModelDamaged(
            f"The model in {folder} cannot be read ({error}): roll back to another, or train a new one."
        ) from error
    if not is_whole:
        raise ModelDamaged(
            f"The files in {folder} are not the model that was saved: roll back to another, or train a new one."
        )
    return model
