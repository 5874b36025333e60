"""How likely each mask is right, and which masks are no chromosomes."""
