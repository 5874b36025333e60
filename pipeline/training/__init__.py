"""From a folder of truth to a folder of weights."""
