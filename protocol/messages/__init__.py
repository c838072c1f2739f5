"""One module an API: its request and its response, every version, in one declaration each."""
