"""Results beside the truth: figures, errors by stage, and the clusters that came out worst."""
