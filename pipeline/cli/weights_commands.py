"""`karyo-split weights list|verify`."""

from __future__ import annotations

from pathlib import Path

from ...weights import FOLDER, read_manifest, verify


def list_weights(folder: Path | None) -> None:
    """Print every entry of a manifest."""
    for name, entry in read_manifest(folder or FOLDER).items():
        print(f"{name}: {entry.file}  {entry.network}  {entry.licence}")
        print(f"  sha256   {entry.sha256}")
        print(f"  input    {entry.input}")
        print(f"  data     {entry.data}")
        print(f"  command  {entry.command}")
        for figure, value in entry.scores.items():
            print(f"  {figure}  {value}")


def verify_weights(folder: Path | None) -> None:
    """Check every file of a manifest.

    Raises WeightsError at the first that is missing or altered.
    """
    for name, entry in read_manifest(folder or FOLDER).items():
        verify(entry, folder or FOLDER)
        print(f"{name}: {entry.file} is as the manifest says")
