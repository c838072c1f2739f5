"""The compat suite as far as it is installed: its runner, its scenarios, and what needs Python alone.

`odradek compat` (command.py) runs it with Python clients that are installed beside Odradek (installed.py),
`scripts/compat` in the repository with those in other languages too.
"""
