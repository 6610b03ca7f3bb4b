"""Kill -9 at every point of a run's life, and look at what is left."""
