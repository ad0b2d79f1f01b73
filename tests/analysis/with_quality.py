"""Results as they are stored when fits do not describe the data."""

from typing import Any


def with_quality(content: Any, words: str) -> Any:
    """The same content, with these words wherever the quality of fits is stored."""
    if isinstance(content, list):
        return [with_quality(one, words) for one in content]
    if not isinstance(content, dict):
        return content
    return {name: words if name == "quality" else with_quality(one, words) for name, one in content.items()}
