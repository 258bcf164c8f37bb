"""How good the recommendations are, beside those of others, on public data."""
