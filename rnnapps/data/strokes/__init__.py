"""Ink: what a pen wrote, point by point."""
