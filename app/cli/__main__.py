"""`python -m app.cli` is `projectionist`."""

from app.cli import main

main()
