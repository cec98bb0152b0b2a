"""`python -m cli` is the command `stammkunde`."""

from cli.app import main

main()
