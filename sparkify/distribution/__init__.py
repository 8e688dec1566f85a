"""Which distribution is best: predicted from the data and the questions, measured on a cluster."""
