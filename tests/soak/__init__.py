"""`make soak`: the whole dashboard under kill -9 at random moments, and what it lost by that (docs/performance.md)."""
