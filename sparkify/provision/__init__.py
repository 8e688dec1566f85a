"""An AWS account -> a running, locked-down cluster, and back to an account with nothing in it."""
