"""Many slides: which ones, at what cost, and by whom they are split."""
