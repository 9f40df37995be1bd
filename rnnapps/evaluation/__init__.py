"""Reports, baselines, tables and plots."""
