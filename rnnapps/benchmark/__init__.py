"""Measurements that a user can repeat: `rnnapps benchmark ...`."""
