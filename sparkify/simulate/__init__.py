"""A made-up streaming service: writes the app's JSON, and knows the truth about it because it made it up."""
