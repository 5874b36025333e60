"""The training of the segmenter: scenes, examples drawn from them, and the optimiser's steps."""
