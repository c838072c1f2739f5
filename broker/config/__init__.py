"""The broker's configuration: keys, their types, where values come from, how they change."""
