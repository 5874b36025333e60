"""`karyo-split weights list` and `karyo-split weights verify`."""

from __future__ import annotations

from .options import WeightsFolder


def list_weights(weights: WeightsFolder = None) -> None:
    """List the weights and what is known about them."""
    from ...weights import FOLDER, read_manifest

    for name, entry in read_manifest(weights or FOLDER).items():
        print(f"{name}: {entry.file}  {entry.network}  {entry.licence}")
        print(f"  sha256   {entry.sha256}")
        print(f"  input    {entry.input}")
        print(f"  data     {entry.data}")
        print(f"  command  {entry.command}")
        for figure, value in entry.scores.items():
            print(f"  {figure}  {value}")


def verify_weights(weights: WeightsFolder = None) -> None:
    """Compare every weights file with its SHA-256."""
    from ...weights import FOLDER, read_manifest, verify

    for name, entry in read_manifest(weights or FOLDER).items():
        verify(entry, weights or FOLDER)
        print(f"{name}: {entry.file} is as the manifest says")
