"""The stories, one module a group of APIs. A module that lies here is run."""
