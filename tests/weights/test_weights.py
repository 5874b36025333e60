from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from karyo_split.core.errors import WeightsError

from karyo_split import weights

ENTRY = weights.WeightsEntry(
    name="segmenter", network="segmenter", file="s.safetensors", sha256="", licence="AGPL-3.0-or-later",
    data="none", commit="none", input="none", command="none", config={"channels": [4, 4, 4, 4]},
    calibration=((0.1, 0.2), (0.9, 1.0)),
)  # fmt: skip


def test_saved_weights_load_again(tmp_path: Path) -> None:
    saved = weights.save(ENTRY, {"a": torch.arange(6.0).reshape(2, 3)}, tmp_path)
    loaded = weights.load("segmenter", tmp_path)
    assert loaded.entry == saved
    assert torch.equal(loaded.tensors["a"], torch.arange(6.0).reshape(2, 3))
    assert not list(tmp_path.glob("*.part"))


def test_altered_weights_are_an_error(tmp_path: Path) -> None:
    weights.save(ENTRY, {"a": torch.zeros(3)}, tmp_path)
    path = tmp_path / "s.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(WeightsError, match="was altered"):
        weights.load("segmenter", tmp_path)


def test_missing_weights_and_names_are_errors(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no manifest\.json"):
        weights.load("segmenter", tmp_path)
    weights.save(ENTRY, {"a": torch.zeros(3)}, tmp_path)
    with pytest.raises(WeightsError, match="no weights named 'segmentor'"):
        weights.load("segmentor", tmp_path)
    (tmp_path / "s.safetensors").unlink()
    with pytest.raises(WeightsError, match="is missing"):
        weights.load("segmenter", tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"segmenter": {"file": 3}}))
    with pytest.raises(WeightsError, match="not a manifest"):
        weights.load("segmenter", tmp_path)


def test_shipped_weights_are_as_the_manifest_says() -> None:
    entries = weights.read_manifest()
    assert {"detector", "segmenter", "confidence"} <= set(entries)
    for entry in entries.values():
        path = weights.verify(entry)
        assert path.stat().st_size < 12_000_000
        assert entry.licence == "AGPL-3.0-or-later"
        assert (weights.FOLDER / f"{entry.name}.md").is_file()
