from tests.app.conftest import served, shared

__all__ = ["served", "shared"]
