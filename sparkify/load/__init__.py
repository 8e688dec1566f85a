"""The second flow: JSON files into staging, staging into the star, checked and published at once."""
