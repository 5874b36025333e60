"""Checks LZW data before it is decoded: tifffile's decoder takes some codes on trust, and crashes over them.

A strip or tile is a row of codes of 9 to 12 bits. 256 clears the table, 257 ends the data; the table grows by one entry
a code, so that the widths are known ahead and a whole stretch between two clearings is looked at in one go. The code
after a clearing has to be a plain byte, and no code may be beyond the table: the rest cannot do harm.

References
----------
TIFF 6.0, section 13, where the first bit of a byte is the highest; the files of older writers, where it is the lowest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CLEAR, END = 256, 257
FIRST = 258
"""Entries of the table after a clearing: all bytes and the two above."""
ENTRIES = 4096
SPARE_CLEARINGS, BYTES_A_CLEARING = 100, 100
"""Writers clear the table when it is full, after 5,000 bytes or so: who clears it far more often means harm."""


def _places(early: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of each code after a clearing: its width in bits, the bits before it, and the entries that the table has."""
    entries = FIRST + np.maximum(np.arange(ENTRIES - FIRST + 1, dtype=np.int64) - 1, 0)
    widths = np.full(entries.shape, 9, dtype=np.int64)
    for limit in (512, 1024, 2048):
        widths += entries >= limit - early
    return widths, np.concatenate([[0], np.cumsum(widths)[:-1]]), entries


HIGH_FIRST, LOW_FIRST = _places(1), _places(0)


def checked_lzw(data: bytes) -> bytes:
    """Refuse LZW data that no writer makes.

    Parameters
    ----------
    data
        Of one strip or tile.

    Returns
    -------
    bytes
        The same, safe to decode. Many writers (libtiff for years) end the data with a code that is a bit too narrow
        where the width has just grown: it is written anew. Where that is the second time or the third, what it is taken
        for lies within the table: two bytes too many at most, which no strip has room for.

    Raises
    ------
    ValueError
        Where a code means nothing, or the table is cleared all the time.
    """
    low = len(data) > 1 and data[0] == 0 and data[1] & 1 == 1  # a clearing whose lowest bit comes first
    widths, before, entries = LOW_FIRST if low else HIGH_FIRST
    raw = np.frombuffer(data + bytes(4), dtype=np.uint8).astype(np.uint32)
    bits, start = 8 * len(data), 0
    for _ in range(SPARE_CLEARINGS + len(data) // BYTES_A_CLEARING):
        count = int(np.searchsorted(before + widths, bits - start, side="right"))
        if not count:
            return data
        at = start + before[:count]
        codes = _codes(raw, at, widths[:count], low)
        ends = np.flatnonzero((codes == CLEAR) | (codes == END))
        stop = int(ends[0]) if ends.size else count
        beyond = np.flatnonzero(codes[1:stop] > entries[1:stop])
        if (stop and codes[0] > END) or beyond.size:
            place = 1 + int(beyond[0]) if beyond.size else 0
            narrow = int(widths[place - 1])
            if codes[0] <= END and not low and widths[place] > narrow and codes[place] >> 1 == END:
                return _ended(data, int(at[place]), narrow + 1)
            raise ValueError("its LZW data is corrupt")
        if not ends.size or codes[stop] == END:
            return data
        start = int(at[stop] + widths[stop])
    raise ValueError("its LZW data clears its table all the time")


def _codes(raw: NDArray[np.uint32], at: NDArray[np.int64], widths: NDArray[np.int64], low: bool) -> NDArray[np.uint32]:
    """Codes of some widths that begin at some bits."""
    first, within = at >> 3, (at & 7).astype(np.uint32)
    four = [raw[first + place] for place in range(4)]
    width = widths.astype(np.uint32)
    if low:
        whole = four[0] | four[1] << 8 | four[2] << 16 | four[3] << 24
        return (whole >> within) & ((np.uint32(1) << width) - np.uint32(1))
    whole = four[0] << 24 | four[1] << 16 | four[2] << 8 | four[3]
    return (whole << within) >> (np.uint32(32) - width)


def _ended(data: bytes, at: int, width: int) -> bytes:
    """The data up to a bit, and the code that ends it, of a width."""
    whole, within = divmod(at, 8)
    last = data[whole] >> (8 - within) << (32 - within) | END << (32 - within - width)
    return data[:whole] + last.to_bytes(4, "big")
