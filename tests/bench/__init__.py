"""`make bench`: how fast the dashboard is, as ratios to floors that are taken in the same run (docs/performance.md)."""
