"""`python -m postwright.cli`, the same as the `postwright` command."""

from postwright.cli import main

main()
