"""What a person types: the `odradek` command."""
