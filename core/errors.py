"""Every error that karyo-split raises on purpose.

    KaryoSplitError
    ├── UsageError          an option or argument that cannot work          exit code 2
    │   └── Unsure          an edit that a person must confirm
    ├── InputError          an input that cannot be used                    exit code 1 or 3
    │   ├── SlideNotFound
    │   ├── UnreadableSlide
    │   ├── AmbiguousSlide  several pages or channels and none was chosen
    │   └── FolderInUse     another person reviews the folder
    ├── TruthError          ground truth that cannot be used                exit code 3
    ├── OutputError         a result that cannot be written                 exit code 1 or 3
    ├── WeightsError        weights missing, altered or of another network  exit code 2
    └── DeviceError         a device that this machine does not have        exit code 2

A message says what was given, what is allowed and what to do next, in one line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class KaryoSplitError(Exception):
    """Base of all errors raised on purpose; the command line prints them without a traceback."""


class UsageError(KaryoSplitError):
    """An option or argument that cannot work."""


class Unsure(UsageError):
    """An edit that leaves something odd: its message is the question that a person must say yes to."""


class InputError(KaryoSplitError):
    """An input that cannot be used."""


class SlideNotFound(InputError):
    """No file, or no image in a folder, where one was named."""


class UnreadableSlide(InputError):
    """A file that is not an image, is truncated, or holds values that cannot be used."""


class AmbiguousSlide(InputError):
    """A file with several pages or channels of which none was chosen."""


class FolderInUse(InputError):
    """A folder of results that another person reviews."""


class TruthError(KaryoSplitError):
    """Ground truth that is missing or does not fit its slides."""


class OutputError(KaryoSplitError):
    """A result that cannot be written."""


class WeightsError(KaryoSplitError):
    """Weights that are missing, altered or made for another network."""


class DeviceError(KaryoSplitError):
    """A device that this machine does not have."""


def did_you_mean(given: Iterable[str], allowed: Iterable[str]) -> str:
    """The end of a message about words that are not allowed: a question for each that is near one that is.

    Parameters
    ----------
    given
        Words that are not allowed.
    allowed
        Words that are.
    """
    words = list(allowed)
    nearest = [near for word in given for near in difflib.get_close_matches(word, words, n=1)]
    return f"; did you mean {', '.join(map(repr, nearest))}?" if nearest else ""
