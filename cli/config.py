"""`quarry config`: every setting, its value, and where it comes from."""

from __future__ import annotations

import json
import os
from typing import Any

from .places import AsJson


def config(as_json: AsJson = False) -> None:
    """Show every setting, its value, where the value comes from, and what it does."""
    from settings import Settings

    values = Settings()  # type: ignore[call-arg]
    rows: list[dict[str, Any]] = []
    for name, field in Settings.model_fields.items():
        value = getattr(values, name)
        rows.append(
            {
                "name": f"QUARRY_{name.upper()}",
                "value": value if isinstance(value, int | float | str | None) else str(value),
                "from": _origin(name, name in values.model_fields_set),
                "description": field.description or "",
            }
        )
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("setting", "value", "from", "what it is", box=None, header_style="bold")
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.overflow = "fold"
    for row in rows:
        style = None if row["from"] == "default" else "green"
        value = "" if row["value"] is None else str(row["value"])
        table.add_row(row["name"], value, row["from"], row["description"], style=style)
    Console().print(table)


def _origin(name: str, given: bool) -> str:
    """default, environment, or .env."""
    if not given:
        return "default"
    variables = {variable.upper() for variable in os.environ}
    return "environment" if f"QUARRY_{name.upper()}" in variables else ".env"
