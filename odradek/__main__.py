"""Entry point of the `odradek` command and of `python -m odradek`."""

from .broker.cli import main

if __name__ == "__main__":
    main()
