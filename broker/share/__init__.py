"""Share groups (KIP-932) beyond their members: what is in flight, sessions, stored state. No I/O."""
