"""Variables at regular times: their tables, their windows, their parts in time."""
