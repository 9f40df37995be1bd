"""Ways to run a recurrence, and the choice between them."""
