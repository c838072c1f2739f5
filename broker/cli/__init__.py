"""What a person types: the `odradek` command."""

from .main import main

__all__ = ["main"]
