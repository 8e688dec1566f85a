"""The embedded engine: a warehouse in one file, on this machine."""
