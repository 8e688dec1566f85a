"""A data warehouse for a music-streaming service: raw JSON to a checked star schema."""

__version__ = "0.1.0"
