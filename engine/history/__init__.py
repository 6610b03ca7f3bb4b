"""What happened in a run: statuses, events, and the state folded from them."""
