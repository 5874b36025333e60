"""The human karyotype: how long its chromosomes are, and where their centromeres lie.

Source: An International System for Human Cytogenomic Nomenclature; Daofuku et al., Human Genetics, 1972; rounded.
"""

from __future__ import annotations

KARYOTYPE: dict[str, tuple[float, float]] = {
    "1": (8.4, 0.48), "2": (8.0, 0.39), "3": (6.8, 0.47), "4": (6.3, 0.29), "5": (6.1, 0.29), "6": (5.9, 0.39),
    "7": (5.4, 0.39), "8": (4.9, 0.34), "9": (4.8, 0.35), "10": (4.6, 0.34), "11": (4.6, 0.40), "12": (4.7, 0.30),
    "13": (3.7, 0.17), "14": (3.6, 0.19), "15": (3.5, 0.20), "16": (3.4, 0.41), "17": (3.3, 0.34), "18": (2.9, 0.31),
    "19": (2.7, 0.47), "20": (2.6, 0.45), "21": (1.9, 0.31), "22": (2.0, 0.30), "X": (5.1, 0.40), "Y": (2.2, 0.27),
}  # fmt: skip
"""Name: (length in per cent of the haploid set, short arm as a share of the length)."""
MEAN_LENGTH = 4.5
"""Mean length in per cent of the haploid set."""
