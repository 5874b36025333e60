"""The published study of overlapping chromosome pairs: its data, its network, its figures, and ours on its pairs.

Source: Hu, Karnowski, Fadely, Pommier: Image segmentation to distinguish between overlapping human chromosomes, NIPS
workshop on machine learning for health, 2017.
"""
