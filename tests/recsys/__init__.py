"""Tests of recsys/."""
