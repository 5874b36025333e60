"""Holds files to the schemas in docs/schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SCHEMAS = Path(__file__).resolve().parents[1] / "docs" / "schemas"


def schema_of(name: str) -> dict[str, Any]:
    """The schema of "run" or "chromosomes"."""
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def check_folder(folder: Path) -> None:
    """Both JSON files of a slide's folder follow their schemas, and hold no field that these do not describe."""
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema, of the test extra")
    for name in ("run", "chromosomes"):
        document, schema = json.loads((folder / f"{name}.json").read_text(encoding="utf-8")), schema_of(name)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
        assert undescribed(document, schema) == []


def undescribed(document: Any, schema: dict[str, Any], where: str = "") -> list[str]:
    """Fields of a document that its schema does not name."""
    if isinstance(document, list):
        items = schema.get("items", {})
        return [each for value in document for each in undescribed(value, items, where)]
    if not isinstance(document, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    found = [f"{where}/{name}" for name in document if name not in known]
    return found + [
        each
        for name in document
        if name in known
        for each in undescribed(document[name], known[name], f"{where}/{name}")
    ]
