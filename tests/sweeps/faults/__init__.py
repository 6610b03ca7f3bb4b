"""Let the disk refuse at every point of a run's life, and look at what comes of it."""
