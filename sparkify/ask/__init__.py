"""The third flow: a question becomes rows."""
